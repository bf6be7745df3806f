/** Recognises records that the schema of an indicator takes as they are, many times quicker than the schema does. */
import { OPTIONAL_TEXTS } from '../../codebooks/record-texts.ts'
import { isRecord } from '../../lib/json/json.ts'
import { cleanText } from '../clean-text.ts'

/** The bounds of a record, in UTF-16 units and points. */
export interface RecordBounds {
  readonly id: number
  readonly name: number
  readonly description: number
  readonly text: number
  readonly points: number
}

/**
 * Whether the schema surely accepts the record and changes nothing in it. Of any other record the schema has to say what it is: it may
 * have a fault, or sample points in a text.
 */
export function isPlainRecord(record: unknown, bounds: RecordBounds): boolean {
  if (!isRecord(record) || Object.hasOwn(record, '__proto__')) return false
  const { indicator_id: id, name, sample_values: points } = record
  if (!isFilled(id, bounds.id) || !isFilled(name, bounds.name)) return false
  if (points !== undefined && points !== null && !(Array.isArray(points) && points.length <= bounds.points))
    return false
  return OPTIONAL_TEXTS.every((field) => {
    const value = record[field]
    if (value === undefined || value === null) return true
    if (typeof value === 'string') return value.length <= (field === 'description' ? bounds.description : bounds.text)
    return field === 'scale' && Number.isFinite(value)
  })
}

function isFilled(text: unknown, most: number): boolean {
  return typeof text === 'string' && text.length <= most && cleanText(text) !== ''
}
