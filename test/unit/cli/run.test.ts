import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RunCounts, type RunReport, runCatalogue } from '../../../src/cli/classify/run.ts'
import type { RunJournal } from '../../../src/cli/classify/run-journal.ts'
import { batchDone, failedInvocation, type Reply, startScriptedIngress } from '../../helpers/ingress.ts'

const never = new AbortController().signal

function fakeJournal(over: Partial<RunJournal> = {}): RunJournal {
  const options = { mode: 'hybrid', reuse: true } as const
  return {
    header: { run_id: 'run-1', file: '/x.csv', fingerprint: 'f', batch_size: 1, force: false, options },
    done: () => undefined,
    failures: () => 0,
    noteDone: async () => undefined,
    noteFailed: async () => undefined,
    maxCostUsd: undefined,
    costUsd: 0,
    noteMaxCost: async () => undefined,
    remove: async () => undefined,
    ...over,
  }
}

async function* oneEach(count: number) {
  for (let index = 0; index < count; index += 1) yield [{ indicator_id: `i.${index}`, name: 'x', sample_values: [] }]
}

interface Ran {
  readonly report: RunReport
  readonly said: readonly string[]
  readonly asked: number
}

async function run(
  script: (body: unknown, index: number) => Reply | Promise<Reply>,
  options: {
    readonly journal?: RunJournal
    readonly count?: number
    readonly batches?: ReturnType<typeof oneEach>
    readonly onProgress?: (counts: RunCounts) => void
  } = {},
): Promise<Ran> {
  const ingress = await startScriptedIngress((_, body, index) => script(body, index))
  const said: string[] = []
  const { count = 40, journal = fakeJournal() } = options
  try {
    const report = await runCatalogue(journal, count, options.batches ?? oneEach(count), {
      urls: [ingress.url],
      patienceMs: 1_000,
      say: (line) => said.push(line),
      onProgress: options.onProgress ?? (() => undefined),
      stopSubmitting: never,
      abandon: never,
    })
    return { report, said, asked: ingress.asked.length }
  } finally {
    await ingress.close()
  }
}

test('progress knows what is in flight before the first batch has ended', async () => {
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

test('a journal that cannot be written ends the run with one message; what was in flight counts', async () => {
  const full = async () => {
    throw new Error('ENOSPC: no space left on device')
  }
  const journal = fakeJournal({ noteDone: full, noteFailed: full })
  const { report, said } = await run(
    (body, index) => (index === 3 ? failedInvocation(500, 'internal: no') : batchDone(body)),
    { journal },
  )
  assert.deepEqual(said, ['DATA_DIR cannot keep what is done: ENOSPC: no space left on device'])
  assert.ok(report.classified > 0)
  assert.equal(report.classified + report.failed, 40)
  const rest = report.failures.find(({ code }) => code === 'not-submitted')
  assert.match(rest?.reason ?? '', /DATA_DIR cannot keep what is done \(ENOSPC/)
})

test('a database that refuses our statements stops the run', async () => {
  const { report, asked } = await run(() => failedInvocation(500, 'database-failed: no such table'))
  assert.equal(report.failed, 40)
  assert.ok(asked < 40, `${asked} were submitted`)
})

test('a catalogue that cannot be read to its end does not cut off what is in flight', async () => {
  async function* torn() {
    yield* oneEach(2)
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
      batches: torn(),
    }),
    /the file has changed/,
  )
  assert.deepEqual(noted.toSorted(), [0, 1])
})

test('a run whose batch was cancelled submits nothing more, and keeps that the batch needs a new key', async () => {
  const failed: number[] = []
  const journal = fakeJournal({
    noteFailed: async (batch) => {
      failed.push(batch)
    },
  })
  const { report, asked } = await run(() => failedInvocation(409, 'Cancelled'), { journal })
  assert.equal(report.failed, 40)
  assert.ok(asked < 40, `${asked} were submitted`)
  assert.equal(failed.length, asked)
  assert.deepEqual(
    report.failures.map(({ code }) => code),
    ['cancelled', 'not-submitted'],
  )
})
