/** Reads a file that must be UTF-8, and says on which line it is not. */
import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'

export type Utf8Text = { readonly text: string } | { readonly line: number; readonly message: string }

/** The text of the file without a byte order mark, or the first line that is not UTF-8. Rejects where it cannot be read. */
export async function readUtf8(path: string): Promise<Utf8Text> {
  const bytes = await readFile(path)
  if (isUtf8(bytes)) return { text: bytes.toString('utf8').replace(/^\ufeff/, '') }
  return { line: firstWrongLine(bytes), message: 'is not UTF-8: save the file as UTF-8' }
}

function firstWrongLine(bytes: Buffer): number {
  let start = 0
  for (let line = 1; ; line += 1) {
    const end = bytes.indexOf('\n', start)
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line
    start = end + 1
  }
}
