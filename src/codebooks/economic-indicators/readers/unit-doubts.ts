/** What in the texts of an indicator speaks against the unit that was read, so that the reading is not sure. */
import type { UnitKind } from '../types.ts'
import type { OwnCurrency } from './currency-places.ts'
import { multipliersOfDescription, multipliersOfName } from './name-multiplier.ts'
import { pattern } from './pattern.ts'
import { readCurrency } from './unit-currency.ts'
import { readUnitFromName } from './unit-from-name.ts'
import type { UnitByRule } from './unit-from-text.ts'
import { normaliseUnitText } from './unit-normalise.ts'
import { readScale } from './unit-scale.ts'
import { INDEX, NAMES_THINGS, PERCENT } from './unit-words.ts'
import { areAllWordsRead } from './unit-words-read.ts'

/** The texts of an indicator beside its name, in which the unit may be said in other words. */
export interface UnitTexts {
  readonly units: string
  readonly name: string
  readonly description: string
  readonly scale: string
  readonly own: OwnCurrency
}

/** A unit after a look at the other texts, and whether they leave no doubt of it. */
export interface CheckedUnit {
  readonly unit: UnitByRule
  readonly isDoubted: boolean
}

const MAX_LENGTH = 400
/** Words for money whose amounts are made comparable between countries. */
const PPP = pattern`
  \b(?:ppps?|pps)\b|\bpurchasing[- ]power\b|\binternational(?: comparison)?[- ]?(?:dollars?|\$)|\bint(?:l|'l)?\.? ?\$|\bgeary
`
/** The standards of Eurostat, which are no dollars. */
const STANDARDS = /\bpps\b|\bpower standards?\b/
/** Names that state PPPs as the basis of their prices, as in "current prices, current PPPs". */
const AT_PPPS = /\bppps\b|\b(?:current|constant|at|in) ppp\b/
/** Units that say only that something is a number. */
const NUMBER_ALONE = pattern`
  ^(?:(?:in|pure|total|absolute|simple|natural|raw|decimal) )*(?:numbers?|no\.?|nos\.?|nr\.?|units?|values?|counts?|#|each|items?)\.?$
`
/** Names of measures that are no number of things. */
const NO_NUMBER = pattern`
  \b(?:index|indices|indexes|indicators?|scores?|scorecard|rank(?:ing|s)?|ratings?|rates?|ratios?|percent(?:age|ile)?|per cent|proportion|shares? (?:of|in)
  |growth|inflation|density|coefficient|expectancy|duration|hours|days|(?<!constant |current )prices?|yields?|temperature|elasticity|probability|gini
  |spread|intensity|gdp|earnings|wages?|incomes?|revenues?|per capita|stress)\b|%|= ?100\b
`
/** Names that count things, whatever else they say. */
const NUMBER_OF = /^(?:the |total |monthly |annual |weekly |average )*(?:numbers?|counts?|no\.) (?:of|employed)\b/
const INDEX_NAME = /\b(?:index|indices|indexes|indicators?|scores?|rank(?:ing|s)?|ratings?|stress)\b/
/** Words that say a change, which is measured in percent whatever the units say. */
const CHANGE_SAID = pattern`
  \bgrowth rates?\b|\bpercent(?:age)? changes?\b|\bper cent changes?\b|% ?changes?\b|\brates? of (?:change|growth|increase)\b|(?<!\b(?:at|adjusted) )\bannual rate\b
  |\b(?:year|month|quarter)[- ](?:on|over)[- ](?:year|month|quarter)\b|\b(?:yoy|mom|qoq)\b|\binflation rate\b
`
const DEGREES = /\bcelsius\b|\bfahrenheit\b|\bkelvin\b|[°℃]|\bdeg(?:rees?)?\.? ?[cfk]\b/
const BASE_YEAR = /= ?100(?:\.0)?\b/
/** Kinds of which a bracket or the tail of a name speaks plainly; a count or a duration there may be a group of people. */
const PLAIN_KINDS: ReadonlySet<UnitKind> = new Set([
  'currency',
  'percentage',
  'index',
  'rate',
  'ratio',
  'physical',
  'temperature',
])
const SCALED: ReadonlySet<UnitKind> = new Set(['currency', 'count', 'physical', 'duration'])

/** Compares the unit that was read with the name, the description and the scale text, and mends what they say plainly. */
export function checkUnit(read: UnitByRule, texts: UnitTexts): CheckedUnit {
  if (read.kind === 'unknown') return { unit: read, isDoubted: true }
  if (read.rule === 'name-things' && !namesThingsFirst(texts.name)) return { unit: read, isDoubted: true }
  const units = normaliseUnitText(texts.units, MAX_LENGTH).toLowerCase()
  const name = texts.name.slice(0, MAX_LENGTH).normalize('NFKC').toLowerCase()
  if (isInPpp(read, units, name, texts.description)) {
    return { unit: AT_PPPS.test(name) ? { ...read, currency: 'INTL' } : read, isDoubted: true }
  }
  if (NUMBER_ALONE.test(units) && NO_NUMBER.test(name) && !NUMBER_OF.test(name)) {
    const kind = INDEX_NAME.test(name) ? 'index' : /\bratios?\b/.test(name) ? 'ratio' : read.kind
    return { unit: { ...read, kind }, isDoubted: true }
  }
  const scaled = checkScale(read, texts, units)
  if (scaled !== null) return scaled
  return { unit: read, isDoubted: isOfTwoKinds(read, units, name, texts.own) || isOtherInName(read, texts, units) }
}

/** Whether a name without units counts what it names first, as "Deaths of miners" does and "Weekly benefits of workers" does not. */
function namesThingsFirst(name: string): boolean {
  const lower = name.slice(0, MAX_LENGTH).toLowerCase()
  const [first = ''] = lower.split(/ (?:of|by|for|to|per|with|from|among)\b/, 1)
  return NAMES_THINGS.test(first) || /\bnumbers? of\b/.test(lower)
}

/** Whether money in dollars of one country stands beside words for international dollars. */
function isInPpp({ kind, currency }: UnitByRule, units: string, name: string, description: string): boolean {
  if (kind !== 'currency' || currency === 'LCU') return false
  if (currency === 'INTL') return STANDARDS.test(units)
  return PPP.test(name) || PPP.test(description.slice(0, 600).toLowerCase())
}

/** Returns the unit as a doubted one where name, description or scale text state another multiplier; null where none does. */
function checkScale(read: UnitByRule, { name, description, scale }: UnitTexts, units: string): CheckedUnit | null {
  if (!SCALED.has(read.kind)) return null
  const stated = multipliersOfName(name)
  const scales = new Set([...stated.map((found) => found.scale), ...multipliersOfDescription(description)])
  const own = readScale(normaliseUnitText(scale, 60), true)
  if (own > 1) scales.add(own)
  if ([...scales].every((found) => found === read.scale)) return null
  const [first] = stated
  // Prefixes and multipliers of a physical unit may say the same in other words, such as "GWh" and "million kWh".
  const isRead = read.scale === 1 && first?.isClear === true && stated.every((found) => found.scale === first.scale)
  if (isRead && (read.kind !== 'physical' || /^[a-z]+(?: [a-z]+)?s$/.test(units))) {
    return { unit: { ...read, scale: first.scale }, isDoubted: true }
  }
  return { unit: read, isDoubted: true }
}

/** Whether units or name speak of two kinds of unit at once, such as a count of what the name calls a rate. */
function isOfTwoKinds({ kind, per }: UnitByRule, units: string, name: string, own: OwnCurrency): boolean {
  switch (kind) {
    case 'percentage':
      return (
        (PERCENT.test(units) && INDEX.test(units)) ||
        (BASE_YEAR.test(name) && !CHANGE_SAID.test(name)) ||
        readCurrency(units.replace(/\bper cents?\b|\bcurrency\b/g, ''), own) !== null ||
        readScale(units, false) > 1
      )
    case 'index':
      return (CHANGE_SAID.test(name) && !BASE_YEAR.test(units)) || units.startsWith('number')
    case 'currency':
      return BASE_YEAR.test(name) || /\bindex(?! fund)|\bindices\b/.test(name) || CHANGE_SAID.test(name)
    case 'count':
      return !NUMBER_OF.test(name) && /\b(?:index|indices|ratio|percent(?:age)?|rate)\b(?!s)|%|= ?100\b/.test(name)
    case 'temperature':
      // "Degree" alone may be that of openness, and degree days are a sum.
      return (
        /\bdegree[- ]days?\b/.test(`${units} ${name}`) ||
        !(DEGREES.test(units) || /\btemperature|\b(?:lat|long)itude/.test(name))
      )
    case 'physical':
      // A pound is money, too, and what is divided by money is an exchange rate where its name says so.
      return /\bpounds?\b/.test(units.replace(/(?:\bper |\/ ?)pounds?\b/, '')) || /\bexchange rates?\b/.test(name)
    default:
      return per !== null && readCurrency(per, own) !== null
  }
}

/** Returns the number of a denominator such as "1000 women ages 15-19", beside which the group may be worded otherwise, or all of it. */
function sizeOf(per: string): string {
  return /^[\d ]+/.exec(per)?.[0].trim() ?? per
}

/** Whether the bracket or the tail of the name gives another kind or currency than the units, or an exchange rate its other side. */
function isOtherInName(read: UnitByRule, { name, own }: UnitTexts, units: string): boolean {
  if (units === '' || read.text !== undefined) return false
  const other = readUnitFromName(name, own)
  const isPlain =
    /^name-(?:bracket|tail|per)$/.test(other.rule) &&
    PLAIN_KINDS.has(other.kind) &&
    // "M3" in a bracket is an aggregate of money as well as a cubic metre.
    !/^m[0-4]\b/i.test(other.text ?? '') &&
    areAllWordsRead((other.text ?? '').toLowerCase())
  // A change of what the name calls an index is in percent (ruling 13).
  const isChangeOfIndex = other.kind === 'index' && read.kind === 'percentage' && CHANGE_SAID.test(units)
  if (isPlain && other.kind !== read.kind) return !isChangeOfIndex
  // "Exchange rates - EUR 1" in CHF names what is quoted, and not the unit.
  const isQuoted = /^\S{1,4} ?10{0,2}$/.test(other.text ?? '')
  if (isPlain && !isQuoted && other.currency !== null && other.currency !== read.currency) return true
  if (isPlain && other.scale > 1 && SCALED.has(read.kind) && other.scale !== read.scale) return true
  if (isPlain && other.per !== null && read.per !== null && sizeOf(other.per) !== sizeOf(read.per)) return true
  if (read.kind !== 'currency' || read.per !== null) return false
  const per = /\b(?:per|to one|to 1) (?:one |1 |100 )?([\p{L}.$£€]{1,8}(?: [\p{L}.]{2,10})?)/iu.exec(
    name.slice(0, MAX_LENGTH),
  )
  return per !== null && readCurrency(per[1] ?? '', own)?.currency === read.currency
}
