/** A place in the bytes of a JSON text that moves over whole values without building them. */

/** The bytes are no JSON at the place of the cursor. */
export class NoJson extends Error {}

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_LIST = 0x5b
export const CLOSE_LIST = 0x5d
export const OPEN_OBJECT = 0x7b
export const CLOSE_OBJECT = 0x7d
const BACKSLASH = 0x5c
/** A longer name is no field of anybody's. */
const MAX_NAME_BYTES = 200
const DECODER = new TextDecoder()

/** What a passed value was: the values in it with itself, at most one too many for each empty list or object, and its depth. */
export interface Passed {
  readonly values: number
  readonly depth: number
}

export class JsonCursor {
  at = 0
  /** The depth of the last value that was passed, also where it has turned out to be no JSON. */
  depth = 0
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  /** Steps over white space and returns the byte that comes next; undefined at the end. */
  next(): number | undefined {
    while (isSpace(this.bytes[this.at])) this.at += 1
    return this.bytes[this.at]
  }

  /** Passes over one value of any kind. The brackets are counted and not matched, which takes no memory for any depth. */
  pass(): Passed {
    const { bytes } = this
    const { length } = bytes
    const start = this.at
    let open = 0
    let values = 1
    this.depth = 0
    while (this.at < length) {
      const byte = bytes[this.at]
      if (byte === QUOTE) {
        this.passString()
        if (open === 0) return { values, depth: this.depth }
        continue
      }
      if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
        open += 1
        if (open > this.depth) this.depth = open
        values += 1
      } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
        if (open === 0) break
        open -= 1
        if (open === 0) {
          this.at += 1
          return { values, depth: this.depth }
        }
      } else if (byte === COMMA) {
        if (open === 0) break
        values += 1
      } else if (open === 0 && isSpace(byte)) {
        break
      }
      this.at += 1
    }
    // A number or a word ends where something else begins; an open bracket, or nothing at all, is no value.
    if (open > 0 || this.at === start) throw new NoJson()
    return { values, depth: this.depth }
  }

  /** Passes over the list that comes next and returns the number of its items; 0 where another value comes. */
  passItems(): number {
    if (this.next() !== OPEN_LIST) return 0
    this.at += 1
    if (this.next() === CLOSE_LIST) return 0
    for (let items = 1; ; items += 1) {
      this.next()
      this.pass()
      if (this.next() !== COMMA) return items
      this.at += 1
    }
  }

  /** Moves from an opening quotation mark to behind the closing one. */
  passString(): void {
    const { bytes } = this
    const { length } = bytes
    let at = this.at + 1
    while (at < length) {
      const byte = bytes[at]
      if (byte === QUOTE) {
        this.at = at + 1
        return
      }
      at += byte === BACKSLASH ? 2 : 1
    }
    throw new NoJson()
  }

  /** Reads the name of a field and moves behind it; undefined for a name that is too long to be one. */
  name(): string | undefined {
    const start = this.at
    this.passString()
    if (this.at - start > MAX_NAME_BYTES) return undefined
    const known = knownName(this.bytes, start + 1, this.at - 1)
    if (known !== undefined) return known
    const text = DECODER.decode(this.bytes.subarray(start, this.at))
    if (!text.includes('\\')) return text.slice(1, -1)
    try {
      return String(JSON.parse(text))
    } catch {
      throw new NoJson()
    }
  }
}

/** Longer records are seldom alike. */
const MAX_KEYS_LENGTH = 2_000

/**
 * The names of the fields of an object, in order and as one text that no other names have; undefined where one of its values is an
 * object, and for what is no object or has very many names. Whether the rest is JSON is left open.
 */
export function flatKeys(bytes: Uint8Array): string | undefined {
  let keys = ''
  const isWhole = eachField(bytes, (name, cursor) => {
    keys += `${name.length}:${name}`
    return cursor.bytes[cursor.at] !== OPEN_OBJECT && keys.length < MAX_KEYS_LENGTH
  })
  return isWhole && keys !== '' ? keys : undefined
}

/** The text in the field `key` of an object, the last one as a parser has it; undefined where no text is there, or may not be the last. */
export function fieldText(bytes: Uint8Array, key: string): string | undefined {
  let text: string | undefined
  const isWhole = eachField(bytes, (name, cursor) => {
    if (name !== key) return true
    const value = new JsonCursor(bytes)
    value.at = cursor.at
    if (value.bytes[value.at] !== QUOTE) return false
    value.passString()
    const found = parsed(DECODER.decode(bytes.subarray(cursor.at, value.at)))
    text = typeof found === 'string' ? found : undefined
    return text !== undefined
  })
  return isWhole ? text : undefined
}

/**
 * Gives each field of an object to `see`, with the cursor before the value, which `see` leaves where it is. Returns whether `see` wanted
 * all of them; false for what is no object. Whether the values are JSON is left open.
 */
function eachField(bytes: Uint8Array, see: (name: string, cursor: JsonCursor) => boolean): boolean {
  const cursor = new JsonCursor(bytes)
  if (cursor.next() !== OPEN_OBJECT) return false
  try {
    do {
      cursor.at += 1
      if (cursor.next() !== QUOTE) return false
      const name = cursor.name()
      if (name === undefined || cursor.next() !== COLON) return false
      cursor.at += 1
      cursor.next()
      if (!see(name, cursor)) return false
      cursor.pass()
    } while (cursor.next() === COMMA)
  } catch (error) {
    if (error instanceof NoJson) return false
    throw error
  }
  return cursor.bytes[cursor.at] === CLOSE_OBJECT
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Plain names that were read before, by a hash of their bytes: the records of a catalogue have the same few. */
const names = new Map<number, string>()
const MOST_NAMES = 1_000

/** The name between two places; undefined where it is not of plain ASCII, and has to be decoded. */
function knownName(bytes: Uint8Array, start: number, end: number): string | undefined {
  let hash = 0
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte === BACKSLASH || byte > 126) return undefined
    hash = (Math.imul(hash, 31) + byte) | 0
  }
  const known = names.get(hash)
  if (known !== undefined && isAt(known, bytes, start, end)) return known
  const name = String.fromCharCode(...bytes.subarray(start, end))
  if (names.size >= MOST_NAMES) names.clear()
  names.set(hash, name)
  return name
}

function isAt(name: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (name.length !== end - start) return false
  for (let at = 0; at < name.length; at += 1) if (name.charCodeAt(at) !== bytes[start + at]) return false
  return true
}

/** Whether a JSON text begins with a value of more than `most` levels. A text of brackets alone takes up all memory when it is parsed. */
export function isNestedDeeper(text: string, most: number): boolean {
  if (!hasMoreBrackets(text, most)) return false
  const cursor = new JsonCursor(Buffer.from(text))
  cursor.next()
  try {
    cursor.pass()
  } catch (error) {
    if (!(error instanceof NoJson)) throw error
  }
  return cursor.depth > most
}

/** Whether a text has more than `most` opening brackets. Hardly any text that is not deep has, and to count them is many times quicker. */
function hasMoreBrackets(text: string, most: number): boolean {
  let left = most
  for (const bracket of ['{', '[']) {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      left -= 1
      if (left < 0) return true
    }
  }
  return false
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
