/** The frequency reader: reads how often a series has a value, from its periodicity text or from the gaps between its dates. */
import type { FieldReading, Frequency, SamplePoint } from '../types.ts'
import { pattern } from './pattern.ts'

const SEMIANNUAL = pattern`
  \bsemi-? ?annual|\bbi-? ?annual|\bhalf-? ?year|\bsemest|\bhalbjähr|\btwice (?:a year|yearly)|\b6[- ]monthly|\b6[- ]month|\bsix[- ]month|\baltı aylık|\b2 (?:times )?(?:per|a) year|полугод|半年
`
const IRREGULAR = pattern`
  \bbiennial|\bdecennial|\bquinquennial|\bone[- ]off|\bbi-?monthly|\bevery (?!1 |one |single )[a-z0-9]+ (?:days|weeks|years?)\b
  |\bevery (?!1 |one |single |3 |three |12 |twelve )[a-z0-9]+ months?\b|\birregular|\bad[- ]?hoc|\boccasional|\bnot regular
`
const QUARTERLY = pattern`
  \bquarter|\btrimest|\bvierteljähr|\bquartal|\bkwarta|\b(?:3|three)[- ]month|üç aylık|3 aylık|\bquate?rly|\b4 (?:times )?(?:per|a) year|\bqtr|кварт|季|四半期|분기
`
const WEEKLY = pattern`
  \bweek(?!days?)|\bsemana|\bhebdomad|\bwöchent|\bsettiman|\bsemanal|недел|周|週|주간
`
const MONTHLY = pattern`
  (?<!\b(?:12|twelve)[- ])\bmonth|\bmthly|\bmth\b|\bmensu|\bmensal|\bmensil|\bmonat|\bmiesi|\baylık|\bbulanan|ежемесяч|месяч|月|월
`
const DAILY = pattern`
  \bdaily|\bweekdays?\b|\bday\b|\bdays\b|\bdiari|\bdiári|\bquotidien|\btäglich|\bgiornal|\bbusiness day|ежеднев|日|일별
`
const ANNUAL = pattern`
  \bannual|\byrly|\byear|\banual|\bannuel|\bjährl|\bannuale|\bjahr|\byıllık|\btahunan|\bper annum|\b(?:12|twelve)[- ]month|год|年|연간
`

/**
 * The periodicity texts of each frequency, tried in order. "biannually" stands before "annual", because the longer word
 * contains the shorter.
 */
const WORDS: readonly (readonly [RegExp, Frequency])[] = [
  [SEMIANNUAL, 'semiannual'],
  [IRREGULAR, 'irregular'],
  [QUARTERLY, 'quarterly'],
  [/\bbi-?weekly|\bfortnight/, 'irregular'],
  [WEEKLY, 'weekly'],
  [MONTHLY, 'monthly'],
  [DAILY, 'daily'],
  [ANNUAL, 'annual'],
]
/** Codes that name a frequency. A Map holds them, because in an object a text such as "__proto__" would find a property. */
const LETTERS: ReadonlyMap<string, Frequency> = new Map([
  ['d', 'daily'],
  ['b', 'daily'],
  ['w', 'weekly'],
  ['m', 'monthly'],
  ['q', 'quarterly'],
  ['s', 'semiannual'],
  ['h', 'semiannual'],
  ['sa', 'semiannual'],
  ['a', 'annual'],
  ['y', 'annual'],
  ['ann', 'annual'],
  ['ann.', 'annual'],
  // The codes from here on are durations of ISO 8601, which SDMX sources use.
  ['p1d', 'daily'],
  ['p7d', 'weekly'],
  ['p1w', 'weekly'],
  ['p1m', 'monthly'],
  ['p3m', 'quarterly'],
  ['p6m', 'semiannual'],
  ['p12m', 'annual'],
  ['p1y', 'annual'],
])

/** The smallest and the largest gap between two dates, in days, that each frequency may have. */
const GAPS: readonly (readonly [Frequency, number, number])[] = [
  ['daily', 1, 4],
  ['weekly', 6, 8],
  ['monthly', 26, 35],
  ['quarterly', 85, 98],
  ['semiannual', 174, 192],
  ['annual', 350, 380],
]
const DAY_MS = 86_400_000
/** At most this many dates of sample values are used, the latest ones. */
const MAX_POINTS = 400

/**
 * Words in the other texts by which a series may tell how often it has a value. "Annual" and "year" are no such words by
 * themselves: "annual % growth" and "during the year" stand in texts of series of every frequency.
 */
const TEXT_NAMES_FREQUENCY = pattern`
  \b(?:daily|weekly|fortnightly|monthly|quarterly|annually|biannually|biennial|biennially)\b|\b(?:semi|half)[- ]?(?:annual|yearly)
  |\b(?:annual|yearly) (?:data|series|frequency|figures|observations|releases?|updates?)\b|\bevery (?:day|week|month|quarter|year)\b
`
/** The most characters of all other texts together in which such words are looked for. */
const MAX_TEXT_LENGTH = 1200

export interface FrequencyInput {
  readonly periodicity?: string | undefined
  /** The other texts of the indicator that may tell its frequency, such as its name. They are not read, only looked at. */
  readonly texts?: readonly (string | undefined)[]
  readonly sample_values: readonly SamplePoint[]
}

/**
 * Reads the frequency from the periodicity text. Where the text has no known word, the frequency of most gaps between the
 * dates of sample values counts. Where there is neither a periodicity nor a date, and no other text names a frequency, the
 * reader is sure that the frequency is unknown, because nobody could tell more.
 */
export function parseFrequency(input: FrequencyInput): FieldReading<Frequency> {
  const word = (input.periodicity ?? '').slice(0, 80).normalize('NFKC').trim().toLowerCase()
  const letter = LETTERS.get(word)
  if (letter !== undefined) {
    return { value: letter, sure: true, rule: 'periodicity-letter', because: `The periodicity is "${word}".` }
  }
  for (const [pattern, frequency] of WORDS) {
    if (pattern.test(word)) {
      return { value: frequency, sure: true, rule: 'periodicity-word', because: `The periodicity says ${frequency}.` }
    }
  }
  if (word === '' && input.sample_values.length === 0 && !isNamedIn(input.texts ?? [])) {
    return { value: 'unknown', sure: true, rule: 'nothing-tells', because: 'No text and no date tells a frequency.' }
  }
  return fromDates(input.sample_values)
}

function isNamedIn(texts: readonly (string | undefined)[]): boolean {
  const text = texts.map((part) => part ?? '').join(' | ')
  return TEXT_NAMES_FREQUENCY.test(text.slice(0, MAX_TEXT_LENGTH).toLowerCase())
}

/**
 * Returns the frequency that more than half of the gaps between dates have. The reading is sure where three quarters of at
 * least three gaps have it.
 */
function fromDates(points: readonly SamplePoint[]): FieldReading<Frequency> {
  const days = points
    .slice(-MAX_POINTS)
    .map((point) => Math.round(Date.parse(point.date) / DAY_MS))
    .filter((day) => Number.isFinite(day))
    .sort((a, b) => a - b)
  const gaps: number[] = []
  for (let at = 1; at < days.length; at += 1) {
    const gap = (days[at] ?? 0) - (days[at - 1] ?? 0)
    if (gap > 0) gaps.push(gap)
  }
  if (gaps.length === 0) {
    const because = 'There is no periodicity and there are too few dates.'
    return { value: 'unknown', sure: false, rule: 'dates-too-few', because }
  }
  for (const [frequency, least, most] of GAPS) {
    const fitting = gaps.filter((gap) => gap >= least && gap <= most).length
    if (fitting * 2 > gaps.length) {
      const sure = gaps.length >= 3 && fitting * 4 >= gaps.length * 3
      return { value: frequency, sure, rule: 'dates-gap', because: `Most dates lie ${frequency} apart.` }
    }
  }
  const because = 'The dates have no common distance.'
  return { value: gaps.length >= 3 ? 'irregular' : 'unknown', sure: false, rule: 'dates-uneven', because }
}
