/** Scores predictions against gold labels: accuracy by field, coverage and precision of the rules, calibration, and every miss. */
import { DECIDED_FIELDS } from '../classification/codebook.ts'
import { FIELDS, type Field, isRight, LABEL_NAMES, perField } from './fields.ts'
import type { GoldRow } from './gold-file.ts'
import type { Prediction } from './prediction.ts'
import {
  brierScore,
  type Interval,
  type Outcome,
  type ReliabilityBin,
  reliabilityTable,
  round,
  wilson,
} from './statistics.ts'

export interface ScoredRow {
  readonly row: GoldRow
  readonly prediction: Prediction
}

/** The names of the accuracies in a report: one for each field, and `all`, which is right where every field is right. */
export const ACCURACIES = [...FIELDS, 'all'] as const
export type AccuracyName = (typeof ACCURACIES)[number]

export interface SureScore {
  /** The part of the indicators for which the rules are sure, 0 to 1. */
  readonly coverage: number
  /** The part of the sure readings that is right, 0 to 1; null where the rules are sure of no indicator. */
  readonly precision: number | null
}

/** One wrong label in one field of an indicator. */
export interface Miss {
  readonly indicator_id: string
  readonly name: string
  readonly units: string | null
  readonly field: Field
  readonly expected: string | number | null
  readonly got: string | number | null
  /** The rule that read the field. The wrong label may come from a model instead, where a model was asked. */
  readonly rule: string
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

/** The score of a gold file. The property names are fixed, because they stand in the JSON report. */
export interface Score {
  readonly n: number
  readonly accuracy: Readonly<Record<AccuracyName, number>>
  /** Coverage and precision of sure readings, for type, temporal aggregation and orientation together and for each field. */
  readonly sure: SureScore & { readonly by_field: Readonly<Record<Field, SureScore>> }
  /** The 95 % confidence intervals of accuracies, coverage and precision, by Wilson's method. */
  readonly intervals: Readonly<Record<AccuracyName | 'sure.coverage' | 'sure.precision', Interval>>
  /** How many indicators of each expected type (outer key) got each type (inner key), right types included. */
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** How well the stated confidence agrees with how often type, aggregation and orientation are all three right. */
  readonly calibration: { readonly brier: number | null; readonly bins: readonly ReliabilityBin[] }
  /** The precision of each rule that reads the type, from the least to the most precise rule. */
  readonly type_rules: readonly RulePrecision[]
  readonly misses: readonly Miss[]
}

/** Scores the predictions for all rows of a gold file. */
export function score(scored: readonly ScoredRow[]): Score {
  const n = scored.length
  const counts = Object.fromEntries(
    ACCURACIES.map((name) => [name, scored.filter((one) => isAllRight(one, name === 'all' ? FIELDS : [name])).length]),
  ) as Record<AccuracyName, number>
  const joint = sureOf(scored, DECIDED_FIELDS)
  const intervals = {
    ...(Object.fromEntries(ACCURACIES.map((name) => [name, wilson(counts[name], n)])) as Record<
      AccuracyName,
      Interval
    >),
    'sure.coverage': wilson(joint.sure, n),
    'sure.precision': wilson(joint.right, joint.sure),
  }
  return {
    n,
    accuracy: Object.fromEntries(ACCURACIES.map((name) => [name, portion(counts[name], n) ?? 0])) as Record<
      AccuracyName,
      number
    >,
    sure: { ...joint.score, by_field: perField((field) => sureOf(scored, [field]).score) },
    intervals,
    confusion: confusionOf(scored),
    calibration: calibrationOf(scored),
    type_rules: typeRulesOf(scored),
    misses: scored.flatMap(missesOf),
  }
}

function isAllRight({ row, prediction }: ScoredRow, fields: readonly Field[]): boolean {
  return fields.every((field) => isRight(field, row.labels, prediction.labels))
}

function isAllRightByRules({ row, prediction }: ScoredRow, fields: readonly Field[]): boolean {
  return fields.every((field) => isRight(field, row.labels, prediction.ruleLabels))
}

/** Coverage and precision of the readings that are sure of all `fields`. */
function sureOf(scored: readonly ScoredRow[], fields: readonly Field[]) {
  const sure = scored.filter(({ prediction }) => fields.every((field) => prediction.sure[field]))
  const right = sure.filter((one) => isAllRightByRules(one, fields)).length
  const result: SureScore = {
    coverage: portion(sure.length, scored.length) ?? 0,
    precision: portion(right, sure.length),
  }
  return { sure: sure.length, right, score: result }
}

function portion(part: number, whole: number): number | null {
  return whole === 0 ? null : round(part / whole)
}

function confusionOf(scored: readonly ScoredRow[]): Record<string, Record<string, number>> {
  const table: Record<string, Record<string, number>> = {}
  for (const { row, prediction } of scored) {
    const counts = table[row.labels.type] ?? {}
    table[row.labels.type] = counts
    counts[prediction.labels.type] = (counts[prediction.labels.type] ?? 0) + 1
  }
  return table
}

function calibrationOf(scored: readonly ScoredRow[]): Score['calibration'] {
  const outcomes = scored.map((one): Outcome => {
    return { confidence: one.prediction.confidence, right: isAllRight(one, DECIDED_FIELDS) }
  })
  return { brier: brierScore(outcomes), bins: reliabilityTable(outcomes) }
}

function typeRulesOf(scored: readonly ScoredRow[]): RulePrecision[] {
  const byRule = new Map<string, { rule: string; n: number; right: number; sure_n: number; sure_right: number }>()
  for (const one of scored) {
    const rule = one.prediction.rules.type
    const entry = byRule.get(rule) ?? { rule, n: 0, right: 0, sure_n: 0, sure_right: 0 }
    byRule.set(rule, entry)
    const right = isAllRightByRules(one, ['type']) ? 1 : 0
    entry.n += 1
    entry.right += right
    if (!one.prediction.sure.type) continue
    entry.sure_n += 1
    entry.sure_right += right
  }
  return [...byRule.values()].sort((a, b) => a.right / a.n - b.right / b.n || b.n - a.n || (a.rule < b.rule ? -1 : 1))
}

function missesOf({ row, prediction }: ScoredRow): Miss[] {
  return FIELDS.filter((field) => !isRight(field, row.labels, prediction.labels)).map((field) => ({
    indicator_id: row.indicator.indicator_id,
    name: row.indicator.name,
    units: row.indicator.units ?? null,
    field,
    expected: row.labels[LABEL_NAMES[field]],
    got: prediction.labels[LABEL_NAMES[field]],
    rule: prediction.rules[field],
    sure: prediction.sure[field],
  }))
}
