/** Matches the names of columns with the fields of an indicator by the table of synonyms in synonyms.json. */
import { RECORD_TEXTS, type RecordText } from '../../codebooks/record-texts.ts'
import table from './synonyms.json' with { type: 'json' }

/** The fields that a column can be. */
export type MappedField = 'indicator_id' | RecordText | 'sample_values'
export const MAPPED_FIELDS: readonly MappedField[] = ['indicator_id', ...RECORD_TEXTS, 'sample_values']

export interface Match {
  readonly field: MappedField
  /** The place among the names of the field, 0 the best; the field's own name is -1. */
  readonly rank: number
  readonly isWeak: boolean
}

/** Letters that have no accent to leave out, as they are written without them. */
const LETTERS: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', æ: 'ae', œ: 'oe', ß: 'ss', ı: 'i', đ: 'd' }

/** A name of a column without case, accents and signs, such as "unit of measure". */
export function plainName(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/([\p{Ll}\d])(?=\p{Lu})/gu, '$1 ')
    .toLowerCase()
    .replace(/[łøæœßıđ]/g, (letter) => LETTERS[letter] ?? letter)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
  return name.startsWith('@') ? `@${plain}` : plain
}

/** The most characters of a name of a column; a longer one is a text. */
const MAX_NAME = 300

/** The table by plain names, as it is looked up. */
interface Lookup {
  readonly matches: ReadonlyMap<string, readonly Match[]>
  readonly time: ReadonlySet<string>
  readonly value: ReadonlySet<string>
  readonly attributes: ReadonlySet<string>
  readonly generic: ReadonlySet<string>
}

let built: Lookup | undefined

/** Builds the table at its first use, because most commands read no catalogue. */
function lookup(): Lookup {
  built ??= {
    matches: buildMatches(),
    time: wordsOf(table.time),
    value: wordsOf(table.value),
    attributes: wordsOf(table.observation_attributes),
    generic: wordsOf(table.generic_dimensions),
  }
  return built
}

function buildMatches(): Map<string, Match[]> {
  const matches = new Map<string, Match[]>()
  const names: Readonly<Record<string, readonly string[]>> = table.fields
  for (const field of MAPPED_FIELDS) {
    const add = (name: string, rank: number) => {
      const key = plainName(name)
      const known = matches.get(key) ?? []
      if (known.some((match) => match.field === field)) return
      matches.set(key, [...known, { field, rank, isWeak: name.endsWith('?') }])
    }
    add(field, -1)
    for (const [rank, name] of (names[field] ?? []).entries()) add(name, rank)
  }
  return matches
}

function wordsOf(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map(plainName))
}

/**
 * The fields that a column of this name may be. A name with a colon, as BIS and Eurostat write "FREQ:Frequency", counts by each
 * part; one with dots, as a nested value of JSON has, by its whole and by its last parts, "source.value" also as "source".
 */
export function matchesOf(name: string): readonly Match[] {
  for (const spelling of spellingsOf(name)) {
    const found = lookup().matches.get(spelling)
    if (found !== undefined) return found
  }
  return []
}

function spellingsOf(name: string): string[] {
  if (name.length > MAX_NAME) return []
  const plain = [name, name.replace(/\[\d\]|#\d+$/g, '')]
  const colon = /^([^:]+):\s*(.+)$/.exec(name)
  if (colon !== null) plain.push(colon[2] ?? '', colon[1] ?? '')
  const bracket = /^\[(.+)\]$/.exec(name)
  if (bracket !== null) plain.push(bracket[1] ?? '')
  if (/\.(?:value|name|label|text|title|en)$/i.test(name)) plain.push(name.slice(0, name.lastIndexOf('.')))
  const unit = /^(.+?)\s*[([][^)\]]*[)\]]$/.exec(name)
  if (unit !== null) plain.push(unit[1] ?? '')
  if (name.startsWith('@')) plain.push(name.slice(1))
  return plain.map(plainName)
}

/** Whether any field, or a time or a value, goes by this name. */
export function hasKnownWord(name: string): boolean {
  return matchesOf(name).length > 0 || isTimeName(name) || isValueName(name)
}

export function isTimeName(name: string): boolean {
  return spellingsOf(name).some((spelling) => lookup().time.has(spelling))
}

export function isValueName(name: string): boolean {
  return spellingsOf(name).some((spelling) => lookup().value.has(spelling))
}

/** Whether the column says something of one observation and not of the series. */
export function isAttributeName(name: string): boolean {
  return spellingsOf(name).some((spelling) => lookup().attributes.has(spelling))
}

/** Whether the column says where, how often or in what unit something is measured, and not what. */
export function isGenericName(name: string): boolean {
  return spellingsOf(name).some((spelling) => lookup().generic.has(spelling))
}
