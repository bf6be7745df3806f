/** Splits the bytes of a CSV or JSON Lines file into records, in memory that does not grow with the file. */
const QUOTE = 0x22
const NEWLINE = 0x0a
const CHUNK_BYTES = 65_536
/** How many bytes of a record that is too long are kept for the message about it. */
const SHOWN_BYTES = 200

export interface SplitOptions {
  /** The byte that separates the fields of a CSV record; undefined where every line is a record. */
  readonly delimiter: number | undefined
  /** The most bytes that a record may have. */
  readonly maxBytes: number
  /** The position of the first byte to read, behind a byte order mark. */
  readonly start: number
}

export interface RawRecord {
  /** The line on which the record starts, counted from 1. */
  readonly line: number
  /**
   * The record without its line break. The bytes are valid until the next record is read, because the buffer is used
   * again.
   */
  readonly bytes: Buffer
  /**
   * `too-long`: the record exceeds `maxBytes`, and `bytes` is its beginning. `open-quote`: a quote was not closed before
   * `maxBytes` or the end of the file, and `bytes` is the first line. `open-value`: a value of JSON was not closed before the end.
   */
  readonly fault: 'too-long' | 'open-quote' | 'open-value' | undefined
}

/** Reads at most `length` bytes from `position` of the file into `buffer` at `offset`; 0 at the end of the file. */
export type ReadAt = (buffer: Buffer, offset: number, length: number, position: number) => Promise<number>

/** The state of the scan within a CSV record. A quote opens a quoted field only at the field's beginning. */
type FieldState = 'start' | 'plain' | 'quoted' | 'closing'

/**
 * Yields the records of a file. After a faulty record the splitter continues at the next line, so that one fault causes one
 * problem. The package csv-parse is not used, because it counts a CRLF inside quotes as two lines, replaces bytes that are
 * not UTF-8 silently, puts no limit on a row of commas, and loses the records before an error.
 */
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

  /** Returns the position of the next line break, or the end of the bytes read so far (`used`) where the buffer holds none. */
  function indexOfBreak(from: number): number {
    const found = buffer.indexOf(NEWLINE, from)
    return found < 0 ? used : Math.min(found, used)
  }

  /**
   * Moves the position `scan` to the line break that ends the current record and returns true. Where the buffer holds no such
   * line break, moves `scan` to the end of the buffer and returns false.
   */
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

  /** Reads the next bytes into the buffer, which grows up to the longest record. Returns false at the end of the file. */
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
