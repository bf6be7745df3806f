/** Computes the SHA-256 hash of a text, by which shapes, inputs and files are compared. */
import { createHash } from 'node:crypto'

/** SHA-256 of `text` as UTF-8, in 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
