/** Reads a gold file: JSON lines of indicators with `labels`. */
import { z } from 'zod'
import { cleanText } from '../classification/clean-text.ts'
import { AGGREGATIONS, FREQUENCIES, ORIENTATIONS, TYPES, UNIT_KINDS, UNIT_SCALES } from '../classification/codebook.ts'
import { CURRENCY_CODES } from '../classification/currency-codes.ts'
import { normaliseIndicator, type RawIndicator, rawIndicatorSchema } from '../classification/indicator.ts'
import type { Indicator } from '../classification/types.ts'
import type { Labels } from './fields.ts'

/** One labelled indicator. `indicator` is all that rules and models may see: the labels stand beside it, never in it. */
export interface GoldRow {
  readonly indicator: Indicator
  readonly labels: Labels
  /** What the rules said before anybody had looked at this row, where the file says so; see `calibrate.ts`. */
  readonly firstReading?: FirstReading
  /** Of the file, from 1. */
  readonly line: number
}

export interface ParsedGold {
  readonly rows: readonly GoldRow[]
  /** One sentence each, naming line, field and value. Where there are any, the file is not to be scored. */
  readonly problems: readonly string[]
  /** Names of labels that are not scored, and how many rows have them. */
  readonly ignored: ReadonlyMap<string, number>
}

const SHOWN_VALUE = 80

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

const sureValue = <const T extends readonly string[]>(values: T) => z.tuple([oneOf(values), z.boolean()])

const firstReadingSchema = z.strictObject({
  type: sureValue(TYPES),
  temporal_aggregation: sureValue(AGGREGATIONS),
  orientation: sureValue(ORIENTATIONS),
})

/** Value and sureness of each decided field. */
export type FirstReading = Readonly<z.infer<typeof firstReadingSchema>>

const rowSchema = z.looseObject({ labels: labelsSchema, first_reading: firstReadingSchema.optional() })
const LABEL_KEYS: ReadonlySet<string> = new Set(Object.keys(labelsSchema.shape))

/** Never throws: what is wrong is told line by line, so that all of it can be mended at once. */
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
    const json = jsonOf(content)
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
      problems.push(`line ${line}, indicator_id: ${JSON.stringify(id)} stands on line ${first} already`)
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

/** Known fields alone come through: `labels` and whatever else a line holds are left behind here. */
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

function got(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'string' ? JSON.stringify(cleanText(value.slice(0, SHOWN_VALUE))) : shortJson(value)
  return `, got ${text}`
}

function shortJson(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, SHOWN_VALUE)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
