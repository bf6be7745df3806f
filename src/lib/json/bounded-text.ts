/** Bounds JSON that comes as a text in a value of a record, row after row, without memory outside of the heap for each. */
import { type BoundedJson, boundJson } from './bounded-json.ts'
import type { JsonShape } from './json-shape.ts'

export type BoundedText =
  /** `text` is the JSON that may be parsed: the same text where nothing was left out. */
  { readonly kind: 'kept'; readonly text: string } | Exclude<BoundedJson, { kind: 'kept' }>

const FIRST_BYTES = 16_384
/** A text that takes more gets memory of its own. */
const MOST_BYTES = 1_048_576

let scratch: Buffer | undefined

/** Does what `boundJson` does, for a text. */
export function boundText(text: string, shape: JsonShape): BoundedText {
  const bytes = passingBytes(text)
  const bounded = boundJson(bytes, shape)
  if (bounded.kind !== 'kept') return bounded
  return { kind: 'kept', text: bounded.bytes === bytes ? text : textOf(bounded.bytes) }
}

/** The text of bytes in UTF-8. */
export function textOf({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}

/**
 * The bytes of a text, which are valid until the next call, because their memory is used again: that of a buffer for each text is free
 * only when garbage is collected in the whole heap.
 */
export function passingBytes(text: string): Uint8Array {
  // A character takes three bytes at most.
  const most = 3 * text.length
  if (most > MOST_BYTES) return Buffer.from(text)
  if (scratch === undefined || scratch.length < most) scratch = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, most))
  return scratch.subarray(0, scratch.write(text))
}
