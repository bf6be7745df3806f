/** Scenarios at a fixed rate: how much of the budget is used, and what happens when replicas die, come and go. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { makeVaried } from './catalogues.ts'
import { paceOf, secondsUntilPace } from './measure.ts'
import { type BenchContext, boundBy, measureRun, round, type Scenario } from './scenario.ts'
import type { World } from './world.ts'

const REPLICAS = 5
const FAST_RPM = 6_000
const LATENCY = { OFFLINE_MODEL_LATENCY_MS: '800' }
/** Options that have the model asked about every indicator. */
export const ASK_ALL = ['--mode', 'model', '--no-reuse', '--force']
interface PacedOptions {
  readonly rows: number
  readonly model?: Readonly<Record<string, string>>
  readonly meanwhile?: (world: World, run: { readonly startedAt: number }) => Promise<void>
}

/** Runs a catalogue with one indicator in a request at 6,000 RPM over five replicas, where the provider enforces 6,000. */
async function runPaced(context: BenchContext, options: PacedOptions) {
  const file = join(context.scratchDir, `paced-${options.rows}.jsonl`)
  await makeVaried(file, options.rows)
  let doubled = 0
  let stored = 0
  const run = await measureRun({
    args: [file, ...ASK_ALL, '--pack', '1'],
    world: {
      replicas: REPLICAS,
      rate: { RATE_RPM: String(FAST_RPM) },
      model: { ...LATENCY, OFFLINE_MODEL_RPM: String(FAST_RPM), ...options.model },
      signal: context.signal,
    },
    ...(options.meanwhile === undefined
      ? {}
      : {
          meanwhile: async (world, samples) => {
            while (!samples.some((sample) => sample.accepted > 0)) {
              context.signal.throwIfAborted()
              await sleep(50)
            }
            await options.meanwhile?.(world, { startedAt: performance.now() })
          },
        }),
    after: async (world) => {
      ;({ stored, doubled } = await countStored(world))
    },
  })
  const share = paceOf(run.samples, (sample) => sample.accepted) / FAST_RPM
  const { accepted, refused } = run.stats.requests
  const refusedShare = refused / Math.max(1, accepted + refused)
  return { run, share, refusedShare, lost: options.rows - stored, doubled, paidTwice: accepted - options.rows }
}

/** Counts the indicators with a result in the database, and those with more than one. */
export async function countStored(world: World): Promise<{ readonly stored: number; readonly doubled: number }> {
  const client = new pg.Client({ connectionString: world.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ stored: string; doubled: string }>(
      `select count(*) as stored, count(*) filter (where times > 1) as doubled
       from (select indicator_id, count(*) as times from result_history group by indicator_id) counted`,
    )
    return { stored: Number(rows[0]?.stored), doubled: Number(rows[0]?.doubled) }
  } finally {
    await client.end()
  }
}

function commonFigures({ run, share, refusedShare, lost, doubled }: Awaited<ReturnType<typeof runPaced>>) {
  return {
    share_of_budget: round(share, 4),
    refused_429: run.stats.requests.refused,
    refused_share: round(refusedShare, 4),
    most_in_60_s: run.stats.peak_per_60s,
    lost,
    doubled,
    indicators_per_minute: run.report.indicators_per_minute,
  }
}

/** A scenario that asks for a share of the budget at a bounded share of refused requests. */
function shareScenario(scenario: {
  readonly id: string
  readonly isQuick: boolean
  readonly what: string
  readonly model?: Readonly<Record<string, string>>
  readonly minShare: number
  readonly maxRefusedShare: number
  readonly target: string
}): Scenario {
  const { id, isQuick, what, model = {}, minShare, maxRefusedShare, target } = scenario
  return {
    id,
    isQuick,
    run: async (context) => {
      const measured = await runPaced(context, { rows: 3_000, model })
      const { share, refusedShare, lost, run } = measured
      const met = share >= minShare && refusedShare < maxRefusedShare && lost === 0
      return { id, what, figures: commonFigures(measured), target, met, bound_by: boundBy(run, share) }
    },
  }
}

const paced = shareScenario({
  id: 'paced',
  isQuick: true,
  what: `3,000 at pack 1, ${FAST_RPM} RPM, ${REPLICAS} replicas, the provider enforces ${FAST_RPM} in sliding minutes`,
  minShare: 0.985,
  maxRefusedShare: 0.001,
  target: 'share of the budget at least 0.985; 429s under 0.1 %',
})

const slices = shareScenario({
  id: 'slices',
  isQuick: false,
  what: 'as paced, the provider enforcing slices of 0.1 s',
  model: { OFFLINE_MODEL_SLICE_MS: '100' },
  minShare: 0.95,
  maxRefusedShare: 0.02,
  target: 'share of the budget at least 0.95; 429s under 2 %; 0 lost',
})

const tokens: Scenario = {
  id: 'tokens',
  isQuick: false,
  run: async (context) => {
    const tpm = 200_000
    const file = join(context.scratchDir, 'tokens.jsonl')
    await makeVaried(file, 2_000)
    const run = await measureRun({
      args: [file, ...ASK_ALL, '--pack', '10'],
      world: {
        rate: { RATE_RPM: String(FAST_RPM), RATE_TPM: String(tpm) },
        model: { ...LATENCY, OFFLINE_MODEL_TPM: String(tpm) },
        signal: context.signal,
      },
    })
    const share = paceOf(run.samples, (sample) => sample.charged) / tpm
    const peakShare = run.stats.tokens.peak_charged_per_60s / tpm
    return {
      id: 'tokens',
      what: `2,000 at pack 10, ${tpm} TPM binding, the provider enforces as much`,
      figures: {
        share_of_tpm: round(share, 4),
        most_in_60_s_over_budget: round(peakShare, 4),
        refused_429: run.stats.requests.refused,
        requests: run.stats.requests.accepted,
        charged_per_request: round(run.stats.tokens.charged / Math.max(1, run.stats.requests.accepted)),
        seconds: round(run.report.elapsed_ms / 1_000, 1),
        failed: run.report.failed,
      },
      target: 'share of TPM at least 0.95; most in any half-open 60 s at most 1.00 of it',
      met: share >= 0.95 && peakShare <= 1 && run.report.failed === 0,
      bound_by: share >= 0.95 ? 'the token budget' : boundBy(run, share),
    }
  },
}

const killed: Scenario = {
  id: 'killed',
  isQuick: false,
  run: async (context) => {
    let killedAt = 0
    const measured = await runPaced(context, {
      rows: 4_000,
      meanwhile: async (world) => {
        await sleep(10_000, undefined, { signal: context.signal })
        const victim = world.replicas[0]
        if (victim === undefined) throw new Error('there is no replica to kill')
        killedAt = performance.now()
        await world.removeReplica(victim, 'SIGKILL')
      },
    })
    const seconds = secondsUntilPace(measured.run.samples, killedAt, FAST_RPM * 0.99, 0.95)
    return {
      id: 'killed',
      what: 'as paced with 4,000, kill -9 of a replica 10 s after the first request',
      figures: {
        ...commonFigures(measured),
        paid_twice: measured.paidTwice,
        seconds_until_95_percent_of_pace: seconds === null ? null : round(seconds, 1),
      },
      target: '0 lost; 0 doubled; 95 % of the pace again within 10 s',
      met: measured.lost === 0 && measured.doubled === 0 && seconds !== null && seconds <= 10,
      bound_by: boundBy(measured.run, measured.share),
    }
  },
}

const scaled: Scenario = {
  id: 'scaled',
  isQuick: false,
  run: async (context) => {
    const measured = await runPaced(context, {
      rows: 9_000,
      meanwhile: async (world) => {
        const pause = (ms: number) => sleep(ms, undefined, { signal: context.signal })
        await pause(15_000)
        await Promise.all([world.addReplica(), world.addReplica(), world.addReplica()])
        await pause(25_000)
        await Promise.all(world.replicas.slice(3).map((replica) => world.removeReplica(replica, 'SIGTERM')))
      },
    })
    const peakShare = measured.run.stats.peak_per_60s / FAST_RPM
    return {
      id: 'scaled',
      what: `9,000 at pack 1, ${FAST_RPM} RPM, 5 → 8 → 3 replicas under load`,
      figures: { ...commonFigures(measured), most_in_60_s_over_budget: round(peakShare, 4) },
      target: 'most requests in any half-open 60 s at most 1.00 of the budget',
      met: peakShare <= 1 && measured.lost === 0,
      bound_by: boundBy(measured.run, measured.share),
    }
  },
}

export const pacedScenarios: readonly Scenario[] = [paced, slices, tokens, killed, scaled]
