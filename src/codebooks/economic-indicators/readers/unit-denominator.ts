/** Reads what a unit is divided by, such as "barrel" from "USD/bbl" (the field `unit.per`). */
import { cap } from './unit-normalise.ts'

/** The most characters of a denominator that is kept as written, as `unit_per` has them in `codebook.yaml`. */
const MAX_DENOMINATOR_LENGTH = 60

/** The spellings of common denominators, each with the one name that all its spellings get. */
const DENOMINATOR_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^u\.?s\.? dollars?$/, 'USD'],
  [/^euros?$/, 'EUR'],
  [/^(?:british pounds?|pounds? sterling)$/, 'GBP'],
  [/^(?:bbl|bbls|barrels?)$/, 'barrel'],
  [/^(?:d|day|days)$/, 'day'],
  [/^(?:l|lit(?:er|re)s?)$/, 'litre'],
  [/^(?:hr|hrs|h|hours?)$/, 'hour'],
  [/^(?:mo|mth|months?)$/, 'month'],
  [/^(?:yr|y|a|annum|years?)$/, 'year'],
  [/^(?:wk|weeks?)$/, 'week'],
  [/^(?:qtr|quarters?)$/, 'quarter'],
  [/^(?:t|mt|metric tons?|tonn?es?|tons?)$/, 'tonne'],
  [/^(?:lbs?|pounds?)$/, 'pound'],
  [/^(?:kgs?|kilogram(?:me)?s?)$/, 'kg'],
  [/^(?:bu|bushels?)$/, 'bushel'],
  [/^(?:t ?\. ?oz|toz|oz t|troy ounces?|ozt)$/, 'troy ounce'],
  [/^(?:oz|ounces?)$/, 'ounce'],
  [/^(?:gal|gallons?)$/, 'gallon'],
  [/^(?:capita|person|head|inhabitant|people)$/, 'person'],
  [/^(?:sqm|sq\.? ?m|m2|m²|square met(?:er|re)s?)$/, 'm2'],
  [/^(?:cubic met(?:er|re)s?|m3|m³|cbm)$/, 'm3'],
]

/**
 * Returns the name of a denominator text; null where the text is empty. A denominator that is a bare number is a number of
 * people.
 */
export function readDenominator(denominator: string): string | null {
  const text = (denominator.split(/[,;(]/, 1)[0] ?? '').trim()
  if (text === '') return null
  if (/^\d+$/.test(text)) return `${text} people`
  const lower = text.toLowerCase()
  for (const [pattern, name] of DENOMINATOR_NAMES) if (pattern.test(lower)) return name
  if (/^(?:constant |current )?(?:\d{4} )?(?:us ?\$|\$|us dollars?)/.test(lower))
    return cap(lower.replace(/us ?\$|\$/, 'USD'), MAX_DENOMINATOR_LENGTH)
  if (/^(?:international|ppp) ?(?:\$|dollars?)?$/.test(lower)) return 'INTL'
  return cap(text, MAX_DENOMINATOR_LENGTH)
}
