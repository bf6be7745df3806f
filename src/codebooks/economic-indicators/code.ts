/** The code of economic-indicators: its readers and rules behind the engine's port, and what is known of their rightness. */
import { CURRENCY_CODES } from '../../classification/currencies.ts'
import { readIndicator } from '../../classification/rules.ts'
import type { Finding as OldFinding } from '../../classification/types.ts'
import { canonical } from '../../engine/shape.ts'
import type { CodebookCode, Finding, Indicator, LabelValue, Reading } from '../../engine/types.ts'

/** Stands for any currency in a unit template. */
const CURRENCY_MARK = '¤'
const CODE_WORD = /(?<![\p{L}\p{N}])[A-Z]{3}(?![\p{L}\p{N}])/gu
/** What a source writes that does not name its currency. */
const OWN_CURRENCY = /\b(?:(?:national|local|domestic) currency(?: units?)?|LCU)\b/giu
/** A sign with the country's letters before it: US$, HK$, R$, €. */
const CURRENCY_SIGN = /(?<![\p{L}\p{N}])[A-Z]{0,3}\p{Sc}/gu

export const ECONOMIC_INDICATORS: CodebookCode = { read, shapeParts, evidence: {} }

function read(record: Indicator): Reading {
  const { unit, frequency, cumulative, ...others } = readIndicator(record)
  const part = (finding: OldFinding<unknown>, value: LabelValue): Finding => {
    return { value, sure: finding.sure, rule: finding.rule, because: finding.because }
  }
  return {
    ...others,
    unit_kind: part(unit, unit.value.kind),
    unit_scale: part(unit, unit.value.scale),
    unit_currency: part(unit, unit.value.currency),
    unit_per: part(unit, unit.value.per),
    frequency,
    cumulative_pattern: part(cumulative, cumulative.value.pattern),
    cumulative_reset_month: part(cumulative, cumulative.value.reset_month),
  }
}

/**
 * A right answer depends on the frequency, not on its spelling, and not on the currency while none is asked for. Country,
 * source and sample values change no right answer, and names of countries inside a text stay, as taking them out may.
 */
function shapeParts(record: Indicator, reading: Reading, open: readonly string[]): Record<string, string | null> {
  const isAsked = (field: string) => open.includes(field)
  return {
    units: isAsked('unit_currency') ? canonical(record.units) : unitTemplate(record, reading),
    unit_kind: textOf(reading.unit_kind),
    periodicity: isAsked('frequency') ? canonical(record.periodicity) : null,
    frequency: textOf(reading.frequency),
    cumulative: textOf(reading.cumulative_pattern),
  }
}

function textOf(finding: Finding | undefined): string | null {
  return typeof finding?.value === 'string' ? finding.value : null
}

/**
 * Units with every currency code, sign and "national currency" replaced by one mark; scale words stay. Only where the
 * reader found a currency: TOP in "TOP 10" is none. PPP stays: international dollars are another kind of money.
 */
function unitTemplate({ units }: Indicator, reading: Reading): string | null {
  if (units === undefined) return null
  if (reading.unit_kind?.value !== 'currency' || reading.unit_currency?.value === 'INTL') return canonical(units)
  const marked = units
    .normalize('NFKC')
    .replace(OWN_CURRENCY, CURRENCY_MARK)
    .replace(CURRENCY_SIGN, CURRENCY_MARK)
    .replace(CODE_WORD, (word) => (CURRENCY_CODES.has(word) ? CURRENCY_MARK : word))
  return canonical(marked)
}
