/** Finds the encoding of a text file by its bytes: UTF-8, UTF-16, or Windows-1252 (Latin-1) where it is neither. */
import { isAscii, isUtf8 } from 'node:buffer'
import { inputInvalid, printable } from '../problem-report.ts'
import type { ReadAt } from '../record-splitter.ts'
import { HEAD_BYTES, utf16Of } from './file-detection.ts'

export const UTF8 = 'utf-8'
export const WINDOWS_1252 = 'windows-1252'

/** Checks the name of an encoding that a user gave, and returns it as TextDecoder spells it. */
export function encodingNamed(name: string): string {
  try {
    return new TextDecoder(name).encoding
  } catch {
    throw inputInvalid(
      `--encoding "${printable(name)}" is unknown; examples: utf-8, windows-1252, utf-16le, shift_jis, gb18030`,
    )
  }
}

/** What the bytes of a file say about its encoding. */
interface ByteCounts {
  /** Characters of several bytes that are right UTF-8. */
  characters: number
  /** Bytes that are not UTF-8. */
  wrong: number
}

/**
 * Returns the encoding of the text, which is read whole for that. A file that is UTF-8 but for a few bytes counts as UTF-8,
 * because its rows can then be named; one that has no right character of several bytes is Windows-1252.
 */
export async function encodingOf(readAt: ReadAt, head: Buffer): Promise<string> {
  const utf16 = utf16Of(head)
  if (utf16 !== undefined) return utf16
  const counts: ByteCounts = { characters: 0, wrong: 0 }
  const buffer = Buffer.allocUnsafe(2 * HEAD_BYTES)
  let kept = 0
  for (let position = 0; ; ) {
    const read = await readAt(buffer, kept, HEAD_BYTES, position)
    position += read
    const chunk = buffer.subarray(0, kept + read)
    const tail = read === 0 ? 0 : openTail(chunk)
    const whole = chunk.subarray(0, chunk.length - tail)
    if (!isAscii(whole)) count(whole, counts)
    if (read === 0) break
    buffer.copyWithin(0, whole.length, chunk.length)
    kept = tail
  }
  return counts.wrong > 0 && counts.wrong >= counts.characters ? WINDOWS_1252 : UTF8
}

/** How many bytes at the end may begin a character that goes on in the next chunk, 0 to 3. */
function openTail(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back
  }
  return 0
}

function count(bytes: Buffer, counts: ByteCounts): void {
  const isRight = isUtf8(bytes)
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte < 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1
    if (length > 1 && (isRight || isUtf8(bytes.subarray(at, at + length)))) {
      counts.characters += 1
      at += length - 1
    } else counts.wrong += 1
  }
}
