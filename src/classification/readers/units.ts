import { UNIT_SCALES } from '../codebook.ts'
import { CURRENCY_CODES } from '../currency-codes.ts'
import type { FieldReading, Unit, UnitKind } from '../types.ts'
import { CURRENCY_WORDS, WORDLIKE_CODES } from './currency-words.ts'
import {
  BECAUSE,
  CJK_WORDS,
  COUNT,
  DURATION,
  EMPTY,
  FLAG,
  INDEX,
  MONEY_LETTERS,
  NAMES_MEASURE,
  NAMES_THINGS,
  NOTES,
  PERCENT,
  PHYSICAL,
  RATIO_WORD,
  SCALE_WORDS,
  TEMPERATURE,
  UNIT_FILLER,
} from './unit-words.ts'

export interface UnitInput {
  readonly units?: string | undefined
  readonly name: string
  readonly scale?: string | undefined
  readonly currency_code?: string | undefined
}

/** Longer text is not a unit; the cap also bounds every pattern below. */
const MAX_UNITS = 240
const MAX_NAME = 400

function cap(text: string, max: number): string {
  return text.length > max ? text.slice(0, max) : text
}

/** NFKC folds full-width signs, but would make 10⁶ a 106; separators between groups of digits go, Indian ones too. */
function normalize(raw: string, max: number): string {
  let text = cap(raw, max)
    .replace(/(?<=10)[⁰-⁹²³]{1,2}/g, (power) => `^${power.normalize('NFKC')}`)
    .normalize('NFKC')
    .replace(/\b10(?:\^|\*\*)(\d{1,2})(?!\d)|\b1e(\d{1,2})\b/gi, (_, caret?: string, e?: string) => {
      return String(10 ** Number(caret ?? e))
    })
  for (const [pattern, word] of CJK_WORDS) text = text.replace(pattern, word)
  return text
    .replace(/(?<![\d.,])(\d{1,3})[,.'’ \u202f](\d{3})(?:[,.'’ \u202f](\d{3}))?(?![\d.,]?\d)/g, '$1$2$3')
    .replace(/(?<![\d.,])(\d{1,2}),(\d{2}),(\d{3})(?![\d.,]?\d)/g, '$1$2$3')
    .replace(/(^|[\s(])['’]0{3}s?\b|\b000s?\b/g, '$1 1000 ')
    .replace(/\s+/g, ' ')
    .trim()
}

interface Reading {
  readonly kind: UnitKind
  readonly scale: number
  readonly currency: string | null
  readonly per: string | null
  readonly rule: string
}

function reading(kind: UnitKind, rule: string, more: Partial<Omit<Reading, 'kind' | 'rule'>> = {}): Reading {
  return { kind, scale: 1, currency: null, per: null, ...more, rule }
}

/** The product of the multipliers above the line, or the largest of them where the product is none of the codebook. */
function readScale(numerator: string, money: boolean): number {
  // The letters of "B$" are a country's, no billion.
  const tokens =
    numerator.replace(/(?<!\p{L})\p{Lu}{1,3}(?=[$£])/gu, '').match(/[\p{L}\p{M}]+\.?|\d+(?:\.\d+)?/gu) ?? []
  const factors: number[] = []
  for (const [position, raw] of tokens.entries()) {
    const token = raw.toLowerCase()
    const bare = token.endsWith('.') ? token.slice(0, -1) : token
    const next = tokens[position + 1]?.toLowerCase() ?? ''
    if (/^10{1,6}$/.test(token)) {
      if (tokens[position - 1]?.toLowerCase() !== 'in') factors.push(Number(token))
    } else if (bare === 'mil') {
      const romance = /^(?:mill|m$|de$|pesos|rea|pers|pess|tone|uni)/.test(next) || /\br\$|\bbrl\b/i.test(numerator)
      factors.push(romance ? 1e3 : 1e6)
    } else if (bare === 'bin') {
      // Turkish for a thousand, and a container.
      if (money || /^(?:ton|adet|kişi|kg|metre|litre|konut|hane|kwh)/.test(next)) factors.push(1e3)
    } else if (bare === 'mm' || bare === 'th' || bare === 'md' || bare === 'man' || bare === 'cr') {
      // "mm" is also a millimetre, "th" an ordinal, "bin" a container: beside money or another word of units only.
      if (money || (bare === 'th' && next !== '')) factors.push(SCALE_WORDS.get(bare) ?? 1)
    } else {
      const scale = SCALE_WORDS.get(token) ?? SCALE_WORDS.get(bare) ?? (money ? MONEY_LETTERS.get(bare) : undefined)
      if (scale !== undefined) factors.push(scale)
    }
  }
  const product = factors.reduce((all, factor) => all * factor, 1)
  if (UNIT_SCALES.some((scale) => scale === product)) return product
  const largest = Math.max(1, ...factors)
  return UNIT_SCALES.some((scale) => scale === largest) ? largest : 1
}

/** A code stands whole and in capitals; word-like codes need a text that is otherwise made of unit words. */
function readCode(numerator: string): string | null {
  const tokens = numerator.match(/[\p{L}\p{M}]+\.?|\d+/gu) ?? []
  for (const [position, token] of tokens.entries()) {
    const code = token.replace(/\.$/, '')
    if (!CURRENCY_CODES.has(code)) continue
    if (!WORDLIKE_CODES.has(code)) return code
    const fits = tokens.every((other, at) => {
      if (at === position) return true
      if (/^(?:19|20)\d\d$/.test(other)) return true
      if (/^\d+$/.test(other)) return /^10+$/.test(other) && at + 1 < tokens.length
      const word = other.toLowerCase().replace(/\.$/, '')
      return UNIT_FILLER.test(word) || SCALE_WORDS.has(word) || MONEY_LETTERS.has(word)
    })
    if (fits) return code
  }
  return null
}

function readCurrency(numerator: string, ownCode: string | null): string | null {
  const lower = numerator.toLowerCase()
  for (const { pattern, code } of CURRENCY_WORDS.slice(0, 2)) if (pattern.test(lower)) return code
  const written = readCode(numerator)
  if (written !== null) return written
  for (const { pattern, code } of CURRENCY_WORDS) if (pattern.test(lower)) return code ?? ownCode ?? 'LCU'
  return null
}

const PER_NAMES: readonly (readonly [RegExp, string])[] = [
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

function readPer(below: string): string | null {
  const text = (below.split(/[,;(]/, 1)[0] ?? '').trim()
  if (text === '') return null
  if (/^\d+$/.test(text)) return `${text} people`
  const lower = text.toLowerCase()
  for (const [pattern, name] of PER_NAMES) if (pattern.test(lower)) return name
  if (/^(?:constant |current )?(?:\d{4} )?(?:us ?\$|\$|us dollars?)/.test(lower))
    return lower.replace(/us ?\$|\$/, 'USD')
  if (/^(?:international|ppp) ?(?:\$|dollars?)?$/.test(lower)) return 'INTL'
  return cap(text, 80)
}

/** Written in one word with a currency code: "TEUR" is a thousand of them in German books. */
const GLUED: ReadonlyMap<string, string> = new Map([
  ['k', 'thousand'],
  ['K', 'thousand'],
  ['T', 'thousand'],
  ['MM', 'million'],
])
/** Pence and cents as exchanges quote them: GBp, USc, ZAc, GBX. */
const MINOR_UNITS: ReadonlyMap<string, string> = new Map([
  ['GB', 'GBP'],
  ['US', 'USD'],
  ['ZA', 'ZAR'],
  ['EU', 'EUR'],
])

/** What stands above and below the line. "BBL/D/1K" carries its multiplier at the end. */
function split(text: string): { above: string; below: string; factor: number } {
  const oil = /^(.{1,20}?)(?:\/(d|day))?\/ ?1 ?(k|m|million|thousand)$/i.exec(text)
  if (oil) return { above: oil[1] ?? '', below: oil[2] ?? '', factor: /^[kt]/i.test(oil[3] ?? '') ? 1e3 : 1e6 }
  const daily = /^(.{0,40}?)\b(k|m|mm)?b(?:bl)?\/?p?d$/i.exec(text)
  if (daily) {
    const letter = (daily[2] ?? '').toLowerCase()
    const factor = letter === 'k' ? 1e3 : letter === '' ? 1 : 1e6
    return { above: `${daily[1] ?? ''} barrels`, below: 'day', factor }
  }
  const line = /(?:^|\s)(?:per|pro|por|par|je|на)\s|\/(?!\s*(?:or|and)\b)|\ba year\b|\bp\.?a\.?$/i.exec(text)
  if (!line) return { above: text, below: '', factor: 1 }
  const sign = line[0].toLowerCase()
  const below = sign.includes('year') || sign.startsWith('p.') || sign.startsWith('pa') ? 'year' : ''
  const rest = text.slice(line.index + line[0].length).trim()
  return { above: text.slice(0, line.index).trim(), below: below === '' || rest !== '' ? rest : below, factor: 1 }
}

function readText(raw: string, ownCode: string | null): Reading | null {
  const text = normalize(raw, MAX_UNITS)
  const lower = text.toLowerCase().replace(NOTES, ' ').trim()
  if (EMPTY.test(lower)) return null
  if (FLAG.test(lower)) return reading('flag', 'units-flag')
  if (PERCENT.test(lower)) return reading('percentage', 'units-percent')
  if (INDEX.test(lower)) return reading('index', 'units-index')
  // The notes are cut from a text that keeps its capitals, because a currency code needs them.
  const kept = text.replace(NOTES, ' ').replace(/^[\s,;:]+|[\s,;:]+$/g, '')
  const joined = kept
    .replace(/\b([A-Z]{3})(mn|bn|tn|m|k|mln|bln)\b/g, '$1 $2')
    .replace(/(?<![\p{L}])(MM|[kKT])([A-Z]{3})\b/gu, (whole, letters: string, code: string) =>
      CURRENCY_CODES.has(code) ? `${GLUED.get(letters) ?? ''} ${code}` : whole,
    )
    .replace(/^T€/, 'thousand €')
    .replace(/^S\/\.?(?= ?(?:\d|mil|bil|m\b|$))/i, 'soles ')
    .replace(/^(p|ct?) ?\/ ?(?=[kmg]wh|l\b|lit|kg|lb|the?rm|thm|unit)/i, (_, minor: string) =>
      minor.toLowerCase() === 'p' ? 'pence/' : 'cents/',
    )
    .replace(/^([A-Z]{2})(?:[cp]|X)(?= ?\/|$)/, (whole, land: string) => MINOR_UNITS.get(land) ?? whole)
    .replace(/^M (?=\p{L}{4})/u, 'million ')
    .replace(/([$€£])(?=[a-z])/gi, '$1 ')
    .replace(/\bM([A-Z]{3}|kr)\b/g, (whole, code: string) =>
      code === 'kr' || CURRENCY_CODES.has(code) ? `M ${code}` : whole,
    )
  const { above, below, factor } = split(joined)
  const per = readPer(below)
  const money = readCurrency(above, ownCode)
  const scaled = Math.max(factor, readScale(above, money !== null))
  if (money !== null) return reading('currency', 'units-currency', { scale: scaled, currency: money, per })
  const top = above.toLowerCase().replace(/[().]/g, ' ')
  if (RATIO_WORD.test(top)) return reading('ratio', 'units-ratio', { per })
  if (/^[\d ]*$/.test(top) && below !== '') return reading('rate', 'units-rate', { per })
  if (TEMPERATURE.test(top)) return reading('temperature', 'units-temperature')
  // "years" beside a quantity says whose quantity it is: "liters of alcohol, 15+ years of age".
  if (PHYSICAL.test(top)) return reading('physical', 'units-physical', { scale: scaled, per })
  if (DURATION.test(top)) return reading('duration', 'units-duration', { scale: scaled, per })
  if (/\bmale births\b/.test(top)) return reading('ratio', 'units-ratio', { per })
  const grouped = /^\d{3}/.test(below) || (/[a-z]/.test(below) && !/^(?:day|month|year|week|quarter)s?$/i.test(below))
  if (COUNT.test(top)) {
    if (grouped) return reading('rate', 'units-rate', { per })
    return reading('count', 'units-count', { scale: scaled, per })
  }
  if (grouped) return reading('rate', 'units-rate', { per })
  if (scaled > 1) {
    const rule = isMultiplierAlone(top) ? 'units-multiplier-only' : 'units-multiplier-of-unread'
    return reading('count', rule, { scale: scaled, per })
  }
  return reading('unknown', 'units-unread', { per })
}

/** "Tens of Million", not "Thousand Quux": what is counted may then be anything. */
function isMultiplierAlone(top: string): boolean {
  const words = top.match(/[\p{L}\p{M}]+/gu) ?? []
  return words.every((word) => SCALE_WORDS.has(word) || MONEY_LETTERS.has(word) || /^(?:of|in|the)$/.test(word))
}

/** Empty units: the name's own bracket, then what the name names (ruling 8). */
function readName(rawName: string, ownCode: string | null): Reading {
  const name = normalize(rawName, MAX_NAME)
  const lower = name.toLowerCase()
  if (/^number of (?!\w+ per\b)/.test(lower)) return reading('count', 'name-things')
  for (const { 0: bracket, index } of [...name.matchAll(/\([^()]{1,200}\)/g)].reverse()) {
    // A bracket within the name says something of what is measured, "(2011 PPP)"; the unit stands at the end.
    const after = name.slice(index + bracket.length).replace(/\([^()]*\)/g, '')
    if (!/^ *(?:, [A-Z][^()]*)?$/.test(after)) continue
    const inner = bracket.slice(1, -1)
    // A code alone in brackets names the currency of an FX series; a word alone is an abbreviation.
    if (/^[A-Z0-9]{2,6}$/.test(inner) && !CURRENCY_CODES.has(inner)) continue
    const found = readText(inner, ownCode)
    if (found && found.kind !== 'unknown' && !/^\d/.test(inner)) return { ...found, rule: 'name-bracket' }
    if (found && /[%$=]|per /.test(inner) && found.kind !== 'unknown') return { ...found, rule: 'name-bracket' }
  }
  if (/(?:^|, |\bas |\bin )(?:a )?(?:%|percent|per cent)/.test(lower)) return reading('percentage', 'name-percent')
  if (/\brank(?:ing)?\b/.test(lower)) return reading('index', 'name-rank')
  if (/\bratio\b/.test(lower) && / to |[-/]to[-/]|\w[-/]\w+ ratio/.test(lower))
    return reading('ratio', 'name-x-to-y-ratio')
  const per = /\bper (\d[\d ]{0,12}[a-z. ]{0,40}|capita|person|worker)/.exec(lower)
  if (per && NAMES_MEASURE.test(lower) === false) return reading('rate', 'name-per', { per: readPer(per[1] ?? '') })
  if (NAMES_THINGS.test(lower) && !NAMES_MEASURE.test(lower)) return reading('count', 'name-things')
  return reading('unknown', 'units-empty')
}

/** Reads one unit (units table, rulings 8 and 9). Never throws; text beyond 240 characters is ignored. */
export function parseUnits(input: UnitInput): FieldReading<Unit> {
  const own = input.currency_code?.trim().toUpperCase() ?? ''
  const ownCode = CURRENCY_CODES.has(own) ? own : null
  const fromUnits = readText(input.units ?? '', ownCode)
  let found = fromUnits ?? readName(input.name, ownCode)
  if (found.rule === 'units-multiplier-only' && ownCode !== null && !NAMES_THINGS.test(input.name.toLowerCase())) {
    found = { ...found, kind: 'currency', currency: ownCode, rule: 'currency-code' }
  }
  if (found.per === null && found.kind === 'currency' && echoesBracket(input)) {
    const per = /\bper (capita|person|worker)\b/i.exec(cap(input.name, MAX_NAME))
    if (per) found = { ...found, per: (per[1] ?? '').toLowerCase() === 'worker' ? 'worker' : 'person' }
  }
  if (found.scale === 1 && input.scale !== undefined && /^(?:currency|count|physical|duration)$/.test(found.kind)) {
    found = { ...found, scale: readScale(normalize(input.scale, 60), true) }
  }
  const { kind, scale, currency, per, rule } = found
  const value: Unit = { kind, scale, currency, per }
  const sure = kind !== 'unknown' && rule !== 'units-multiplier-of-unread'
  return { value, sure, rule, because: BECAUSE[rule] ?? 'Read from the units.' }
}

function echoesBracket(input: UnitInput): boolean {
  const units = cap(input.units ?? '', MAX_UNITS)
    .toLowerCase()
    .trim()
  return units === '' || cap(input.name, MAX_NAME).toLowerCase().includes(`(${units})`)
}
