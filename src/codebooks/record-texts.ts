/** The texts that a record can bring, by the names that catalogue files and HTTP bodies use. */

/** The texts that a record may lack. */
export const OPTIONAL_TEXTS = [
  'units',
  'periodicity',
  'description',
  'long_name',
  'category_group',
  'dataset',
  'topic',
  'aggregation_method',
  'scale',
  'currency_code',
  'country',
  'source_name',
  'source_url',
] as const

/** All texts of a record; every record has a name. */
export const RECORD_TEXTS = ['name', ...OPTIONAL_TEXTS] as const

export type RecordText = (typeof RECORD_TEXTS)[number]

/** The fixed columns of every result. No field of a codebook may take one of these names. */
export const ENVELOPE = [
  'indicator_id',
  'name',
  'catalogue',
  'codebook',
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
  'codebook_hash',
  'codebook_version',
  'unit',
  'key',
] as const
