/** Keeps a run within `--max-cost`.
 *
 * Before a batch is submitted, the most that it may cost is reserved, and a batch is admitted only where that still
 * fits into the budget of the run.
 */
import { packRuleOf } from '../../classification/chunks.ts'
import { maxBatchTokens, type PendingQuestion } from '../../classification/estimate.ts'
import type { Indicator } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import type { EstimateResponse, TokenPrice } from '../../restate/contract.ts'
import { dryRunCold, type RunRequest } from './dry-run.ts'

/** The part of the budget that one batch in flight may use. */
export interface CostReservation {
  /** The most that the batch may cost, US dollars. */
  readonly usd: number
  /**
   * Gives back what the batch, which has ended, did not use. `actualUsd` is null where its cost is not known; then all that
   * was reserved counts as spent. Only the first call has an effect.
   */
  settle(actualUsd: number | null): void
}

export interface CostBudget {
  /** What the run has cost so far, US dollars. */
  readonly spentUsd: number
  /** Whether a batch that costs at most `boundUsd` fits beside what is spent and reserved. */
  fits(boundUsd: number): boolean
  reserve(boundUsd: number): CostReservation
}

/**
 * Requests that are repeated count in no bound, so a batch may cost more than its bound. Every later bound is then
 * multiplied by how far that batch went beyond its own, and by this margin.
 */
const OVERRUN_MARGIN = 1.1
/** US dollars by which sums of floating point numbers may be off. */
const ROUNDING_USD = 1e-9

/** A budget of `maxUsd` for the whole run, of which earlier processes of the run have spent `spentBeforeUsd`. */
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
   * Reserves what the batch may cost, and resolves with null where it does not fit even when no batch is in flight any
   * more. `waitForOneEnd` resolves when a batch in flight has ended and may have given money back, with false where none
   * is in flight. Never rejects.
   */
  admit(indicators: readonly Indicator[], waitForOneEnd: () => Promise<boolean>): Promise<CostReservation | null>
}

export interface CostAdmissionOptions {
  readonly maxUsd: number
  /** Spent by earlier processes of the same run, US dollars. */
  readonly spentUsd: number
  readonly request: RunRequest
  readonly basis: CostBasis
  /** A dry run of a batch by the service; undefined where the service is of a release that makes none. */
  readonly dryRun: (indicators: readonly Indicator[]) => Promise<EstimateResponse | undefined>
}

/** The service's model, its prices, and the tokens in front of every request. */
export type CostBasis = Pick<EstimateResponse, 'model' | 'price' | 'escalation_price' | 'prefix_tokens'>

/**
 * The basis from the service's first dry run. Throws ServiceError input-invalid where costs cannot be bounded, because the
 * service is of an earlier release or knows no price of its model.
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
  const { maxUsd, spentUsd, request, basis, dryRun } = options
  const budget = createCostBudget(maxUsd, spentUsd)
  const pack = packRuleOf(request.options.pack)

  const boundOf = (questions: readonly PendingQuestion[]): number => {
    const { input, output } = maxBatchTokens(questions, pack, basis.prefix_tokens)
    // The escalation model is asked at most about everything that the model was asked about.
    return maxUsdOf(input, output, basis.price) + maxUsdOf(input, output, basis.escalation_price)
  }

  return {
    maxUsd,
    get spentUsd() {
      return budget.spentUsd
    },
    async admit(indicators, waitForOneEnd) {
      // Stored answers only make a batch cheaper, so the service is asked only where the bound without them does not fit.
      const coldBound = boundOf(dryRunCold(indicators, request, basis.model).asks)
      if (budget.fits(coldBound)) return budget.reserve(coldBound)
      for (;;) {
        const planned = await dryRun(indicators).catch(() => undefined)
        const bound = planned === undefined ? coldBound : Math.min(coldBound, boundOf(planned.asks))
        if (budget.fits(bound)) return budget.reserve(bound)
        if (!(await waitForOneEnd())) return null
      }
    },
  }
}

/** US dollars for these tokens, with the dearest of the prices that input may have; 0 without a price. */
function maxUsdOf(input: number, output: number, price: TokenPrice | null): number {
  if (price === null) return 0
  const dearestInput = Math.max(price.input, price.cached_input ?? 0, price.cache_write ?? 0)
  return (input * dearestInput + output * price.output) / 1e6
}
