/** Builds the user message of a request, which holds its records as JSON lines, and parses such a message back for the offline model. */
import { z } from 'zod'
import { pathOf } from '../codebooks/code-list.ts'
import type { Codebook } from '../codebooks/codebook.ts'
import { RECORD_TEXTS, type RecordText } from '../codebooks/record-texts.ts'
import { parseJson } from '../lib/json/json.ts'
import { cutText } from './clean-text.ts'
import type { Indicator, Labels } from './types.ts'

/** One record to ask about. */
export interface PromptItem {
  /** The key that names the record in the request and in the answer. */
  readonly key: string
  readonly indicator: Indicator
  /** Names of the fields asked. */
  readonly fields: readonly string[]
  /** Labels that are decided already. */
  readonly known: Labels
  /** What rules read of the fields asked without being sure; empty where the model is asked blind. */
  readonly guess: Labels
  /** Candidates of each code field asked, the likeliest first. */
  readonly codes: Readonly<Record<string, readonly string[]>>
}

const OPEN = '<records>'
const CLOSE = '</records>'
/** Sample values are shown with so many significant digits, because more digits cost tokens and decide nothing. */
const SIGNIFICANT_DIGITS = 6
/** The definition of a candidate code is cut to this many characters. */
const MAX_CODE_DEFINITION = 160

/**
 * Builds the user message, with one JSON object a line between two delimiters. `<` is escaped, so that no text of a record can
 * close the list.
 */
export function buildUserPrompt(codebook: Codebook, items: readonly PromptItem[]): string {
  const lines = items.map((item) => buildPromptLine(codebook, item))
  return [`Classify these ${items.length} ${codebook.record.plural}.`, OPEN, ...lines, CLOSE].join('\n')
}

/** The line of one record, a JSON object. */
export function buildPromptLine(codebook: Codebook, item: PromptItem): string {
  return JSON.stringify(promptObject(codebook, item)).replaceAll('<', '\\u003c')
}

function promptObject(codebook: Codebook, { key, indicator, fields, known, guess, codes }: PromptItem) {
  const { texts, samples: most } = codebook.record
  const shown = texts.flatMap(({ name, limit }) => {
    const value = indicator[name]
    return value === undefined ? [] : [[name, cutText(value, limit)] as const]
  })
  const samples = (most === 0 ? [] : indicator.sample_values.slice(-most)).map(({ date, value }) => [
    date,
    rounded(value),
  ])
  const candidates = Object.entries(codes).map(([field, list]) => [
    field,
    list.map((code) => codeText(codebook, field, code)),
  ])
  return {
    key,
    id: indicator.indicator_id,
    ...Object.fromEntries(shown),
    ...(samples.length > 0 ? { samples } : {}),
    ask: fields,
    ...(Object.keys(known).length > 0 ? { known } : {}),
    ...(Object.keys(guess).length > 0 ? { guess } : {}),
    ...(candidates.length > 0 ? { codes: Object.fromEntries(candidates) } : {}),
  }
}

/** Writes a candidate code as the model sees it, such as "01.1.1 Cereals (Food and non-alcoholic beverages > Food): Rice, bread and flour". */
function codeText(codebook: Codebook, field: string, code: string): string {
  const type = codebook.field.get(field)?.type
  const found = type?.kind === 'codes' ? type.list.byCode.get(code) : undefined
  if (type?.kind !== 'codes' || found === undefined) return code
  const parents = pathOf(type.list, code).slice(0, -1)
  const above = parents.length === 0 ? '' : ` (${parents.join(' > ')})`
  const definition = found.definition === '' ? '' : `: ${cutText(found.definition, MAX_CODE_DEFINITION)}`
  return `${code} ${found.title}${above}${definition}`
}

function rounded(value: number): number {
  return Number(value.toPrecision(SIGNIFICANT_DIGITS))
}

const labelSchema = z.union([z.string(), z.number(), z.null(), z.array(z.string())])
const textKeys = Object.fromEntries(RECORD_TEXTS.map((name) => [name, z.string().optional()])) as Record<
  RecordText,
  z.ZodOptional<z.ZodString>
>

const lineSchema = z.object({
  key: z.string(),
  id: z.string(),
  ...textKeys,
  samples: z.array(z.tuple([z.string(), z.number()])).default([]),
  ask: z.array(z.string()),
  known: z.record(z.string(), labelSchema).default({}),
  guess: z.record(z.string(), labelSchema).default({}),
  codes: z.record(z.string(), z.array(z.string())).default({}),
})

/** One record parsed from a prompt, with no more than the model was shown. */
export type ParsedPromptItem = z.output<typeof lineSchema>

/** Parses the records of a message that `buildUserPrompt` wrote, without ever throwing. Lines of another form are left out. */
export function parseUserPrompt(prompt: string): ParsedPromptItem[] {
  const lines = prompt.split('\n')
  const open = lines.indexOf(OPEN)
  const close = lines.indexOf(CLOSE)
  if (open < 0 || close < open) return []
  return lines.slice(open + 1, close).flatMap((line) => {
    const parsed = lineSchema.safeParse(parseJson(line))
    return parsed.success ? [parsed.data] : []
  })
}
