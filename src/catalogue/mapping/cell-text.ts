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

/** The name of a code as BIS and others write it, "M: Monthly"; the text itself where it has no code in front. */
export function labelText(text: string): string {
  return /^[A-Z0-9_]{1,20}: (\S.*)$/.exec(text)?.[1] ?? text
}

/** The code in front of its name, "M: Monthly"; the text itself where it has none. */
export function codeText(text: string): string {
  return /^([A-Z0-9_]{1,20}): \S/.exec(text)?.[1] ?? text
}
