/** The view of the results by one codebook: the columns that every result has, and one column for each field. */

import { sha256 } from '../../lib/sha256.ts'
import type { CodebookColumn } from '../types.ts'

/** The columns of `results` that the view shows, before those of the fields. */
const RESULT_COLUMNS = [
  'indicator_id',
  'name',
  'catalogue',
  'codebook',
  'codebook_hash',
  'confidence',
  'source',
  'status',
  'issues',
  'reason',
  'model',
  'prompt_version',
  'run_id',
  'classified_at',
  'field_confidence',
  'field_source',
]

/** PostgreSQL cuts longer names, so that two of them could become one. */
const MAX_NAME_BYTES = 63
const HASH_LENGTH = 8

export interface ResultView {
  /** The name of the view as SQL has to write it. */
  readonly name: string
  readonly query: string
  /** Differs where anything of the view differs. The database keeps it as the comment of the view. */
  readonly fingerprint: string
}

/**
 * The view of a codebook. Fields stand last, so that PostgreSQL can add further ones to a view that other views use. A
 * label that an older version of the codebook gave, and that is not of the column's type now, is null.
 */
export function resultViewOf(codebook: string, fields: readonly CodebookColumn[]): ResultView {
  const columns = [...RESULT_COLUMNS, ...fields.map(fieldColumn)]
  const query = `select ${columns.join(', ')} from results where codebook_name = ${quoteText(codebook)}`
  return { name: quoteName(viewNameOf(codebook)), query, fingerprint: `classify: ${sha256(query)}` }
}

/** The name of a codebook's view, such as `results_news_topics`. A name that is too long ends in a part of its hash. */
export function viewNameOf(codebook: string): string {
  const name = `results_${codebook.replaceAll('-', '_')}`
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name
  return `${name.slice(0, MAX_NAME_BYTES - HASH_LENGTH - 1)}_${sha256(codebook).slice(0, HASH_LENGTH)}`
}

function fieldColumn({ name, type }: CodebookColumn): string {
  const key = quoteText(name)
  const ofKind = (kind: string, value: string) =>
    `case when jsonb_typeof(labels -> ${key}) = '${kind}' then ${value} end`
  const value = {
    text: `labels ->> ${key}`,
    'double precision': ofKind('number', `(labels ->> ${key})::double precision`),
    'text[]': ofKind('array', `array(select jsonb_array_elements_text(labels -> ${key}))`),
  }[type]
  return `${value} as ${quoteName(name)}`
}

/** A name as SQL has to write it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
