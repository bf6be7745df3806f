/** Computes the SHA-256 hash of a text or of bytes, by which shapes, inputs, files and bodies are compared. */
import { hash } from 'node:crypto'

/** SHA-256 of bytes, or of a text as UTF-8, in 64 hexadecimal digits. */
export function sha256(content: string | Uint8Array): string {
  return hash('sha256', content, 'hex')
}

/** SHA-256 of a text as UTF-8, in 32 characters of one byte each, which take the least memory as the key of a map. */
export function shortSha256(content: string): string {
  return hash('sha256', content, 'binary')
}
