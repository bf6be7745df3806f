/** Divides the cluster's budget among its replicas by demand. Pure. */

/**
 * A replica keeps a part that exceeds its fair part by no more than this, so that small changes of demand move no
 * lease.
 */
const TOLERATED_EXCESS = 0.03
/**
 * An idle replica counts as if its demand were this part of the starts that an equal part of the budget allows between
 * two renewals.
 */
const IDLE_WEIGHT = 0.05
/** Idle replicas get at least this part of the budget together, so that new work can start at once. */
const IDLE_PART = 0.005
/**
 * Earlier demand counts half after this many milliseconds, so that a pause between two batches does not move the
 * leases.
 */
const DEMAND_HALF_LIFE_MS = 2_000
const LARGEST_DEMAND = 1e9

/**
 * The fair parts of 1 for these demands; no part is 0, because a replica without work may get some at any moment.
 * `startsOfAll`, above 0, is how many requests the cluster may start between two renewals: where demand is far below
 * it, the parts are nearly equal, since every replica then has more than it needs.
 */
export function fairShares(demands: readonly number[], startsOfAll: number): number[] {
  const count = demands.length
  const least = Math.max((IDLE_WEIGHT * startsOfAll) / count, (IDLE_PART * sum(demands)) / count)
  const weights = demands.map((demand) => Math.max(demand, least))
  const all = sum(weights)
  return weights.map((weight) => weight / all)
}

/**
 * The demand that counts for a replica whose renewal names `asked`. It rises at once and fades slowly, because `asked`
 * is a sample of one moment.
 */
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

/**
 * The part of the budget that a replica gets: the part that it holds where this exceeds the fair part by little, else
 * the fair part.
 */
export function keepNear(heldShare: number | undefined, fairShare: number): number {
  if (heldShare === undefined || heldShare < fairShare) return fairShare
  return heldShare * (1 - TOLERATED_EXCESS) > fairShare ? fairShare : heldShare
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
