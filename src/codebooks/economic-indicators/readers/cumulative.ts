/** The reader of cumulative patterns: decides from name, units and sample values whether a series adds up over the year or for ever. */
import type { Cumulative, FieldReading, Frequency, IndicatorType, SamplePoint } from '../types.ts'
import { type BestHypothesis, findBestReset } from './cumulative-reset.ts'
import { pattern } from './pattern.ts'

export interface CumulativeInput {
  readonly type: IndicatorType
  readonly frequency: Frequency
  readonly sample_values: readonly SamplePoint[]
  readonly name: string
  readonly units?: string | undefined
}

/**
 * The types whose values can be summed over time. A series of another type, such as a growing stock, is never
 * cumulative.
 */
const SUMMED: ReadonlySet<IndicatorType> = new Set(['flow', 'volume', 'count', 'balance'])
const YEAR_TO_DATE = pattern`
  \bytd\b|\byear[- ]to[- ]date\b|\b(?:since|from) january\b|\bjan(?:uary)?[-– ](?:to )?(?:current|latest
  |date)\b|\bcumul\w* (?:since|from) (?:the )?(?:start|beginning) of (?:the )?year\b
`
const RUNNING_TOTAL = pattern`
  \bcumulative\b|\bcumulated\b|\baccumulated\b|\brunning total\b|\bsince inception\b|\bcumulé
`
/**
 * Texts in which "cumulative" has nothing to do with time, such as "(cumulative)" levels of schooling, which add up over
 * levels (ruling 10 of the codebook).
 */
const NOT_OVER_TIME = pattern`
  \battainment\b|\beducation\b|\bschooling\b|\bdistribution\b|\bcumulative (?:voting|preference)
`

/** Reads the cumulative pattern from the words of name and units, or from the sample values where no word tells it. */
export function detectCumulative(input: CumulativeInput): FieldReading<Cumulative> {
  const text = `${input.name.slice(0, 400)} | ${(input.units ?? '').slice(0, 240)}`.toLowerCase()
  const isSummed = SUMMED.has(input.type)
  const isOverTime = !NOT_OVER_TIME.test(text)
  const best = isSummed ? findBestReset(input.sample_values, input.frequency) : null
  if (isOverTime && YEAR_TO_DATE.test(text)) {
    const reset = best?.isShown === true ? best.resetMonth : 1
    return cumulativeReading(
      'year-to-date',
      reset,
      isSummed,
      'text-year-to-date',
      'The name or units say year-to-date.',
    )
  }
  if (isOverTime && RUNNING_TOTAL.test(text)) {
    if (best?.isShown === true) {
      const because = 'It says cumulative and the values reset.'
      return cumulativeReading('year-to-date', best.resetMonth, true, 'text-and-resets', because)
    }
    return cumulativeReading('running-total', null, isSummed, 'text-cumulative', 'The name or units say cumulative.')
  }
  if (!isSummed) {
    const because = 'Values of this type do not add up over time.'
    return cumulativeReading('none', null, true, 'type-does-not-add-up', because)
  }
  if (input.frequency !== 'monthly' && input.frequency !== 'quarterly') {
    const isKnown = input.frequency !== 'unknown' && input.frequency !== 'irregular'
    const because = 'Only monthly and quarterly values can accumulate over the year.'
    return cumulativeReading(isKnown ? 'none' : 'unknown', null, isKnown, 'frequency-no-part-of-year', because)
  }
  return readValues(best)
}

/** Reads the cumulative pattern from the sample values alone. `best` is null where there are too few sample values. */
function readValues(best: BestHypothesis | null): FieldReading<Cumulative> {
  if (best === null) {
    return cumulativeReading('unknown', null, false, 'values-too-few', 'There are too few values to see a reset.')
  }
  if (best.isShown) {
    const because = `The increments are even if the values start again from zero in month ${best.resetMonth}.`
    const sure = best.resets >= 2 || best.unevenness <= 0.3
    return cumulativeReading('year-to-date', best.resetMonth, sure, 'values-reset', because)
  }
  if (best.isRunningTotal) {
    const because = 'The increments are even from the first value on, and the values never start again from zero.'
    return cumulativeReading('running-total', null, false, 'values-never-reset', because)
  }
  if (best.isPossible) {
    return cumulativeReading('unknown', null, false, 'values-undecided', 'The values rise, but they cover no reset.')
  }
  const because = 'The values do not rise and start again as those of a year-to-date series do.'
  return cumulativeReading('none', null, !best.isRising, 'values-no-reset', because)
}

function cumulativeReading(
  pattern: Cumulative['pattern'],
  resetMonth: number | null,
  sure: boolean,
  rule: string,
  because: string,
): FieldReading<Cumulative> {
  return { value: { pattern, reset_month: resetMonth }, sure, rule, because }
}
