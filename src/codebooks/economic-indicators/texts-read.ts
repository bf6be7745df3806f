/** Whether all texts of an indicator were read, which is what *sure* needs beside the rule that decides. */
import { pattern } from './readers/pattern.ts'
import type { RuleContext } from './rules/context.ts'
import type { FieldReading, IndicatorType, Orientation, TemporalAggregation } from './types.ts'
import { isCurrencyCode, isKnownStem, isNumber, phraseAt } from './vocabulary/lexicon.ts'
import { type AllowedAnswer, type Entry, stemsOf } from './vocabulary/notation.ts'

/**
 * What the vocabulary found in the texts of an indicator. They count as read where every word of the name stands in the
 * vocabulary, at least one head says what is measured, every head and every form has the answer that the rules give, no unit is
 * unread, and the description does not speak against it. What only the rules saw is a guess.
 */
export interface TextsRead {
  /** Whether every word is known and a head says what is measured. */
  readonly areKnown: boolean
  /** The heads and forms that stand in the name, and the forms in its brackets and in the units. */
  readonly entries: readonly Entry[]
  readonly description: string
}

/** The most stems of a name that are looked up; a longer name is not read. */
const MOST_STEMS = 40
const UNREAD: TextsRead = { areKnown: false, entries: [], description: '' }
/** What a portion is divided by, at the end of a name. Its words have to be known, and say nothing of what is measured. */
const WHOLE = / (?:as (?:an? )?(?:%|percent(?:age)?|share|proportion) of .*|to (?:gdp|gni))(?: for .*)?$/
/** The code of a class of goods, as tables of trade write it between dashes: "Category - FC - Engines". */
const CATEGORY_CODE = / - [a-z]{1,2}\d?(?:-[a-z]{1,2})? (?=- )/g
const BRACKETS = /\([^()]*\)/g

/** The beginnings of descriptions that say the type, each with the types that agree with it. */
const DESCRIBED: readonly (readonly [RegExp, string])[] = [
  [
    pattern`
      ^(?:the |this is the )?(?:average )?(?:annual |yearly |quarterly |monthly )?(?:percent(?:age)? (?:change|growth)
      |growth rate|rate of (?:change|growth|increase))
    `,
    'growth-rate',
  ],
  [/^(?:the )?ratio of\b/, 'ratio share percentage index price growth-rate'],
  [/^(?:the )?(?:net )?difference between\b/, 'balance spread gap ratio'],
  [
    /^(?:the )?(?:share|percentage|proportion) of\b/,
    'share percentage ratio index gap probability threshold growth-rate',
  ],
  [/^(?:the )?(?:total )?number of (?!years|months|days|hours)/, 'count ratio percentage share growth-rate'],
]
/** Amounts that are divided by people in the description alone, although the name says the whole amount. */
const PER_HEAD_DESCRIBED = /\bper (?:capita|person|1[ ,]?000|100[ ,]?000|head)\b/
const AMOUNTS: ReadonlySet<IndicatorType> = new Set(['flow', 'volume', 'stock', 'count', 'balance', 'capacity'])

/** Looks the texts of an indicator up in the vocabulary. */
export function readTexts(context: RuleContext, unitsText: string): TextsRead {
  if (context.isCut || (!context.unitSure && unitsText !== '')) return UNREAD
  const name = stemsOf(context.name.replace(CATEGORY_CODE, ' '))
  const head = stemsOf(context.head.replace(CATEGORY_CODE, ' ').replace(WHOLE, ''))
  if (name.length > MOST_STEMS || head.length === 0 || !name.every(isKnownStem)) return UNREAD
  const entries: Entry[] = []
  let isWhole = true
  for (let at = 0; at < head.length; ) {
    const found = phraseAt(head, at)
    if (found === null && !isNumber(head[at] ?? '') && !isCurrencyCode(head[at] ?? '')) isWhole = false
    if (found !== null && found.entry.role !== 'modifier') entries.push(found.entry)
    at += found?.length ?? 1
  }
  // Beside a head that decides alone, such as "elasticity", the other words only have to be known.
  if (!isWhole && !entries.some(({ decidesAlone }) => decidesAlone)) return UNREAD
  const units = stemsOf(context.units)
  if (units.length > MOST_STEMS || !units.every(isKnownStem)) return UNREAD
  // A bracket that states a whole, as in "(% of net exports)", narrows nothing beyond its percent sign.
  for (const bracket of [...(context.name.match(BRACKETS) ?? []), context.units])
    addForms(entries, bracket.replace(/ of .*$/, ''))
  return { areKnown: true, entries, description: context.description.slice(0, 240) }
}

/** Adds what narrows the type or decides alone, such as the price index in "(chain-type price index)". */
function addForms(entries: Entry[], text: string): void {
  const stems = stemsOf(text)
  for (let at = 0; at < stems.length && at < MOST_STEMS; ) {
    const found = phraseAt(stems, at)
    if (found?.entry.role === 'form' || found?.entry.decidesAlone) entries.push(found.entry)
    at += found?.length ?? 1
  }
}

/**
 * Whether the vocabulary gives the answer, too. An absent orientation or aggregation is not asked. Where a head decides alone,
 * such as "elasticity", the other heads do not count; a good such as "copper" is a head of its price.
 */
export function textsAllow(
  texts: TextsRead,
  type: IndicatorType,
  orientation?: Orientation,
  aggregation?: TemporalAggregation,
): boolean {
  if (!texts.areKnown || !descriptionAllows(texts.description, type, aggregation)) return false
  const allows = (answer: AllowedAnswer) =>
    answer.type === type &&
    (orientation === undefined || answer.orientation === undefined || answer.orientation === orientation) &&
    (aggregation === undefined ||
      answer.aggregation === undefined ||
      answer.aggregation === aggregation ||
      aggregation === 'period-cumulative')
  const heads = texts.entries.filter(({ role }) => role === 'head')
  const alone = heads.filter(({ decidesAlone }) => decidesAlone)
  const counted = [
    ...(alone.length > 0 ? alone : heads),
    ...(alone.length > 0 ? [] : texts.entries.filter(({ role }) => role === 'form')),
  ]
  const isNamed = heads.length > 0 || (type === 'price' && texts.entries.some(({ role }) => role === 'good'))
  return isNamed && counted.every(({ answers }) => answers?.some(allows) ?? true)
}

function descriptionAllows(text: string, type: IndicatorType, aggregation: TemporalAggregation | undefined): boolean {
  for (const [said, types] of DESCRIBED) if (said.test(text) && !types.split(' ').includes(type)) return false
  if (AMOUNTS.has(type) && PER_HEAD_DESCRIBED.test(text)) return false
  if (aggregation === undefined || aggregation === 'period-cumulative') return true
  return !/\byear[- ]to[- ]date\b|\bcumulative (?:total|sum|value)/.test(text)
}

/** Takes the certainty from a reading that the texts do not bear out. */
export function sureIf<Value>(reading: FieldReading<Value>, isBorneOut: boolean): FieldReading<Value> {
  return reading.sure && !isBorneOut ? { ...reading, sure: false } : reading
}
