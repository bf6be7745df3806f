/** Codes of public SDMX code lists as data: what units of other publishers mean, and how results are written in SDMX's own codes. */
import type { Labels } from '../types.ts'
import type { Frequency, Unit, UnitKind } from './types.ts'

/**
 * Codes of units that stand in place of words, in the words that the readers know. Sources: CL_UNIT of the IMF and of the SDMX
 * definitions for national accounts (PT, IX, NUM, PS, HW, JB, XDC), CL_UNIT of the ECB (PC, PCCH, PCPA, PERS), CL_UNIT_MEASURE of
 * the OECD (PA, PT_B1GQ, USD_PPP) and the code list UNIT of Eurostat (the others).
 */
const UNIT_WORDS: ReadonlyMap<string, string> = new Map([
  ['PT', 'Percent'],
  ['PC', 'Percent'],
  ['PA', 'Percent per annum'],
  ['PCPA', 'Percent per annum'],
  ['PCCH', 'Percentage change'],
  ['PCH_PRE', 'Percentage change on previous period'],
  ['PCH_SM', 'Percentage change compared to same period in previous year'],
  ['PT_B1GQ', 'Percentage of GDP'],
  ['PC_GDP', 'Percentage of GDP'],
  ['IX', 'Index'],
  ['NUM', 'Number'],
  ['NR', 'Number'],
  ['PS', 'Persons'],
  ['PER', 'Persons'],
  ['PERS', 'Persons'],
  ['THS_PER', 'Thousand persons'],
  ['JB', 'Number of jobs'],
  ['HW', 'Hours worked'],
  ['THS_HW', 'Thousand hours worked'],
  ['XDC', 'National currency'],
  ['NAC', 'National currency'],
  ['MIO_NAC', 'Million national currency'],
  ['XDC_USD', 'National currency per US dollar'],
  ['USD_PPP', 'International dollars'],
  ['USD_PPP_PS', 'International dollars per person'],
  ['EUR_HAB', 'Euro per inhabitant'],
  ['THS_T', 'Thousand tonnes'],
])

/** Families of codes: prices and chain-linked volumes of Eurostat, indices by their base year, and percentages of something. */
const UNIT_FAMILIES: readonly (readonly [RegExp, (match: RegExpExecArray) => string])[] = [
  [
    /^(?:CP|CLV\d{2}|PYP)_(M?)(EUR|NAC)(_HAB)?$/,
    ([, million, currency, perHead]) =>
      `${million === 'M' ? 'Million ' : ''}${currency === 'EUR' ? 'euro' : 'national currency'}${perHead === undefined ? '' : ' per inhabitant'}`,
  ],
  [/^I\d{2}$/, () => 'Index'],
  [/^(?:PT|PC)_[A-Z0-9_]{2,}$/, () => 'Percent'],
]
const LONGEST_CODE = 40

/** The words of a units text that is a code of a public list; any other text as it is. */
export function unitInWords(units: string): string {
  const code = units.trim()
  if (code.length > LONGEST_CODE || !/^[A-Z][A-Z0-9_]+$/.test(code)) return units
  const known = UNIT_WORDS.get(code)
  if (known !== undefined) return known
  for (const [family, words] of UNIT_FAMILIES) {
    const match = family.exec(code)
    if (match !== null) return words(match)
  }
  return units
}

/**
 * CL_UNIT_MULT 1.1 of SDMX: powers of ten, in the words that the readers know. 1, for tens, is left out, because elsewhere a scale
 * of 1 says that nothing is multiplied, and no label is 10.
 */
const MULTIPLIER_WORDS: ReadonlyMap<string, string> = new Map([
  ['0', 'units'],
  ['2', '100'],
  ['3', 'thousand'],
  ['4', '10 thousand'],
  ['5', '100 thousand'],
  ['6', 'million'],
  ['7', '10 million'],
  ['8', '100 million'],
  ['9', 'billion'],
  ['12', 'trillion'],
  ['15', 'quadrillion'],
])

/** The words of a scale text that is a code of CL_UNIT_MULT; any other text as it is. */
export function multiplierInWords(scale: string): string {
  return MULTIPLIER_WORDS.get(scale.trim()) ?? scale
}

/** CL_FREQ 2.1 of SDMX. */
const FREQUENCY_CODES: Readonly<Record<Frequency, string>> = {
  daily: 'D',
  weekly: 'W',
  monthly: 'M',
  quarterly: 'Q',
  semiannual: 'S',
  annual: 'A',
  irregular: '_O',
  unknown: '_U',
}

/** CL_UNIT of the IMF. Kinds of which each unit has a code of its own have none. */
const KIND_CODES: Readonly<Partial<Record<UnitKind, string>>> = { percentage: 'PT', index: 'IX', count: 'NUM' }
/** Currencies that are not written by their ISO 4217 code: CL_UNIT of the IMF, and CL_UNIT_MEASURE of the OECD. */
const CURRENCIES: ReadonlyMap<string, string> = new Map([
  ['LCU', 'XDC'],
  ['INTL', 'USD_PPP'],
])

export const SDMX_COLUMNS = ['sdmx_freq', 'sdmx_unit_mult', 'sdmx_unit_measure'] as const

/** The codes of a result; "" where the lists have none, as for money by the barrel. */
export function sdmxCodesOf(labels: Labels): Readonly<Record<(typeof SDMX_COLUMNS)[number], string>> {
  const scale = labels['unit_scale']
  return {
    sdmx_freq: FREQUENCY_CODES[labels['frequency'] as Frequency] ?? '',
    sdmx_unit_mult: typeof scale === 'number' && scale > 0 ? String(Math.round(Math.log10(scale))) : '',
    sdmx_unit_measure: measureOf({
      kind: labels['unit_kind'] as UnitKind,
      currency: typeof labels['unit_currency'] === 'string' ? labels['unit_currency'] : null,
      per: typeof labels['unit_per'] === 'string' ? labels['unit_per'] : null,
    }),
  }
}

function measureOf({ kind, currency, per }: Omit<Unit, 'scale'>): string {
  if (per !== null) return ''
  if (kind === 'currency' && currency !== null) return CURRENCIES.get(currency) ?? currency
  return KIND_CODES[kind] ?? ''
}
