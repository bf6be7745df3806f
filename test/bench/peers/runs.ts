/** One run of this service, and one of a peer, on the same records at the same limit, with the same measurements. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type PaceSample, paceOf, readStats, samplePace, secondsUntilPace } from '../measure.ts'
import { ASK_ALL, countStored } from '../paced-run.ts'
import { type BenchContext, measureRun } from '../scenario.ts'
import type { PeerRun, SetUp } from './figures.ts'
import { type PeerWorld, startPeerWorld } from './peer-world.ts'
import type { PeerName } from './queue.ts'

/** Requests a minute that the provider lets in. */
export const LIMIT_RPM = 6_000
/** The share of the limit at which every system paces itself: the default of RATE_SAFETY. */
export const SAFETY = 0.99
/**
 * The provider enforces its limit in slices of a second, because a run of 3,000 requests never fills a sliding minute of 6,000,
 * so that a system that ignored the limit would be refused nothing.
 */
export const MODEL = {
  OFFLINE_MODEL_LATENCY_MS: '800',
  OFFLINE_MODEL_RPM: String(LIMIT_RPM),
  OFFLINE_MODEL_SLICE_MS: '1000',
}
/** Milliseconds from the first request to the kill, in a run of 30 s or more; a third of a shorter one. */
const KILL_AFTER_MS = 10_000
/** Milliseconds after which the killed process is started again, as a supervisor does. */
const RESTART_AFTER_MS = 1_000
/** Milliseconds beyond twice the time at the full pace after which a run is given up. */
const PATIENCE_MS = 120_000
/** Milliseconds after the last record's first result in which a second one may still come. */
const SETTLE_MS = 3_000
const POLL_MS = 250

export interface RunOptions {
  readonly context: BenchContext
  readonly catalogue: string
  readonly records: number
  readonly setUp: SetUp
}

export interface PeerSource {
  readonly peer: PeerName
  readonly packages: string
  readonly redis: string | null
}

/** Runs `classify` over replicas of this service, as a user would. */
export async function runOurs({ context, catalogue, records, setUp }: RunOptions): Promise<PeerRun> {
  let killedAt: number | null = null
  let counts = { stored: 0, doubled: 0 }
  const run = await measureRun({
    args: [catalogue, ...ASK_ALL, '--pack', '1'],
    world: {
      replicas: setUp.processes,
      rate: { RATE_RPM: String(LIMIT_RPM), RATE_SAFETY: String(SAFETY) },
      model: MODEL,
      signal: context.signal,
    },
    meanwhile: async (world, samples) => {
      if (!setUp.isKilled) return
      await untilTheKill(context, records, samples)
      const victim = world.replicas[0]
      if (victim === undefined) throw new Error('there is no replica to kill')
      killedAt = performance.now()
      await world.removeReplica(victim, 'SIGKILL')
      await sleep(RESTART_AFTER_MS, undefined, { signal: context.signal })
      await world.addReplica()
    },
    after: async (world) => {
      counts = await countStored(world)
    },
  })
  const { model: _, ...parts } = run.cpu
  return {
    records,
    stats: run.stats,
    cpuMs: Object.values(parts).reduce((sum, ms) => sum + ms, run.cliCpuMs),
    ...counts,
    ...paceFigures(run.samples, run.endedAt, killedAt),
  }
}

/** Fills the queue of a peer and waits until its workers have stored a result for every record, or for long enough. */
export async function runPeer(source: PeerSource, options: RunOptions): Promise<PeerRun> {
  const { context, catalogue, records, setUp } = options
  const { peer, packages, redis } = source
  const world = await startPeerWorld({
    order: { peer, packages, catalogue, perMinute: LIMIT_RPM * SAFETY, processes: setUp.processes },
    redis,
    model: MODEL,
    signal: context.signal,
  })
  const pace = samplePace(world.modelUrl)
  try {
    const cpuBefore = world.cpuMs()
    let killedAt: number | null = null
    const kill = async () => {
      await untilTheKill(context, records, pace.samples)
      killedAt = performance.now()
      const startAnother = await world.killWorker()
      await sleep(RESTART_AFTER_MS, undefined, { signal: context.signal })
      await startAnother()
    }
    const [endedAt] = await Promise.all([
      world.produce().then(() => untilStored(context, world, records)),
      setUp.isKilled ? kill() : undefined,
    ])
    const cpuMs = world.cpuMs() - cpuBefore
    await sleep(SETTLE_MS, undefined, { signal: context.signal })
    const samples = await pace.stop()
    return {
      records,
      stats: await readStats(world.modelUrl, true),
      cpuMs,
      ...(await world.countStored()),
      ...paceFigures(samples, endedAt, killedAt),
    }
  } finally {
    await pace.stop().catch(() => undefined)
    await world.stop()
  }
}

/** Waits for the middle of the run, counted from the first request that the model let in. */
async function untilTheKill(context: BenchContext, records: number, samples: readonly PaceSample[]): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!samples.some(({ accepted }) => accepted > 0)) {
    if (performance.now() > deadline) throw new Error(`no request came within ${PATIENCE_MS / 1_000} s`)
    await sleep(POLL_MS / 5, undefined, { signal: context.signal })
  }
  const third = ((records / LIMIT_RPM) * 60_000) / 3
  await sleep(Math.min(KILL_AFTER_MS, third), undefined, { signal: context.signal })
}

/** Resolves with the moment by `performance.now` when every record had a result, or when the run was given up. */
async function untilStored(context: BenchContext, world: PeerWorld, records: number): Promise<number> {
  const deadline = performance.now() + 2 * (records / LIMIT_RPM) * 60_000 + PATIENCE_MS
  while (performance.now() < deadline && (await world.countStored()).stored < records) {
    await sleep(POLL_MS, undefined, { signal: context.signal })
  }
  return performance.now()
}

function paceFigures(samples: readonly PaceSample[], endedAt: number, killedAt: number | null) {
  const firstAt = samples.find(({ accepted }) => accepted > 0)?.at ?? endedAt
  return {
    share: paceOf(samples, ({ accepted }) => accepted) / LIMIT_RPM,
    seconds: (endedAt - firstAt) / 1_000,
    secondsUntilPace: killedAt === null ? null : secondsUntilPace(samples, killedAt, LIMIT_RPM * SAFETY, 0.95),
  }
}
