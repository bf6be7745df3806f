/** How the cluster's budget is divided by demand. Pure. */

/** A part that is larger than it should be by no more than this stays, so that small changes of demand move nothing. */
const TOLERATED_EXCESS = 0.03
/** An idle replica counts as if it had this part of the starts that an equal part makes between two renewals. */
const IDLE_WEIGHT = 0.05
/** All idle replicas together keep at least this part of the budget, to start with at once. */
const IDLE_PART = 0.005
/** Demand that goes away halves in this time, so that a pause between two batches does not move the leases. */
const DEMAND_HALF_LIFE_MS = 2_000
const LARGEST_DEMAND = 1e9

/**
 * Parts of 1 by demand. Nobody's is 0: who has nothing to do now may have in a moment. `startsOfAll`, above 0: what the
 * cluster may start between two renewals; demand far below it is no reason to take from anybody.
 */
export function fairShares(demands: readonly number[], startsOfAll: number): number[] {
  const count = demands.length
  const least = Math.max((IDLE_WEIGHT * startsOfAll) / count, (IDLE_PART * sum(demands)) / count)
  const weights = demands.map((demand) => Math.max(demand, least))
  const all = sum(weights)
  return weights.map((weight) => weight / all)
}

/** Grows at once, goes down slowly: a sample of a moment says little. */
export function smoothDemand(
  asked: number,
  known: { readonly demand: number; readonly seenAt: number } | undefined,
  now: number,
): number {
  const demand = asked > 0 ? Math.min(asked, LARGEST_DEMAND) : 0
  if (known === undefined) return demand
  const faded = known.demand * 2 ** (-Math.max(0, now - known.seenAt) / DEMAND_HALF_LIFE_MS)
  return Math.max(demand, faded < 0.5 ? 0 : faded)
}

/** What is held already stays where it is too large by very little. */
export function keepNear(share: number | undefined, fairShare: number): number {
  if (share === undefined || share < fairShare || share * (1 - TOLERATED_EXCESS) > fairShare) return fairShare
  return share
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
