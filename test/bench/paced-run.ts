/** One catalogue at 6,000 RPM with one indicator in a request, and the scenarios that ask for a share of that budget. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { makeVaried } from './catalogues.ts'
import { leastSecond, middlePace, paceOf } from './measure.ts'
import {
  type BenchContext,
  boundBy,
  cpuARecord,
  type MeasuredRun,
  measureIn,
  measureRun,
  round,
  type Scenario,
} from './scenario.ts'
import type { World } from './world.ts'

export const REPLICAS = 5
export const FAST_RPM = 6_000
/** The part of the budget that is paced, which is the default of RATE_SAFETY. */
const SAFETY = 0.99
/** No second in the middle of a run may have fewer starts than this part of the pace. */
const LEAST_SECOND = 0.9
export const LATENCY = { OFFLINE_MODEL_LATENCY_MS: '800' }
/** Options that have the model asked about every indicator. */
export const ASK_ALL = ['--mode', 'model', '--no-reuse', '--force']

interface PacedOptions {
  readonly rows: number
  readonly model?: Readonly<Record<string, string>>
  /** Default five. */
  readonly replicas?: number
  /** As in `WorldOptions`. */
  readonly weights?: readonly number[]
  /** Whether the catalogue is classified once more by the same processes, which have compiled their code by then. */
  readonly isRepeated?: boolean
  readonly meanwhile?: (world: World, run: { readonly startedAt: number }) => Promise<void>
}

/** Runs a catalogue with one indicator in a request at 6,000 RPM, where the provider enforces 6,000. */
export async function runPaced(context: BenchContext, options: PacedOptions) {
  const file = join(context.scratchDir, `paced-${options.rows}.jsonl`)
  await makeVaried(file, options.rows)
  const args = [file, ...ASK_ALL, '--pack', '1']
  let doubled = 0
  let stored = 0
  let warm: MeasuredRun | undefined
  const run = await measureRun({
    args,
    world: {
      replicas: options.replicas ?? REPLICAS,
      ...(options.weights === undefined ? {} : { weights: options.weights }),
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
      if (options.isRepeated === true) warm = await measureIn(world, { args, world: { signal: context.signal } })
    },
  })
  const { accepted, refused } = run.stats.requests
  const refusedShare = refused / Math.max(1, accepted + refused)
  const lost = options.rows - stored
  return { run, warm, share: shareOf(run), refusedShare, lost, doubled, paidTwice: accepted - options.rows }
}

function shareOf(run: MeasuredRun): number {
  return paceOf(run.samples, (sample) => sample.accepted) / FAST_RPM
}

/** Counts the indicators with a result in the database, and those with more than one. */
export async function countStored(world: World): Promise<{ readonly stored: number; readonly doubled: number }> {
  const client = new pg.Client({ connectionString: world.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ stored: string; doubled: string }>(
      `select count(*) as stored, count(*) filter (where times > 1) as doubled
       from (select indicator_id, count(*) as times from run_results group by indicator_id) counted`,
    )
    return { stored: Number(rows[0]?.stored), doubled: Number(rows[0]?.doubled) }
  } finally {
    await client.end()
  }
}

export function commonFigures({ run, share, refusedShare, lost, doubled }: Awaited<ReturnType<typeof runPaced>>) {
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

/** The starts of each second, as the model counted them, and the fewest in a second but for the first and last two. */
function secondsOf(name: string, run: MeasuredRun | undefined) {
  if (run === undefined) return {}
  const { cpu_ms_all: all, ...parts } = cpuARecord(run.cpu, run.stats.requests.accepted)
  return {
    [`share_from_the_third_second_${name}`]: round((middlePace(run.stats) ?? 0) / FAST_RPM, 4),
    [`cpu_ms_a_record_${name}`]: { all, ...parts },
    [`least_in_a_second_${name}`]: leastSecond(run.stats),
    [`starts_by_second_${name}`]: run.stats.accepted_by_second.join(' '),
  }
}

function isEven(run: MeasuredRun | undefined): boolean {
  if (run === undefined) return true
  return (leastSecond(run.stats) ?? 0) >= (LEAST_SECOND * SAFETY * FAST_RPM) / 60
}

/** A scenario that asks for a share of the budget at a bounded share of refused requests. */
export function shareScenario(scenario: {
  readonly id: string
  readonly isQuick: boolean
  readonly what: string
  readonly run?: Omit<PacedOptions, 'rows' | 'meanwhile'>
  /** Whether no second may fall far behind the pace. */
  readonly mustBeEven?: boolean
  readonly minShare: number
  readonly maxRefusedShare: number
  readonly target: string
}): Scenario {
  const { id, isQuick, what, run: options = {}, mustBeEven = false, minShare, maxRefusedShare, target } = scenario
  return {
    id,
    isQuick,
    run: async (context) => {
      const measured = await runPaced(context, { rows: 3_000, ...options })
      const { share, refusedShare, lost, run, warm } = measured
      const warmShare = warm === undefined ? share : shareOf(warm)
      const isWhole = Math.min(share, warmShare) >= minShare && refusedShare < maxRefusedShare && lost === 0
      return {
        id,
        what,
        figures: {
          ...commonFigures(measured),
          ...secondsOf('cold', run),
          ...(warm === undefined ? {} : { share_of_budget_warm: round(warmShare, 4) }),
          ...secondsOf('warm', warm),
        },
        target,
        met: isWhole && (!mustBeEven || (isEven(run) && isEven(warm))),
        bound_by: boundBy(run, share),
      }
    },
  }
}
