/** The types of reading a catalogue file. */
import type { Readable } from 'node:stream'
import type { Indicator } from '../classification/types.ts'
import type { CatalogueFormat } from './limits.ts'
import type { PlanOptions } from './plan.ts'
import type { Problem } from './problem-report.ts'
import type { ReadingReport } from './reading-report.ts'

export type { CatalogueFormat } from './limits.ts'
export type { Problem } from './problem-report.ts'

export interface CatalogueWarning {
  /** The kind of the warning: `unknown-fields`, `dropped-points`, `control-characters`, `duplicate-indicators` or `skipped-records`. */
  readonly code: string
  /** The sentence that warns the user, without the count, such as "unknown fields left out: …". */
  readonly message: string
  readonly count: number
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
  /** The values of the columns that --keep names, as they stand in the file. */
  readonly kept: Readonly<Record<string, unknown>>
}

/** One row of the file, or one record of a file whose rows are no records, in the order of the file. */
export interface CatalogueRow {
  readonly line: number
  /** The id of the record that the row became; undefined where the row was left out. */
  readonly indicator_id: string | undefined
  /** The values of `rowColumns`, in their order; undefined for a row that cannot be read. */
  readonly cells: readonly unknown[] | undefined
}

/** How a user wants a file to be read, where it is not to be found out. */
export interface ReadingOptions extends PlanOptions {
  readonly sheet?: string | undefined
  readonly records?: string | undefined
  readonly encoding?: string | undefined
}

export interface NamedStream {
  readonly readable: Readable
  readonly label: string
}

export interface CatalogueOptions {
  /** The stream that the path `-` reads; by default `process.stdin`. */
  readonly stdin?: Readable | undefined
  /** What is read in place of the file at the path, whose ending may tell its format, and what messages call it. */
  readonly stream?: NamedStream | undefined
  /**
   * The format of the file. Where it is absent, the extension of the file's name decides, and without a known one the
   * content.
   */
  readonly format?: 'csv' | 'jsonl' | undefined
  readonly reading?: ReadingOptions | undefined
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

/** Whether the record with an id is wanted. */
export type Wanted = (id: string) => boolean

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
  /** How the file is read. */
  readonly reading: ReadingReport
  /**
   * Reads the indicators in the order of the file; every call reads them anew. Throws `input-invalid` where the file has
   * changed since it was opened. With `wanted` the records of other ids may be left out, unseen.
   */
  indicators(wanted?: Wanted): AsyncIterable<CatalogueEntry>
  /** The columns of the file that belong to a record: all of them, but for those of single observations where records are series. */
  readonly rowColumns: readonly string[]
  /**
   * Reads the rows with all their columns, also those that became no indicator of their own, so that results can be joined to
   * them in the order of the file.
   */
  rows(): AsyncIterable<CatalogueRow>
  /** Closes the file and removes the temporary copy of a pipe. A second call does nothing. */
  close(): Promise<void>
}
