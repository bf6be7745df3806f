/** The journal of a run on disk: what it keeps for a resumed run, and what it makes of damaged files. */
import assert from 'node:assert/strict'
import { appendFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createRunJournal, openRunJournal, type RunHeader } from '../../../../src/cli/classify/run-journal.ts'
import type { BatchSummary } from '../../../../src/restate/contract.ts'

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-journal-'))
})

after(async () => {
  await rm(directory, { recursive: true, force: true })
})

function header(runId: string): RunHeader {
  const options = { mode: 'hybrid', reuse: true, trust: 'catalogue', target: 0.98 } as const
  return { run_id: runId, file: '/x.csv', fingerprint: 'f', batch_size: 100, force: false, options }
}

const summary: BatchSummary = {
  indicators: 100,
  classified: 90,
  unchanged: 10,
  needs_review: 1,
  unverified: 3,
  by_source: { rules: 80, reuse: 5, model: 5, escalation: 0, person: 0 },
  model_requests: 1,
  tokens: { input: 10, cached: 5, output: 2 },
  cost_usd: 0.001,
  warnings: [{ code: 'unknown-field', message: 'unknown fields', count: 2 }],
}

test('finished and failed batches are read from the journal again', async () => {
  const journal = await createRunJournal(directory, header('run-1'))
  await journal.noteDone(0, summary)
  await journal.noteFailed(1)
  await journal.noteFailed(1)
  const reopened = await openRunJournal(directory, 'run-1')
  assert.deepEqual(reopened.header, header('run-1'))
  assert.deepEqual(reopened.done(0), summary)
  assert.equal(reopened.done(1), undefined)
  assert.equal(reopened.failures(1), 2)
})

test('catalogue and codebook of the run are kept, and a journal of an earlier release has neither', async () => {
  const named = { ...header('run-7'), catalogue: 'wb', codebook: `my-book@${'a'.repeat(64)}` }
  await createRunJournal(directory, named)
  assert.deepEqual((await openRunJournal(directory, 'run-7')).header, named)
  const earlierSummary = Object.fromEntries(Object.entries(summary).filter(([name]) => name !== 'unverified'))
  const earlierHeader = { ...header('run-8'), options: { mode: 'hybrid', reuse: true } }
  const lines = [earlierHeader, { batch: 0, done: earlierSummary }].map((line) => `${JSON.stringify(line)}\n`)
  await writeFile(join(directory, 'runs', 'run-8.jsonl'), lines.join(''))
  const earlier = await openRunJournal(directory, 'run-8')
  assert.deepEqual([earlier.header.catalogue, earlier.header.codebook], [undefined, undefined])
  assert.deepEqual(earlier.done(0), { ...summary, unverified: 0 })
  assert.deepEqual(earlier.header.options, { mode: 'hybrid', reuse: true, trust: 'shipped' })
  assert.deepEqual(earlier.auditStages, [], 'it audited nothing, and its resumed part does not either')
})

test('the stages of audits that a run has begun are kept in their order, beside its batches', async () => {
  const journal = await createRunJournal(directory, header('run-9'))
  assert.deepEqual(journal.auditStages, [])
  await journal.noteAuditStage(60)
  await journal.noteDone(1_000_000_000, summary)
  await journal.noteAuditStage(120)
  const reopened = await openRunJournal(directory, 'run-9')
  assert.deepEqual(reopened.auditStages, [60, 120])
  assert.deepEqual(reopened.done(1_000_000_000), summary)
  assert.deepEqual(reopened.header.options, { mode: 'hybrid', reuse: true, trust: 'catalogue', target: 0.98 })
})

test('a line that a kill has cut off is ignored, and the next entry is whole', async () => {
  const journal = await createRunJournal(directory, header('run-2'))
  await journal.noteDone(0, summary)
  await appendFile(join(directory, 'runs', 'run-2.jsonl'), '{"batch":1,"done":{"indi')
  const reopened = await openRunJournal(directory, 'run-2')
  assert.equal(reopened.done(1), undefined)
  await reopened.noteDone(2, summary)
  const last = await openRunJournal(directory, 'run-2')
  assert.deepEqual(last.done(0), summary)
  assert.deepEqual(last.done(2), summary)
})

test('each process of a run has a greater number than those before, also where the clock was set back between them', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2026, 10, 29) })
  const first = await createRunJournal(directory, header('run-part'))
  assert.equal(first.part, Date.UTC(2026, 10, 29))
  await first.notePart()
  t.mock.timers.setTime(Date.UTC(2026, 10, 28))
  const second = await openRunJournal(directory, 'run-part')
  assert.equal(second.part, first.part + 1)
  await second.notePart()
  t.mock.timers.setTime(Date.UTC(2026, 10, 30))
  assert.equal((await openRunJournal(directory, 'run-part')).part, Date.UTC(2026, 10, 30))
})

test('a complete run leaves no journal and cannot be resumed', async () => {
  const journal = await createRunJournal(directory, header('run-3'))
  await journal.remove()
  assert.ok(!(await readdir(join(directory, 'runs'))).includes('run-3.jsonl'))
  await assert.rejects(openRunJournal(directory, 'run-3'), { code: 'input-invalid', message: /run-3.*complete/ })
})

test('a text that cannot be a run id is refused before a file is opened', async () => {
  for (const id of ['../run-1', 'a/b', '', '.', 'x'.repeat(200)]) {
    await assert.rejects(openRunJournal(directory, id), { code: 'input-invalid', message: /is not the id of a run/ })
  }
})

test('a file that is not a journal is refused', async () => {
  await writeFile(join(directory, 'runs', 'run-4.jsonl'), 'hello\n')
  await assert.rejects(openRunJournal(directory, 'run-4'), { code: 'input-invalid', message: /not the journal/ })
})

test('the cost limit given last is in force, and what failed batches may have cost counts as spent', async () => {
  const journal = await createRunJournal(directory, { ...header('run-5'), max_cost_usd: 0.5 })
  assert.equal(journal.maxCostUsd, 0.5)
  await journal.noteDone(0, summary)
  await journal.noteFailed(1, 0.25)
  await journal.noteFailed(2)
  const reopened = await openRunJournal(directory, 'run-5')
  assert.equal(reopened.maxCostUsd, 0.5)
  assert.equal(reopened.costUsd, 0.251)
  assert.equal(reopened.failures(1), 1)
  await reopened.noteMaxCost(2)
  const last = await openRunJournal(directory, 'run-5')
  assert.equal(last.maxCostUsd, 2)
  assert.equal(last.header.max_cost_usd, 0.5)
  assert.equal((await createRunJournal(directory, header('run-6'))).maxCostUsd, undefined)
})
