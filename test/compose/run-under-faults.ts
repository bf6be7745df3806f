/** Runs the command `classify` on a cluster while a test injects faults, and checks that nothing was lost or doubled. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunReport } from '../../src/cli/classify/run-report.ts'
import type { Cluster } from './cluster.ts'
import { type Watch, watchRun } from './run-watch.ts'

export const PACK = 10
/** Batches are small, so that results come evenly and a pause in them shows. */
const BATCH_SIZE = 20
const ARGS = [
  '--mode',
  'model',
  '--no-reuse',
  '--force',
  '--pack',
  String(PACK),
  '--batch-size',
  String(BATCH_SIZE),
  '--json',
]

export interface RunResult {
  readonly report: RunReport
  readonly stderr: string
  /** Requests beyond the one that each chunk needs, as the model counted them; NaN where its counts were lost. */
  readonly paidTwice: number
  /** Requests that the model counted and that the run has not booked. */
  readonly unbooked: number
  /** The longest time without results before the fault, milliseconds. */
  readonly calmGapMs: number
  readonly watch: Watch
  readonly startedAt: number
}

let runs = 0

/**
 * Classifies `count` new indicators, all by the model, and calls `injectFault` once results flow. Asserts that nothing was
 * lost and nothing doubled, for which the counts of the model are the evidence; set `isModelRestarted` where the fault
 * restarts the model, which loses them. `afterRun` is called before it asserts, so that what is frozen can go on and do harm.
 */
export async function runUnderFault(
  cluster: Cluster,
  count: number,
  injectFault: (watch: Watch) => Promise<void>,
  {
    isModelRestarted = false,
    afterRun = async () => undefined,
  }: { readonly isModelRestarted?: boolean; readonly afterRun?: () => Promise<void> } = {},
): Promise<RunResult> {
  runs += 1
  const prefix = `C${process.pid}.${runs}.`
  const dir = await mkdtemp(join(tmpdir(), 'classify-run-'))
  const file = join(dir, 'catalogue.jsonl')
  const lines = Array.from({ length: count }, (_, index) => {
    const name = `Output of plant ${runs} ${index}`
    return JSON.stringify({ indicator_id: `${prefix}${index}`, name, units: 'Tonnes', periodicity: 'Monthly' })
  })
  await writeFile(file, `${lines.join('\n')}\n`)
  await fetch(`${cluster.modelUrl}/stats/reset`, { method: 'POST' })

  const watch = watchRun(cluster, prefix)
  const startedAt = performance.now()
  const cli = cluster.classify([file, ...ARGS])
  try {
    // A run that ends early must not leave `injectFault` waiting for its results.
    const ended = cli.result.then(({ stderr, code }) => {
      if (code !== 0) throw new Error(`classify ended with exit code ${code}:\n${stderr}`)
    })
    await Promise.race([watch.waitForResults(BATCH_SIZE), ended])
    const firstResultsAt = performance.now()
    await Promise.race([watch.waitForResults(Math.round(count * 0.15)), ended])
    const calmGapMs = watch.longestGap(firstResultsAt)
    await Promise.race([injectFault(watch), ended.then(() => new Promise<void>(() => undefined))])
    const { code, stdout, stderr } = await cli.result
    assert.equal(code, 0, stderr)
    await afterRun()
    const report = JSON.parse(stdout) as RunReport
    assertComplete(report, count)
    await assertHistory(cluster, report.run_id, count)
    const paidTwice = isModelRestarted ? Number.NaN : await countPaidTwice(cluster, prefix, count)
    const unbooked = isModelRestarted ? Number.NaN : await countUnbooked(cluster, report.run_id)
    return { report, stderr, paidTwice, unbooked, calmGapMs, watch, startedAt }
  } finally {
    // After a failure the command would wait for a cluster that is being removed.
    cli.child.kill('SIGKILL')
    await watch.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

function assertComplete(report: RunReport, count: number): void {
  const { indicators, classified, unchanged, failed, by_source } = report
  assert.deepEqual(
    { indicators, classified, unchanged, failed },
    { indicators: count, classified: count, unchanged: 0, failed: 0 },
  )
  assert.equal(by_source.model, count)
}

/** Requests that the model counted and the ledger of the run lacks, or the other way round. */
async function countUnbooked(cluster: Cluster, runId: string): Promise<number> {
  const { requests } = await cluster.modelStats()
  const [booked] = await cluster.query<{ n: number }>('select count(*)::int as n from llm_requests where run_id = $1', [
    runId,
  ])
  return requests.accepted - (booked?.n ?? 0)
}

async function assertHistory(cluster: Cluster, runId: string, count: number): Promise<void> {
  const text = 'select count(*)::int as rows, count(distinct indicator_id)::int as ids from run_results'
  const found = await cluster.query(`${text} where run_id = $1`, [runId])
  assert.deepEqual(found, [{ rows: count, ids: count }])
  const totals = await cluster.query('select sum(indicators)::int as indicators from run_batches where run_id = $1', [
    runId,
  ])
  assert.deepEqual(totals, [{ indicators: count }], 'the totals of the run count each batch once')
}

/** Chunks that were paid for more than once: the model counts the requests of which each indicator was a part. */
async function countPaidTwice(cluster: Cluster, prefix: string, count: number): Promise<number> {
  const stats = await cluster.modelStats(true)
  const asked = Object.entries(stats.requests_by_indicator).filter(([id]) => id.startsWith(prefix))
  assert.equal(asked.length, count, 'every indicator was asked')
  const extra = asked.reduce((sum, [, requests]) => sum + requests - 1, 0)
  return extra / PACK
}

/** Seconds with one decimal; "never" for undefined. */
export function seconds(ms: number | undefined): string {
  return ms === undefined ? 'never' : (ms / 1_000).toFixed(1)
}
