/** How the vocabulary is written down, and how the words of a text are brought to the form in which it knows them. */
import type { IndicatorType, Orientation, TemporalAggregation } from '../types.ts'

/** One answer that the codebook gives a head; an absent part may be anything. */
export interface AllowedAnswer {
  readonly type: IndicatorType
  readonly orientation?: Orientation
  readonly aggregation?: TemporalAggregation
}

/**
 * What the vocabulary knows of a word or phrase. A `head` says what is measured, and at least one must stand in a name; a
 * `form` only narrows the type, as "per" or "index" do; a `good` is a head of a price and says nothing elsewhere; a
 * `modifier` changes no answer.
 */
export interface Entry {
  readonly role: 'head' | 'form' | 'good' | 'modifier'
  /** The answers that go with the entry; null where all do. */
  readonly answers: readonly AllowedAnswer[] | null
  /** Whether the other heads of the name do not count beside it, as those beside "elasticity" do not. */
  readonly decidesAlone: boolean
}

/**
 * Heads with the answers that the codebook gives them. Answers are written as a type, a sign of the orientation (`+` is
 * higher-is-positive, `-` lower-is-positive, `0` neutral) and, where the type leaves it open, `@` and the aggregation; heads
 * are parted by semicolons. A `!` before the answers says that these heads decide alone.
 */
export type HeadTable = readonly (readonly [answers: string, heads: string])[]

const SIGNS: Readonly<Record<string, Orientation>> = {
  '+': 'higher-is-positive',
  '-': 'lower-is-positive',
  '0': 'neutral',
}
const AGGREGATIONS: Readonly<Record<string, TemporalAggregation>> = {
  date: 'point-in-time',
  total: 'period-total',
  average: 'period-average',
  none: 'not-applicable',
}

/** Reads one answer, such as `count+@date`. */
function parseAnswer(text: string): AllowedAnswer {
  const [, type = '', sign = '', at] = /^([a-z-]*[a-z])([-+0]?)(?:@(\w+))?$/.exec(text) ?? []
  const orientation = SIGNS[sign]
  const aggregation = at === undefined ? undefined : AGGREGATIONS[at]
  return { type: type as IndicatorType, ...(orientation && { orientation }), ...(aggregation && { aggregation }) }
}

/** Reads the answers of one row of a table, such as "flow+ ratio+ share0". */
export function parseAnswers(text: string): { answers: readonly AllowedAnswer[]; decidesAlone: boolean } {
  return {
    answers: text.replace('!', '').trim().split(/\s+/).map(parseAnswer),
    decidesAlone: text.startsWith('!'),
  }
}

/** Splits a list of words or phrases at semicolons and line ends. */
export function splitPhrases(text: string): string[] {
  return text
    .split(/[;\n]/)
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== '')
}

const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['labour', 'labor'],
  ['programme', 'program'],
  ['enrolment', 'enrollment'],
  ['utilisation', 'utilization'],
  ['capitalisation', 'capitalization'],
  ['immunisation', 'immunization'],
  ['women', 'woman'],
  ['men', 'man'],
  ['children', 'child'],
  ['indices', 'index'],
  ['people', 'person'],
  ['midwives', 'midwife'],
])

/** Brings a lower-case word to the form in which the vocabulary holds it: in the singular, in one spelling. */
export function stem(word: string): string {
  const bare = word.replace(/['’]s$|['’]$/, '')
  const known = SPELLINGS.get(bare)
  if (known !== undefined) return known
  if (bare.length > 4 && bare.endsWith('ies')) return `${bare.slice(0, -3)}y`
  if (bare.length > 4 && /(?:ss|x|ch|sh)es$/.test(bare)) return bare.slice(0, -2)
  if (bare.length > 3 && bare.endsWith('s') && !/(?:ss|us|is)$/.test(bare)) {
    const singular = bare.slice(0, -1)
    return SPELLINGS.get(singular) ?? singular
  }
  return bare
}

/** Splits a lower-case text into stems. Signs that name nothing, such as commas and brackets, are left out. */
export function stemsOf(text: string): string[] {
  const found = text.match(/[\p{L}\p{N}]+(?:[.'’&][\p{L}\p{N}]+)*|[%$€£¥]/gu) ?? []
  return found.map(stem)
}
