/** Scores predictions against gold labels: accuracy by field, coverage and precision of the rules, calibration, and every miss. */
import { meansTheSame } from '../classification/fields.ts'
import type { LabelValue } from '../classification/types.ts'
import type { Field } from '../codebooks/codebook.ts'
import { isRight, labelledFields } from './fields.ts'
import type { ScoredRow } from './prediction.ts'
import { type CatalogueScore, type Reliability, scoreCatalogues, scoreConfidence } from './reliability.ts'
import { type Interval, round, wilson } from './statistics.ts'
import { areAllRight, countSure } from './sure.ts'

/** The name of the accuracy of whole rows: a row counts as right where every label of it is right. */
export const ALL = 'all'

export interface SureScore {
  /** The part of the records for which the rules are sure, 0 to 1. */
  readonly coverage: number
  /** The part of the sure readings that is right, 0 to 1; null where the rules are sure of no record. */
  readonly precision: number | null
}

/** One wrong label in one field of a record. */
export interface Miss {
  readonly indicator_id: string
  readonly name: string
  readonly units: string | null
  readonly field: string
  readonly expected: LabelValue
  readonly got: LabelValue
  /**
   * The rule that read the field; null where no rule reads it. The wrong label may come from a model instead, where a model
   * was asked.
   */
  readonly rule: string | null
  /** Whether the rule that read the field is sure. */
  readonly sure: boolean
}

/** How often one rule was right, over all of its readings and over those of which it was sure. */
export interface RulePrecision {
  readonly rule: string
  readonly n: number
  readonly right: number
  readonly sure_n: number
  readonly sure_right: number
}

/** How many records of each expected label (outer key) got each label (inner key), right labels included. */
export type Confusion = Readonly<Record<string, Readonly<Record<string, number>>>>

/** The score of a gold file. The property names are fixed, because they stand in the JSON report. */
export interface Score {
  readonly n: number
  /** The number of records that a person labelled, by field. */
  readonly labelled: Readonly<Record<string, number>>
  /** The part of the labelled records that is right, by field, and `all` for whole rows. */
  readonly accuracy: Readonly<Record<string, number>>
  /** Coverage and precision of sure readings: for each field, and for all fields together that a model may be asked for. */
  readonly sure: SureScore & { readonly by_field: Readonly<Record<string, SureScore>> }
  /** The 95 % confidence intervals of accuracies, `sure.coverage` and `sure.precision`, by Wilson's method. */
  readonly intervals: Readonly<Record<string, Interval>>
  readonly confusion: Readonly<Record<string, Confusion>>
  /** How well the confidence meets how often the fields that a model may be asked for are right. */
  readonly calibration: Reliability
  /** The same by the catalogues that the rows name; empty where no row names one. */
  readonly catalogues: readonly CatalogueScore[]
  /** The precision of each rule by the field that it reads, from the least to the most precise rule. */
  readonly rules: Readonly<Record<string, readonly RulePrecision[]>>
  readonly misses: readonly Miss[]
}

/** Scores the predictions for all rows of a gold file in the scored fields. */
export function score(scored: readonly ScoredRow[], fields: readonly Field[]): Score {
  const n = scored.length
  const labelled = new Map(fields.map((field) => [field, scored.filter(({ row }) => labelledFields(row, [field])[0])]))
  const right = (rows: readonly ScoredRow[], of: readonly Field[]) =>
    rows.filter((one) => areAllRight(one, of, one.prediction.labels)).length
  const counts = [
    ...[...labelled].map(([field, rows]) => ({ name: field.name, n: rows.length, right: right(rows, [field]) })),
    { name: ALL, n, right: right(scored, fields) },
  ]
  const asked = fields.filter((field) => field.asked)
  const joined = asked.length === 0 ? fields : asked
  const joint = sureOf(scored, joined)
  return {
    n,
    labelled: Object.fromEntries([...labelled].map(([{ name }, rows]) => [name, rows.length])),
    accuracy: Object.fromEntries(counts.map((count) => [count.name, portion(count.right, count.n) ?? 0])),
    sure: {
      ...joint.score,
      by_field: Object.fromEntries(fields.map((field) => [field.name, sureOf(scored, [field]).score])),
    },
    intervals: {
      ...Object.fromEntries(counts.map((count) => [count.name, wilson(count.right, count.n)])),
      'sure.coverage': wilson(joint.sure, joint.n),
      'sure.precision': wilson(joint.right, joint.sure),
    },
    confusion: Object.fromEntries([...labelled].map(([field, rows]) => [field.name, confusionOf(rows, field)])),
    calibration: scoreConfidence(scored, joined),
    catalogues: scoreCatalogues(scored, joined),
    rules: Object.fromEntries(
      [...labelled].flatMap(([field, rows]) => {
        const rules = rulesOf(rows, field)
        return rules.length === 0 ? [] : [[field.name, rules]]
      }),
    ),
    misses: scored.flatMap((one) => missesOf(one, fields)),
  }
}

/** Coverage and precision of the readings that are sure of all labelled `fields`, over the rows that label any of them. */
function sureOf(scored: readonly ScoredRow[], fields: readonly Field[]) {
  const counts = countSure(scored, fields)
  const score: SureScore = {
    coverage: portion(counts.sure, counts.n) ?? 0,
    precision: portion(counts.right, counts.sure),
  }
  return { ...counts, score }
}

function portion(part: number, whole: number): number | null {
  return whole === 0 ? null : round(part / whole)
}

function confusionOf(rows: readonly ScoredRow[], field: Field): Confusion {
  const { name } = field
  const table = new Map<string, Map<string, number>>()
  for (const { row, prediction } of rows) {
    const expected = row.labels[name] ?? null
    const given = prediction.labels[name] ?? null
    const line = table.get(showLabel(expected)) ?? new Map<string, number>()
    table.set(showLabel(expected), line)
    // The values of a multi-label field may come in another order, and free text in another case, which is no confusion.
    const shown = showLabel(meansTheSame(field, expected, given) ? expected : given)
    line.set(shown, (line.get(shown) ?? 0) + 1)
  }
  return Object.fromEntries([...table].map(([expected, line]) => [expected, Object.fromEntries(line)]))
}

/** Writes a label as text: "null" for no label, and the values of a multi-label field with "+" between them. */
export function showLabel(value: LabelValue): string {
  if (!Array.isArray(value)) return String(value)
  return value.length === 0 ? 'none' : value.join(' + ')
}

function rulesOf(rows: readonly ScoredRow[], field: Field): RulePrecision[] {
  const byRule = new Map<string, { rule: string; n: number; right: number; sure_n: number; sure_right: number }>()
  for (const { row, prediction } of rows) {
    const finding = prediction.findings[field.name]
    if (finding === undefined) continue
    const { rule, sure } = finding
    const entry = byRule.get(rule) ?? { rule, n: 0, right: 0, sure_n: 0, sure_right: 0 }
    byRule.set(rule, entry)
    const right = isRight(row, field, prediction.ruleLabels) ? 1 : 0
    entry.n += 1
    entry.right += right
    if (!sure) continue
    entry.sure_n += 1
    entry.sure_right += right
  }
  return [...byRule.values()].sort((a, b) => a.right / a.n - b.right / b.n || b.n - a.n || (a.rule < b.rule ? -1 : 1))
}

function missesOf({ row, prediction }: ScoredRow, fields: readonly Field[]): Miss[] {
  return labelledFields(row, fields)
    .filter((field) => !isRight(row, field, prediction.labels))
    .map(({ name }) => ({
      indicator_id: row.indicator.indicator_id,
      name: row.indicator.name,
      units: row.indicator.units ?? null,
      field: name,
      expected: row.labels[name] ?? null,
      got: prediction.labels[name] ?? null,
      rule: prediction.findings[name]?.rule ?? null,
      sure: prediction.findings[name]?.sure ?? false,
    }))
}
