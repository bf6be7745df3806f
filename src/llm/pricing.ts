/** What a request costs. Prices are USD per million tokens. */
import { OFFLINE_MODEL_NAME, SNAPSHOT_SUFFIX } from '../lib/model-names.ts'
import type { Usage } from './types.ts'

export interface ModelPrice {
  readonly input: number
  /** Input read from the provider's cache. Default: as `input`. */
  readonly cached_input?: number | undefined
  /** Input written to the provider's cache. Default: as `input`. */
  readonly cache_write?: number | undefined
  readonly output: number
  /** Month of the price list, such as "2026-09". */
  readonly as_of?: string | undefined
  /** The model whose price this is, for one that is free: what it says to cost is what that model would have cost. */
  readonly priced_as?: string | undefined
}

/** Prices by model name: the content of OPENAI_PRICES, which the configuration checks, and the form of the table below. */
export type PriceTable = Readonly<Record<string, ModelPrice>>

const OFFLINE_MODEL_NAMES = [OFFLINE_MODEL_NAME, 'offline-gold', 'offline-noisy', 'offline-hostile']
/** What a run on the offline model is priced as. */
const NOTIONAL_MODEL = 'gpt-6-luna'

const REAL_PRICES = {
  [NOTIONAL_MODEL]: { input: 0.1, cached_input: 0.01, cache_write: 0.125, output: 0.5, as_of: '2026-09' },
  'gpt-5.6-luna': { input: 0.2, cached_input: 0.02, output: 1.2, as_of: '2026-09' },
} as const satisfies PriceTable

export const DEFAULT_PRICES: PriceTable = { ...notionalPrices(REAL_PRICES[NOTIONAL_MODEL]), ...REAL_PRICES }

/** The default table with `overrides` over it, model by model. The offline model follows the price that it is priced as. */
export function withDefaultPrices(overrides: PriceTable): PriceTable {
  const notional = overrides[NOTIONAL_MODEL] ?? REAL_PRICES[NOTIONAL_MODEL]
  return { ...DEFAULT_PRICES, ...notionalPrices(notional), ...overrides }
}

/**
 * The offline model is free, but what is tried with it (an estimate, a bound on the cost) must move as with a real
 * model: it counts at a real model's price, and says so.
 */
function notionalPrices(price: ModelPrice): PriceTable {
  return Object.fromEntries(OFFLINE_MODEL_NAMES.map((name) => [name, { ...price, priced_as: NOTIONAL_MODEL }]))
}

const SNAPSHOT = new RegExp(SNAPSHOT_SUFFIX)

/** The price of `model`, or of the longest name that it is a dated snapshot of; null where none is known. */
export function priceOf(model: string, prices: PriceTable): ModelPrice | null {
  if (Object.hasOwn(prices, model)) return prices[model] ?? null
  const base = Object.keys(prices)
    .filter((name) => model.startsWith(name) && SNAPSHOT.test(model.slice(name.length)))
    .sort((a, b) => b.length - a.length)[0]
  return base === undefined ? null : (prices[base] ?? null)
}

/** USD. `cachedInput` and `cacheWriteInput` are parts of `input`; what is left of it costs the plain price. */
export function costOf(usage: Usage, price: ModelPrice): number {
  const plain = Math.max(0, usage.input - usage.cachedInput - usage.cacheWriteInput)
  const total =
    plain * price.input +
    usage.cachedInput * (price.cached_input ?? price.input) +
    usage.cacheWriteInput * (price.cache_write ?? price.input) +
    usage.output * price.output
  return total / 1e6
}
