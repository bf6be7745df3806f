/** The decision and the corrections of one line of a review file, as people write them.
 *
 * A decision is a keyword such as accept, or corrections as an object, as a text such as "topic=prices kind=notice", or as
 * a list of such texts.
 */
import { printable, showValue } from '../catalogue/problem-report.ts'
import { parseOutsideJson } from '../lib/json/json.ts'
import { nearestName } from '../lib/nearest-name.ts'

/** A label as a person wrote it; a list where JSON gives the labels of a field with several, null where a request says that there is none. */
export type CorrectionText = string | readonly string[] | null

/** The corrections of a line: pairs of a field name and its new label, in the order of the file. */
export type Corrections = readonly (readonly [field: string, label: CorrectionText])[]

/** The advice at the end of every message about a decision that cannot be read. */
export const DECISION_ADVICE =
  'write accept, or corrections such as field=value other_field=value, or leave it empty to decide later'

/** The keywords that a reviewer may write in the field `decision`, in lower case, and the meaning of each. */
const KEYWORDS: ReadonlyMap<string, 'accept' | 'correct' | 'skip'> = new Map([
  ['accept', 'accept'],
  ['accepted', 'accept'],
  ['ok', 'accept'],
  ['correct', 'correct'],
  ['corrected', 'correct'],
  ['skip', 'skip'],
  ['later', 'skip'],
])
/** The form of one correction, such as "topic=prices" or "topic: prices". */
const CORRECTION = /^([^\s=]+)\s*[=:]\s*(.+)$/s
/** The corrections of a text: words, which may hold a label in double quotes so that it can have spaces and commas. */
const CORRECTION_WORDS = /(?:"[^"]*"|[^\s,;])+/g

interface Unreadable {
  readonly problem: string
}

/** Whether `word`, from a review file of plain lines, is a complete decision: accept, skip, or field=value. */
export function isDecisionWord(word: string): boolean {
  const keyword = KEYWORDS.get(word.toLowerCase())
  return word.includes('=') || keyword === 'accept' || keyword === 'skip'
}

/** Reads the field `decision`, which holds a keyword, corrections instead of a keyword, or nothing. */
export function readDecision(
  value: unknown,
): { readonly keyword: 'accept' | 'correct' | 'skip' | undefined; readonly corrections: Corrections } | Unreadable {
  if (typeof value === 'string') {
    const word = value.trim().toLowerCase()
    if (word === '') return { keyword: undefined, corrections: [] }
    const keyword = KEYWORDS.get(word)
    if (keyword !== undefined) return { keyword, corrections: [] }
    if (!word.includes('=')) {
      const meant = nearestName(word, ['accept', 'correct', 'skip'])
      const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
      return { problem: `is ${showValue(value)}${hint}: ${DECISION_ADVICE}` }
    }
  }
  const read = readCorrections(value)
  return 'problem' in read ? read : { keyword: undefined, corrections: read.corrections }
}

/** Reads the field `corrections`; a missing or empty value means that there are no corrections. */
export function readCorrections(value: unknown): { readonly corrections: Corrections } | Unreadable {
  if (value === undefined || value === null) return { corrections: [] }
  if (typeof value === 'string') return readText(value)
  if (Array.isArray(value)) return readList(value)
  if (typeof value !== 'object') return unreadable('is', value)
  const corrections: (readonly [string, CorrectionText])[] = []
  for (const [field, label] of Object.entries(value)) {
    if (label === null || label === '') continue
    const written = labelOf(label)
    if (written === undefined) return unreadable(`${printable(field)} is`, label)
    corrections.push([field.trim().toLowerCase(), written])
  }
  return { corrections }
}

/** Reads the label of a JSON line: a text, a number, or a list of these; undefined for anything else. */
function labelOf(value: unknown): CorrectionText | undefined {
  if (typeof value === 'string' || typeof value === 'number') return String(value).trim()
  if (!Array.isArray(value)) return undefined
  const texts = value.flatMap((one: unknown) =>
    typeof one === 'string' || typeof one === 'number' ? [String(one)] : [],
  )
  return texts.length === value.length ? texts : undefined
}

function readList(parts: readonly unknown[]): { readonly corrections: Corrections } | Unreadable {
  const corrections: (readonly [string, CorrectionText])[] = []
  for (const part of parts) {
    const read = typeof part === 'string' ? readText(part) : unreadable('holds', part)
    if ('problem' in read) return read
    corrections.push(...read.corrections)
  }
  return { corrections }
}

/** The text without spaces around its equals signs. A pattern of spaces would take quadratic time on a file of nothing else. */
export function closeEquals(text: string): string {
  return text
    .split('=')
    .map((part) => part.trim())
    .join('=')
}

function readText(text: string): { readonly corrections: Corrections } | Unreadable {
  if (text.trim().startsWith('{')) {
    const value = parseOutsideJson(text)
    return typeof value === 'object' && value !== null ? readCorrections(value) : unreadable('is', text)
  }
  const corrections: (readonly [string, CorrectionText])[] = []
  for (const part of closeEquals(text).match(CORRECTION_WORDS) ?? []) {
    const [, field, label] = CORRECTION.exec(part) ?? []
    if (field === undefined || label === undefined) {
      return { problem: `holds ${showValue(part)}, which is not field=value: ${DECISION_ADVICE}` }
    }
    corrections.push([field.toLowerCase(), label.replace(/^"([^"]*)"$/s, '$1')])
  }
  return { corrections }
}

function unreadable(verb: string, value: unknown): Unreadable {
  return { problem: `${verb} ${showValue(value)}: ${DECISION_ADVICE}` }
}
