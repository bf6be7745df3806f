/**
 * Bytes to records, for both formats, in memory that does not grow with the file. csv-parse is not used here: it
 * counts a CRLF inside quotes as two lines, replaces bytes that are not UTF-8 without a word, bounds fields but not a
 * row of commas, and loses the records before an error together with their line numbers.
 */

const QUOTE = 0x22
const NEWLINE = 0x0a
const CHUNK_BYTES = 65_536
/** So much of a record over the bound is shown. */
const SHOWN_BYTES = 200

export interface SplitOptions {
  /** Byte of the CSV delimiter, around which quotes count; undefined where a line is a record. */
  readonly delimiter: number | undefined
  readonly maxBytes: number
  /** First byte to read, after a byte order mark. */
  readonly start: number
}

export interface RawRecord {
  /** Line on which the record starts, from 1. */
  readonly line: number
  /** Without the line break. Valid until the next record is asked for: the buffer is used again. */
  readonly bytes: Buffer
  /**
   * `too-long`: over the bound; `bytes` is its beginning. `open-quote`: over the bound or at the end of the file while
   * inside quotes; `bytes` is its first line.
   */
  readonly fault: 'too-long' | 'open-quote' | undefined
}

/** Reads at most `length` bytes from `position` of the file into `buffer` at `offset`; 0 at the end of the file. */
export type ReadAt = (buffer: Buffer, offset: number, length: number, position: number) => Promise<number>

/** Where the scan of a CSV record stands. A quote opens a field only at its beginning. */
type FieldState = 'start' | 'plain' | 'quoted' | 'closing'

/** Splits a file into records. After a fault it goes on at the next line, so that one fault stays one fault. */
export async function* splitRecords(readAt: ReadAt, options: SplitOptions): AsyncGenerator<RawRecord> {
  const { delimiter, maxBytes } = options
  let buffer = Buffer.allocUnsafe(4 * CHUNK_BYTES)
  let position = options.start
  let used = 0
  let start = 0
  let scan = 0
  let line = 1
  let state = 'start' as FieldState
  let breaksInside = 0
  let isSkipping = false

  /** Where the next line break stands, or `used`. */
  function indexOfBreak(from: number): number {
    const found = buffer.indexOf(NEWLINE, from)
    return found < 0 ? used : Math.min(found, used)
  }

  /** Moves `scan` to the line break that ends the record, or to the end of what was read. */
  function findEnd(): boolean {
    if (delimiter === undefined) {
      scan = indexOfBreak(scan)
      return scan < used
    }
    for (; scan < used; scan += 1) {
      const byte = buffer[scan]
      if (state === 'quoted') {
        if (byte === QUOTE) state = 'closing'
        else if (byte === NEWLINE) breaksInside += 1
      } else if (byte === NEWLINE) {
        return true
      } else if (byte === delimiter) {
        state = 'start'
      } else if (byte === QUOTE) {
        if (state !== 'plain') state = 'quoted'
      } else {
        state = 'plain'
      }
    }
    return false
  }

  function beginRecord(at: number, linesPassed: number): void {
    start = at
    scan = at
    line += linesPassed
    state = 'start'
    breaksInside = 0
  }

  async function readMore(): Promise<boolean> {
    buffer.copyWithin(0, start, used)
    used -= start
    scan -= start
    start = 0
    if (buffer.length - used < CHUNK_BYTES) {
      const larger = Buffer.allocUnsafe(Math.min(buffer.length * 2, maxBytes + 3 * CHUNK_BYTES))
      buffer.copy(larger, 0, 0, used)
      buffer = larger
    }
    const bytesRead = await readAt(buffer, used, Math.min(CHUNK_BYTES, buffer.length - used), position)
    position += bytesRead
    used += bytesRead
    return bytesRead > 0
  }

  for (;;) {
    if (isSkipping) {
      const end = indexOfBreak(start)
      if (end < used) {
        isSkipping = false
        beginRecord(end + 1, 1)
        continue
      }
      start = used
      scan = used
      if (!(await readMore())) return
      continue
    }
    if (findEnd()) {
      const isTooLong = scan - start > maxBytes
      const bytes = buffer.subarray(start, isTooLong ? start + SHOWN_BYTES : scan)
      yield { line, bytes, fault: isTooLong ? 'too-long' : undefined }
      beginRecord(scan + 1, breaksInside + 1)
      continue
    }
    const isOver = used - start > maxBytes
    if (!isOver && (await readMore())) continue
    if (!isOver && state !== 'quoted') {
      if (start < used) yield { line, bytes: buffer.subarray(start, used), fault: undefined }
      return
    }
    const end = indexOfBreak(start)
    const bytes = buffer.subarray(start, end < used ? end : Math.min(used, start + SHOWN_BYTES))
    yield { line, bytes, fault: state === 'quoted' ? 'open-quote' : 'too-long' }
    if (end < used) beginRecord(end + 1, 1)
    else isSkipping = true
  }
}
