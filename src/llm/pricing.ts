/** The prices of models in USD per million tokens, and what a request costs by them. */
import {
  NOTIONAL_MODEL,
  OFFLINE_GOLD_NAME,
  OFFLINE_MODEL_NAME,
  OFFLINE_RECORDED_NAME,
  SNAPSHOT_SUFFIX,
} from '../lib/model-names.ts'
import type { ServiceTier } from '../lib/service-tiers.ts'
import type { Usage } from './types.ts'

/** The prices of one model in one service tier. */
export interface TierPrice {
  readonly input: number
  /** The price of input that the provider reads from its cache. Default: the price of `input`. */
  readonly cached_input?: number | undefined
  /** The price of input that the provider writes to its cache. Default: the price of `input`. */
  readonly cache_write?: number | undefined
  readonly output: number
}

/** The prices of one model in the standard tier, and in those other tiers whose prices are known. */
export interface ModelPrice extends TierPrice {
  readonly tiers?: Readonly<Partial<Record<ServiceTier, TierPrice | undefined>>> | undefined
  /** The month of the price list that these prices come from, such as "2026-09". */
  readonly as_of?: string | undefined
  /** Set for a free model: the name of the paid model whose price it is given, so that estimates can be tried with it. */
  readonly priced_as?: string | undefined
}

/** Prices by the name of the model, in the form in which OPENAI_PRICES holds them. */
export type PriceTable = Readonly<Record<string, ModelPrice>>

const OFFLINE_MODEL_NAMES = [
  OFFLINE_MODEL_NAME,
  OFFLINE_GOLD_NAME,
  OFFLINE_RECORDED_NAME,
  'offline-noisy',
  'offline-hostile',
]

const REAL_PRICES = {
  [NOTIONAL_MODEL]: {
    ...{ input: 0.1, cached_input: 0.01, cache_write: 0.125, output: 0.5, as_of: '2026-09' },
    tiers: { flex: { input: 0.05, cached_input: 0.005, cache_write: 0.0625, output: 0.25 } },
  },
  'gpt-5.6-luna': {
    ...{ input: 0.2, cached_input: 0.02, output: 1.2, as_of: '2026-09' },
    tiers: { flex: { input: 0.1, cached_input: 0.01, output: 0.6 } },
  },
} as const satisfies PriceTable

export const DEFAULT_PRICES: PriceTable = { ...notionalPrices(REAL_PRICES[NOTIONAL_MODEL]), ...REAL_PRICES }

/** The default prices with those of `overrides` in their place. An override of the notional model also prices the offline model. */
export function withDefaultPrices(overrides: PriceTable): PriceTable {
  const notional = overrides[NOTIONAL_MODEL] ?? REAL_PRICES[NOTIONAL_MODEL]
  return { ...DEFAULT_PRICES, ...notionalPrices(notional), ...overrides }
}

/**
 * Prices of the offline model, which is free: it is given a paid model's price, so that estimates and `--max-cost` can be
 * tried with it. `priced_as` marks each of these prices as notional.
 */
function notionalPrices(price: ModelPrice): PriceTable {
  return Object.fromEntries(OFFLINE_MODEL_NAMES.map((name) => [name, { ...price, priced_as: NOTIONAL_MODEL }]))
}

const SNAPSHOT = new RegExp(SNAPSHOT_SUFFIX)

/**
 * The price of `model` in `tier`, by default the standard one; for a dated snapshot the price of the longest known name that it begins
 * with; null where no price is known. Flex costs the standard price where it has none of its own, because it is never dearer; what
 * priority costs is then not known.
 */
export function priceOf(model: string, prices: PriceTable, tier: ServiceTier = 'standard'): ModelPrice | null {
  const found = listedPrice(model, prices)
  if (found === null) return null
  const { tiers, ...standard } = found
  const own = tiers?.[tier]
  if (own === undefined) return tier === 'priority' ? null : standard
  const { as_of, priced_as } = standard
  return { ...own, ...(as_of === undefined ? {} : { as_of }), ...(priced_as === undefined ? {} : { priced_as }) }
}

function listedPrice(model: string, prices: PriceTable): ModelPrice | null {
  if (Object.hasOwn(prices, model)) return prices[model] ?? null
  const base = Object.keys(prices)
    .filter((name) => model.startsWith(name) && SNAPSHOT.test(model.slice(name.length)))
    .sort((a, b) => b.length - a.length)[0]
  return base === undefined ? null : (prices[base] ?? null)
}

/** The cost in USD. Input that was neither read from nor written to the provider's cache costs the price of `input`. */
export function costOf(usage: Usage, price: TierPrice): number {
  const plain = Math.max(0, usage.input - usage.cachedInput - usage.cacheWriteInput)
  const total =
    plain * price.input +
    usage.cachedInput * (price.cached_input ?? price.input) +
    usage.cacheWriteInput * (price.cache_write ?? price.input) +
    usage.output * price.output
  return total / 1e6
}
