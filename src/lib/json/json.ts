/** Helpers for JSON that comes from other programs: parsers that do not throw, and a check for objects. */
import { boundJson } from './bounded-json.ts'
import type { JsonAny } from './json-shape.ts'

/** Any value that a JSON text can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** The value of a JSON text, which the caller has to check with a schema; undefined where the text is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What one line of a file, one small file of a person, or one answer of a model may hold. */
const WRITTEN_BY_PEOPLE: JsonAny = { kind: 'any', maxBytes: 4_194_304, maxValues: 200_000, beyond: 'refuse' }

/** The same for a text from outside: undefined also where it is nested too deeply, or holds too much, to be meant. */
export function parseOutsideJson(text: string): unknown {
  return boundJson(Buffer.from(text), WRITTEN_BY_PEOPLE).kind === 'kept' ? parseJson(text) : undefined
}

/** Whether `value` is an object with named properties: no array and not null. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
