/** The types and limits of reading a catalogue file. */
import type { Readable } from 'node:stream'
import type { Indicator } from '../classification/types.ts'

/**
 * The longest record in bytes without its line break. Every valid indicator is far shorter, so a longer record means a
 * file without line breaks or a quote that is never closed.
 */
export const MAX_RECORD_BYTES = 1_048_576
export const MAX_COLUMNS = 1_000
/** How many problems a message lists; it gives the number of the others. */
export const MAX_LISTED_PROBLEMS = 20
/** The most bytes of standard input that are stored on disk, so that an endless pipe cannot fill the disk. */
export const MAX_SPOOL_BYTES = 16 * 1024 ** 3

export type CatalogueFormat = 'csv' | 'jsonl'

export interface CatalogueWarning {
  /** `unknown-fields`, `dropped-points`, `duplicate-indicators` or `skipped-records`. */
  readonly code: string
  /** The sentence for people, without the count, such as "unknown fields left out: …". */
  readonly message: string
  readonly count: number
}

/** What is wrong with one record. */
export interface Problem {
  readonly line: number
  /** The field at fault; "" where it is the whole record. */
  readonly field: string
  readonly message: string
}

/** One invalid record that was left out because of the option `skipInvalid`. */
export interface InvalidRecord {
  /** The line on which the record starts, counted from 1. */
  readonly line: number
  readonly problems: readonly Problem[]
  /** The bytes of the record without its line break; only the beginning of a record that is too long. */
  readonly bytes: Buffer
  /** The bytes of the header row (CSV only), so that a file of the left-out records can begin with it. */
  readonly header: Buffer | undefined
}

/** One valid record of a catalogue. */
export interface CatalogueEntry {
  /** The line on which the record starts, counted from 1. */
  readonly line: number
  /** Checked and normalised, ready to be sent as JSON. */
  readonly indicator: Indicator
}

export interface CatalogueOptions {
  /** The stream that the path `-` reads; by default `process.stdin`. */
  readonly stdin?: Readable | undefined
  /** By default the extension of the name decides, else the content. */
  readonly format?: CatalogueFormat | undefined
  /** The directory in which a pipe is stored to be read twice; by default `os.tmpdir()`. */
  readonly tmpDir?: string | undefined
  /** How many indicators are used at the most. The whole file is checked all the same. */
  readonly limit?: number | undefined
  /** True: invalid records are left out instead of refusing the file. A broken header refuses the file in any case. */
  readonly skipInvalid?: boolean | undefined
  /** When it is aborted, reading stops and the file is closed. */
  readonly signal?: AbortSignal | undefined
  /** Called for each record that `skipInvalid` leaves out, in the order of the file. Reading waits for its promise. */
  readonly onInvalid?: ((invalid: InvalidRecord) => void | Promise<void>) | undefined
}

export interface Catalogue {
  /** The path as given, or "standard input". */
  readonly label: string
  readonly format: CatalogueFormat
  /** How many indicators `indicators()` yields. */
  readonly count: number
  /** SHA-256 over all indicators in order, in hexadecimal. CSV and JSON Lines of the same content have the same. */
  readonly fingerprint: string
  readonly warnings: readonly CatalogueWarning[]
  /**
   * Reads the indicators in the order of the file, as often as it is called. Throws `input-invalid` where the file has
   * changed.
   */
  indicators(): AsyncIterable<CatalogueEntry>
  /** Closes the file and removes the copy of a pipe. A second call does nothing. */
  close(): Promise<void>
}
