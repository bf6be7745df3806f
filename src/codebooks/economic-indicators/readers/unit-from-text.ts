/** Reads a whole unit from a units text: kind, scale, currency and denominator, with the rule that decided. */
import type { UnitKind } from '../types.ts'
import type { OwnCurrency } from './currency-places.ts'
import { readCurrency } from './unit-currency.ts'
import { readDenominator } from './unit-denominator.ts'
import { normaliseUnitText, separateGluedParts, splitUnit } from './unit-normalise.ts'
import { readScale } from './unit-scale.ts'
import {
  COUNT,
  DURATION,
  EMPTY,
  FLAG,
  INDEX,
  MONEY_LETTERS,
  NOTES,
  PERCENT,
  PHYSICAL,
  RATIO_WORD,
  SCALE_WORDS,
  TEMPERATURE,
} from './unit-words.ts'

/** The most characters of a units text that are read; the rest is ignored. */
export const MAX_UNITS_LENGTH = 240

/** A unit together with the name of the rule that read it. */
export interface UnitByRule {
  readonly kind: UnitKind
  readonly scale: number
  readonly currency: string | null
  readonly per: string | null
  readonly rule: string
  /** The part of the name that was read; absent where the units text or a word of the name decided. */
  readonly text?: string
  /** Whether the currency is a guess, because several currencies share its name. */
  readonly isGuess?: boolean
}

/** Builds a unit of `kind` with scale 1, no currency and no denominator, except for what `more` sets. */
export function unitByRule(kind: UnitKind, rule: string, more: Partial<Omit<UnitByRule, 'kind' | 'rule'>> = {}) {
  return { kind, scale: 1, currency: null, per: null, ...more, rule } satisfies UnitByRule
}

/**
 * Reads a units text; null where the text is empty or only a note on method. `own` is what the indicator says of its currency.
 */
export function readUnitText(raw: string, own: OwnCurrency): UnitByRule | null {
  const text = normaliseUnitText(raw, MAX_UNITS_LENGTH)
  const lower = text.toLowerCase().replace(NOTES, ' ').trim()
  if (EMPTY.test(lower)) return null
  if (FLAG.test(lower)) return unitByRule('flag', 'units-flag')
  if (PERCENT.test(lower)) return unitByRule('percentage', 'units-percent')
  if (INDEX.test(lower)) return unitByRule('index', 'units-index')
  // The units text keeps its capitals from here on, because a currency code is recognised by them.
  const withoutNotes = text.replace(NOTES, ' ').replace(/^[\s,;:]+|[\s,;:]+$/g, '')
  const { numerator, denominator, factor } = splitUnit(separateGluedParts(withoutNotes))
  const per = readDenominator(denominator)
  const money = readCurrency(numerator, own)
  const scale = Math.max(factor, readScale(numerator, money !== null))
  if (money !== null) {
    return {
      ...unitByRule('currency', 'units-currency', { scale, currency: money.currency, per }),
      isGuess: !money.isCertain,
    }
  }
  return readQuantity(numerator.toLowerCase().replace(/[().]/g, ' '), denominator, scale)
}

/** Reads a unit that is no money, percentage, index or flag, from the lower-case numerator and the denominator. */
function readQuantity(numerator: string, denominator: string, scale: number): UnitByRule {
  const per = readDenominator(denominator)
  if (RATIO_WORD.test(numerator)) return unitByRule('ratio', 'units-ratio', { per })
  if (/^[\d ]*$/.test(numerator) && denominator !== '') return unitByRule('rate', 'units-rate', { per })
  if (TEMPERATURE.test(numerator)) return unitByRule('temperature', 'units-temperature')
  // The words of physical quantities are tried before those of durations, because "years" beside a quantity names an age:
  // "liters of alcohol, 15+ years".
  if (PHYSICAL.test(numerator)) return unitByRule('physical', 'units-physical', { scale, per })
  if (DURATION.test(numerator)) return unitByRule('duration', 'units-duration', { scale, per })
  if (/\bmale births\b/.test(numerator)) return unitByRule('ratio', 'units-ratio', { per })
  const isPerGroup =
    /^\d{3}/.test(denominator) ||
    (/[a-z]/.test(denominator) && !/^(?:day|month|year|week|quarter)s?$/i.test(denominator))
  if (COUNT.test(numerator)) {
    if (isPerGroup) return unitByRule('rate', 'units-rate', { per })
    return unitByRule('count', 'units-count', { scale, per })
  }
  if (isPerGroup) return unitByRule('rate', 'units-rate', { per })
  if (scale > 1) {
    const rule = isMultiplierAlone(numerator) ? 'units-multiplier-only' : 'units-multiplier-of-unread'
    return unitByRule('count', rule, { scale, per })
  }
  return unitByRule('unknown', 'units-unread', { per })
}

/**
 * Whether every word is a multiplier, as in "Tens of Million". A text such as "Thousand Quux" is more than a multiplier, so
 * its unit may be anything.
 */
function isMultiplierAlone(numerator: string): boolean {
  const words = numerator.match(/[\p{L}\p{M}]+/gu) ?? []
  return words.every((word) => SCALE_WORDS.has(word) || MONEY_LETTERS.has(word) || /^(?:of|in|the)$/.test(word))
}
