/** Reads the cell of any format as one text. */
import { isRecord } from '../../lib/json/json.ts'

const MAX_ITEMS = 50
/** The properties of an object that say what it is, the best first. */
const SPEAKING = ['value', 'name', 'label', 'title', 'id'] as const

/** The text of a cell; "" where it has none. Lists become their texts behind each other, objects what they are called. */
export function cellText(cell: unknown): string {
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number' || typeof cell === 'boolean' || typeof cell === 'bigint') return String(cell)
  if (Array.isArray(cell)) {
    const texts = cell.slice(0, MAX_ITEMS).map((item: unknown) => cellText(item).trim())
    return [...new Set(texts)].filter((text) => text !== '').join(', ')
  }
  if (!isRecord(cell)) return ''
  const found = SPEAKING.map((property) => cell[property]).find(
    (value) => typeof value === 'string' || typeof value === 'number',
  )
  return found === undefined ? '' : String(found)
}

/** A code in front of its name, as BIS and SDMX-CSV with labels write it: "M: Monthly", "M:Monthly", "ECB:EXR(1.0): Exchange rates". */
const CODED = /^([A-Z0-9_][A-Z0-9_.@-]{0,40}(?::[A-Z0-9_.@-]+\(\d[\d.]*\))?):\s?(\S.*)$/s

/** Whether all the texts, but empty ones, are codes in front of their names, each code of one name. */
export function areCoded(texts: readonly string[]): boolean {
  const names = new Map<string, string>()
  for (const text of texts) {
    if (text === '') continue
    const [, code = '', name = ''] = CODED.exec(text) ?? []
    // What goes on with a code, as in the key "Q:US:P:A", is one code with colons in it.
    if (!/\p{Ll}/u.test(name) || (names.get(code) ?? name) !== name) return false
    names.set(code, name)
  }
  return names.size > 0
}

/** The name of a code that stands in front of it; the text itself where it has no code in front. */
export function labelText(text: string): string {
  return CODED.exec(text)?.[2] ?? text
}

/** The code in front of its name; the text itself where it has none. */
export function codeText(text: string): string {
  return CODED.exec(text)?.[1] ?? text
}
