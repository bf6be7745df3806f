/** The parts of the shapes of economic indicators: what two indicators must have in common to share an answer. */
import { canonicalText, compatible } from '../canonical-text.ts'
import type { Finding, Indicator, LabelValue, Reading } from '../types.ts'
import { CURRENCY_CODES } from './currency-codes.ts'
import { parseFrequency } from './readers/frequency.ts'

/** The sign that replaces every currency in a units text, so that the same series of two countries have one shape. */
const CURRENCY_MARK = '¤'
/** Matches three capitals that stand alone, which may be a currency code. */
const CODE_WORD = /(?<![\p{L}\p{N}])[A-Z]{3}(?![\p{L}\p{N}])/gu
/** Matches phrases for a country's own currency. */
const OWN_CURRENCY = /\b(?:(?:national|local|domestic) currency(?: units?)?|LCU)\b/giu
/** Matches a currency sign with the letters of its country, such as US$, HK$, R$ or €. */
const CURRENCY_SIGN = /(?<![\p{L}\p{N}])[A-Z]{0,3}\p{Sc}/gu

/**
 * The fields that two indicators of one human shape may differ in, because that shape masks the currency (which "TRY per USD"
 * also has as its divisor) and holds neither the scale text nor the dates of the sample values.
 */
export const PER_RECORD: readonly string[] = ['unit_scale', 'unit_currency', 'unit_per', 'frequency']

/**
 * Returns what a shape holds in place of the texts for units, scale and periodicity, and beside the other texts. A right answer
 * depends on the frequency, not on how its text is spelt, and it depends on currency and multiplier only where the unit is
 * asked for. Source, ids and sample values change no right answer, so they are in no shape; the country changes none but the
 * currency of words such as "dollars", which stands in the shape as it was read.
 */
export function shapeParts(
  record: Indicator,
  reading: Reading,
  asked: readonly string[],
): Record<string, string | null> {
  const isCurrencyAsked = asked.includes('unit_currency') || asked.includes('unit_per')
  const isScaleAsked = asked.includes('unit_scale') || asked.includes('unit_kind')
  return {
    units: isCurrencyAsked ? canonicalText(record.units) : unitTemplate(record.units, reading),
    scale: isScaleAsked ? canonicalText(record.scale) : null,
    periodicity: asked.includes('frequency') ? canonicalText(record.periodicity) : null,
    unit_kind: textOf(reading.unit_kind),
    frequency: textOf(reading.frequency),
    cumulative: textOf(reading.cumulative_pattern),
    unit_currency: isCurrencyAsked ? textOf(reading.unit_currency) : null,
  }
}

/**
 * Returns the shape under which the answer of a person is stored. Model, prompt and version of the codebook are left out of
 * this shape, because the answer holds for all of them. New sample values must not change the shape, so a frequency that was
 * read from dates is left out and an unknown cumulative pattern counts as none. Answers are stored under this text since
 * before codebooks were files, so every character of it is fixed.
 *
 * The exact shape holds what the fields in PER_RECORD are read from: the units with their currency, the scale text, and a
 * frequency that the dates leave no doubt of.
 */
export function humanShape(record: Indicator, reading: Reading, isExact: boolean): string {
  const pattern = textOf(reading.cumulative_pattern)
  const frequency = parseFrequency({ periodicity: record.periodicity, sample_values: [] }).value
  const content = {
    name: canonicalText(record.name),
    units: isExact ? canonicalText(record.units) : unitTemplate(record.units, reading),
    unit_kind: textOf(reading.unit_kind),
    description: canonicalText(record.description),
    long_name: canonicalText(record.long_name),
    category_group: canonicalText(record.category_group),
    dataset: canonicalText(record.dataset),
    topic: canonicalText(record.topic),
    aggregation_method: canonicalText(record.aggregation_method),
    frequency: isExact && reading.frequency?.sure === true ? textOf(reading.frequency) : frequency,
    cumulative: pattern === 'unknown' ? 'none' : pattern,
  }
  if (!isExact) return JSON.stringify(content)
  const exact = { scale: canonicalText(record.scale), unit_currency: textOf(reading.unit_currency) }
  return JSON.stringify({ ...content, ...exact })
}

function textOf(finding: Finding | undefined): string | null {
  const value: LabelValue | undefined = finding?.value
  return typeof value === 'string' ? value : null
}

/**
 * Returns the units text with every currency code, currency sign and "national currency" replaced by CURRENCY_MARK; scale
 * words stay. Units in which the reader found no currency stay as they are, because TOP in "TOP 10" is no code, and so do
 * international dollars, which are another kind of money.
 */
function unitTemplate(units: string | undefined, reading: Reading): string | null {
  if (units === undefined) return null
  if (reading.unit_kind?.value !== 'currency' || reading.unit_currency?.value === 'INTL') return canonicalText(units)
  const marked = compatible(units)
    .replace(OWN_CURRENCY, CURRENCY_MARK)
    .replace(CURRENCY_SIGN, CURRENCY_MARK)
    .replace(CODE_WORD, (word) => (CURRENCY_CODES.has(word) ? CURRENCY_MARK : word))
  return canonicalText(marked)
}
