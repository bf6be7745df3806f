/** The types and limits of reading a catalogue file. */
import type { Readable } from 'node:stream'
import type { Indicator } from '../classification/types.ts'
import { MAX_JSON_BYTES } from '../lib/json/json-shape.ts'

/**
 * The most bytes of a record, its line break not counted. Every valid indicator is far shorter, so a longer record means a
 * file without line breaks or a quote that is never closed.
 */
export const MAX_RECORD_BYTES = 1_048_576
/**
 * The most bytes of a line of JSON with the fields that are not read. What is kept of it may have `MAX_RECORD_BYTES`, so that a
 * large field that nobody reads costs no record.
 */
export const MAX_LINE_BYTES = MAX_JSON_BYTES
export const MAX_COLUMNS = 1_000
/** The most problems of a file that an error message lists; of the other problems the message gives the number. */
export const MAX_LISTED_PROBLEMS = 20
/** The most bytes of standard input that are stored on disk, so that an endless pipe cannot fill the disk. */
export const MAX_SPOOL_BYTES = 16 * 1024 ** 3

export type CatalogueFormat = 'csv' | 'jsonl'

export interface CatalogueWarning {
  /** The kind of the warning: `unknown-fields`, `dropped-points`, `control-characters`, `duplicate-indicators` or `skipped-records`. */
  readonly code: string
  /** The sentence that warns the user, without the count, such as "unknown fields left out: …". */
  readonly message: string
  readonly count: number
}

/** What is wrong with one record. */
export interface Problem {
  readonly line: number
  /** The name of the faulty field; "" where the whole record is at fault. */
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
  /** The indicator of the record, checked and normalised, ready to be sent as JSON. */
  readonly indicator: Indicator
}

export interface CatalogueOptions {
  /** The stream that the path `-` reads; by default `process.stdin`. */
  readonly stdin?: Readable | undefined
  /**
   * The format of the file. Where it is absent, the extension of the file's name decides, and without a known one the
   * content.
   */
  readonly format?: CatalogueFormat | undefined
  /** The directory in which a pipe is copied to a file, so that it can be read twice; by default `os.tmpdir()`. */
  readonly tmpDir?: string | undefined
  /** The most indicators that are used from the file. Every record of the file is checked in any case. */
  readonly limit?: number | undefined
  /** If true, invalid records are left out; else they refuse the file. A broken header refuses the file in any case. */
  readonly skipInvalid?: boolean | undefined
  /** The signal that stops reading and closes the file when it is aborted. */
  readonly signal?: AbortSignal | undefined
  /** Called for each record that `skipInvalid` leaves out, in the order of the file. Reading waits for the returned promise. */
  readonly onInvalid?: ((invalid: InvalidRecord) => void | Promise<void>) | undefined
}

export interface Catalogue {
  /** The path of the catalogue as the user gave it, or "standard input". */
  readonly label: string
  readonly format: CatalogueFormat
  /** How many indicators `indicators()` yields. */
  readonly count: number
  /**
   * SHA-256 over all indicators in order, in hexadecimal. A CSV file and a JSON Lines file with the same indicators have the
   * same fingerprint.
   */
  readonly fingerprint: string
  readonly warnings: readonly CatalogueWarning[]
  /**
   * Reads the indicators in the order of the file; every call reads them anew. Throws `input-invalid` where the file has
   * changed since it was opened.
   */
  indicators(): AsyncIterable<CatalogueEntry>
  /** Closes the file and removes the temporary copy of a pipe. A second call does nothing. */
  close(): Promise<void>
}
