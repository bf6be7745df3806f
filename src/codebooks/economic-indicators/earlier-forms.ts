/** The forms that earlier releases gave to readings, decisions and results, in journals and in HTTP bodies. */
import { z } from 'zod'
import type { Decision, EarlierForms, Labels, Reading } from '../types.ts'
import { flattenReading } from './flat-reading.ts'
import {
  AGGREGATIONS,
  CUMULATIVE_PATTERNS,
  FAMILIES,
  FREQUENCIES,
  ORIENTATIONS,
  TIME_BASES,
  TYPES,
  UNIT_KINDS,
  UNIT_SCALES,
} from './labels.ts'

/** The fields that earlier releases asked a model for; they read all others by rules alone. */
const ASKED_FIELDS = ['type', 'temporal_aggregation', 'orientation'] as const

const unit = z.object({
  kind: z.enum(UNIT_KINDS),
  scale: z.literal(UNIT_SCALES),
  currency: z.string().min(1).nullable(),
  per: z.string().min(1).nullable(),
})
const cumulative = z.object({
  pattern: z.enum(CUMULATIVE_PATTERNS),
  reset_month: z.int().min(1).max(12).nullable(),
})
const decided = {
  type: z.enum(TYPES),
  temporal_aggregation: z.enum(AGGREGATIONS),
  orientation: z.enum(ORIENTATIONS),
}
const confidence = z.number().min(0).max(1)

function readingOf<Value extends z.ZodType>(value: Value) {
  return z.object({ value, sure: z.boolean(), rule: z.string().min(1), because: z.string() })
}

const readingSchema = z.object({
  unit: readingOf(unit),
  frequency: readingOf(z.enum(FREQUENCIES)),
  cumulative: readingOf(cumulative),
  type: readingOf(decided.type),
  temporal_aggregation: readingOf(decided.temporal_aggregation),
  orientation: readingOf(decided.orientation),
})

const decisionSchema = z.object({
  ...decided,
  confidence: z.object({ type: confidence, temporal_aggregation: confidence, orientation: confidence }),
  reason: z.string(),
})

const classificationSchema = z.object({
  ...decided,
  family: z.enum(FAMILIES),
  time_basis: z.enum(TIME_BASES),
  unit,
  frequency: z.enum(FREQUENCIES),
  cumulative,
})

export const EARLIER_FORMS: EarlierForms = {
  askedFields: ASKED_FIELDS,
  parseReading,
  parseDecision,
  writeDecision,
  parseLabels,
  nestedProperties,
}

function parseReading(reading: unknown): Reading {
  return flattenReading(checked(readingSchema, reading, 'reading'))
}

function parseDecision(decision: unknown): Decision {
  const { confidence: stated, reason, ...labels } = checked(decisionSchema, decision, 'decision')
  return { labels, confidence: stated, reason }
}

/** Other labels of the decision are left out, because an earlier release reads those by its rules. */
function writeDecision({ labels, confidence: stated, reason }: Decision): object | null {
  const { type, temporal_aggregation, orientation } = labels
  const confidenceOf = (field: (typeof ASKED_FIELDS)[number]) => stated[field] ?? 0
  const written = decisionSchema.safeParse({
    type,
    temporal_aggregation,
    orientation,
    confidence: {
      type: confidenceOf('type'),
      temporal_aggregation: confidenceOf('temporal_aggregation'),
      orientation: confidenceOf('orientation'),
    },
    reason,
  })
  return written.success ? written.data : null
}

function parseLabels(classification: unknown): Labels {
  const { unit: known, cumulative: adding, ...flat } = checked(classificationSchema, classification, 'result')
  return {
    type: flat.type,
    family: flat.family,
    temporal_aggregation: flat.temporal_aggregation,
    time_basis: flat.time_basis,
    orientation: flat.orientation,
    unit_kind: known.kind,
    unit_scale: known.scale,
    unit_currency: known.currency,
    unit_per: known.per,
    frequency: flat.frequency,
    cumulative_pattern: adding.pattern,
    cumulative_reset_month: adding.reset_month,
  }
}

function nestedProperties(labels: Labels): Readonly<Record<string, unknown>> {
  return {
    unit: {
      kind: labels.unit_kind ?? null,
      scale: labels.unit_scale ?? null,
      currency: labels.unit_currency ?? null,
      per: labels.unit_per ?? null,
    },
    cumulative: {
      pattern: labels.cumulative_pattern ?? 'unknown',
      reset_month: labels.cumulative_reset_month ?? null,
    },
  }
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, what: string): z.infer<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue === undefined || issue.path.length === 0 ? 'the value' : issue.path.join('.')
  throw new TypeError(`the ${what} of an earlier release has another form: ${place}: ${issue?.message ?? 'is wrong'}`)
}
