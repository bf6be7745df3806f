/** The limit on the cost of a run: where the run stands against it, and which limits are too low for the run to go on. Pure. */

/** What a run has spent, with requests in flight at the most that they can cost, and what its limit has refused. In US dollars. */
export interface Spending {
  readonly spentUsd: number
  /** The limit that was told last; null where nobody has told one. */
  readonly maxCostUsd: number | null
  /** The cheapest request that a limit has refused for good; null where none was. */
  readonly refusal: { readonly maxUsd: number; readonly mostUsd: number } | null
}

export interface CostStop {
  readonly spentUsd: number
  readonly maxUsd: number
  /** The most that the next request can cost. */
  readonly nextUsd: number
  /** The least limit under which that request may start, in whole millionths. */
  readonly neededUsd: number
}

/** Sums of floating point numbers are inexact in their last digits. */
const ROUNDING = 1e-3

/** Where the limit of now keeps a run from its next request; null where nothing was refused under it. */
export function costStopOf({ spentUsd, maxCostUsd: maxUsd, refusal }: Spending): CostStop | null {
  if (maxUsd === null || refusal?.maxUsd !== maxUsd) return null
  const { mostUsd: nextUsd } = refusal
  const neededUsd = Math.ceil((spentUsd + nextUsd) * 1e6 - ROUNDING) / 1e6
  return neededUsd > maxUsd ? { spentUsd, maxUsd, nextUsd, neededUsd } : null
}

/** Why a run cannot go on under the limit `maxUsd`; undefined where it can, as far as is known. */
export function whyLimitTooLow(maxUsd: number, spending: Spending): string | undefined {
  const { spentUsd } = spending
  const stop = costStopOf(spending)
  if (stop !== null && maxUsd < stop.neededUsd) {
    const next = `USD ${usd(spentUsd)} is spent, and the next request may cost up to ${usd(stop.nextUsd)}`
    return `USD ${usd(maxUsd)} is too low: ${next}; raise it to at least ${usd(stop.neededUsd)}`
  }
  // A run that has spent nothing may be told that it may spend nothing.
  if (maxUsd > spentUsd || spentUsd === 0) return undefined
  return `USD ${usd(maxUsd)} is not above what the run has spent by now, USD ${usd(spentUsd)}; requests in flight count at the most that they can cost`
}

/** Says where a run stands that its limit has stopped, and how it goes on. */
export function describeCostStop({ spentUsd, maxUsd, nextUsd, neededUsd }: CostStop): string {
  const spent = `USD ${usd(spentUsd)} of ${usd(maxUsd)} is spent`
  return `Stopped at its cost limit: ${spent}, the next request may cost up to ${usd(nextUsd)}; raise it to at least ${usd(neededUsd)}`
}

/**
 * The indicators that the model has answered without a result yet: their answers are kept, and a run that goes on does not ask for
 * them again. `size` is that of the run, null where it is not known.
 */
export function keptAnswers(run: {
  readonly answered: number
  readonly fromModels: number
  readonly done: number
  readonly size: number | null
}): number {
  const left = run.size === null ? Number.POSITIVE_INFINITY : run.size - run.done
  return Math.max(0, Math.min(run.answered - run.fromModels, left))
}

/** An amount in US dollars with up to six digits behind the point. */
export function usd(amount: number): string {
  return String(Number(amount.toFixed(6)))
}
