/** Reads JSON from outside within bounds: looks through its bytes before anything is built, and leaves out what nobody asked for. */
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  JsonCursor,
  NoJson,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from './json-cursor.ts'
import {
  type JsonAny,
  type JsonFields,
  type JsonList,
  type JsonShape,
  MAX_DEPTH,
  MAX_FIELDS,
  MAX_VALUES,
  SMALL,
} from './json-shape.ts'

export type BoundedJson =
  /** `bytes` is the JSON text that may be parsed: the same bytes where nothing was left out. */
  | { readonly kind: 'kept'; readonly bytes: Uint8Array }
  /** A bound is exceeded; `path` leads to the value, and the message names the bound. */
  | { readonly kind: 'refused'; readonly path: readonly (string | number)[]; readonly message: string }
  /** The bytes are no JSON; `at` is the place where that shows. */
  | { readonly kind: 'no-json'; readonly at: number }

/** Of the unknown fields of one object so many keep their names, with the value null, so that a warning can name them. */
const NAMED_STRANGERS = 100
const NULL = Buffer.from('null')

/**
 * Looks through the JSON text `bytes`, which takes 3 ms for a megabyte. The walk recurses only as deep as the shape does. Whether
 * the kept text is JSON to the letter is left to its parser, which meets no more values, and none nested deeper, than the bounds
 * allow.
 */
export function boundJson(bytes: Uint8Array, shape: JsonShape): BoundedJson {
  const walk = new Walk(bytes)
  try {
    walk.value(shape)
    return { kind: 'kept', bytes: walk.finish() }
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused', path: walk.path, message: error.message }
    if (error instanceof NoJson) return { kind: 'no-json', at: walk.at }
    throw error
  }
}

class Refused extends Error {}

class Walk extends JsonCursor {
  /** The fields and indices that lead to the value at hand. After a refusal it is the path of the refused value. */
  readonly path: (string | number)[] = []
  private readonly parts: Uint8Array[] = []
  /** Everything before this place is in `parts`, or left out. */
  private copied = 0
  private values = 0

  /** The kept text, once the value has been walked through. */
  finish(): Uint8Array {
    this.next()
    if (this.at < this.bytes.length) throw new NoJson()
    if (this.parts.length === 0) return this.bytes
    this.parts.push(this.bytes.subarray(this.copied))
    return Buffer.concat(this.parts)
  }

  value(shape: JsonShape): void {
    const first = this.next()
    if (shape.kind === 'any') this.any(shape)
    else if (shape.kind === 'fields' && first === OPEN_OBJECT) this.object(shape)
    else if (shape.kind === 'list' && first === OPEN_LIST) this.list(shape)
    else if (shape.kind === 'list' && first === QUOTE) this.any(shape.asText ?? SMALL)
    else this.any(SMALL)
  }

  private object({ fields, others }: JsonFields): void {
    let strangers = 0
    let isAnyKept = false
    let comma = -1
    this.at += 1
    if (this.next() === CLOSE_OBJECT) {
      this.at += 1
      return
    }
    for (let count = 1; ; count += 1) {
      if (count > MAX_FIELDS) throw new Refused(`must have at most ${MAX_FIELDS} fields, got more`)
      if (this.next() !== QUOTE) throw new NoJson()
      const start = this.at
      const name = this.name()
      if (this.next() !== COLON) throw new NoJson()
      this.at += 1
      const shape = name === undefined ? undefined : (fields.get(name) ?? others)
      const isNamed = shape === undefined && name !== undefined && strangers < NAMED_STRANGERS
      if (shape !== undefined) {
        this.path.push(name ?? '')
        this.value(shape)
        this.path.pop()
      } else {
        const from = this.passNext()
        strangers += 1
        if (isNamed) this.replace(from, this.at, NULL)
        else this.replace(isAnyKept ? comma : start, this.at)
      }
      if (shape !== undefined || isNamed) isAnyKept = true
      const after = this.next()
      comma = this.at
      this.at += 1
      if (after === CLOSE_OBJECT) return
      if (after !== COMMA) throw new NoJson()
      if (!isAnyKept) this.replace(comma, comma + 1)
    }
  }

  private list({ maxItems, noun, items }: JsonList): void {
    let count = 0
    this.at += 1
    if (this.next() === CLOSE_LIST) {
      this.at += 1
      return
    }
    for (;;) {
      this.path.push(count)
      // Items that are too many are counted for the message.
      if (count < maxItems) this.value(items)
      else this.passNext()
      this.path.pop()
      count += 1
      const after = this.next()
      this.at += 1
      if (after === CLOSE_LIST) break
      if (after !== COMMA) throw new NoJson()
    }
    if (count > maxItems) throw new Refused(`must hold at most ${maxItems} ${noun}, got ${count}`)
  }

  /** Passes over the value that comes next and returns where it begins. */
  private passNext(): number {
    this.next()
    const start = this.at
    this.pass()
    return start
  }

  private any({ maxBytes, maxValues, beyond }: JsonAny): void {
    const start = this.at
    const { values, depth } = this.pass()
    const bytes = this.at - start
    const fault =
      bytes > maxBytes
        ? `must take at most ${maxBytes} bytes, got ${bytes}`
        : depth > MAX_DEPTH
          ? `must be nested at most ${MAX_DEPTH} levels deep, got ${depth}`
          : values > maxValues
            ? `must hold at most ${maxValues} values, got ${values}`
            : undefined
    if (fault !== undefined && beyond === 'refuse') throw new Refused(fault)
    if (fault !== undefined) this.replace(start, this.at, NULL)
    else this.values += values
    if (this.values > MAX_VALUES) throw new Refused(`is too large: a text may hold ${MAX_VALUES} values in all`)
  }

  /** Leaves out the bytes between two places, which come behind all that was left out before. */
  private replace(from: number, to: number, by?: Uint8Array): void {
    if (from > this.copied) this.parts.push(this.bytes.subarray(this.copied, from))
    if (by !== undefined) this.parts.push(by)
    this.copied = to
  }
}
