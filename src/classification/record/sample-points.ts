/** Reads sample points as they come in records: their dates and numbers, in order. */
import { parseDate } from '../../lib/dates.ts'
import type { SamplePoint } from '../types.ts'

const NUMERIC_TEXT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i
const MAX_NUMERIC_TEXT = 40

/**
 * Returns the readable sample points, sorted by date. Of two points with the same date the later one counts, because it is a
 * revision.
 */
export function readPoints(points: readonly unknown[]): SamplePoint[] {
  const read: SamplePoint[] = []
  let last = ''
  let isInOrder = true
  for (const point of points) {
    if (typeof point !== 'object' || point === null) continue
    const date = readDate('date' in point ? point.date : undefined)
    const value = readNumber('value' in point ? point.value : undefined)
    if (date === undefined || value === undefined) continue
    isInOrder &&= date > last
    last = date
    read.push({ date, value })
  }
  if (isInOrder) return read
  const pointByDate = new Map(read.map((point) => [point.date, point]))
  return [...pointByDate.values()].sort((a, b) => (a.date < b.date ? -1 : 1))
}

/** Reads the ISO date of a value; undefined where the value names no date. A number is read as a bare year. */
function readDate(value: unknown): string | undefined {
  if (typeof value === 'number') return parseDate(String(value))
  return typeof value === 'string' ? parseDate(value) : undefined
}

/**
 * Reads a number, or a text that holds a plain decimal number; "1,234" is refused, because its comma may separate thousands
 * or decimals. Adding 0 turns -0 into 0, as a round trip through JSON does.
 */
function readNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : undefined
  if (typeof value !== 'string' || value.length > MAX_NUMERIC_TEXT) return undefined
  const digits = value.trim()
  if (!NUMERIC_TEXT.test(digits)) return undefined
  const parsed = Number(digits)
  return Number.isFinite(parsed) ? parsed + 0 : undefined
}
