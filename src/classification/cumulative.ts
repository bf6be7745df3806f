import { pattern } from './rules/pattern.ts'
import type { Cumulative, Finding, Frequency, IndicatorType, SamplePoint } from './types.ts'

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
): Finding<Cumulative> {
  return { value: { pattern, reset_month: resetMonth }, sure, rule, because }
}

/** Reads whether the values add up from a reset, from words of the name and units and from the values themselves. */
export function detectCumulative(input: CumulativeInput): Finding<Cumulative> {
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
    const because = `The values climb in proportion to the months since month ${best.resetMonth} and start anew there.`
    return finding('year-to-date', best.resetMonth, best.resets >= 2 || best.fit >= 0.97, 'values-reset', because)
  }
  if (best.possible)
    return finding('unknown', null, false, 'values-undecided', 'The values climb but no reset is seen.')
  return finding('none', null, true, 'values-no-reset', 'The values do not climb and start anew.')
}

/** Through the origin where the year is there from its start; a series may begin its count in the middle of a year. */
function line(points: readonly (readonly [number, number])[]): { base: number; pace: number } {
  const count = points.length
  let [sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0]
  for (const [x, y] of points) {
    sumX += x
    sumY += y
    sumXX += x * x
    sumXY += x * y
  }
  const spread = count * sumXX - sumX * sumX
  if ((points[0]?.[0] ?? 1) <= 2 || count < 3 || spread === 0) return { base: 0, pace: sumXY / sumXX }
  const pace = (count * sumXY - sumX * sumY) / spread
  return { base: (sumY - pace * sumX) / count, pace }
}

interface Hypothesis {
  readonly resetMonth: number
  readonly resets: number
  readonly passes: boolean
  /** Not refuted, though not shown. */
  readonly possible: boolean
  readonly fit: number
}

function bestReset(input: CumulativeInput): Hypothesis | null {
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
  return hypotheses.sort((a, b) => order(b) - order(a) || b.fit - a.fit)[0] ?? null
}

/** Year-to-date from `start` (0 is January) predicts value = pace of that year x share of the year gone. */
function test(points: readonly Point[], start: number, step: number): Hypothesis {
  const place = (month: number) => Math.floor(((((month - start) % 12) + 12) % 12) / step) + 1
  const yearOf = (month: number) => Math.floor((month - start) / 12)
  const perYear = 12 / step
  const years = new Map<number, Point[]>()
  for (const point of points) {
    const year = yearOf(point.month)
    const list = years.get(year)
    if (list) list.push(point)
    else years.set(year, [point])
  }
  const mean = points.reduce((all, point) => all + point.value, 0) / points.length
  let error = 0
  let spread = 0
  let steps = 0
  let along = 0
  for (const list of years.values()) {
    const { base, pace } = line(list.map((point) => [place(point.month), point.value] as const))
    for (const [at, point] of list.entries()) {
      error += (point.value - base - pace * place(point.month)) ** 2
      spread += (point.value - mean) ** 2
      const before = list[at - 1]
      if (!before) continue
      steps += 1
      if ((point.value - before.value) * pace >= 0) along += 1
    }
  }
  let resets = 0
  let kept = 0
  for (let at = 1; at < points.length; at += 1) {
    const [last, first] = [points[at - 1], points[at]]
    if (!last || !first || yearOf(last.month) === yearOf(first.month)) continue
    const [high, low] = [place(last.month), place(first.month)]
    // A year of which only the beginning is there says nothing of the fall at its end.
    if (high < perYear * 0.7) continue
    const climbed = Math.min(high, years.get(yearOf(last.month))?.length ?? high)
    if (climbed < 3) continue
    resets += 1
    if (Math.abs(first.value) <= Math.abs(last.value) * Math.min(0.5, (low / climbed) * 1.7 + 0.06)) kept += 1
  }
  const fit = spread > 0 ? 1 - error / spread : -1
  const rises = steps > 0 && along / steps >= 0.75
  const holds = kept >= resets * 0.8
  const shown = resets >= 2 ? fit >= 0.75 : resets === 1 && points.length >= perYear + 1 && fit >= 0.9
  return {
    // Quarters dated by their last month start anew two months before it.
    resetMonth: step === 3 && start % 3 === 2 ? start - 1 : start + 1,
    resets,
    passes: shown && rises && holds && kept > 0,
    possible: rises && holds && fit >= 0.5,
    fit,
  }
}
