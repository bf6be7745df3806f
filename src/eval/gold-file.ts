/** Parses a gold file, which holds one record with its right `labels` on each line (JSON Lines), by any codebook. */
import { z } from 'zod'
import { cleanText } from '../classification/clean-text.ts'
import { normaliseIndicator, rawIndicatorSchema } from '../classification/indicator.ts'
import type { Indicator, Labels } from '../classification/types.ts'
import { type Codebook, isValueOf, type LabelValue } from '../codebooks/codebook.ts'
import { shown, valueFault } from '../codebooks/value-fault.ts'
import { isRecord, parseOutsideJson } from '../lib/json/json.ts'

/** One labelled record. Rules and models get only the property `indicator`, which never holds the labels. */
export interface GoldRow {
  readonly indicator: Indicator
  /** The labels by field; a field that nobody labelled is absent. */
  readonly labels: Labels
  /** What the rules read before they were tuned on this row; absent where the gold file does not keep this reading. */
  readonly firstReading?: FirstReading
  /** The catalogue that the row was taken from: its property `catalogue`, else `source`; null without either. */
  readonly catalogue: string | null
  /** The row's line in the gold file, counted from 1. */
  readonly line: number
}

/** What the rules first read of each field, paired with whether they were sure of this value. */
export type FirstReading = Readonly<Record<string, readonly [value: LabelValue, sure: boolean]>>

export interface ParsedGold {
  readonly rows: readonly GoldRow[]
  /** One sentence for each problem of the gold file, with line, field and value. A file with problems must not be scored. */
  readonly problems: readonly string[]
  /** The names of labels in the gold file that the codebook has no field for, with the number of rows that have each. */
  readonly ignored: ReadonlyMap<string, number>
}

const objectSchema = z.record(z.string(), z.unknown(), {
  error: (issue) => (issue.input === undefined ? 'is missing' : `must be an object, got ${shown(issue.input)}`),
})
const rowSchema = z.looseObject({
  labels: objectSchema,
  catalogue: z.string().optional().catch(undefined),
  source: z.string().optional().catch(undefined),
  first_reading: z.record(z.string(), z.tuple([z.unknown(), z.boolean()])).optional(),
})
const unlabelledSchema = rowSchema.extend({ labels: objectSchema.nullish() })

/**
 * Parses the text of a gold file without throwing. Every problem is listed, so that the author can correct all at once. With
 * `needsLabels` false a row may have no labels, because nothing is scored.
 */
export function parseGold(text: string, codebook: Codebook, { needsLabels = true } = {}): ParsedGold {
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
    const json = parseOutsideJson(content)
    if (!isRecord(json)) {
      problems.push(`line ${line}: must be one JSON object, got ${shown(content)}`)
      continue
    }
    const input = rawIndicatorSchema.safeParse(json)
    const gold = (needsLabels ? rowSchema : unlabelledSchema).safeParse(json)
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
    const labels = readLabels(codebook, gold.data.labels ?? {})
    const firstReading = readFirstReading(codebook, gold.data.first_reading)
    problems.push(...[...labels.problems, ...firstReading.problems].map((problem) => `line ${line}, ${problem}`))
    for (const name of labels.ignored) ignored.set(name, (ignored.get(name) ?? 0) + 1)
    if (needsLabels && labels.problems.length === 0 && Object.keys(labels.read).length === 0) {
      const names = codebook.fields.map(({ name }) => name).join(', ')
      problems.push(`line ${line}, labels: label no field of ${codebook.name}, which has ${names}`)
    }
    rows.push({
      // Only the texts and samples of the record pass, so that the labels stay behind.
      indicator: normaliseIndicator(input.data).indicator,
      labels: labels.read,
      catalogue: cleanText(gold.data.catalogue ?? gold.data.source ?? '') || null,
      line,
      ...(firstReading.read === undefined ? {} : { firstReading: firstReading.read }),
    })
  }
  if (rows.length === 0 && problems.length === 0) problems.push('the file holds no labelled record')
  return { rows, problems, ignored }
}

function readLabels({ field: byName }: Codebook, given: Readonly<Record<string, unknown>>) {
  const read: Record<string, LabelValue> = {}
  const problems: string[] = []
  const ignored: string[] = []
  for (const [name, value] of Object.entries(given)) {
    const field = byName.get(name)
    if (field === undefined) ignored.push(name)
    else if (isValueOf(field, value)) read[name] = value
    else problems.push(`labels.${name}: ${valueFault(field, value)}`)
  }
  return { read, problems, ignored }
}

function readFirstReading({ field: byName }: Codebook, given: z.output<typeof rowSchema>['first_reading']) {
  const read: Record<string, readonly [LabelValue, boolean]> = {}
  const problems: string[] = []
  for (const [name, [value, sure]] of Object.entries(given ?? {})) {
    const field = byName.get(name)
    if (field === undefined) problems.push(`first_reading.${name}: the codebook has no such field`)
    else if (isValueOf(field, value)) read[name] = [value, sure]
    else problems.push(`first_reading.${name}: ${valueFault(field, value)}`)
  }
  return { read: given === undefined ? undefined : read, problems }
}
