/** The cost of a run as the service has booked it, by service tier as well, and what the service must be able to do for a limit on it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { costStopOf, describeCostStop, type Spending, whyLimitTooLow } from '../../lib/cost-limits.ts'
import { type EstimateResponse, type RunBody, runSchema, type TierSums } from '../../restate/contract.ts'
import { readStatus, type ServiceClient } from '../client/service.ts'
import { keptAnswersOf } from '../runs/format.ts'
import { say } from '../ui/terminal.ts'

/** What a replica has begun or ended is booked within this time, unless the machine is very busy. */
const BOOKED_WITHIN_MS = 1_000

const count = z.number().min(0)

const tierSum = z.object({ model_requests: count, cost_usd: count }).optional()
/** The schema of `TierSums`. */
export const tierSums = z.object({ flex: tierSum, priority: tierSum })

const billSchema = z
  .looseObject({
    model_requests: count,
    tokens: z.object({ input: count, cached: count, output: count }),
    cost_usd: count,
    estimated: z.object({ model_requests: count, cost_usd: count }).optional(),
    service_tiers: tierSums.optional(),
  })
  .transform((body) => {
    const { model_requests, tokens, cost_usd, estimated, service_tiers } = body
    return { model_requests, tokens, cost_usd, estimated, service_tiers, stop: stopOfBill(body) }
  })

/** What keeps a run from its next request: the most that it can cost, and the least limit under which it may start. */
export interface RunCostStop {
  readonly next_usd: number
  readonly needed_usd: number
  /** Indicators that are answered and have no result yet; their answers are kept for when the run goes on. */
  readonly kept_answers: number
}

/** Undefined where nothing keeps the run from its next request, and where the service is of an earlier release. */
function stopOfBill(body: unknown): RunCostStop | undefined {
  const run = runSchema.safeParse(body).data
  if (run?.cost_stop == null) return undefined
  return { ...run.cost_stop, kept_answers: keptAnswersOf(run) }
}

/** What a run was billed so far, with the requests of batches that never ended. Requests in flight count at the most that they can cost. */
export type RunBill = z.infer<typeof billSchema>

/** The milliseconds that the question for the cost of a run may take. */
const BILL_PATIENCE_MS = 10_000
/** Somebody who pressed Ctrl+C does not wait long for the sum. */
const BRIEF_PATIENCE_MS = 1_000

/** Reads the bill of a run; resolves with undefined where the service does not know the run or cannot be asked in time. */
export async function readRunBill(
  urls: readonly string[],
  runId: string,
  patienceMs = BILL_PATIENCE_MS,
): Promise<RunBill | undefined> {
  const status = await readStatus(urls, { run_id: runId }, AbortSignal.timeout(patienceMs)).catch(() => undefined)
  return billSchema.safeParse(status).data
}

/**
 * Reads the bill at the end of a run. Of a run that ended early it is read until it stays the same for a moment, because replicas book
 * what they had begun until the end has reached them; resolves with what stood last when the patience ends.
 */
export async function readLastBill(
  urls: readonly string[],
  runId: string,
  { endedEarly, isBrief }: { readonly endedEarly: boolean; readonly isBrief: boolean },
): Promise<RunBill | undefined> {
  const patienceMs = isBrief ? BRIEF_PATIENCE_MS : BILL_PATIENCE_MS
  const until = performance.now() + patienceMs
  let bill = await readRunBill(urls, runId, patienceMs)
  while (endedEarly && bill !== undefined && performance.now() + BOOKED_WITHIN_MS < until) {
    await sleep(BOOKED_WITHIN_MS)
    const next = await readRunBill(urls, runId, Math.max(1, Math.round(until - performance.now())))
    if (next === undefined || isDeepStrictEqual(next, bill)) return bill
    bill = next
  }
  return bill
}

/**
 * Checks by the first dry run that the service keeps runs within a limit. Throws ServiceError input-invalid where it cannot, because it
 * is of an earlier release or has no price for one of its models.
 */
export function checkCostLimits(firstDryRun: EstimateResponse | undefined): void {
  if (firstDryRun?.limits_cost !== true) {
    const reason = 'the running service is of an earlier release and cannot limit costs'
    throw new ServiceError('input-invalid', `--max-cost: ${reason}: restart it with this release, or omit --max-cost`)
  }
  const { model, price, escalation_model: escalation, escalation_price: escalationPrice } = firstDryRun
  const unpriced = price === null ? model : escalationPrice === null ? escalation : null
  if (unpriced !== null) {
    const inTier = firstDryRun.service_tier === undefined ? '' : ` in the service tier ${firstDryRun.service_tier}`
    const reason = `the price of the model ${unpriced}${inTier} is not known`
    throw new ServiceError('input-invalid', `--max-cost: ${reason}: set OPENAI_PRICES where the service runs`)
  }
}

const TIERS = ['flex', 'priority'] as const

/** Adds up the sums of batches; those that name no tiers count nothing. */
export function createTierSums() {
  const totals = { flex: { model_requests: 0, cost_usd: 0 }, priority: { model_requests: 0, cost_usd: 0 } }
  return {
    add(sums: TierSums | undefined): void {
      for (const tier of TIERS) {
        totals[tier].model_requests += sums?.[tier]?.model_requests ?? 0
        totals[tier].cost_usd += sums?.[tier]?.cost_usd ?? 0
      }
    },
    /** Undefined where no tier took a request. */
    sums(): TierSums | undefined {
      const taken = TIERS.filter((tier) => totals[tier].model_requests > 0)
      return taken.length === 0 ? undefined : Object.fromEntries(taken.map((tier) => [tier, totals[tier]]))
    },
  }
}

/** The sums with their cost in millionths of a US dollar, as reports show it. */
export function inMicros(sums: TierSums | undefined): TierSums | undefined {
  if (sums === undefined) return undefined
  const shown = TIERS.flatMap((tier) => {
    const sum = sums[tier]
    return sum === undefined ? [] : [[tier, { ...sum, cost_usd: Number(sum.cost_usd.toFixed(6)) }] as const]
  })
  return Object.fromEntries(shown)
}

/**
 * Checks the limit that a resumed run was given, and says where the run stands that goes on under its old one. Throws ServiceError
 * input-invalid for a limit under which it could not go on.
 */
export async function checkNewLimit(
  service: Pick<ServiceClient, 'ask'>,
  runId: string,
  maxUsd: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  const found = await service
    .ask({ handler: 'run', body: { run_id: runId }, schema: runSchema, signal })
    .catch(() => undefined)
  if (found === undefined) return
  const spending = spendingOf(found)
  const reason = maxUsd === undefined ? undefined : whyLimitTooLow(maxUsd, spending)
  if (reason !== undefined) throw new ServiceError('input-invalid', `--max-cost: ${reason}`)
  const stop = costStopOf(spending)
  if (maxUsd === undefined && stop !== null) say(describeCostStop(stop))
}

function spendingOf({ cost_usd: spentUsd, max_cost_usd: maxCostUsd = null, cost_stop: stop }: RunBody): Spending {
  const hasStop = stop !== null && stop !== undefined && maxCostUsd !== null
  return { spentUsd, maxCostUsd, refusal: hasStop ? { maxUsd: maxCostUsd, mostUsd: stop.next_usd } : null }
}

/** Tells the user what the run may cost, and writes a cost limit that has changed to the journal of the run. */
export async function noteCostLimit(
  journal: { readonly maxCostUsd: number | undefined; noteMaxCost(usd: number): Promise<void> },
  maxUsd: number,
  { isNewLimit, spentUsd }: { readonly isNewLimit: boolean; readonly spentUsd: number | undefined },
): Promise<void> {
  const origin = isNewLimit ? '' : ', the limit that was given before'
  const spent = spentUsd === undefined ? '' : `; USD ${spentUsd.toFixed(4)} of it is spent`
  say(`The run may cost USD ${maxUsd} in all${origin}${spent}`)
  if (maxUsd !== journal.maxCostUsd) await journal.noteMaxCost(maxUsd)
}
