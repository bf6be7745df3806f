/** Reads a unit from the name of an indicator whose units are empty: from the last bracket, else from what the name counts. */
import { CURRENCY_CODES } from '../currency-codes.ts'
import type { OwnCurrency } from './currency-places.ts'
import { pattern } from './pattern.ts'
import { readDenominator } from './unit-denominator.ts'
import { readUnitText, type UnitByRule, unitByRule } from './unit-from-text.ts'
import { normaliseUnitText } from './unit-normalise.ts'
import { NAMES_MEASURE, NAMES_THINGS } from './unit-words.ts'

/** Names of money, whose amount per number of people is money and no rate. */
const NAMES_MONEY = /\b(?:gdp|income|expenditure|spending|value|debt|cost|price|sales|revenue)\b/
/** A tail that is read as the unit begins with a multiplier, a currency or a word that nothing but a unit begins with. */
const TAIL = pattern`
  ^(?:(?:in |the )?(?:thousands?|millions?|billions?|trillions?|hundreds?|us dollars?|u\.s\. dollars?|dollars|euros?(?! area| zone)
  |usd\b|eur\b|(?:local|national) currency|r (?:m|b)illions?|percent|per cent|%|number of|persons$|kilowatt|megawatt
  |gigawatt|terawatt|passenger[- ]k|tonnes?\b|kilogram|hectares|barrels|litres|cubic|square k)|[a-z]{3} (?:millions?
  |billions?|mn|bn)\b)
`

/** A base that a name states, as in "Prices of bread (2015 = 100) - City". */
const BASE_YEAR = /= ?100(?:\.0)?(?![\d.,]*\d)/

/** The most characters of a tail that is read as a unit; a longer one is part of what is measured. */
const MAX_TAIL_LENGTH = 60
/** The most characters of a name that are read; the rest is ignored. */
export const MAX_NAME_LENGTH = 400

/**
 * Returns the unit that a name implies, by ruling 8 of the codebook: a name that counts things or people, a rank or an X-to-Y
 * ratio. `own` is what the indicator says of its currency.
 */
export function readUnitFromName(rawName: string, own: OwnCurrency): UnitByRule {
  const name = normaliseUnitText(rawName, MAX_NAME_LENGTH)
  const lower = name.toLowerCase()
  const perNumber = /\bper ((?:\d[\d ]{0,12}|(?:hundred )?thousand |million )[a-z. ]{0,40})/.exec(lower)
  if (perNumber && !NAMES_MONEY.test(lower)) {
    return unitByRule('rate', 'name-per', { per: readDenominator(perNumber[1] ?? '') })
  }
  if (/^number of (?!\w+ per\b)/.test(lower)) return unitByRule('count', 'name-things')
  const bracketed = readBracket(name, own)
  if (bracketed !== null) return bracketed
  const tailed = readTail(name, own)
  if (tailed !== null) return tailed
  if (/(?:^|, |\bas |\bin )(?:a )?(?:%|percent|per cent)/.test(lower)) return unitByRule('percentage', 'name-percent')
  if (/\brank(?:ing)?\b/.test(lower)) return unitByRule('index', 'name-rank')
  if (/\bratio\b/.test(lower) && / to |[-/]to[-/]|\w[-/]\w+ ratio/.test(lower))
    return unitByRule('ratio', 'name-x-to-y-ratio')
  if (BASE_YEAR.test(lower)) return unitByRule('index', 'name-base-year')
  const isMeasure = NAMES_MEASURE.test(lower)
  if (/\b(?:yearly|annual|monthly|quarterly) growth\b|\bgrowth rate\b/.test(lower))
    return unitByRule('percentage', 'name-growth')
  if (NAMES_THINGS.test(lower) && !isMeasure && !/\bper [a-z]|\bage\b|\byears\b/.test(lower))
    return unitByRule('count', 'name-things')
  return unitByRule('unknown', 'units-empty')
}

/** Reads the unit in the bracket at the end of a name; null where the name has none. */
function readBracket(name: string, own: OwnCurrency): UnitByRule | null {
  for (const { 0: bracket, index } of [...name.matchAll(/\([^()]{1,200}\)/g)].reverse()) {
    // A bracket within the name, such as "(2011 PPP)", describes what is measured; only a bracket at the end names a unit.
    const after = name.slice(index + bracket.length).replace(/\([^()]*\)/g, '')
    const inner = bracket.slice(1, -1)
    if (!/^ *(?:, [A-Z][^()]*)?$/.test(after) && !/^(?:annual )?%$/.test(inner)) continue
    // A currency code alone in brackets names the currency of an exchange rate; any other word in capitals is an abbreviation
    // and no unit.
    if (/^[A-Z0-9]{2,6}$/.test(inner) && !CURRENCY_CODES.has(inner)) continue
    const found = readUnitText(inner, own)
    if (found === null || found.kind === 'unknown') continue
    if (!/^\d/.test(inner) || /[%$=]|per /.test(inner)) return { ...found, rule: 'name-bracket', text: inner }
  }
  return null
}

/** Reads the unit after the last comma or dash of a name, as in "Exports, million US dollars"; null where none stands there. */
function readTail(name: string, own: OwnCurrency): UnitByRule | null {
  const at = Math.max(name.lastIndexOf(', '), name.lastIndexOf(' - '))
  if (at < 1) return null
  const tail = name
    .slice(at)
    .replace(/^[ ,-]+/, '')
    .replace(/^in /i, '')
  if (tail.length > MAX_TAIL_LENGTH || !TAIL.test(tail.toLowerCase())) return null
  const found = readUnitText(tail, own)
  if (found === null || found.kind === 'unknown' || found.rule === 'units-multiplier-of-unread') return null
  return { ...found, rule: 'name-tail', text: tail }
}
