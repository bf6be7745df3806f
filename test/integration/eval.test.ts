/** `eval` as a user runs it: by the rules alone, and through a service of its own with the offline model. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SHIPPED_GOLD } from '../../src/cli/eval/eval.ts'
import { runCli } from '../helpers/cli.ts'

const COUNT = 60
let directory: string
/** A gold file of indicators whose names say nothing, so that the rules can only guess and a model is needed. */
let opaque: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-eval-test-'))
  opaque = join(directory, 'opaque.jsonl')
  const lines = (await readFile(SHIPPED_GOLD, 'utf8')).trim().split('\n').slice(0, COUNT)
  const hidden = lines.map((line, index) => {
    const { first_reading: _, ...row } = JSON.parse(line)
    return JSON.stringify({ ...row, name: `Series ${index}`, units: row.units?.replace(/\(.*\)/, '') })
  })
  await writeFile(opaque, `${hidden.join('\n')}\n`)
})

after(() => rm(directory, { recursive: true, force: true }))

test('mode rules prints one JSON object, the same every time, and --fail-under decides the exit code', async () => {
  const first = await runCli(['eval', SHIPPED_GOLD, '--json', '--fail-under', 'type=0.9,all=0.8'])
  assert.equal(first.code, 0, first.stderr)
  const report = JSON.parse(first.stdout)
  assert.equal(first.stdout.trim().split('\n').length, 1)
  assert.deepEqual(Object.keys(report.accuracy), [
    'type',
    'temporal_aggregation',
    'orientation',
    'unit.kind',
    'unit.scale',
    'unit.currency',
    'frequency',
    'all',
  ])
  assert.ok(report.n >= 200 && report.cost.model_requests === 0 && report.model === null)
  assert.ok(report.prompt.static_tokens_estimated > 1_024)
  assert.equal((await runCli(['eval', SHIPPED_GOLD, '--json'])).stdout, first.stdout)

  const short = await runCli(['eval', opaque, '--fail-under', 'all=0.99'])
  assert.equal(short.code, 1)
  assert.match(short.stderr, /--fail-under: all is [\d.]+, below 0\.99/)
  assert.match(short.stdout, /all seven together +0\.\d{3} {2}0\.\d{3}–0\.\d{3}/)
})

test('a wrong gold file and wrong options are refused with exit code 2', async () => {
  const path = join(directory, 'wrong.jsonl')
  await writeFile(path, '{"indicator_id":"A","name":"GDP","labels":{"type":"money"}}\n')
  const wrong = await runCli(['eval', path])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /line 1, labels\.type: must be one of .*, got "money"/)
  assert.match(wrong.stderr, /line 1, labels\.frequency: is missing/)
  await writeFile(path, Buffer.from('{"indicator_id":"A","name":"D\u00e9penses"}\n', 'latin1'))
  assert.match((await runCli(['eval', path])).stderr, /is not UTF-8/)
  assert.equal((await runCli(['eval', join(directory, 'none.jsonl')])).code, 2)
  assert.equal((await runCli(['eval', '--mode', 'magic'])).code, 2)
  assert.equal((await runCli(['eval', '--fail-under', 'beauty=1'])).code, 2)
})

test('mode hybrid with noisy gold answers scores above the rules alone, and names the offline model', async () => {
  const rules = JSON.parse((await runCli(['eval', opaque, '--json'])).stdout)
  const env = { OFFLINE_MODEL_ANSWERS: `gold:${opaque},noisy:0.1` }
  const before = (await readdir(tmpdir())).filter(
    (name) => name.startsWith('classify-eval-') && !directory.endsWith(name),
  )
  const { code, stdout, stderr } = await runCli(['eval', opaque, '--mode', 'hybrid', '--pack', '5,25', '--json'], {
    env,
  })
  assert.equal(code, 0, stderr)
  const hybrid = JSON.parse(stdout)
  assert.ok(hybrid.accuracy.all > rules.accuracy.all, `${hybrid.accuracy.all} after ${rules.accuracy.all}`)
  assert.deepEqual(hybrid.model, { names: ['offline-noisy'], is_offline: true })
  assert.match(stderr, /offline .*labels of a gold file, some made wrong, not those of a language model/)
  assert.deepEqual(
    hybrid.packs.map(({ pack, n }: { pack: number; n: number }) => [pack, n]),
    [
      [5, COUNT],
      [25, COUNT],
    ],
  )
  const [five, twentyFive] = hybrid.packs
  assert.ok(five.cost.model_requests > twentyFive.cost.model_requests)
  assert.equal(five.cost.by_source.reuse, 0)
  const left = (await readdir(tmpdir())).filter(
    (name) => name.startsWith('classify-eval-') && !directory.endsWith(name),
  )
  assert.deepEqual(
    left.filter((name) => !before.includes(name) && !name.startsWith('classify-eval-test-')),
    [],
  )
})
