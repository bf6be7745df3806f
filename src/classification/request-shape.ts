/** The shapes of requests and records as JSON: which fields are kept, and how large each may be, before anything is parsed. */
import type { JsonShape } from '../lib/json-shape.ts'
import { MAX_BATCH_INDICATORS } from './batch-request.ts'
import {
  INDICATOR_FIELDS,
  MAX_DESCRIPTION_LENGTH,
  MAX_ID_LENGTH,
  MAX_SAMPLE_POINTS,
  MAX_TEXT_LENGTH,
} from './indicator.ts'

/** JSON takes at most six bytes for a UTF-16 unit of a text, as in \u0041. */
const BYTES_PER_UNIT = 6
const QUOTES = 2
/** A field of the wrong kind may hold a few values, so that the schema can word the fault. */
const FEW_VALUES = 20
/** The most bytes of one sample point. A longer one is left out, as every point without a readable date and number is. */
const MAX_POINT_BYTES = 500
const MAX_POINT_VALUES = 20
/** The most bytes of the body of a handler that takes a few short fields. */
const MAX_SMALL_BODY = 65_536
const MAX_CODEBOOK_BODY = 33_554_432

function small(maxBytes: number, maxValues = FEW_VALUES): JsonShape {
  return { kind: 'any', maxBytes, maxValues, beyond: 'refuse' }
}

function text(maxLength: number): JsonShape {
  return small(BYTES_PER_UNIT * maxLength + QUOTES)
}

/** Sample points. A point that is too large becomes null, so that it is counted with the other unreadable points. */
export const SAMPLES_SHAPE: JsonShape = {
  kind: 'list',
  maxItems: MAX_SAMPLE_POINTS,
  noun: 'points',
  items: { kind: 'any', maxBytes: MAX_POINT_BYTES, maxValues: MAX_POINT_VALUES, beyond: 'null' },
}

const LENGTHS: Readonly<Record<string, number>> = {
  indicator_id: MAX_ID_LENGTH,
  description: MAX_DESCRIPTION_LENGTH,
}

/** One record of a catalogue. A codebook of a user's own reads of a record no other fields than these. */
export const RECORD_SHAPE: JsonShape = {
  kind: 'fields',
  fields: new Map(
    INDICATOR_FIELDS.map((field) => [
      field,
      field === 'sample_values' ? SAMPLES_SHAPE : text(LENGTHS[field] ?? MAX_TEXT_LENGTH),
    ]),
  ),
}

/** The body of classify-api/batch and classify-api/estimate. */
const BATCH_SHAPE: JsonShape = {
  kind: 'fields',
  fields: new Map<string, JsonShape>([
    ['indicators', { kind: 'list', maxItems: MAX_BATCH_INDICATORS, noun: 'indicators', items: RECORD_SHAPE }],
    ...['run_id', 'catalogue', 'codebook', 'force'].map((field) => [field, text(MAX_TEXT_LENGTH)] as const),
    ['options', small(MAX_SMALL_BODY, MAX_BATCH_INDICATORS)],
  ]),
}

const SMALL_BODY = small(MAX_SMALL_BODY, MAX_BATCH_INDICATORS)

/** The shapes of the bodies of the handlers of classify-api. */
export const BODY_SHAPES: ReadonlyMap<string, JsonShape> = new Map<string, JsonShape>([
  ['batch', BATCH_SHAPE],
  ['estimate', BATCH_SHAPE],
  ['status', SMALL_BODY],
  ['budget', SMALL_BODY],
  ['evidence', SMALL_BODY],
  ['codebook', small(MAX_CODEBOOK_BODY, MAX_TEXT_LENGTH)],
  ['health', SMALL_BODY],
])
