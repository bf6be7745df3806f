/** Batches that end because people have stopped or paused the run: what came of them is taken, and a run that goes on submits them again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runCatalogue } from '../../../../src/cli/classify/run.ts'
import type { RunJournal } from '../../../../src/cli/classify/run-journal.ts'
import { describeRun } from '../../../../src/cli/runs/format.ts'
import type { RunBody } from '../../../../src/restate/contract.ts'
import { batchDone, type Reply, startScriptedIngress, UNKNOWN_SERVICE } from '../../../helpers/servers/ingress.ts'

/** One batch of two indicators, whose first `stops` answers have a result for one of them. `look` is what the driver does to learn of a stop. */
async function submitted(
  stops: number,
  look: (stop: AbortController) => void,
  untilWanted = async (): Promise<void> => undefined,
) {
  const stop = new AbortController()
  const failed: number[] = []
  const taken: string[] = []
  let answers = 0
  const ingress = await startScriptedIngress((path, body): Reply => {
    if (!path.includes('/batch')) return UNKNOWN_SERVICE
    const reply = batchDone(body)
    answers += 1
    if (answers > stops) return reply
    const { results, summary, ...rest } = reply.body as { results: object[]; summary: object }
    const stopped = { code: 'run-stopped', message: 'people have stopped the run', indicator_ids: ['b'] }
    return { body: { ...rest, results: results.slice(0, 1), summary: { ...summary, classified: 1 }, stopped } }
  })
  const journal = {
    header: {
      ...{ run_id: 'run-1', file: '/x.csv', fingerprint: 'f', batch_size: 2, force: false },
      options: { mode: 'hybrid', reuse: true, trust: 'catalogue' },
    },
    ...{ done: () => undefined, failures: () => 0, noteDone: async () => undefined, part: 1 },
    noteFailed: async (index: number) => void failed.push(index),
    notePart: async () => undefined,
  } as unknown as RunJournal
  try {
    const report = await runCatalogue(
      journal,
      async function* () {
        const indicators = ['a', 'b'].map((id) => ({ indicator_id: id, name: id, sample_values: [] }))
        yield { index: 0, indicators, isAudit: false }
      },
      {
        ...{ urls: [ingress.url], patienceMs: 60_000, codebook: 'b@1', say: () => undefined },
        ...{ onProgress: () => undefined, stopSubmitting: stop.signal, abandon: new AbortController().signal },
        ...{ look: async () => look(stop), untilWanted },
        onResults: (results) => void taken.push(...results.map(({ indicator_id: id }) => id)),
      },
    )
    return { report, failed, taken, answers }
  } finally {
    await ingress.close()
  }
}

test('what a stopped batch has is taken, the rest is named, and the next process submits it under another key', async () => {
  const { report, failed, taken, answers } = await submitted(9, (stop) => stop.abort())
  assert.deepEqual([answers, failed, taken], [1, [0], ['a']])
  assert.deepEqual([report.classified, report.failed, report.max_cost], [1, 1, undefined])
  assert.deepEqual(report.failures, [
    { code: 'run-stopped', reason: 'people have stopped the run', indicator_ids: ['b'] },
  ])
})

test('a batch that the stop of an earlier process ended is submitted again by a run that goes on', async () => {
  const { report, failed, taken, answers } = await submitted(1, () => undefined)
  assert.deepEqual([answers, failed, taken], [2, [0], ['a', 'b']])
  assert.deepEqual([report.classified, report.failed], [2, 0])
})

test('a batch that a pause ended is submitted again when the run goes on, and not before', async () => {
  const goesOn = Promise.withResolvers<void>()
  let isPaused = false
  const look = () => {
    isPaused = true
    // A driver that does not wait would have its answer long before.
    setTimeout(() => {
      isPaused = false
      goesOn.resolve()
    }, 3_000)
  }
  const taken: boolean[] = []
  const { report, answers } = await submitted(1, look, async () => {
    if (isPaused) await goesOn.promise
    taken.push(isPaused)
  })
  assert.deepEqual([answers, taken, report.classified, report.failed], [2, [false, false], 2, 0])
})

test('a run that its limit stopped says in the terminal what is spent, what helps and what is kept', () => {
  const run: RunBody = {
    ...{ run_id: 'run-1', started_at: '2026-11-29T10:00:00.000Z', updated_at: '2026-11-29T10:05:00.000Z' },
    ...{ state: 'incomplete', wanted: 'running', driver: null, catalogue: 'prices', codebook: 'b@1', size: 60 },
    ...{ command: 'classify', indicators_per_minute: 0, batches: 1, answered: 14, indicators: 0, classified: 0 },
    ...{ unchanged: 0, needs_review: 0, unverified: 0, model_requests: 3, tokens: { input: 1, cached: 0, output: 1 } },
    by_source: { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 },
    ...{ cost_usd: 0.002125, max_cost_usd: 0.003, cost_stop: { next_usd: 0.000982, needed_usd: 0.003107 } },
  }
  const [, stop, kept] = describeRun(run)
  assert.match(stop ?? '', /^ {2}Stopped at its cost limit: USD 0\.002125 of 0\.003 is spent, .* at least 0\.003107$/)
  assert.equal(kept, '  14 answered, kept for when it goes on')
  for (const other of [
    { ...run, cost_stop: null },
    { ...run, state: 'running' as const },
  ]) {
    assert.doesNotMatch(describeRun(other).join(), /Stopped at its cost limit/)
  }
})
