/** The unit reader: reads kind, scale, currency and denominator of an indicator's unit from its units, name, scale and currency code. */
import { CURRENCY_CODES } from '../currency-codes.ts'
import { multiplierInWords } from '../sdmx-codes.ts'
import type { FieldReading, Unit, UnitKind } from '../types.ts'
import type { OwnCurrency } from './currency-places.ts'
import { checkUnit } from './unit-doubts.ts'
import { MAX_NAME_LENGTH, readUnitFromName } from './unit-from-name.ts'
import { MAX_UNITS_LENGTH, readUnitText, type UnitByRule } from './unit-from-text.ts'
import { cap, normaliseUnitText } from './unit-normalise.ts'
import { readScale } from './unit-scale.ts'
import { BECAUSE, NAMES_AMOUNT, NAMES_THINGS } from './unit-words.ts'
import { areAllWordsRead } from './unit-words-read.ts'

export interface UnitInput {
  readonly units?: string | undefined
  readonly name: string
  readonly scale?: string | undefined
  readonly currency_code?: string | undefined
  readonly country?: string | undefined
  readonly source_name?: string | undefined
  readonly dataset?: string | undefined
  readonly description?: string | undefined
}

/** A multiplier for which the codebook has no value. */
const UNREAD_SCALE = /^quadrillion/i
/** The most characters of the indicator's `scale` text that are read. */
const MAX_SCALE_LENGTH = 60

/**
 * Reads the unit from the units text or, where that text is empty or a note, from the name. The indicator's `scale` counts
 * only where the units name no multiplier, and its `currency_code` only where the units name no currency or one that several
 * currencies share. The reading is sure where every word of the unit is known and no other text speaks against it. `onPlace` is
 * called where the currency code, country, source or data set were looked at; else any others give the same reading.
 */
export function parseUnits(input: UnitInput, onPlace: () => void = () => undefined): FieldReading<Unit> {
  const own = ownCurrencyOf(input, onPlace)
  const units = input.units ?? ''
  let found = readUnitText(units, own) ?? readUnitFromName(input.name, own)
  if (found.rule === 'units-multiplier-only' && own.code !== null && !NAMES_THINGS.test(input.name.toLowerCase())) {
    found = { ...found, kind: 'currency', currency: own.code, rule: 'currency-code' }
  }
  if (found.per === null && found.kind === 'currency' && isUnitFromName(input)) {
    const per = /\bper (capita|person|worker)\b/i.exec(cap(input.name, MAX_NAME_LENGTH))
    if (per) found = { ...found, per: (per[1] ?? '').toLowerCase() === 'worker' ? 'worker' : 'person' }
  }
  const stated = multiplierInWords(input.scale ?? '')
  if (found.scale === 1 && stated !== '' && /^(?:currency|count|physical|duration)$/.test(found.kind)) {
    found = { ...found, scale: readScale(normaliseUnitText(stated, MAX_SCALE_LENGTH), true) }
  }
  const texts = { units, name: input.name, description: input.description ?? '', scale: stated, own }
  const { unit, isDoubted } = checkUnit(found, texts)
  const { kind, scale, currency, per, rule } = unit
  const value: Unit = { kind, scale, currency, per }
  const sure =
    !isDoubted && !UNREAD_SCALE.test(stated) && rule !== 'units-multiplier-of-unread' && isWhollyRead(input, unit)
  return { value, sure, rule, because: BECAUSE[rule] ?? 'Read from the units.' }
}

function ownCurrencyOf(
  { currency_code, country, source_name, dataset, name }: UnitInput,
  onPlace: () => void,
): OwnCurrency {
  const code = currency_code?.trim().toUpperCase() ?? ''
  const own = {
    code: CURRENCY_CODES.has(code) ? code : null,
    country: country ?? '',
    source: source_name ?? '',
    others: [dataset ?? '', name],
  }
  const seen = <Value>(value: Value): Value => {
    onPlace()
    return value
  }
  return {
    get code() {
      return seen(own.code)
    },
    get country() {
      return seen(own.country)
    },
    get source() {
      return seen(own.source)
    },
    get others() {
      return seen(own.others)
    },
  }
}

/** Words of a group of people, which a bracket of a name names without being a unit. */
const NAMES_GROUP = /\b(?:wom[ae]n|m[ae]n|girls?|boys?|(?:fe)?males?|above|below|over|under|older|aged?|ages)\b/
/** Kinds that one word proves, whatever stands beside it: "Percent of Foo" is a percentage. */
const PROVEN: ReadonlySet<UnitKind> = new Set(['percentage', 'flag'])
/** Words that prove an index. "Points", "scale" and "stars" alone do not. */
const PROVES_INDEX =
  /\bind(?:ex|ices|exes)\b|= ?100\b|\bscores?\b|\branks?\b|\branking\b|^(?:index )?points?$|\b\d{1,3} ?= ?[a-z]/

/**
 * Whether no word of the unit is unread, a multiplier alone does not stand beside the name of money, and the currency is no
 * guess: "pesos" or "cents" without the indicator's own currency code may be those of several countries.
 */
function isWhollyRead(input: UnitInput, { kind, rule, text: part, isGuess }: UnitByRule): boolean {
  const text = normaliseUnitText(input.units ?? '', MAX_UNITS_LENGTH).toLowerCase()
  if (PROVEN.has(kind) || (kind === 'index' && PROVES_INDEX.test(part?.toLowerCase() ?? text))) return true
  if (isGuess === true) return false
  if (rule === 'units-multiplier-only' && NAMES_AMOUNT.test(input.name.toLowerCase())) return false
  if (part === undefined) return areAllWordsRead(text)
  // A bracket such as "(women 15 to 24 years)" names a group, and the unit stands elsewhere.
  const isGroup = /^(?:count|duration)$/.test(kind) && NAMES_GROUP.test(part.toLowerCase()) && !/^number/i.test(part)
  return !isGroup && areAllWordsRead(part.toLowerCase())
}

/**
 * Whether the units text is empty or repeats the bracket of the name, so that the name may add a denominator (ruling 9 of the
 * codebook).
 */
function isUnitFromName(input: UnitInput): boolean {
  const units = cap(input.units ?? '', MAX_UNITS_LENGTH)
    .toLowerCase()
    .trim()
  return units === '' || cap(input.name, MAX_NAME_LENGTH).toLowerCase().includes(`(${units})`)
}
