/** The gate of a field: whether rules may stand in for the model there, decided by audits in the order in which they were drawn. */
import { assertCount, assertShare } from '../statistics/checks.ts'
import { createSequentialTest, type SequentialTest } from '../statistics/sequential.ts'
import type { Audit, Gate, GateOptions, GateVerdict, RemovedRule, Settled } from './gate-types.ts'
import { buildLimits, expectedMissShare, lookAhead } from './outlook.ts'
import { addOutcome, type Chart, isAlarmed, isSuspect, NEW_CHART } from './rule-charts.ts'

export type * from './gate-types.ts'

/** The error probability of a gate for which none is given. */
export const DEFAULT_DELTA = 0.05
const DEFAULT_BUDGET = 600
/** A field is given up for want of budget only after this many audits, and only below this chance. */
const LEAST_BEFORE_GIVING_UP = 60
const LEAST_CHANCE = 0.1

/**
 * The error probability of the count after `restarts` restarts: delta * 6 / (pi^2 (restarts + 1)^2). All of them together,
 * however many there are, add up to `delta`.
 */
export function deltaOfRestart(delta: number, restarts: number): number {
  return (delta * 6) / (Math.PI * (restarts + 1)) ** 2
}

/** What is counted from one restart to the next. */
interface Stretch {
  readonly test: SequentialTest
  readonly delta: number
  readonly size: number | null
  agreed: number
  misses: number
  isTrusted: boolean
  /** The chart of the field as a whole. */
  chart: Chart
}

/**
 * Opens the gate of one field of one catalogue.
 *
 * **Claim.** If the records are audited in an order that is uniformly random over all that the rules decide in the field, the
 * probability that the gate ever says "trusted" while the rules that are left agree with the model in less than `target` of
 * what they decide (of the records not audited before the last restart) is at most `delta`.
 *
 * **Proof.** A restart happens at an audit that is chosen by the outcomes before it. Given those, the records not yet audited
 * are still in uniformly random order, so that the test of the rules that are left, over their records not yet audited, starts
 * anew and errs at most with the probability given to this restart; these add up to at most delta. How rules are chosen
 * for removal, and whether well, therefore does not matter to the claim: each one is judged only on audits drawn after it.
 * The choice may also come from outside, by `remove`, as long as what it rests on does not depend on the order in which the
 * records to come are audited. Labels of people do not: given all labels, the records not yet audited are still in uniformly
 * random order. Where nothing was counted since the last restart, no test had begun, and its error probability is still whole.
 *
 * With `population` null the order is the order of arrival, and the claim holds for records that arrive alike over time. A
 * trusted field whose agreement then falls loses its trust by the same chart that removes rules, and has to earn it anew.
 *
 * Throws RangeError where an option is out of its range.
 */
export function createGate(options: GateOptions): Gate {
  const { target, delta = DEFAULT_DELTA, population, budget = DEFAULT_BUDGET } = options
  assertShare('target', target)
  assertShare('delta', delta)
  assertCount('budget', budget, 1)
  for (const [rule, size] of Object.entries(population ?? {})) assertCount(`population of ${rule}`, size)
  const removed = new Map<string, RemovedRule>()
  const charts = new Map<string, Chart>()
  let audits = 0
  let restarts = 0
  let stretch = openStretch()

  function sizeLeft(): number | null {
    if (population === null) return null
    const ofRule = ([rule, size]: [string, number]) => Math.max(0, size - (charts.get(rule)?.audits ?? 0))
    const left = Object.entries(population).filter(([rule]) => !removed.has(rule))
    return left.reduce((sum, entry) => sum + ofRule(entry), 0)
  }

  function openStretch(): Stretch {
    const size = sizeLeft()
    const part = deltaOfRestart(delta, restarts)
    const test = createSequentialTest({ target, delta: part, population: size === 0 ? 1 : size })
    return { test, delta: part, size, agreed: 0, misses: 0, isTrusted: false, chart: NEW_CHART }
  }

  function add({ rule, agreed }: Audit): void {
    if (removed.has(rule)) return
    audits++
    const chart = addOutcome(charts.get(rule) ?? NEW_CHART, !agreed, target)
    charts.set(rule, chart)
    count(agreed)
    if (isAlarmed(chart) || isAlarmed(stretch.chart)) clear()
  }

  function count(agreed: boolean): void {
    if (agreed) stretch.agreed++
    else stretch.misses++
    // More audits than records means that the caller counted the records too low: the field then cannot be judged.
    if (stretch.size !== null && stretch.agreed + stretch.misses > stretch.size)
      throw new RangeError(`more audits than the population of ${stretch.size} records; count the records of each rule`)
    stretch.chart = addOutcome(stretch.chart, !agreed, target)
    if (stretch.test.isShown(stretch.agreed, stretch.misses)) stretch.isTrusted = true
  }

  /** Removes every rule that is alarmed or suspect. The count begins anew where one was, and where the field had been trusted. */
  function clear(): void {
    const bad = [...charts].filter(([rule, chart]) => !removed.has(rule) && (isAlarmed(chart) || isSuspect(chart)))
    for (const [rule, chart] of bad) note(rule, chart)
    if (bad.length === 0 && !stretch.isTrusted) return
    restarts++
    stretch = openStretch()
  }

  function note(rule: string, chart: Chart): void {
    const { audits: checked, misses } = chart
    removed.set(rule, { rule, audits: checked, misses, after: audits })
  }

  function remove(rule: string): void {
    if (removed.has(rule)) return
    note(rule, charts.get(rule) ?? NEW_CHART)
    if (stretch.agreed + stretch.misses > 0) restarts++
    stretch = openStretch()
  }

  function settled(): Settled {
    const { agreed, misses, size, isTrusted } = stretch
    if (size === 0 || (population === null && isEveryRuleRemoved())) return 'nothing-left'
    if (stretch.test.isMissed(agreed, misses)) return 'below-target'
    return isTrusted ? 'trusted' : null
  }

  function verdict(): GateVerdict {
    const { agreed, misses, delta: part, isTrusted } = stretch
    const bound = Math.max(stretch.test.lowerBound(agreed, misses), isTrusted ? target : 0)
    const common = {
      removed: [...removed.values()],
      audits,
      counted: agreed + misses,
      misses,
      restarts,
      bound,
      delta: part,
    }
    const untrusted = (reason: GateVerdict['reason']): GateVerdict => ({
      ...common,
      state: 'untrusted',
      reason,
      expectedMore: 0,
    })
    const decided = settled()
    if (decided === 'trusted') return { ...common, state: 'trusted', reason: null, expectedMore: 0 }
    if (decided !== null) return untrusted(decided)
    const outlook = outlookOf(stretch.test, agreed + misses, misses)
    if (audits >= budget || (audits >= LEAST_BEFORE_GIVING_UP && outlook.chance < LEAST_CHANCE && !mayMend()))
      return untrusted('over-budget')
    return { ...common, state: 'undecided', reason: null, expectedMore: outlook.more }
  }

  function isEveryRuleRemoved(): boolean {
    return charts.size > 0 && [...charts.keys()].every((rule) => removed.has(rule))
  }

  function outlookOf(test: SequentialTest, n: number, misses: number) {
    const most = Math.min(n + Math.max(0, budget - audits), stretch.size ?? Number.POSITIVE_INFINITY)
    return lookAhead(buildLimits(test, most), n, misses, expectedMissShare(n, misses))
  }

  /** Whether the field might still be earned within the budget if the rules with too many misses were removed. */
  function mayMend(): boolean {
    const left = [...charts].filter(([rule]) => !removed.has(rule))
    const suspects = left.filter(([, { audits: n, misses }]) => misses >= 2 && misses / n > 1 - target)
    if (suspects.length === 0) return false
    const names = new Set(suspects.map(([rule]) => rule))
    const rest = left.filter(([rule]) => !names.has(rule)).map(([, chart]) => chart)
    const n = rest.reduce((sum, chart) => sum + chart.audits, 0)
    const misses = rest.reduce((sum, chart) => sum + chart.misses, 0)
    const total = left.reduce((sum, [, chart]) => sum + chart.audits, 0)
    const most = Math.floor((Math.max(0, budget - audits) * n) / total)
    const test = createSequentialTest({ target, delta: deltaOfRestart(delta, restarts + 1), population: null })
    return lookAhead(buildLimits(test, most), 0, 0, expectedMissShare(n, misses)).chance >= LEAST_CHANCE
  }

  function boundAtHalf(): number | null {
    const { test, agreed, misses, delta: part } = stretch
    return agreed + misses === 0 ? null : test.lowerBound(agreed, misses, Math.log(2 / part))
  }

  return {
    ...{ add, remove, verdict, settled, boundAtHalf },
    removed: () => [...removed.values()],
    isShown: () => stretch.isTrusted,
    restarts: () => restarts,
  }
}
