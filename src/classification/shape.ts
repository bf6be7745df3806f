/** The reuse key: two indicators of one shape get one answer. */
import { CODEBOOK_VERSION } from './codebook.ts'
import { CURRENCY_CODES } from './currency-codes.ts'
import { parseFrequency } from './readers/frequency.ts'
import type { Indicator, RuleReading, Unit } from './types.ts'

export interface ShapeContext {
  /** The configured model, not the name that the endpoint answers with. */
  readonly model: string
  readonly promptVersion: string
}

/** Stands for any currency in a unit template. */
const CURRENCY_MARK = '¤'
const CODE_WORD = /(?<![\p{L}\p{N}])[A-Z]{3}(?![\p{L}\p{N}])/gu
/** What a source writes that does not name its currency. */
const OWN_CURRENCY = /\b(?:(?:national|local|domestic) currency(?: units?)?|LCU)\b/giu
/** A sign with the country's letters before it: US$, HK$, R$, €. */
const CURRENCY_SIGN = /(?<![\p{L}\p{N}])[A-Z]{0,3}\p{Sc}/gu

/**
 * The shape of an indicator as JSON text with its fields in a fixed order: readable, and different fields can never run
 * together. What the model is shown and could answer by is in it, except country, currency, source, ids and sample
 * values: these do not change a right answer. Names of countries inside a text stay, as taking them out may change it.
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
 * The shape by which a person's word is kept: what the indicator is, whatever model, prompt or codebook is in use. A few
 * more sample values do not make it another question, so a frequency that only the dates tell is left out, and a
 * pattern that could not be told counts as none.
 */
export function humanAnswerShapeOf(indicator: Indicator, reading: RuleReading): string {
  const { pattern } = reading.cumulative.value
  return JSON.stringify({
    ...contentOf(indicator, reading),
    frequency: parseFrequency({ periodicity: indicator.periodicity, sample_values: [] }).value,
    cumulative: pattern === 'unknown' ? 'none' : pattern,
  })
}

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

/** The same text for spellings that mean the same: case, white space, width and ligatures (NFKC), quotes and dashes. */
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
 * Units with every currency code, sign and "national currency" replaced by one mark; scale words stay. Only where the
 * rules read a currency: TOP in "TOP 10" is none. PPP stays: international dollars are another kind of money.
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
