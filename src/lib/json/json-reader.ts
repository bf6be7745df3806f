/** Reads one JSON value out of the middle of a text, within a bounded number of steps, and notices keys that are given twice with different values. */
import { isRecord, type JsonValue, parseJson, parseOutsideJson } from './json.ts'
import { isNestedDeeper } from './json-cursor.ts'

/** How many further characters may be looked at. Whoever shares a meter shares its bound. */
export interface Meter {
  left: number
}

/** The value that begins at the place asked for. `end` is the index behind it. */
export interface JsonFound {
  readonly value: JsonValue
  readonly end: number
  /** Whether an object in the value gives one key two different values, so that nobody knows which one is meant. */
  readonly isAmbiguous: boolean
}

/** `end` is the index from which a search for another value goes on. It is greater than the start. */
export interface NoJson {
  readonly value: undefined
  readonly end: number
}

/** The deepest nesting that is read; answers of the service nest 6 levels deep. */
const MAX_DEPTH = 64
const NUMBER = /-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?(?:[eE][+-]?\d{1,10})?/y
/** What of a string stands for itself. A regular expression finds its end faster than a loop does. */
const PLAIN = /[^"\\\p{Cc}]*/uy
const LITERALS = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const

/**
 * Reads the JSON value that begins at `start`. A comma before a closing bracket is forgiven; otherwise the value has to be
 * JSON as JSON.parse takes it. What stands behind the value does not matter.
 */
export function readJsonAt(text: string, start: number, meter: Meter): JsonFound | NoJson {
  const reader = new Reader(text, start, meter)
  const value = reader.value(0)
  if (value === undefined) return { value, end: Math.max(start + 1, reader.resumeAt()) }
  return { value, end: reader.at, isAmbiguous: reader.isAmbiguous }
}

const SHORT = 65_536
/** What ends a key. Words of a string may look like it, which then only costs time. */
const KEY_END = /"\s*:/g

/**
 * Reads a text that is one JSON object and nothing else, as most answers are, many times faster than `readJsonAt`. Undefined
 * where the text is anything else, nests too deeply, or may give a key twice.
 */
export function readWholeObject(text: string): JsonFound | undefined {
  if (!text.startsWith('{') || isNestedDeeper(text, MAX_DEPTH)) return undefined
  // Only a long text can hold so much that its value takes a great part of the memory.
  const value = text.length > SHORT ? parseOutsideJson(text) : parseJson(text)
  if (!isRecord(value) || countKeys(value as JsonValue, 0) !== (text.match(KEY_END)?.length ?? 0)) return undefined
  return { value: value as JsonValue, end: text.length, isAmbiguous: false }
}

/** The number of keys of all objects in a value; NaN where it nests too deeply. */
function countKeys(value: JsonValue, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth >= MAX_DEPTH) return Number.NaN
  const values: readonly JsonValue[] = Array.isArray(value) ? value : Object.values(value as Record<string, JsonValue>)
  let count = Array.isArray(value) ? 0 : values.length
  for (const one of values) count += countKeys(one, depth + 1)
  return count
}

/** A JSON value as a text that is the same for equal values, where the order of an object's keys does not matter. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (!isRecord(value)) return JSON.stringify(value)
  const parts = Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one as JsonValue)}`)
  return `{${parts.sort().join()}}`
}

/** A place in the text that moves forward. Each method returns undefined where the text is no JSON, and then stays undefined. */
class Reader {
  at: number
  isAmbiguous = false
  private lastString = -1
  private lastStringEnd = -1
  private readonly text: string
  private readonly meter: Meter

  constructor(text: string, start: number, meter: Meter) {
    this.text = text
    this.at = start
    this.meter = meter
  }

  /**
   * Where a search goes on after a failure: behind what was read, because the pieces of a torn value are no answer. A stray
   * quotation mark may have hidden the start of a value in a string, so a string at the place of the failure is searched.
   */
  resumeAt(): number {
    return this.lastString >= 0 && this.lastStringEnd >= this.at ? this.lastString + 1 : this.at
  }

  value(depth: number): JsonValue | undefined {
    this.skipSpace()
    const first = this.text[this.at]
    if (first === '{' || first === '[') {
      if (depth >= MAX_DEPTH) return undefined
      return first === '{' ? this.object(depth) : this.array(depth)
    }
    if (first === '"') return this.string()
    NUMBER.lastIndex = this.at
    const number = first === undefined ? undefined : NUMBER.exec(this.text)?.[0]
    if (number !== undefined) return this.take(number.length) ? Number(number) : undefined
    const literal = LITERALS.find(([word]) => this.text.startsWith(word, this.at))
    return literal !== undefined && this.take(literal[0].length) ? literal[1] : undefined
  }

  private array(depth: number): JsonValue | undefined {
    const values: JsonValue[] = []
    if (!this.take(1)) return undefined
    for (;;) {
      if (this.isNext(']')) return values
      const value = this.value(depth + 1)
      if (value === undefined) return undefined
      values.push(value)
      if (!this.isNext(',')) return this.isNext(']') ? values : undefined
    }
  }

  private object(depth: number): JsonValue | undefined {
    const values: Record<string, JsonValue> = {}
    if (!this.take(1)) return undefined
    for (;;) {
      if (this.isNext('}')) return values
      const key = this.text[this.at] === '"' ? this.string() : undefined
      if (key === undefined || !this.isNext(':')) return undefined
      const value = this.value(depth + 1)
      if (value === undefined) return undefined
      const before = Object.hasOwn(values, key) ? values[key] : undefined
      if (before !== undefined && canonicalJson(before) !== canonicalJson(value)) this.isAmbiguous = true
      // An assignment to "__proto__" would set the prototype of the object.
      if (key !== '__proto__') values[key] = value
      else Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true })
      if (!this.isNext(',')) return this.isNext('}') ? values : undefined
    }
  }

  private string(): string | undefined {
    const start = this.at
    this.lastString = start
    // Until the string has ended, it reaches to the end of the text.
    this.lastStringEnd = this.text.length
    PLAIN.lastIndex = start + 1
    let end = PLAIN.test(this.text) ? PLAIN.lastIndex : start + 1
    let isPlain = true
    for (; ; end += 1) {
      const code = this.text.charCodeAt(end)
      if (Number.isNaN(code) || code < 32) break
      if (code === 34) break
      if (code !== 92) continue
      isPlain = false
      end += 1
    }
    const isClosed = this.text[end] === '"'
    if (!this.take(end - start + 1) || !isClosed) return undefined
    this.lastStringEnd = this.at
    if (isPlain) return this.text.slice(start + 1, end)
    try {
      return JSON.parse(this.text.slice(start, end + 1)) as string
    } catch {
      return undefined
    }
  }

  /** Steps over spaces, then over `character` where it comes next, and over the spaces behind it. */
  private isNext(character: string): boolean {
    this.skipSpace()
    if (this.text[this.at] !== character || !this.take(1)) return false
    this.skipSpace()
    return true
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      const isSpace = code === 32 || code === 10 || code === 13 || code === 9
      if (!isSpace || !this.take(1)) return
    }
  }

  /** Moves over `characters`, unless the meter has run out. */
  private take(characters: number): boolean {
    this.meter.left -= characters
    if (this.meter.left < 0) return false
    this.at += characters
    return true
  }
}
