/** Computes the shape of an indicator, which is the key of reuse: indicators of the same shape share one answer. */
import { CODEBOOK_VERSION } from './codebook.ts'
import { CURRENCY_CODES } from './currency-codes.ts'
import { parseFrequency } from './readers/frequency.ts'
import type { Indicator, RuleReading, Unit } from './types.ts'

export interface ShapeContext {
  /** The model's name in the configuration, which may differ from the name that its endpoint returns. */
  readonly model: string
  readonly promptVersion: string
}

/** The sign that replaces every currency in a units text, so that the same series of two countries have one shape. */
const CURRENCY_MARK = '¤'
/** Matches three capitals that stand alone, which may be a currency code. */
const CODE_WORD = /(?<![\p{L}\p{N}])[A-Z]{3}(?![\p{L}\p{N}])/gu
/** Matches phrases for a country's own currency. */
const OWN_CURRENCY = /\b(?:(?:national|local|domestic) currency(?: units?)?|LCU)\b/giu
/** Matches a currency sign with the letters of its country, such as US$, HK$, R$ or €. */
const CURRENCY_SIGN = /(?<![\p{L}\p{N}])[A-Z]{0,3}\p{Sc}/gu

/**
 * Returns the shape of an indicator, as a JSON text with its fields in a fixed order. The shape holds the texts that the
 * model is shown, and leaves out country, currency, source, ids and sample values, because they do not change a right answer.
 * Names of countries inside a text stay, because removing them may change its meaning.
 */
export function shapeOf(indicator: Indicator, reading: RuleReading, context: ShapeContext): string {
  return JSON.stringify({
    ...contentOf(indicator, reading),
    codebook: CODEBOOK_VERSION,
    prompt: context.promptVersion,
    model: context.model,
  })
}

/**
 * Returns the shape under which the answer of a person is stored. Model, prompt and codebook version are left out of this
 * shape, because the answer holds for all of them. New sample values must not change the shape, so a frequency that was read
 * from dates is left out and an unknown cumulative pattern counts as none.
 */
export function humanAnswerShapeOf(indicator: Indicator, reading: RuleReading): string {
  const { pattern } = reading.cumulative.value
  return JSON.stringify({
    ...contentOf(indicator, reading),
    frequency: parseFrequency({ periodicity: indicator.periodicity, sample_values: [] }).value,
    cumulative: pattern === 'unknown' ? 'none' : pattern,
  })
}

/** Returns the part of a shape that describes the indicator. */
function contentOf(indicator: Indicator, reading: RuleReading) {
  return {
    name: canonical(indicator.name),
    units: unitTemplate(indicator.units, reading.unit.value),
    unit_kind: reading.unit.value.kind,
    description: canonical(indicator.description),
    long_name: canonical(indicator.long_name),
    category_group: canonical(indicator.category_group),
    dataset: canonical(indicator.dataset),
    topic: canonical(indicator.topic),
    aggregation_method: canonical(indicator.aggregation_method),
    frequency: reading.frequency.value,
    cumulative: reading.cumulative.value.pattern,
  }
}

/**
 * Maps spellings of the same text to one spelling: case, white space, full-width signs and ligatures (NFKC), quotes and
 * dashes no longer differ. Returns null where there is no text.
 */
function canonical(text: string | undefined): string | null {
  if (text === undefined) return null
  return text
    .normalize('NFKC')
    .replace(/[\u2018-\u201b\u2032`´]/gu, "'")
    .replace(/[\u201c-\u201f\u2033«»]/gu, '"')
    .replace(/[\u2010-\u2015\u2212]/gu, '-')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase()
}

/**
 * Returns the units text with every currency code, currency sign and "national currency" replaced by CURRENCY_MARK; scale
 * words stay. Units in which the rules read no currency stay as they are, because TOP in "TOP 10" is no code, and so do
 * international dollars, which are another kind of money.
 */
function unitTemplate(units: string | undefined, unit: Unit): string | null {
  if (units === undefined) return null
  if (unit.kind !== 'currency' || unit.currency === 'INTL') return canonical(units)
  const marked = units
    .normalize('NFKC')
    .replace(OWN_CURRENCY, CURRENCY_MARK)
    .replace(CURRENCY_SIGN, CURRENCY_MARK)
    .replace(CODE_WORD, (word) => (CURRENCY_CODES.has(word) ? CURRENCY_MARK : word))
  return canonical(marked)
}
