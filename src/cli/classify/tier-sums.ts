/** Sums up what the service tiers flex and priority took over the batches of a run. */
import type { TierSums } from '../../restate/contract.ts'

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
