/** Builds the user message of a request, which holds its indicators as JSON lines, and parses such a message back for the offline model. */
import { z } from 'zod'
import { cutText } from './clean-text.ts'
import { AGGREGATIONS, CUMULATIVE_PATTERNS, FREQUENCIES, ORIENTATIONS, TYPES } from './codebook.ts'
import { normaliseIndicator, rawIndicatorSchema } from './indicator.ts'
import { parseJson } from './parse-json.ts'
import type { FieldReading, Indicator, RuleReading, SamplePoint, Unit } from './types.ts'

/** One indicator to ask about. */
export interface PromptItem {
  /** The key that names the indicator in the request and in the answer. */
  readonly key: string
  readonly indicator: Indicator
  readonly reading: RuleReading
}

const OPEN = '<indicators>'
const CLOSE = '</indicators>'
const MAX_PROMPT_NAME = 400
const MAX_PROMPT_DESCRIPTION = 600
const MAX_PROMPT_TEXT = 200
export const MAX_PROMPT_SAMPLES = 6
/** Sample values are shown with so many significant digits, because more digits cost tokens and decide nothing. */
const SIGNIFICANT_DIGITS = 6

/**
 * The text fields that the model sees, in this order, with the most characters of each. Country, currency code and source are
 * left out, because they do not change a right answer, and an answer is reused for indicators that differ only in them.
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

/**
 * Builds the user message, with one JSON object a line between two delimiters. `<` is escaped, so that no text of an
 * indicator can close the list.
 */
export function buildUserPrompt(items: readonly PromptItem[]): string {
  const lines = items.map((item) => JSON.stringify(promptLine(item)).replaceAll('<', '\\u003c'))
  return [`Classify these ${items.length} indicators.`, OPEN, ...lines, CLOSE].join('\n')
}

/** Builds the line of one indicator in the user message. Long texts are cut. */
function promptLine({ key, indicator, reading }: PromptItem) {
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
    rules: shownReadingOf(reading),
  }
}

/** The readings of the rules as the prompt shows them. */
export type ShownReading = z.infer<typeof shownReadingSchema>

/** One indicator parsed from a prompt, with no more than the model was shown. */
export interface ParsedPromptItem {
  readonly key: string
  /**
   * The indicator as the message shows it, with cut texts and at most the last six sample values, so that rules read less
   * from it than from the original.
   */
  readonly indicator: Indicator
  /** The readings of the rules on the original indicator, whose texts were not cut. */
  readonly rules: ShownReading
}

function shownReadingOf(reading: RuleReading): ShownReading {
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

/** Writes a unit in words, such as "currency x1000000 USD per barrel". */
function unitText({ kind, scale, currency, per }: Unit): string {
  return [kind, scale === 1 ? '' : `x${scale}`, currency ?? '', per === null ? '' : `per ${per}`]
    .filter((part) => part !== '')
    .join(' ')
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS))
}

const shownReadingSchema = z.object({
  unit: z.string(),
  frequency: z.enum(FREQUENCIES),
  cumulative: z.enum(CUMULATIVE_PATTERNS),
  type: z.object({ value: z.enum(TYPES), sure: z.boolean() }),
  temporal_aggregation: z.object({ value: z.enum(AGGREGATIONS), sure: z.boolean() }),
  orientation: z.object({ value: z.enum(ORIENTATIONS), sure: z.boolean() }),
})

const lineSchema = rawIndicatorSchema.extend({
  key: z.string(),
  rules: shownReadingSchema,
  samples: z.array(z.tuple([z.string(), z.number()])).optional(),
})

/**
 * Parses the indicators of a message that `buildUserPrompt` wrote, without ever throwing. Lines of another form are left out.
 */
export function parseUserPrompt(prompt: string): ParsedPromptItem[] {
  const lines = prompt.split('\n')
  const open = lines.indexOf(OPEN)
  const close = lines.indexOf(CLOSE)
  if (open < 0 || close < open) return []
  return lines.slice(open + 1, close).flatMap((line) => {
    const parsed = lineSchema.safeParse(parseJson(line))
    if (!parsed.success) return []
    const { key, rules, samples = [], ...raw } = parsed.data
    const points: SamplePoint[] = samples.map(([date, value]) => ({ date, value }))
    return [{ key, indicator: normaliseIndicator({ ...raw, sample_values: points }).indicator, rules }]
  })
}
