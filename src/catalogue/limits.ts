/** The formats of catalogue files, and how much of one is read. */
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
export const MAX_COLUMNS = 20_000
/** The most problems of a file that an error message lists; of the other problems the message gives the number. */
export const MAX_LISTED_PROBLEMS = 20
/** The most bytes of standard input that are stored on disk, so that an endless pipe cannot fill the disk. */
export const MAX_SPOOL_BYTES = 16 * 1024 ** 3

export type CatalogueFormat = 'csv' | 'jsonl' | 'json' | 'xlsx' | 'parquet'
