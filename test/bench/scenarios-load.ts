/** Scenarios with a fixed number of batches in flight: CPU time a record, and the pace of one replica; and the baseline. */
import { execFile } from 'node:child_process'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeVaried } from './catalogues.ts'
import { paceOf, readStats, samplePace } from './measure.ts'
import { type Baseline, type BenchContext, cpuARecord, difference, percent, round, type Scenario } from './scenario.ts'
import { submitFile } from './submit.ts'
import { type CpuByPart, startWorld } from './world.ts'

/** The script of the baseline. */
const BASELINE = fileURLToPath(new URL('./baseline.ts', import.meta.url))
const NO_LIMIT = '1000000'
const QUICK_MODEL = { OFFLINE_MODEL_LATENCY_MS: '100', OFFLINE_MODEL_SIGMA: '0' }
const IN_FLIGHT = 200
/** Rows before the measurement, while Node compiles the code and Restate creates its partitions. */
const WARM_UP_ROWS = 600
/** Batches in flight that keep one replica busy. */
const BATCHES_FOR_ONE_REPLICA = 12

/** Measures the plain script of baseline.ts, once without a limit, for its CPU time, and once paced at 6,000 RPM. */
export async function measureBaseline(context: Omit<BenchContext, 'baseline'>): Promise<Baseline> {
  const records = context.isFull ? 4_000 : 2_000
  const file = join(context.scratchDir, 'baseline.jsonl')
  await makeVaried(file, records)
  const free = await runBaseline(context, file, { rpm: 0, inFlight: IN_FLIGHT, records, model: QUICK_MODEL })
  const rpm = 6_000
  const model = { OFFLINE_MODEL_LATENCY_MS: '800', OFFLINE_MODEL_RPM: String(rpm) }
  const paced = await runBaseline(context, file, { rpm, inFlight: IN_FLIGHT, records: records / 2, model })
  return {
    what: 'openai and Bottleneck in one script (test/bench/baseline.ts), one request an indicator, nothing kept',
    records,
    cpu_ms_per_record: round(free.cpuMs / records, 2),
    requests_per_minute: round(free.pace),
    share_of_budget: round(paced.pace / rpm, 4),
  }
}

interface BaselineRun {
  readonly rpm: number
  readonly inFlight: number
  readonly records: number
  readonly model: Readonly<Record<string, string>>
}

async function runBaseline(context: Omit<BenchContext, 'baseline'>, file: string, run: BaselineRun) {
  const world = await startWorld({ rate: {}, model: run.model, signal: context.signal })
  try {
    const pace = samplePace(world.modelUrl)
    const out = join(context.scratchDir, 'baseline-out.jsonl')
    const args = [
      BASELINE,
      file,
      out,
      `${world.modelUrl}/v1`,
      String(run.rpm),
      String(run.inFlight),
      String(run.records),
    ]
    const { stdout } = await promisify(execFile)(process.execPath, args, { signal: context.signal })
    const samples = await pace.stop()
    const { cpu_ms: cpuMs } = JSON.parse(stdout) as { readonly cpu_ms: number }
    return { cpuMs, pace: paceOf(samples, (sample) => sample.accepted) }
  } finally {
    await world.stop()
  }
}

interface Load {
  readonly rows: number
  readonly batchesInFlight: number
}

/** Measures one replica without a balancer and without a rate limit, with one indicator in a request. */
async function measureLoad(context: BenchContext, { rows, batchesInFlight }: Load) {
  const world = await startWorld({
    rate: { RATE_RPM: NO_LIMIT, RATE_SAFETY: '1' },
    model: QUICK_MODEL,
    signal: context.signal,
  })
  try {
    const submit = async (count: number) => {
      const file = join(context.scratchDir, `load-${count}.jsonl`)
      await makeVaried(file, count)
      await submitFile({
        ingressUrl: world.ingressUrl,
        file,
        options: { mode: 'model', reuse: false, pack: 1 },
        inFlight: batchesInFlight,
        isSend: false,
        signal: context.signal,
      })
    }
    await submit(WARM_UP_ROWS)
    await fetch(`${world.modelUrl}/stats/reset`, { method: 'POST' })
    const before = world.cpu()
    const startedAt = performance.now()
    const pace = samplePace(world.modelUrl)
    await submit(rows)
    const elapsedMs = performance.now() - startedAt
    const cpu = difference(world.cpu(), before)
    const samples = await pace.stop()
    const stats = await readStats(world.modelUrl)
    return { cpu, elapsedMs, stats, requestsPerMinute: paceOf(samples, (sample) => sample.accepted) }
  } finally {
    await world.stop()
  }
}

function busyOf(cpu: CpuByPart, elapsedMs: number): number {
  return Object.values(cpu).reduce((sum, ms) => sum + ms, 0) / elapsedMs / cpus().length
}

const cpu: Scenario = {
  id: 'cpu',
  isQuick: true,
  run: async (context) => {
    const rows = context.isFull ? 6_000 : 3_000
    const { cpu: spent, elapsedMs, stats } = await measureLoad(context, { rows, batchesInFlight: IN_FLIGHT / 100 })
    const figures = cpuARecord(spent, rows)
    const { cpu_ms_all: all } = figures
    const { baseline } = context
    return {
      id: 'cpu',
      what: `no limit, model of 100 ms, pack 1, ${IN_FLIGHT} in flight, ${rows} records, one replica`,
      figures: {
        ...figures,
        ratio_to_baseline: baseline === null ? null : round(all / baseline.cpu_ms_per_record, 2),
        peak_in_flight: stats.peak_in_flight,
        records_per_minute: round((rows / elapsedMs) * 60_000),
      },
      target: 'all at most 8 ms CPU a record',
      met: all <= 8,
      bound_by: `CPU of the machine: ${percent(busyOf(spent, elapsedMs))} busy with all parts and the model`,
    }
  },
}

const oneReplica: Scenario = {
  id: 'one',
  isQuick: true,
  run: async (context) => {
    const rows = context.isFull ? 12_000 : 5_000
    const { cpu, elapsedMs, stats, requestsPerMinute } = await measureLoad(context, {
      rows,
      batchesInFlight: BATCHES_FOR_ONE_REPLICA,
    })
    const replicaShare = cpu.replicas / elapsedMs
    return {
      id: 'one',
      what: `one replica, no limit, model of 100 ms, pack 1, ${rows} records, ${BATCHES_FOR_ONE_REPLICA} batches in flight`,
      figures: {
        requests_per_minute: round(requestsPerMinute),
        replica_cpu_share_of_a_core: round(replicaShare, 2),
        peak_in_flight: stats.peak_in_flight,
      },
      target: 'at least 10,000 requests a minute (the seed: 300 a Bun, 600 to 800 a Go instance)',
      met: requestsPerMinute >= 10_000,
      bound_by:
        replicaShare >= 0.85
          ? 'the one thread of the replica'
          : `CPU of the machine: ${percent(busyOf(cpu, elapsedMs))} busy`,
    }
  },
}

export const loadScenarios: readonly Scenario[] = [cpu, oneReplica]
