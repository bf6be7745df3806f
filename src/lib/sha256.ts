/** The hash by which shapes and other texts are told apart. */
import { createHash } from 'node:crypto'

/** SHA-256 of `text` as UTF-8, in 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
