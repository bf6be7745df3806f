/** Reads a unit from the name of an indicator whose units are empty: from the last bracket, else from what the name counts. */
import { CURRENCY_CODES } from '../currency-codes.ts'
import { readDenominator } from './unit-denominator.ts'
import { readUnitText, type UnitByRule, unitByRule } from './unit-from-text.ts'
import { normaliseUnitText } from './unit-normalise.ts'
import { NAMES_MEASURE, NAMES_THINGS } from './unit-words.ts'

/** The most characters of a name that are read; the rest is ignored. */
export const MAX_NAME_LENGTH = 400

/**
 * Returns the unit that a name implies, by ruling 8 of the codebook: a name that counts things or people, a rank or an X-to-Y
 * ratio. `ownCode` is the indicator's own currency code.
 */
export function readUnitFromName(rawName: string, ownCode: string | null): UnitByRule {
  const name = normaliseUnitText(rawName, MAX_NAME_LENGTH)
  const lower = name.toLowerCase()
  if (/^number of (?!\w+ per\b)/.test(lower)) return unitByRule('count', 'name-things')
  const bracketed = readBracket(name, ownCode)
  if (bracketed !== null) return bracketed
  if (/(?:^|, |\bas |\bin )(?:a )?(?:%|percent|per cent)/.test(lower)) return unitByRule('percentage', 'name-percent')
  if (/\brank(?:ing)?\b/.test(lower)) return unitByRule('index', 'name-rank')
  if (/\bratio\b/.test(lower) && / to |[-/]to[-/]|\w[-/]\w+ ratio/.test(lower))
    return unitByRule('ratio', 'name-x-to-y-ratio')
  const isMeasure = NAMES_MEASURE.test(lower)
  const per = /\bper (\d[\d ]{0,12}[a-z. ]{0,40}|capita|person|worker)/.exec(lower)
  if (per && !isMeasure) return unitByRule('rate', 'name-per', { per: readDenominator(per[1] ?? '') })
  if (NAMES_THINGS.test(lower) && !isMeasure) return unitByRule('count', 'name-things')
  return unitByRule('unknown', 'units-empty')
}

/** Reads the unit in the bracket at the end of a name; null where the name has none. */
function readBracket(name: string, ownCode: string | null): UnitByRule | null {
  for (const { 0: bracket, index } of [...name.matchAll(/\([^()]{1,200}\)/g)].reverse()) {
    // A bracket within the name, such as "(2011 PPP)", describes what is measured; only a bracket at the end names a unit.
    const after = name.slice(index + bracket.length).replace(/\([^()]*\)/g, '')
    if (!/^ *(?:, [A-Z][^()]*)?$/.test(after)) continue
    const inner = bracket.slice(1, -1)
    // A currency code alone in brackets names the currency of an exchange rate; any other word in capitals is an abbreviation
    // and no unit.
    if (/^[A-Z0-9]{2,6}$/.test(inner) && !CURRENCY_CODES.has(inner)) continue
    const found = readUnitText(inner, ownCode)
    if (found === null || found.kind === 'unknown') continue
    if (!/^\d/.test(inner) || /[%$=]|per /.test(inner)) return { ...found, rule: 'name-bracket' }
  }
  return null
}
