/** Parses a gold file, which holds one indicator with its right `labels` on each line (JSON Lines). */
import { z } from 'zod'
import { cleanText } from '../classification/clean-text.ts'
import { AGGREGATIONS, FREQUENCIES, ORIENTATIONS, TYPES, UNIT_KINDS, UNIT_SCALES } from '../classification/codebook.ts'
import { CURRENCY_CODES } from '../classification/currency-codes.ts'
import { normaliseIndicator, type RawIndicator, rawIndicatorSchema } from '../classification/indicator.ts'
import { parseJson } from '../classification/parse-json.ts'
import type { Indicator } from '../classification/types.ts'
import type { Labels } from './fields.ts'

/** One labelled indicator. Rules and models get only the property `indicator`, which never holds the labels. */
export interface GoldRow {
  readonly indicator: Indicator
  readonly labels: Labels
  /** What the rules read before they were tuned on this row; absent where the gold file does not keep this reading. */
  readonly firstReading?: FirstReading
  /** The row's line in the gold file, counted from 1. */
  readonly line: number
}

export interface ParsedGold {
  readonly rows: readonly GoldRow[]
  /** One sentence for each problem of the gold file, with line, field and value. A file with problems must not be scored. */
  readonly problems: readonly string[]
  /** The names of labels in the gold file that eval does not score, with the number of rows that have each. */
  readonly ignored: ReadonlyMap<string, number>
}

/** The most characters of a value that a message shows. */
const SHOWN_VALUE_LENGTH = 80

/** Builds the schema of a value that is one of `values`. */
function oneOf<const T extends readonly (string | number)[]>(values: T) {
  const allowed = `must be one of ${values.join(', ')}`
  return z.custom<T[number]>((value) => values.some((known) => known === value), {
    error: (issue) => `${issue.input === undefined ? 'is missing: it ' : ''}${allowed}${got(issue.input)}`,
  })
}

const currency = z.custom<string | null>(
  (value) => value === null || (typeof value === 'string' && isCurrency(value)),
  {
    error: (issue) =>
      `${issue.input === undefined ? 'is missing: it ' : ''}must be null, LCU, INTL or an ISO 4217 code${got(issue.input)}`,
  },
)

const labelsSchema = z.looseObject(
  {
    type: oneOf(TYPES),
    temporal_aggregation: oneOf(AGGREGATIONS),
    orientation: oneOf(ORIENTATIONS),
    unit_kind: oneOf(UNIT_KINDS),
    unit_scale: oneOf(UNIT_SCALES),
    unit_currency: currency,
    frequency: oneOf(FREQUENCIES),
  },
  { error: (issue) => (issue.input === undefined ? 'is missing' : `must be an object${got(issue.input)}`) },
)

/** Builds the schema of a label paired with whether the rules were sure of the label. */
const sureValue = <const T extends readonly string[]>(values: T) => z.tuple([oneOf(values), z.boolean()])

const firstReadingSchema = z.strictObject({
  type: sureValue(TYPES),
  temporal_aggregation: sureValue(AGGREGATIONS),
  orientation: sureValue(ORIENTATIONS),
})

/** What the rules first read for each decided field, paired with whether they were sure of this value. */
export type FirstReading = Readonly<z.infer<typeof firstReadingSchema>>

const rowSchema = z.looseObject({ labels: labelsSchema, first_reading: firstReadingSchema.optional() })
const LABEL_KEYS: ReadonlySet<string> = new Set(Object.keys(labelsSchema.shape))

/** Parses the text of a gold file without throwing. Every problem is listed, so that the author can correct all at once. */
export function parseGold(text: string): ParsedGold {
  const rows: GoldRow[] = []
  const problems: string[] = []
  const ignored = new Map<string, number>()
  const lineOfId = new Map<string, number>()
  for (const [index, content] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n|\r/)
    .entries()) {
    if (content.trim() === '') continue
    const line = index + 1
    const json = parseJson(content)
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      problems.push(`line ${line}: must be one JSON object${got(content)}`)
      continue
    }
    const input = rawIndicatorSchema.safeParse(json)
    const gold = rowSchema.safeParse(json)
    for (const { path, message } of [...(input.error?.issues ?? []), ...(gold.error?.issues ?? [])]) {
      problems.push(`line ${line}, ${path.join('.') || 'the line'}: ${message}`)
    }
    if (!input.success || !gold.success) continue
    const id = cleanText(input.data.indicator_id)
    const first = lineOfId.get(id)
    if (first !== undefined) {
      problems.push(`line ${line}, indicator_id: ${JSON.stringify(id)} is already used on line ${first}`)
      continue
    }
    lineOfId.set(id, line)
    const { labels, first_reading: firstReading } = gold.data
    for (const key of Object.keys(labels)) {
      if (!LABEL_KEYS.has(key)) ignored.set(key, (ignored.get(key) ?? 0) + 1)
    }
    rows.push({
      indicator: indicatorOf(input.data),
      labels: pickLabels(labels),
      line,
      ...(firstReading === undefined ? {} : { firstReading }),
    })
  }
  if (rows.length === 0 && problems.length === 0) problems.push('the file holds no labelled indicator')
  return { rows, problems, ignored }
}

/** Builds the indicator of a gold row. Only the fields of an indicator pass, so that the labels stay behind. */
function indicatorOf(raw: RawIndicator): Indicator {
  return normaliseIndicator(raw).indicator
}

function pickLabels(labels: z.infer<typeof labelsSchema>): Labels {
  const { type, temporal_aggregation, orientation, unit_kind, unit_scale, unit_currency, frequency } = labels
  return { type, temporal_aggregation, orientation, unit_kind, unit_scale, unit_currency, frequency }
}

function isCurrency(code: string): boolean {
  return code === 'LCU' || code === 'INTL' || CURRENCY_CODES.has(code)
}

/** Builds the end of a message, which quotes the faulty value; '' where the value is missing. */
function got(value: unknown): string {
  if (value === undefined) return ''
  const text =
    typeof value === 'string' ? JSON.stringify(cleanText(value.slice(0, SHOWN_VALUE_LENGTH))) : shortJson(value)
  return `, got ${text}`
}

function shortJson(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, SHOWN_VALUE_LENGTH)
}
