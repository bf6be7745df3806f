/** The measure by which a rule is removed: cumulative sums that rise with each disagreement and fall with each agreement. */

/** Shares of misses that the two charts look for, as multiples of the share that the target allows: a slow and a fast one. */
const LOOKED_FOR = [3, 10] as const
const MOST_MISSES = 0.5
/** A chart alarms when its outcomes are this many times likelier under the share looked for than at the target. */
const ALARM_RATIO = 200

/** The charts of one rule, or of a field as a whole. A new one starts at 0. */
export interface Chart {
  readonly levels: readonly number[]
  readonly audits: number
  readonly misses: number
}

export const NEW_CHART: Chart = { levels: LOOKED_FOR.map(() => 0), audits: 0, misses: 0 }

/**
 * Adds one outcome to a chart: Page's cumulative sum (1954) of log-likelihood ratios of two shares of misses, 3 and 10 times
 * the share 1 - `target` (at most 0.5), against the share at the target. The level never falls below 0, so that a rule that
 * turns bad after a long good time is found as fast as one that was always bad. By Lorden (1971) a rule exactly at the target
 * alarms after 100 or more audits of it on average, and a better one much more rarely.
 */
export function addOutcome(chart: Chart, isMiss: boolean, target: number): Chart {
  const allowed = 1 - target
  const levels = LOOKED_FOR.map((multiple, index) => {
    const sought = Math.min(Math.max(MOST_MISSES, allowed), multiple * allowed)
    const step = isMiss ? Math.log(sought / allowed) : Math.log((1 - sought) / (1 - allowed))
    return Math.max(0, (chart.levels[index] ?? 0) + step)
  })
  return { levels, audits: chart.audits + 1, misses: chart.misses + (isMiss ? 1 : 0) }
}

/** The highest level as a likelihood ratio: how much likelier the latest outcomes are for a bad rule than at the target. */
function ratioOf(chart: Chart): number {
  return Math.exp(Math.max(...chart.levels))
}

export function isAlarmed(chart: Chart): boolean {
  return ratioOf(chart) >= ALARM_RATIO
}

/** A rule with two misses and this ratio goes together with one that alarms, or when the field as a whole alarms. */
const SUSPECT_RATIO = 5

/** Whether a rule goes when the count begins anew anyhow, so that several bad rules cost one restart. */
export function isSuspect(chart: Chart): boolean {
  return chart.misses >= 2 && ratioOf(chart) >= SUSPECT_RATIO
}
