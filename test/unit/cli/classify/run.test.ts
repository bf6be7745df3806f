/** A run against a scripted ingress: progress, failures that end it, and what its journal gets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PlannedBatch } from '../../../../src/cli/audits/audit-stages.ts'
import { runCatalogue } from '../../../../src/cli/classify/run.ts'
import type { RunJournal } from '../../../../src/cli/classify/run-journal.ts'
import type { RunReport } from '../../../../src/cli/classify/run-report.ts'
import type { ProgressCounts } from '../../../../src/cli/ui/progress-text.ts'
import { batchDone, failedInvocation, type Reply, startScriptedIngress } from '../../../helpers/servers/ingress.ts'

const never = new AbortController().signal

function fakeJournal(over: Partial<RunJournal> = {}): RunJournal {
  const options = { mode: 'hybrid', reuse: true, trust: 'catalogue' } as const
  return {
    header: { run_id: 'run-1', file: '/x.csv', fingerprint: 'f', batch_size: 1, force: false, options },
    done: () => undefined,
    failures: () => 0,
    noteDone: async () => undefined,
    noteFailed: async () => undefined,
    maxCostUsd: undefined,
    costUsd: 0,
    noteMaxCost: async () => undefined,
    auditStages: [],
    noteAuditStage: async () => undefined,
    targets: undefined,
    isDelivered: () => true,
    noteTargets: async () => undefined,
    part: 1,
    notePart: async () => undefined,
    remove: async () => undefined,
    ...over,
  }
}

/** Batches of one indicator each. */
async function* batchesOfOne(count: number): AsyncGenerator<PlannedBatch> {
  for (let index = 0; index < count; index += 1)
    yield { index, indicators: [{ indicator_id: `i.${index}`, name: 'x', sample_values: [] }], isAudit: false }
}

interface RunResult {
  readonly report: RunReport
  readonly said: readonly string[]
  /** Batches that the ingress got. */
  readonly submitted: number
}

async function run(
  script: (body: unknown, index: number) => Reply | Promise<Reply>,
  options: {
    readonly journal?: RunJournal
    readonly count?: number
    readonly batches?: ReturnType<typeof batchesOfOne>
    readonly onProgress?: (counts: ProgressCounts) => void
  } = {},
): Promise<RunResult> {
  const ingress = await startScriptedIngress((_, body, index) => script(body, index))
  const said: string[] = []
  const { count = 40, journal = fakeJournal() } = options
  try {
    const report = await runCatalogue(journal, () => options.batches ?? batchesOfOne(count), {
      urls: [ingress.url],
      patienceMs: 60_000,
      codebook: 'my-book@1',
      say: (line) => said.push(line),
      onProgress: options.onProgress ?? (() => undefined),
      stopSubmitting: never,
      abandon: never,
    })
    return { report, said, submitted: ingress.asked.length }
  } finally {
    await ingress.close()
  }
}

test('progress shows batches in flight before the first one has ended', async () => {
  const { promise: release, resolve } = Promise.withResolvers<void>()
  let inFlight = 0
  await run(
    async (body) => {
      await release
      return batchDone(body)
    },
    {
      onProgress: (counts) => {
        if (counts.done === 0) inFlight = Math.max(inFlight, counts.inFlight)
        if (inFlight >= 3) resolve()
      },
    },
  )
  assert.ok(inFlight >= 3)
})

test('every batch names the catalogue and the codebook of the run, and the report does so too', async () => {
  const bodies: unknown[] = []
  const journal = fakeJournal()
  const header = { ...journal.header, catalogue: 'wb', codebook: 'my-book@abc' }
  const { report } = await run(
    (body) => {
      bodies.push(body)
      return batchDone(body)
    },
    { journal: { ...journal, header }, count: 2 },
  )
  assert.deepEqual(
    bodies.map((body) => (body as Record<string, unknown>)['catalogue']),
    ['wb', 'wb'],
  )
  assert.deepEqual(
    bodies.map((body) => (body as Record<string, unknown>)['codebook']),
    ['my-book@abc', 'my-book@abc'],
  )
  assert.deepEqual([report.catalogue, report.codebook], ['wb', 'my-book@1'])
  // A run that an earlier release began names neither, so that its resumed part is asked as its first part was.
  const earlier: unknown[] = []
  const old = await run(
    (body) => {
      earlier.push(body)
      return batchDone(body)
    },
    { count: 1 },
  )
  assert.deepEqual(
    earlier.map((body) => Object.keys(body as object).filter((name) => name === 'catalogue' || name === 'codebook')),
    [[]],
  )
  assert.equal(old.report.catalogue, 'default')
})

test('unverified results are summed, and a replica of an earlier release has none', async () => {
  const { report } = await run(
    (body, index) => {
      const { body: answer } = batchDone(body)
      const { summary } = answer as { summary: Record<string, unknown> }
      if (index === 0) delete summary['unverified']
      else summary['unverified'] = 1
      return { body: answer }
    },
    { count: 3 },
  )
  assert.equal(report.unverified, 2)
})

test('a journal that cannot be written ends the run with one message; batches in flight still count', async () => {
  const full = async () => {
    throw new Error('ENOSPC: no space left on device')
  }
  const journal = fakeJournal({ noteDone: full, noteFailed: full })
  const { report, said } = await run(
    (body, index) => (index === 3 ? failedInvocation(500, 'internal: no') : batchDone(body)),
    { journal },
  )
  assert.deepEqual(said, ['The progress of the run cannot be written to DATA_DIR: ENOSPC: no space left on device'])
  assert.ok(report.classified > 0)
  assert.equal(report.classified + report.failed, 40)
  const rest = report.failures.find(({ code }) => code === 'not-submitted')
  assert.match(rest?.reason ?? '', /its progress cannot be written to DATA_DIR \(ENOSPC/)
})

test('a database that refuses statements stops the run', async () => {
  const { report, submitted } = await run(() => failedInvocation(500, 'database-failed: no such table'))
  assert.equal(report.failed, 40)
  assert.ok(submitted < 40, `${submitted} were submitted`)
})

test('a catalogue that cannot be read to its end does not cut off batches in flight', async () => {
  async function* unreadable(): AsyncGenerator<PlannedBatch> {
    yield* batchesOfOne(2)
    throw new Error('the file has changed')
  }
  const noted: number[] = []
  const journal = fakeJournal({
    noteDone: async (batch) => {
      noted.push(batch)
    },
  })
  await assert.rejects(
    run((body) => new Promise((resolve) => setTimeout(() => resolve(batchDone(body)), 50)), {
      journal,
      batches: unreadable(),
    }),
    /the file has changed/,
  )
  assert.deepEqual(noted.toSorted(), [0, 1])
})

test('a run whose batch was cancelled submits no further batch, and notes the failure, so that the batch gets a new key', async () => {
  const failed: number[] = []
  const journal = fakeJournal({
    noteFailed: async (batch) => {
      failed.push(batch)
    },
  })
  const { report, submitted } = await run(() => failedInvocation(409, 'Cancelled'), { journal })
  assert.equal(report.failed, 40)
  assert.ok(submitted < 40, `${submitted} were submitted`)
  assert.equal(failed.length, submitted)
  assert.deepEqual(
    report.failures.map(({ code }) => code),
    ['cancelled', 'not-submitted'],
  )
})
