/** Files that people drop: their names, their bounds, what is kept of them, and how they are read. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { after, test } from 'node:test'
import { createCertificates } from '../../../src/console/certificates.ts'
import type { CommandRunner } from '../../../src/console/commands.ts'
import { createInspections } from '../../../src/console/inspections.ts'
import { readingOf } from '../../../src/console/routes/start-actions.ts'
import { createUploads, safeName } from '../../../src/console/uploads.ts'
import { waitUntil } from '../../helpers/wait.ts'

const directory = await mkdtemp(join(tmpdir(), 'classify-uploads-'))
after(() => rm(directory, { recursive: true, force: true }))
const uploads = createUploads(directory)

test('a name is one part of a path, no option and no other file of the folder', () => {
  for (const [given, name] of [
    ['prices.csv', 'prices.csv'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\data\\prices.csv', 'prices.csv'],
    ['--detach', 'detach'],
    ['.env', 'env'],
    ['about.json', 'catalogue'],
    ['', 'catalogue'],
    ['..', 'catalogue'],
    ['a\u0000b\nc;$(x)`.csv', 'a_b_c__(x)_.csv'],
    ['Währung 2024 (final).xlsx', 'Währung 2024 (final).xlsx'],
  ] as const)
    assert.equal(safeName(given), name, given)
  assert.ok(safeName('x'.repeat(10_000)).length <= 120)
})

test('a file is kept for its owner alone, found by its id, and gone after a day without a run', async () => {
  const kept = await uploads.save('prices.csv', Readable.from([Buffer.from('a,b\n'), Buffer.from('1,2\n')]))
  assert.equal(await readFile(kept.path, 'utf8'), 'a,b\n1,2\n')
  assert.equal((await stat(kept.path)).mode & 0o077, 0)
  assert.equal((await stat(kept.folder)).mode & 0o077, 0)
  assert.deepEqual(
    (await uploads.list()).map(({ id }) => id),
    [kept.id],
  )
  for (const id of ['', '..', '../x', kept.id.slice(1), `${kept.id}/..`])
    assert.equal(await uploads.find(id), undefined)
  const started = await uploads.save('started.csv', Readable.from(['x']))
  await uploads.markStarted(started, 'run-1')
  assert.equal((await uploads.find(started.id))?.runId, 'run-1')
  for (const { folder, name, runId } of [kept, { ...started, runId: 'run-1' }])
    await writeFile(join(folder, 'about.json'), JSON.stringify({ name, uploadedAt: '2020-01-01T00:00:00.000Z', runId }))
  await uploads.prune()
  assert.equal(await uploads.find(kept.id), undefined)
  assert.notEqual(await uploads.find(started.id), undefined, 'a resumed run reads its file again')
  await assert.rejects(uploads.save('empty.csv', Readable.from([])), { code: 'input-invalid' })
  assert.deepEqual(await readdir(directory), [started.id], 'nothing is left of a file that was not kept')
})

test('a form says how a file is read, and inspect is asked once for each way', async () => {
  const asked: (readonly string[])[] = []
  const report = {
    format: 'csv',
    encoding: 'utf-8',
    layout: 'long',
    records: 1,
    columns: ['A"b'],
    mapping: {},
    unused: [],
    problems: [],
    sample: [],
    estimate: null,
  }
  const commands: CommandRunner = {
    run: async (args) => {
      asked.push(args)
      return args.includes('--mapping')
        ? { code: 2, stdout: '', stderr: 'no such column' }
        : { code: 0, stdout: JSON.stringify(report), stderr: '' }
    },
  }
  const inspections = createInspections(commands)
  const upload = await uploads.save('x.csv', Readable.from(['x']))
  const plain = readingOf({})
  assert.equal(inspections.find(upload, plain).state, 'running')
  await waitUntil('the file is read', () => inspections.find(upload, plain).state === 'done')
  assert.deepEqual(asked, [['inspect', upload.path, '--json']])
  const mapped = readingOf({ 'map.name': 'A"b', 'map.units': '\u0001', 'map.topic': '', layout: 'long', other: 'x' })
  assert.deepEqual(mapped, { map: { name: 'A"b', units: '' }, layout: 'long', sheet: '', records: '', encoding: '' })
  await waitUntil('the file is read in vain', () => inspections.find(upload, mapped).state === 'failed')
  const written = asked[1]?.at(-1) ?? ''
  assert.equal(dirname(written), upload.folder)
  assert.deepEqual(JSON.parse(await readFile(written, 'utf8')), {
    map: { name: ['A"b'], units: [] },
    layout: 'long',
  })
  assert.equal(asked.length, 2)
})

test('rows are drawn and labelled by certify, and no id of a run becomes an option or a path', async () => {
  const asked: (readonly string[])[] = []
  const claim = { claim: '*', state: 'more', right: 2, labelled: 2, lower: 0, upper: 1, more: 49 }
  const result = { labelled: 2, waiting: 1, claims: [claim], fields: [], cut: null }
  const certified = {
    state: 'more',
    made_at: '2026-01-01',
    plan: { target: 0.97, delta: 0.05, claims: ['*'], fields: ['type'], population: 3 },
    result,
    to_label: 1,
  }
  const commands: CommandRunner = {
    run: async (args) => {
      asked.push(args)
      const out = args[args.indexOf('--out') + 1] ?? ''
      await writeFile(
        out,
        `${JSON.stringify({ indicator_id: 'X', name: 'Name', units: null, labels: { type: '' }, note: '', sample_values: [{ date: '2024-01-01', value: 1 }], catalogue: 'c' })}\n`,
      )
      return { code: 2, stdout: JSON.stringify(certified), stderr: '' }
    },
  }
  const certificates = createCertificates(commands, join(directory, 'certificates'))
  assert.deepEqual(await certificates.draw('run-1', { by: '--x', count: 3, target: '0.9' }), {
    records: [{ id: 'X', texts: [{ name: 'name', text: 'Name' }], samples: [{ date: '2024-01-01', value: 1 }] }],
    progress: { labelled: 3, about: 52 },
  })
  assert.ok(asked[0]?.includes('--by=--x'), 'a name that begins with a dash is no option')
  assert.equal(
    (await certificates.label('run-1', 'ann', [{ id: 'X', labels: { type: 'price' }, note: '' }])).state,
    'more',
  )
  assert.equal((await certificates.last('run-1'))?.state, 'more')
  assert.equal(await certificates.last('run-2'), undefined)
  for (const run of ['--json', '../x', 'a b', ''])
    await assert.rejects(certificates.draw(run, { by: 'a', count: 1 }), { code: 'input-invalid' })
})
