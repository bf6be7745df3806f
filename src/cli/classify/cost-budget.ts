/** `--max-cost`: a batch is submitted only where what it may cost at most still fits. */
import { packRuleOf } from '../../classification/chunks.ts'
import { maxBatchTokens, type PendingQuestion } from '../../classification/estimate.ts'
import type { Indicator } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import type { EstimateResponse, TokenPrice } from '../../restate/contract.ts'
import { type Asked, coldFacts } from './dry-run.ts'

/** Room for what a batch may cost. Settle it when the batch has ended; twice is once. */
export interface Reservation {
  /** USD. */
  readonly usd: number
  /** What it did cost; null where nobody knows: then all of it counts as spent. */
  settle(actualUsd: number | null): void
}

export interface Purse {
  readonly spentUsd: number
  fits(boundUsd: number): boolean
  reserve(boundUsd: number): Reservation
}

/** More than the dearest batch so far was above its bound: what is asked again counts in no bound. */
const MARGIN = 1.1
const ROUNDING_USD = 1e-9

export function createPurse(maxUsd: number, spentBeforeUsd: number): Purse {
  let spent = spentBeforeUsd
  let reserved = 0
  let factor = 1
  return {
    get spentUsd() {
      return spent
    },
    fits: (boundUsd) => boundUsd === 0 || spent + reserved + boundUsd * factor <= maxUsd + ROUNDING_USD,
    reserve(boundUsd) {
      const usd = boundUsd * factor
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
            factor = Math.max(factor, (actualUsd / boundUsd) * MARGIN)
          }
        },
      }
    },
  }
}

export interface Spending {
  readonly maxUsd: number
  readonly spentUsd: number
  /**
   * Makes room for a batch. `untilOneEnds` resolves false where nothing is under way that could give room back.
   * Resolves with null where it does not fit. Never rejects.
   */
  admit(indicators: readonly Indicator[], untilOneEnds: () => Promise<boolean>): Promise<Reservation | null>
}

export interface SpendingOptions {
  readonly maxUsd: number
  /** Of the run, before this process took it up. */
  readonly spentUsd: number
  readonly asked: Asked
  readonly basis: CostBasis
  /** What the service would do with a batch now; undefined where it is too old to tell. */
  readonly plan: (indicators: readonly Indicator[]) => Promise<EstimateResponse | undefined>
}

/** What one token of a prompt or an answer costs, as the service knows it. */
export type CostBasis = Pick<EstimateResponse, 'model' | 'price' | 'escalation_price' | 'prefix_tokens'>

/** Throws ServiceError input-invalid where costs cannot be bounded: the service is too old, or knows no price. */
export function costBasisOf(planned: EstimateResponse | undefined): CostBasis {
  if (planned === undefined) {
    const way = 'start it anew with this release, or leave --max-cost out'
    throw new ServiceError('input-invalid', `--max-cost: the running service cannot tell costs ahead: ${way}`)
  }
  if (planned.price === null) {
    const way = 'set OPENAI_PRICES where the service runs'
    throw new ServiceError('input-invalid', `--max-cost: no price of ${planned.model} is known: ${way}`)
  }
  return planned
}

export function createSpending({ maxUsd, spentUsd, asked, basis, plan }: SpendingOptions): Spending {
  const purse = createPurse(maxUsd, spentUsd)
  const pack = packRuleOf(asked.options.pack)

  const boundOf = (asks: readonly PendingQuestion[]): number => {
    const { input, output } = maxBatchTokens(asks, pack, basis.prefix_tokens)
    // An escalation asks at most the same again, of the other model.
    return most(input, output, basis.price) + most(input, output, basis.escalation_price)
  }

  return {
    maxUsd,
    get spentUsd() {
      return purse.spentUsd
    },
    async admit(indicators, untilOneEnds) {
      // What is stored only ever makes a batch cheaper: the service is asked where the cold bound does not fit.
      const coldBound = boundOf(coldFacts(indicators, asked, basis.model).asks)
      if (purse.fits(coldBound)) return purse.reserve(coldBound)
      for (;;) {
        const planned = await plan(indicators).catch(() => undefined)
        const bound = planned === undefined ? coldBound : Math.min(coldBound, boundOf(planned.asks))
        if (purse.fits(bound)) return purse.reserve(bound)
        if (!(await untilOneEnds())) return null
      }
    },
  }
}

/** USD at the dearest that input may cost. */
function most(input: number, output: number, price: TokenPrice | null): number {
  if (price === null) return 0
  const dearest = Math.max(price.input, price.cached_input ?? 0, price.cache_write ?? 0)
  return (input * dearest + output * price.output) / 1e6
}
