/** The frequency reader: reads how often a series has a value, from its periodicity text or from the gaps between its dates. */
import type { FieldReading, Frequency, SamplePoint } from '../types.ts'
import { pattern } from './pattern.ts'

const SEMIANNUAL = pattern`
  \bsemi-? ?annual|\bbi-? ?annual|\bhalf-? ?year|\bsemest|\bhalbjähr|\btwice (?:a year|yearly)|\b6[- ]monthly|\b6[- ]month|\bsix[- ]month|\baltı aylık|\b2 (?:times )?(?:per|a) year|полугод|半年
`
const IRREGULAR = pattern`
  \bbiennial|\bdecennial|\bquinquennial|\bone[- ]off|\bbi-?monthly|\bevery (?!1 |one |single )[a-z0-9]+ (?:days|weeks|years?)\b
  |\bevery (?!1 |one |single |3 |three |12 |twelve )[a-z0-9]+ months?\b|\b(?:[2-9]|[1-9]0|two|three|four|five|ten)[- ]year(?:s|ly)?\b|\b(?:[245789]|10|18|24|two|four)[- ]month|\b(?:semi|half)-? ?monthly
  |\btwice (?:a|per) (?:month|week)\b|\b(?:[356789]|three|five|six|eight) times (?:a|per) year\b|\b(?:10|15|ten|fifteen)[- ]days?\b|\birregular|\bad[- ]?hoc|\boccasional|\bnot regular
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
/** The same patterns, which find all their words in a text. */
const EVERYWHERE: ReadonlyMap<RegExp, RegExp> = new Map(WORDS.map(([word]) => [word, new RegExp(word.source, 'g')]))
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
  // Codes of CL_FREQ 2.1 of SDMX, such as every two years, every second week and twice a month.
  ...['a2', 'a3', 'a4', 'a5', 'a10', 'a20', 'a30', 'a_3', 'm2', 'm_2', 'm_3', 'w2', 'w3', 'w4', 'w_2', 'w_3'].map(
    (code) => [code, 'irregular'] as const,
  ),
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

/** Words of a mean over a window that moves, whose length is no distance between two values. */
const WINDOW = pattern`
  \b(?:rolling|moving|sliding)\b|\b(?:\d{1,2}|three|six|twelve)[- ]?(?:months?|quarters?|weeks?) (?:\w{1,8} )?averages?\b
  |\baverage of (?:\d{1,2}|three|six|twelve) (?:months|quarters|weeks)\b
`
/** Windows and changes in a name that span more than one month, beside which a periodicity may be misread. */
const WINDOW_IN_NAME = pattern`
  \b(?:rolling|moving|sliding) (?:quarters?|(?:\d{1,2}|three|six|twelve)[- ]?(?:months?|quarters?|weeks?))\b
  |\b(?:\d{1,2}|three|six|twelve)[- ]?(?:months?|quarters?|weeks?) (?:rolling|moving|sliding)\b
`
/** Where a name states how often its data come: at its beginning or end, in brackets, or before "data". */
const STATED_IN_NAME = pattern`
  (?:^|[(,:;\/-] ?)(daily|weekly|monthly|quarterly|semi-?annual|annually|yearly)(?= ?(?:$|[),:;\/-]))
  |\b(daily|weekly|monthly|quarterly|semi-?annual|bi-?annual|annual|yearly) (?:data|series|figures|observations|frequency|statistics)\b
`
/** The most characters of a name in which a frequency is looked for. */
const MAX_NAME_LENGTH = 320

export interface FrequencyInput {
  readonly periodicity?: string | undefined
  readonly name?: string | undefined
  /** The other texts of the indicator that may tell its frequency. They are not read, only looked at. */
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
  const name = (input.name ?? '').slice(0, MAX_NAME_LENGTH).normalize('NFKC').toLowerCase()
  const letter = LETTERS.get(word)
  if (letter !== undefined) {
    const sure = !isOtherInName(letter, name) && !isOtherInDates(letter, input)
    return { value: letter, sure, rule: 'periodicity-letter', because: `The periodicity is "${word}".` }
  }
  const said = frequenciesIn(word)
  const [first] = said
  if (first !== undefined) {
    // The window of a moving average is no frequency, and its values mostly come by the month.
    const value = WINDOW.test(word) ? (said.find((frequency) => frequency === 'monthly') ?? 'monthly') : first
    const sure = said.length === 1 && !WINDOW.test(word) && !isOtherInName(value, name) && !isOtherInDates(value, input)
    return { value, sure, rule: 'periodicity-word', because: `The periodicity says ${value}.` }
  }
  if (word === '' && input.sample_values.length === 0 && !isNamedIn([name, ...(input.texts ?? [])])) {
    return { value: 'unknown', sure: true, rule: 'nothing-tells', because: 'No text and no date tells a frequency.' }
  }
  return fromDates(input.sample_values)
}

/**
 * Returns the frequencies that a periodicity text names, the one that counts first. A word that was read is taken away before
 * the next one is looked for, because "semiannual" contains "annual".
 */
function frequenciesIn(periodicity: string): Frequency[] {
  let text = periodicity
  const found: { readonly frequency: Frequency; readonly at: number }[] = []
  for (const [pattern, frequency] of WORDS) {
    const match = pattern.exec(text)
    if (match === null) continue
    found.push({ frequency, at: match.index })
    text = text.replace(EVERYWHERE.get(pattern) ?? pattern, (part) => ' '.repeat(part.length))
  }
  return found.sort((a, b) => a.at - b.at).map(({ frequency }) => frequency)
}

/** Whether the name states another frequency than the periodicity, or a window that moves. */
function isOtherInName(frequency: Frequency, name: string): boolean {
  if (WINDOW_IN_NAME.test(name)) return true
  const [, alone, withData] = STATED_IN_NAME.exec(name) ?? []
  const stated = alone ?? withData
  return stated !== undefined && frequenciesIn(stated)[0] !== frequency
}

/** Whether most of several sample values lie another time apart than the periodicity says. */
function isOtherInDates(frequency: Frequency, { sample_values }: FrequencyInput): boolean {
  if (frequency === 'irregular') return false
  const { value, sure } = fromDates(sample_values)
  return sure && value !== frequency
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
