import type { Cumulative, FieldReading, Frequency, IndicatorType, SamplePoint } from '../types.ts'
import { pattern } from './pattern.ts'

export interface CumulativeInput {
  readonly type: IndicatorType
  readonly frequency: Frequency
  readonly sample_values: readonly SamplePoint[]
  readonly name: string
  readonly units?: string | undefined
}

/** Only what is summed over a period can accumulate; a stock that rises is a stock that rises. */
const SUMMED: ReadonlySet<IndicatorType> = new Set(['flow', 'volume', 'count', 'balance'])
const MAX_POINTS = 400
const YEAR_TO_DATE = pattern`
  \bytd\b|\byear[- ]to[- ]date\b|\b(?:since|from) january\b|\bjan(?:uary)?[-– ](?:to )?(?:current|latest
  |date)\b|\bcumul\w* (?:since|from) (?:the )?(?:start|beginning) of (?:the )?year\b
`
const RUNNING = pattern`
  \bcumulative\b|\bcumulated\b|\baccumulated\b|\brunning total\b|\bsince inception\b|\bcumulé
`
/** "(cumulative)" levels of schooling add up over levels, not over time (ruling 10). */
const NOT_OVER_TIME = pattern`
  \battainment\b|\beducation\b|\bschooling\b|\bdistribution\b|\bcumulative (?:voting|preference)
`

interface Point {
  readonly month: number
  readonly value: number
}

function finding(
  pattern: Cumulative['pattern'],
  resetMonth: number | null,
  sure: boolean,
  rule: string,
  because: string,
): FieldReading<Cumulative> {
  return { value: { pattern, reset_month: resetMonth }, sure, rule, because }
}

/** Reads whether the values add up from a reset, from words of the name and units and from the values themselves. */
export function detectCumulative(input: CumulativeInput): FieldReading<Cumulative> {
  const text = `${input.name.slice(0, 400)} | ${(input.units ?? '').slice(0, 240)}`.toLowerCase()
  const summed = SUMMED.has(input.type)
  const overTime = !NOT_OVER_TIME.test(text)
  const best = summed ? bestReset(input) : null
  if (overTime && YEAR_TO_DATE.test(text)) {
    const reset = best?.passes === true ? best.resetMonth : 1
    return finding('year-to-date', reset, summed, 'text-year-to-date', 'The name or units say year-to-date.')
  }
  if (overTime && RUNNING.test(text)) {
    if (best?.passes === true) {
      return finding(
        'year-to-date',
        best.resetMonth,
        true,
        'text-and-resets',
        'It says cumulative and the values reset.',
      )
    }
    return finding('running-total', null, summed, 'text-cumulative', 'The name or units say cumulative.')
  }
  if (!summed)
    return finding('none', null, true, 'type-does-not-add-up', 'Values of this type do not add up over time.')
  if (input.frequency !== 'monthly' && input.frequency !== 'quarterly') {
    const known = input.frequency !== 'unknown' && input.frequency !== 'irregular'
    const because = 'Only values within a year can accumulate over the year.'
    return finding(known ? 'none' : 'unknown', null, known, 'frequency-no-part-of-year', because)
  }
  if (!best) return finding('unknown', null, false, 'values-too-few', 'There are too few values to see a reset.')
  if (best.passes) {
    const because = `What is added each time is about even if the count starts anew in month ${best.resetMonth}.`
    return finding('year-to-date', best.resetMonth, best.resets >= 2 || best.unevenness <= 0.3, 'values-reset', because)
  }
  if (best.running) {
    const because = 'What is added each time is about even from the beginning on, and nothing starts anew.'
    return finding('running-total', null, false, 'values-never-reset', because)
  }
  if (best.possible)
    return finding('unknown', null, false, 'values-undecided', 'The values climb but no reset is seen.')
  return finding('none', null, !best.climbs, 'values-no-reset', 'The values do not climb and start anew.')
}

interface Hypothesis {
  readonly resetMonth: number
  readonly resets: number
  readonly passes: boolean
  /** Not refuted, though not shown. */
  readonly possible: boolean
  /** Of what is added from one value to the next: standard deviation by mean. A plain flow has 1.7 and more. */
  readonly unevenness: number
}

interface Verdict extends Hypothesis {
  readonly running: boolean
  /** Nearly every value is higher than the one before: it may be a running total that began before the samples. */
  readonly climbs: boolean
}

function bestReset(input: CumulativeInput): Verdict | null {
  const points: Point[] = []
  for (const { date, value } of input.sample_values.slice(-MAX_POINTS)) {
    const match = /^(\d{4})-(\d{2})/.exec(date)
    if (!match || !Number.isFinite(value)) continue
    const month = Number(match[1]) * 12 + Number(match[2]) - 1
    if (points.at(-1)?.month !== month) points.push({ month, value })
  }
  if (points.length < 6) return null
  const step = input.frequency === 'quarterly' ? 3 : 1
  const hypotheses: Hypothesis[] = []
  for (let start = 0; start < 12; start += 1) {
    // A quarter is dated by its first or its last month, so all twelve months are tried for quarters too, but a year
    // that starts in a month no value follows within one step would be the same hypothesis under another name.
    if (step === 3 && !points.some((point) => (point.month - start) % 3 === 0)) continue
    hypotheses.push(test(points, start, step))
  }
  const order = (one: Hypothesis) => (one.passes ? 2 : one.possible ? 1 : 0)
  const best = hypotheses.sort((a, b) => order(b) - order(a) || a.unevenness - b.unevenness)[0]
  if (best === undefined) return null
  const added = points.slice(1).map(({ value }, at) => value - (points[at]?.value ?? 0))
  const climbs = added.length >= 12 && sameSign(added) >= 0.95
  return { ...best, climbs, running: !best.passes && isRunning(points, added) }
}

/** Even steps over more than a year without a reset, from a first value that is a few steps itself. */
function isRunning(points: readonly Point[], added: readonly number[]): boolean {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined || added.length < 7 || last.month - first.month < 13) return false
  const pace = mean(added)
  return sameSign(added) >= 0.8 && unevennessOf(added) <= 0.9 && pace !== 0 && Math.abs(first.value / pace - 1.5) <= 2
}

/** Year-to-date from `start` (0 is January) says that values of one year differ by what came in between. */
function test(points: readonly Point[], start: number, step: number): Hypothesis {
  const place = (month: number) => Math.floor(((((month - start) % 12) + 12) % 12) / step) + 1
  const yearOf = (month: number) => Math.floor((month - start) / 12)
  const perYear = 12 / step
  const added: number[] = []
  let resets = 0
  let kept = 0
  let seenOfYear = 0
  let isFirstYear = true
  for (const [at, point] of points.entries()) {
    const before = points[at - 1]
    const here = place(point.month)
    if (before !== undefined && yearOf(before.month) === yearOf(point.month)) {
      added.push((point.value - before.value) / (here - place(before.month)))
      seenOfYear += 1
      continue
    }
    // A series may begin its count in the middle of a year: its first value says nothing then.
    if (before !== undefined || here === 1) added.push(point.value / here)
    const high = before === undefined ? 0 : place(before.month)
    // A year of which only the beginning is there says nothing of the fall at its end; nor does the end of a count that
    // began a few months before.
    const enough = Math.max(3, isFirstYear && place(points[0]?.month ?? 0) > 1 ? perYear * 0.4 : 0)
    if (before !== undefined && high >= perYear * 0.7 && seenOfYear >= enough) {
      resets += 1
      const climbed = Math.min(high, seenOfYear)
      if (Math.abs(point.value) <= Math.abs(before.value) * Math.min(0.6, (here / climbed) * 2 + 0.06)) kept += 1
    }
    seenOfYear = 1
    if (before !== undefined) isFirstYear = false
  }
  const unevenness = unevennessOf(added)
  const holds = kept >= resets * 0.8 && sameSign(added) >= 0.75
  const shown = resets >= 2 ? unevenness <= 0.9 : resets === 1 && points.length >= perYear + 1 && unevenness <= 0.8
  return {
    // Quarters dated by their last month start anew two months before it.
    resetMonth: step === 3 && start % 3 === 2 ? start - 1 : start + 1,
    resets,
    passes: shown && holds && kept > 0,
    possible: holds && unevenness <= 1,
    unevenness,
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0) / Math.max(1, values.length)
}

function unevennessOf(values: readonly number[]): number {
  const middle = mean(values)
  const spread = Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
  return middle === 0 || values.length < 3 ? Number.POSITIVE_INFINITY : spread / Math.abs(middle)
}

/** The part of the values that has the sign of their mean. */
function sameSign(values: readonly number[]): number {
  const middle = mean(values)
  return values.filter((value) => value * middle > 0).length / Math.max(1, values.length)
}
