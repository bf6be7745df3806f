/** Keeps the cost of a run within the limit of `--max-cost`.
 *
 * Before a batch is submitted, the most that the batch may cost is reserved. A batch is admitted only where this
 * reservation still fits into the budget of the run.
 */
import { packRuleOf } from '../../classification/chunks.ts'
import { maxBatchTokens, type PendingQuestion } from '../../classification/estimate.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Indicator } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import type { EstimateResponse, TokenPrice } from '../../restate/contract.ts'
import { dryRunCold, type RunRequest } from './dry-run.ts'

/** The part of the budget that one batch in flight may use. */
export interface CostReservation {
  /** The reserved amount in US dollars. */
  readonly usd: number
  /**
   * Ends the reservation when its batch has ended, and returns the part that the batch did not use. `actualUsd` is null
   * where the cost of the batch is not known; then the whole reservation counts as spent. Only the first call has an
   * effect.
   */
  settle(actualUsd: number | null): void
}

export interface CostBudget {
  /** The amount in US dollars that the run has spent so far. */
  readonly spentUsd: number
  /** Whether a batch that costs at most `boundUsd` fits into the budget beside the spent and the reserved amounts. */
  fits(boundUsd: number): boolean
  reserve(boundUsd: number): CostReservation
}

/**
 * A bound on the cost of a batch leaves out repeated requests, so a batch may cost more than its bound. Later bounds
 * are then multiplied by the factor of that excess and by this margin.
 */
const OVERRUN_MARGIN = 1.1
/** An amount may exceed the budget by this many US dollars, because sums of floating point numbers are inexact. */
const ROUNDING_USD = 1e-9

/** Creates the budget of a run: `maxUsd` for the whole run, of which earlier processes have spent `spentBeforeUsd`. */
export function createCostBudget(maxUsd: number, spentBeforeUsd: number): CostBudget {
  let spent = spentBeforeUsd
  let reserved = 0
  let overrunFactor = 1
  return {
    get spentUsd() {
      return spent
    },
    fits: (boundUsd) => boundUsd === 0 || spent + reserved + boundUsd * overrunFactor <= maxUsd + ROUNDING_USD,
    reserve(boundUsd) {
      const usd = boundUsd * overrunFactor
      let isSettled = false
      reserved += usd
      return {
        usd,
        settle(actualUsd) {
          if (isSettled) return
          isSettled = true
          reserved -= usd
          spent += actualUsd ?? usd
          if (actualUsd !== null && actualUsd > boundUsd && boundUsd > 0) {
            overrunFactor = Math.max(overrunFactor, (actualUsd / boundUsd) * OVERRUN_MARGIN)
          }
        },
      }
    },
  }
}

export interface CostAdmission {
  readonly maxUsd: number
  readonly spentUsd: number
  /**
   * Reserves the most that the batch may cost. Resolves with null where the batch does not fit even after all batches
   * in flight have ended. `waitForOneEnd` resolves with true when a batch in flight has ended, which may free a part of
   * the budget, and with false where no batch is in flight. `isAudit` tells whether the model is asked blind about all of the
   * batch. Never rejects.
   */
  admit(
    indicators: readonly Indicator[],
    waitForOneEnd: () => Promise<boolean>,
    isAudit?: boolean,
  ): Promise<CostReservation | null>
}

export interface CostAdmissionOptions {
  readonly maxUsd: number
  /** The amount in US dollars that earlier processes of the same run have spent. */
  readonly spentUsd: number
  readonly request: RunRequest
  readonly scheme: PreparedScheme
  readonly basis: CostBasis
  /**
   * Asks the service for a dry run of a batch; resolves with undefined where an older release of the service has no dry
   * runs.
   */
  readonly dryRun: (indicators: readonly Indicator[], isAudit: boolean) => Promise<EstimateResponse | undefined>
}

/**
 * The facts about the service from which a cost is computed: its model, its prices, and the prompt tokens that every
 * request repeats.
 */
export type CostBasis = Pick<EstimateResponse, 'model' | 'price' | 'escalation_price' | 'prefix_tokens'>

/**
 * Takes the model, its prices and the repeated prompt tokens from the first dry run that the service made. Throws
 * ServiceError input-invalid where costs cannot be bounded, because the service is of an earlier release or has no
 * price for its model.
 */
export function costBasisOf(firstDryRun: EstimateResponse | undefined): CostBasis {
  if (firstDryRun === undefined) {
    const reason = 'the running service is of an earlier release and cannot estimate costs'
    throw new ServiceError('input-invalid', `--max-cost: ${reason}: restart it with this release, or omit --max-cost`)
  }
  if (firstDryRun.price === null) {
    const reason = `the price of the model ${firstDryRun.model} is not known`
    throw new ServiceError('input-invalid', `--max-cost: ${reason}: set OPENAI_PRICES where the service runs`)
  }
  return firstDryRun
}

export function createCostAdmission(options: CostAdmissionOptions): CostAdmission {
  const { maxUsd, spentUsd, request, scheme, basis, dryRun } = options
  const budget = createCostBudget(maxUsd, spentUsd)
  const pack = packRuleOf(request.options.pack)

  const boundOf = (questions: readonly PendingQuestion[]): number => {
    const { input, output } = maxBatchTokens(questions, pack, basis.prefix_tokens)
    // The bound assumes that the escalation model is asked again about everything, which is the most that can happen.
    return maxUsdOf(input, output, basis.price) + maxUsdOf(input, output, basis.escalation_price)
  }

  return {
    maxUsd,
    get spentUsd() {
      return budget.spentUsd
    },
    async admit(indicators, waitForOneEnd, isAudit = false) {
      // Stored answers can only make a batch cheaper, so the service is asked about them only where the bound without
      // them does not fit.
      const coldBound = boundOf(dryRunCold(indicators, request, { scheme, model: basis.model }).asks)
      if (budget.fits(coldBound)) return budget.reserve(coldBound)
      for (;;) {
        const planned = await dryRun(indicators, isAudit).catch(() => undefined)
        const bound = planned === undefined ? coldBound : Math.min(coldBound, boundOf(planned.asks))
        if (budget.fits(bound)) return budget.reserve(bound)
        if (!(await waitForOneEnd())) return null
      }
    },
  }
}

/**
 * Returns the cost of these tokens in US dollars, at the highest price that input tokens may have; 0 where `price` is
 * null.
 */
function maxUsdOf(input: number, output: number, price: TokenPrice | null): number {
  if (price === null) return 0
  const dearestInput = Math.max(price.input, price.cached_input ?? 0, price.cache_write ?? 0)
  return (input * dearestInput + output * price.output) / 1e6
}
