/** The zod schema of an incoming indicator, and the normalisation of raw input to an `Indicator`. */

import { z } from 'zod'
import { OPTIONAL_TEXTS } from '../codebooks/record-texts.ts'
import { boundText } from '../lib/json/bounded-text.ts'
import { parseJson } from '../lib/json/json.ts'
import { type JsonAny, type JsonShape, pointerOf } from '../lib/json/json-shape.ts'
import { cleanText } from './clean-text.ts'
import { isPlainRecord } from './record/plain-record.ts'
import { readPoints } from './record/sample-points.ts'
import type { Indicator } from './types.ts'

const MAX_ID_LENGTH = 256
export const MAX_NAME_LENGTH = 1_000
export const MAX_DESCRIPTION_LENGTH = 10_000
export const MAX_TEXT_LENGTH = 1_000
const MAX_SAMPLE_POINTS = 5_000
/**
 * The most sample points of the indicators of one batch together. A replica reads so many in a quarter of a second and with 40 MB
 * of memory; five times as many would hold its event loop for a second.
 */
export const MAX_BATCH_POINTS = 100_000
/** The most characters of sample points that come as JSON in a text, about fifty for each of as many points as there may be. */
const MAX_SAMPLE_TEXT = 262_144

const BOUNDS = {
  ...{ id: MAX_ID_LENGTH, name: MAX_NAME_LENGTH, description: MAX_DESCRIPTION_LENGTH },
  ...{ text: MAX_TEXT_LENGTH, points: MAX_SAMPLE_POINTS },
}

/** The optional text fields of an indicator. In the input, null and "" mean that the field is absent. */
export const OPTIONAL_TEXT_FIELDS = OPTIONAL_TEXTS satisfies readonly (keyof Indicator)[]

/** Every known field of an indicator. Unknown fields of the input are left out and reported. */
const INDICATOR_FIELDS = ['indicator_id', 'name', ...OPTIONAL_TEXT_FIELDS, 'sample_values'] as const

const KNOWN_FIELDS: ReadonlySet<string> = new Set(INDICATOR_FIELDS)

/** JSON takes at most six bytes for a UTF-16 unit of a text, as in \u0041. */
const BYTES_PER_UNIT = 6
const QUOTES = 2
/** A field of the wrong kind may hold a few values, so that the schema can word the fault. */
const FEW_VALUES = 20
/** The most bytes of one sample point. A longer one is left out, as every point without a readable date and number is. */
const MAX_POINT_BYTES = 500

/** A text of at most so many UTF-16 units as JSON. */
export function textShape(maxLength: number): JsonAny {
  return { kind: 'any', maxBytes: BYTES_PER_UNIT * maxLength + QUOTES, maxValues: FEW_VALUES, beyond: 'refuse' }
}

/** Sample points as JSON. A point that is too large becomes null, so that it is counted with the other unreadable points. */
export const SAMPLES_SHAPE: JsonShape = {
  kind: 'list',
  maxItems: MAX_SAMPLE_POINTS,
  noun: 'points',
  items: { kind: 'any', maxBytes: MAX_POINT_BYTES, maxValues: FEW_VALUES, beyond: 'null' },
  asText: textShape(MAX_SAMPLE_TEXT),
  inAll: { maxItems: MAX_BATCH_POINTS, wayOut: 'send the indicators in several batches' },
}

/** One record as JSON, before it is parsed. A codebook of a user's own reads of a record no other fields than these. */
export const RECORD_SHAPE: JsonShape = {
  kind: 'fields',
  fields: new Map<string, JsonShape>([
    ...[...KNOWN_FIELDS].map((field) => [field, textShape(MAX_TEXT_LENGTH)] as const),
    ['description', textShape(MAX_DESCRIPTION_LENGTH)],
    ['sample_values', SAMPLES_SHAPE],
  ]),
}

/**
 * The schema of a text of at most `max` UTF-16 units. Longer text fails on its length alone, so that no later check
 * scans megabytes.
 */
function text(max: number) {
  return z.string({ error: (issue) => (issue.input === undefined ? 'is missing' : undefined) }).max(max, {
    abort: true,
    error: (issue) => `must be at most ${max} characters, got ${lengthOf(issue.input)}`,
  })
}

function requiredText(max: number) {
  return text(max)
    .refine((value) => cleanText(value) !== '', { error: 'must not be empty' })
    .meta({ minLength: 1 })
}

/** Returns the length of a text or list for use in a message; 0 for any other value. */
export function lengthOf(value: unknown): number {
  return typeof value === 'string' || Array.isArray(value) ? value.length : 0
}

const optionalText = text(MAX_TEXT_LENGTH).nullish()

const sampleList = z.array(z.unknown()).max(MAX_SAMPLE_POINTS, {
  error: (issue) => `must hold at most ${MAX_SAMPLE_POINTS} points, got ${lengthOf(issue.input)}`,
})

/** Reads sample points that come as JSON in a text, as they stand in a cell of CSV; a blank one has none. Other values stay. */
function readSampleText(value: unknown, context: z.RefinementCtx): unknown {
  if (typeof value !== 'string') return value
  if (value.trim() === '') return null
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  if (value.length > MAX_SAMPLE_TEXT)
    return refuse(`must be at most ${MAX_SAMPLE_TEXT} characters of JSON, got ${value.length}`)
  const bounded = boundText(value, SAMPLES_SHAPE)
  if (bounded.kind === 'refused') return refuse(`${pointerOf(bounded.path)} ${bounded.message}`.trim())
  const points = bounded.kind === 'kept' ? parseJson(bounded.text) : undefined
  if (Array.isArray(points)) return points
  return refuse(`must hold a JSON array such as [{"date":"2024","value":1}], got ${JSON.stringify(value.slice(0, 60))}`)
}

/**
 * The schema of one indicator as it arrives. Unknown fields stay, so that a later step can count them. Sample points are
 * not checked, because an unreadable point is left out and counted instead of refused.
 */
export const rawIndicatorSchema = z.looseObject({
  indicator_id: requiredText(MAX_ID_LENGTH),
  name: requiredText(MAX_NAME_LENGTH),
  units: optionalText,
  periodicity: optionalText,
  description: text(MAX_DESCRIPTION_LENGTH).nullish(),
  long_name: optionalText,
  category_group: optionalText,
  dataset: optionalText,
  topic: optionalText,
  aggregation_method: optionalText,
  scale: z
    .union([z.string(), z.number()], { error: 'must be a string or a number' })
    .refine((value) => typeof value === 'number' || value.length <= MAX_TEXT_LENGTH, {
      error: (issue) => `must be at most ${MAX_TEXT_LENGTH} characters, got ${lengthOf(issue.input)}`,
    })
    .nullish(),
  currency_code: optionalText,
  country: optionalText,
  source_name: optionalText,
  source_url: optionalText,
  sample_values: z
    .preprocess(readSampleText, sampleList.nullish())
    .optional()
    .meta({
      description:
        'Points such as {"date": "2024-05", "value": 1.5}, as a list or as the same list in JSON text. Points without a readable date and number are left out and counted. The indicators of a batch may have 100,000 of them together.',
      anyOf: [
        { type: 'array', maxItems: MAX_SAMPLE_POINTS, items: {} },
        { type: 'string', maxLength: MAX_SAMPLE_TEXT },
        { type: 'null' },
      ],
    }),
})

export type RawIndicator = z.infer<typeof rawIndicatorSchema>

export interface NormaliseWarnings {
  /** Names of the unknown fields that were left out, in input order. */
  readonly unknownFields: readonly string[]
  /** How many sample points were left out, because they have no readable date or number, or the date of a later point. */
  readonly droppedPoints: number
}

export interface NormalisedIndicator {
  readonly indicator: Indicator
  readonly warnings: NormaliseWarnings
}

/**
 * Turns a raw indicator that `rawIndicatorSchema` accepted into an `Indicator`. Normalising the result again changes
 * nothing.
 */
export function normaliseIndicator(raw: RawIndicator): NormalisedIndicator {
  const texts: Partial<Record<(typeof OPTIONAL_TEXT_FIELDS)[number], string>> = {}
  for (const field of OPTIONAL_TEXT_FIELDS) {
    const value = cleanText(String(raw[field] ?? ''))
    if (value !== '') texts[field] = value
  }
  const points = readPoints(raw.sample_values ?? [])
  const indicator: Indicator = {
    indicator_id: cleanText(raw.indicator_id),
    name: cleanText(raw.name),
    ...texts,
    sample_values: points,
  }
  return {
    indicator,
    warnings: {
      unknownFields: Object.keys(raw).filter((field) => !KNOWN_FIELDS.has(field)),
      droppedPoints: (raw.sample_values?.length ?? 0) - points.length,
    },
  }
}

/** Whether `rawIndicatorSchema` surely accepts a value as it is, which takes a fraction of its time to find out. */
export function isPlainIndicator(input: unknown): input is RawIndicator {
  return isPlainRecord(input, BOUNDS)
}

export type ParsedIndicator =
  | ({ readonly ok: true } & NormalisedIndicator)
  | { readonly ok: false; readonly problems: readonly { readonly path: string; readonly message: string }[] }

/**
 * Checks and normalises any value, such as a line of a catalogue, without throwing. The `path` of a problem names a field
 * with dots, such as `sample_values.0`; "" means the whole value.
 */
export function parseIndicator(input: unknown): ParsedIndicator {
  if (isPlainIndicator(input)) return { ok: true, ...normaliseIndicator(input) }
  const checked = rawIndicatorSchema.safeParse(input)
  if (checked.success) return { ok: true, ...normaliseIndicator(checked.data) }
  const problems = checked.error.issues.map((issue) => ({ path: issue.path.join('.'), message: issue.message }))
  return { ok: false, problems }
}
