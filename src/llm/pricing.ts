/** What a request costs. Prices are USD per million tokens. */
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
}

/** Prices by model name: the content of OPENAI_PRICES, which the configuration checks, and the form of the table below. */
export type PriceTable = Readonly<Record<string, ModelPrice>>

/** The name under which the offline model answers by the rules. It is no model: it costs nothing, in no mode. */
export const OFFLINE_MODEL_NAME = 'offline-rules'

export const DEFAULT_PRICES: PriceTable = {
  'gpt-6-luna': { input: 0.1, cached_input: 0.01, cache_write: 0.125, output: 0.5, as_of: '2026-09' },
  'gpt-5.6-luna': { input: 0.2, cached_input: 0.02, output: 1.2, as_of: '2026-09' },
  [OFFLINE_MODEL_NAME]: { input: 0, output: 0 },
  'offline-gold': { input: 0, output: 0 },
  'offline-noisy': { input: 0, output: 0 },
  'offline-hostile': { input: 0, output: 0 },
}

/** The default table with `overrides` over it, model by model. */
export function withDefaultPrices(overrides: PriceTable): PriceTable {
  return { ...DEFAULT_PRICES, ...overrides }
}

/** What follows a model's name in the name of a snapshot: a date, or "latest". "-mini" is another model. */
const SNAPSHOT_SUFFIX = /^[-@](?:\d{4,8}(?:-\d{2})*|\d{2}-\d{2}|latest)$/

/** The price of `model`, or of the longest name that it is a dated snapshot of; null where none is known. */
export function priceOf(model: string, prices: PriceTable): ModelPrice | null {
  if (Object.hasOwn(prices, model)) return prices[model] ?? null
  const base = Object.keys(prices)
    .filter((name) => model.startsWith(name) && SNAPSHOT_SUFFIX.test(model.slice(name.length)))
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
