/** Writes the value of a cell as the type of its column has it. */
import { isRecord } from '../../lib/json/json.ts'
import { escapeFormula } from '../results-writer.ts'

/** What the values of a column are. `texts` are lists of texts. */
export type ColumnType = 'text' | 'texts' | 'integer' | 'number' | 'boolean' | 'date' | 'timestamp'

/** A value as typed formats take it; a list stands as one text where the format has no lists. */
export type TypedValue = string | number | boolean | Date | null

export const WHOLE_NUMBER = /^-?(?:0|[1-9]\d{0,14})$/
/** A number that a double holds as it is written, to its last digit but rounding. */
export const DECIMAL_NUMBER = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,17})?(?:e[+-]?\d{1,2})?$/i
export const TRUE_OR_FALSE = /^(?:true|false)$/i
const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** Whether the text is a day of the calendar, such as 2024-02-29. */
export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** Whether the text is a point in time with its offset, such as 2024-02-29T12:00:00Z. */
export function isMoment(text: string): boolean {
  return MOMENT.test(text) && !Number.isNaN(Date.parse(text))
}

/** The cell as one text: lists and objects as JSON, and "" where it holds nothing. */
export function rawText(cell: unknown): string {
  if (cell === undefined || cell === null) return ''
  if (typeof cell === 'string') return cell
  if (Array.isArray(cell) || isRecord(cell)) return JSON.stringify(cell)
  return String(cell)
}

/** The cell as CSV has it: untouched, but never a formula. */
export function csvCell(cell: unknown): string {
  return escapeFormula(rawText(cell))
}

/** The cell as the type of its column has it, and null where it holds nothing, or nothing of this type. */
export function typedValue(type: ColumnType, cell: unknown): TypedValue {
  if (cell === undefined || cell === null || cell === '') return null
  switch (type) {
    case 'text':
      return rawText(cell)
    case 'texts':
      return Array.isArray(cell) ? cell.map(rawText).join('; ') : rawText(cell)
    case 'integer':
    case 'number': {
      const value = typeof cell === 'string' ? Number(cell.trim()) : cell
      return typeof value === 'number' && Number.isFinite(value) ? value : null
    }
    case 'boolean':
      return typeof cell === 'boolean' ? cell : rawText(cell).trim().toLowerCase() === 'true'
    case 'date':
    case 'timestamp': {
      const value = new Date(rawText(cell).trim())
      return Number.isNaN(value.getTime()) ? null : value
    }
  }
}
