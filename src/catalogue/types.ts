/** The words and the bounds of reading a catalogue. */
import type { Readable } from 'node:stream'
import type { Indicator } from '../classification/types.ts'

/**
 * Longest record in bytes, its line break left out. The longest indicator that the schema accepts stays far below it,
 * so a longer record is a fault: a file without line breaks, or a quote that never closes.
 */
export const MAX_RECORD_BYTES = 1_048_576
export const MAX_COLUMNS = 1_000
/** So many problems are listed one by one; the rest is counted. */
export const MAX_LISTED_PROBLEMS = 20
/** Standard input is kept on disk up to this size, so that an endless pipe cannot fill the disk unnoticed. */
export const MAX_SPOOL_BYTES = 16 * 1024 ** 3

export type CatalogueFormat = 'csv' | 'jsonl'

export interface CatalogueWarning {
  /** `unknown-fields`, `dropped-points`, `duplicate-indicators` or `skipped-records`. */
  readonly code: string
  /** For people, without the count: "unknown fields left out: …". */
  readonly message: string
  readonly count: number
}

/** What is wrong with one field of one record. `field` is "" where the whole record is meant. */
export interface Problem {
  readonly line: number
  readonly field: string
  readonly message: string
}

/** One record that is left out under `skipInvalid`. */
export interface InvalidRecord {
  /** Line on which the record starts, from 1. */
  readonly line: number
  readonly problems: readonly Problem[]
  /** The record as it stands in the file, without its line break; of one over the bound only the beginning. */
  readonly bytes: Buffer
  /** The header row as it stands in the file (CSV only), so that the left-out records make a file of their own. */
  readonly header: Buffer | undefined
}

export interface CatalogueEntry {
  /** Line on which the record starts, from 1. */
  readonly line: number
  /** Checked and normalised; JSON as it stands is what to send. */
  readonly indicator: Indicator
}

export interface CatalogueOptions {
  /** What `-` reads; default `process.stdin`. */
  readonly stdin?: Readable | undefined
  /** Default: by the name's extension, else by the content. */
  readonly format?: CatalogueFormat | undefined
  /** Where a pipe is kept between the two passes; default `os.tmpdir()`. */
  readonly tmpDir?: string | undefined
  /** At most so many indicators are used; the whole file is checked all the same. */
  readonly limit?: number | undefined
  /** Leaves invalid records out instead of refusing the file; default false. A broken header stays fatal. */
  readonly skipInvalid?: boolean | undefined
  /** Aborted: reading stops, and what was opened is closed. */
  readonly signal?: AbortSignal | undefined
  /** Told of each left-out record, in the order of the file; reading waits for it. Only with `skipInvalid`. */
  readonly onInvalid?: ((invalid: InvalidRecord) => void | Promise<void>) | undefined
}

export interface Catalogue {
  /** The path as given, or "standard input". */
  readonly label: string
  readonly format: CatalogueFormat
  /** How many indicators `indicators()` gives. */
  readonly count: number
  /** SHA-256 over all indicators in order, hex: the same content, whatever the format. */
  readonly fingerprint: string
  readonly warnings: readonly CatalogueWarning[]
  /** Reads the file again, in its order. May be called several times. Throws `input-invalid` if the file has changed. */
  indicators(): AsyncIterable<CatalogueEntry>
  /** Closes the file and removes what was kept of a pipe. Twice is once. */
  close(): Promise<void>
}
