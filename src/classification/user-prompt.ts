/** The part of the prompt that differs: the indicators of one request as delimited JSON, and the way back. */
import { z } from 'zod'
import { cutText } from './clean-text.ts'
import { AGGREGATIONS, CUMULATIVE_PATTERNS, FREQUENCIES, ORIENTATIONS, TYPES } from './codebook.ts'
import { normaliseIndicator, rawIndicatorSchema } from './indicator.ts'
import type { FieldReading, Indicator, RuleReading, SamplePoint, Unit } from './types.ts'

export interface PromptItem {
  readonly key: string
  readonly indicator: Indicator
  readonly reading: RuleReading
}

const OPEN = '<indicators>'
const CLOSE = '</indicators>'
export const MAX_PROMPT_NAME = 400
export const MAX_PROMPT_DESCRIPTION = 600
export const MAX_PROMPT_TEXT = 200
export const MAX_PROMPT_SAMPLES = 6
const SIGNIFICANT_DIGITS = 6

/**
 * The text fields that the model sees, in this order, with the characters that each may take. Country, currency code
 * and source stay out: they do not change a right answer, and answers are reused across them.
 */
const SHOWN_FIELDS = [
  ['units', MAX_PROMPT_TEXT],
  ['periodicity', MAX_PROMPT_TEXT],
  ['description', MAX_PROMPT_DESCRIPTION],
  ['long_name', MAX_PROMPT_NAME],
  ['category_group', MAX_PROMPT_TEXT],
  ['dataset', MAX_PROMPT_TEXT],
  ['topic', MAX_PROMPT_TEXT],
  ['aggregation_method', MAX_PROMPT_TEXT],
] as const satisfies readonly (readonly [keyof Indicator, number])[]

/** The question: one JSON object a line between the delimiters, which no text inside can spell. */
export function buildUserPrompt(items: readonly PromptItem[]): string {
  const lines = items.map((item) => JSON.stringify(promptObject(item)).replaceAll('<', '\\u003c'))
  return [`Classify these ${items.length} indicators.`, OPEN, ...lines, CLOSE].join('\n')
}

function promptObject({ key, indicator, reading }: PromptItem) {
  const texts: Record<string, string> = {}
  for (const [field, limit] of SHOWN_FIELDS) {
    const value = indicator[field]
    if (value !== undefined) texts[field] = cutText(value, limit)
  }
  const samples = indicator.sample_values.slice(-MAX_PROMPT_SAMPLES).map(({ date, value }) => [date, rounded(value)])
  return {
    key,
    indicator_id: indicator.indicator_id,
    name: cutText(indicator.name, MAX_PROMPT_NAME),
    ...texts,
    ...(samples.length > 0 ? { samples } : {}),
    rules: evidenceOf(reading),
  }
}

/** What the rules found, as the prompt tells it. */
export type RuleEvidence = z.infer<typeof evidenceSchema>

/** One indicator read back from a prompt: what the model was shown, no more. */
export interface ParsedPromptItem {
  readonly key: string
  /** With cut texts and at most the last six sample values, so rules read less from it than from the original. */
  readonly indicator: Indicator
  /** What the rules found in the original. */
  readonly rules: RuleEvidence
}

function evidenceOf(reading: RuleReading): RuleEvidence {
  return {
    unit: unitText(reading.unit.value),
    frequency: reading.frequency.value,
    cumulative: reading.cumulative.value.pattern,
    type: valueAndSure(reading.type),
    temporal_aggregation: valueAndSure(reading.temporal_aggregation),
    orientation: valueAndSure(reading.orientation),
  }
}

function valueAndSure<T>({ value, sure }: FieldReading<T>): { value: T; sure: boolean } {
  return { value, sure }
}

/** Such as "currency x1e6 USD per barrel". */
function unitText({ kind, scale, currency, per }: Unit): string {
  return [kind, scale === 1 ? '' : `x${scale}`, currency ?? '', per === null ? '' : `per ${per}`]
    .filter((part) => part !== '')
    .join(' ')
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS))
}

const evidenceSchema = z.object({
  unit: z.string(),
  frequency: z.enum(FREQUENCIES),
  cumulative: z.enum(CUMULATIVE_PATTERNS),
  type: z.object({ value: z.enum(TYPES), sure: z.boolean() }),
  temporal_aggregation: z.object({ value: z.enum(AGGREGATIONS), sure: z.boolean() }),
  orientation: z.object({ value: z.enum(ORIENTATIONS), sure: z.boolean() }),
})

const lineSchema = rawIndicatorSchema.extend({
  key: z.string(),
  rules: evidenceSchema,
  samples: z.array(z.tuple([z.string(), z.number()])).optional(),
})

/** The items of a prompt that `buildUserPrompt` wrote. Lines that are none of its own are left out; never throws. */
export function parseUserPrompt(prompt: string): ParsedPromptItem[] {
  const lines = prompt.split('\n')
  const open = lines.indexOf(OPEN)
  const close = lines.indexOf(CLOSE)
  if (open < 0 || close < open) return []
  return lines.slice(open + 1, close).flatMap((line) => {
    const parsed = lineSchema.safeParse(jsonOf(line))
    if (!parsed.success) return []
    const { key, rules, samples = [], ...raw } = parsed.data
    const points: SamplePoint[] = samples.map(([date, value]) => ({ date, value }))
    return [{ key, indicator: normaliseIndicator({ ...raw, sample_values: points }).indicator, rules }]
  })
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
