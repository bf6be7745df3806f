/** What JSON from outside may be: the shapes by which `boundJson` keeps values, and the bounds of all of them. */

/** The most bytes of a JSON text from outside. Restate takes no larger body. */
export const MAX_JSON_BYTES = 33_554_432
/** The deepest nesting of a value of any kind. */
export const MAX_DEPTH = 32
/** The most fields of one object, known and unknown. */
export const MAX_FIELDS = 1_000
/** The most values of one text, so that its parsing holds the event loop for a fraction of a second. */
export const MAX_VALUES = 2_000_000

/**
 * What a JSON value may be. `any`: a value of at most so many bytes and values (itself, and all that it holds); a value beyond
 * that is refused, or becomes null. `fields`: an object, of which the named fields are kept. `list`: a list of at most so
 * many items. Where another kind of value stands in place of an object or a list, it counts as a small value of any kind,
 * because the schema that reads it afterwards names the fault better.
 */
export type JsonShape = JsonAny | JsonList | JsonFields

export interface JsonFields {
  readonly kind: 'fields'
  readonly fields: ReadonlyMap<string, JsonShape>
  /** What every other field may be; without it other fields are left out. */
  readonly others?: JsonShape
}

export interface JsonAny {
  readonly kind: 'any'
  readonly maxBytes: number
  readonly maxValues: number
  readonly beyond: 'refuse' | 'null'
}

export interface JsonList {
  readonly kind: 'list'
  readonly maxItems: number
  /** What the items are, for the message, such as "points". */
  readonly noun: string
  readonly items: JsonShape
  /** What a text may be that holds the list as JSON; without it a text counts as a small value. */
  readonly asText?: JsonAny
}

/** A few short values, such as the options of a batch. It also stands in for an object or a list where another value was given. */
export const SMALL: JsonAny = { kind: 'any', maxBytes: 65_536, maxValues: 100, beyond: 'refuse' }

/** A place in a JSON value as a JSON pointer, such as "/indicators/3/name". */
export function pointerOf(path: readonly (string | number)[]): string {
  return path.map((part) => `/${part}`).join('')
}
