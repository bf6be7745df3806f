/** Tests of the command `inspect`, and of how commands open a catalogue. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readingOf } from '../../../../src/cli/inspect/read-catalogue.ts'
import { runCli } from '../../../helpers/cli/cli.ts'

let folder = ''
let file = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspect-test-'))
  file = join(folder, 'list.csv')
  await writeFile(
    file,
    'Code,Indicator Name,Unit,Region\nA1,Gross output,USD,North\nA2,Net output,EUR\nA3,Debt,EUR,East\n',
  )
})
after(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('inspect --json has the documented properties, and names broken lines without stopping', async () => {
  const { code, stdout, stderr } = await runCli(['inspect', file, '--json'], { cwd: folder, ownProcess: true })
  assert.deepEqual([code, stderr], [0, ''])
  const report = JSON.parse(stdout)
  assert.deepEqual(Object.keys(report).sort(), [
    'columns',
    'encoding',
    'estimate',
    'format',
    'layout',
    'mapping',
    'problems',
    'records',
    'sample',
    'unused',
  ])
  assert.deepEqual([report.format, report.encoding, report.layout, report.records], ['csv', 'utf-8', 'long', 2])
  assert.deepEqual(report.mapping, { indicator_id: 'Code', name: 'Indicator Name', units: 'Unit' })
  assert.deepEqual(report.unused, [{ column: 'Region', guess: null }])
  assert.match(report.problems.join('\n'), /line 3: 3 cells where the header has 4/)
  assert.deepEqual(
    report.sample.map(({ name }: { name: string }) => name),
    ['Gross output', 'Debt'],
  )
  assert.ok(report.estimate.model_requests >= 1 && report.estimate.cost_usd > 0)
})

test('inspect shows a person the same, and writes a mapping file that says it again', async () => {
  const mapping = join(folder, 'mapping.yaml')
  const args = ['inspect', file, '--no-estimate', '--keep', 'Region', '--save', mapping]
  const { code, stdout } = await runCli(args, { cwd: folder })
  assert.equal(code, 0)
  assert.match(stdout, /records {3}2\n[\s\S]*name +Indicator Name\n[\s\S]*A1: Gross output/)
  assert.doesNotMatch(stdout, /cost/)
  assert.match(
    await readFile(mapping, 'utf8'),
    /^map:\n {2}indicator_id: Code\n {2}name: Indicator Name\n[\s\S]*keep:\n {2}- Region$/m,
  )
  const again = await runCli(['inspect', file, '--json', '--no-estimate', '--mapping', mapping], { cwd: folder })
  assert.deepEqual(JSON.parse(again.stdout).unused, [])
  assert.equal(JSON.parse(again.stdout).estimate, null)
})

test('a file that cannot be read gives one message, the exit code of wrong input, and no stack', async () => {
  const path = join(folder, 'odd.csv')
  await writeFile(path, 'colour,taste\nred,sweet\n')
  const { code, stderr } = await runCli(['inspect', path], { cwd: folder })
  assert.equal(code, 2)
  assert.match(
    stderr,
    /odd\.csv, line 1, header row: no column indicator_id and no column name; it has "colour", "taste".*--map/,
  )
  assert.doesNotMatch(stderr, /at .*\.ts/)
})

test('a resumed run is read as it began', async () => {
  const reading = { map: { name: ['Title'] }, keep: ['Region'] }
  const earlier = { header: { run_id: 'run-1', reading } }
  assert.equal(await readingOf({}, earlier), reading)
  assert.deepEqual(await readingOf({}, { header: { run_id: 'run-1' } }), {})
  await assert.rejects(readingOf({ map: 'name=b' }, earlier), /run-1 reads its file as it began: resume without --map/)
})

test('classify says the mapping in a line, and what of it is a guess', async () => {
  const path = fileURLToPath(new URL('../../../fixtures/catalogue/public/ddf-continuous.csv', import.meta.url))
  const args = ['classify', path, '--estimate', '--json', '--ingress', 'http://127.0.0.1:9']
  const { code, stderr } = await runCli(args, { cwd: folder, env: { DATA_DIR: folder } })
  assert.equal(code, 0)
  assert.match(stderr, /ddf-continuous\.csv: 12 indicators\n/)
  assert.match(stderr, /Fields: indicator_id=concept, name=description; not used: 5 columns\n/)
  assert.match(stderr, /Unsure: name is read from description, unsure: .* Another: --map name=COLUMN\n/)
})
