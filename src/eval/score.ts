/** Scores predictions against gold labels. Pure: the same rows and predictions give the same report. */
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

export const ACCURACIES = [...FIELDS, 'all'] as const
export type AccuracyName = (typeof ACCURACIES)[number]

export interface SureScore {
  /** Part of the indicators where the rules are sure. */
  readonly coverage: number
  /** Part of those that is right; null where the rules are sure of none. */
  readonly precision: number | null
}

export interface Miss {
  readonly indicator_id: string
  readonly name: string
  readonly units: string | null
  readonly field: Field
  readonly expected: string | number | null
  readonly got: string | number | null
  /** The rule that read the field, and whether it was sure; in modes with a model it may not be who decided. */
  readonly rule: string
  readonly sure: boolean
}

export interface RulePrecision {
  readonly rule: string
  readonly n: number
  readonly right: number
  readonly sure_n: number
  readonly sure_right: number
}

export interface Score {
  readonly n: number
  readonly accuracy: Readonly<Record<AccuracyName, number>>
  /** Type, temporal_aggregation and orientation together, and each field alone. */
  readonly sure: SureScore & { readonly by_field: Readonly<Record<Field, SureScore>> }
  /** 95 %, Wilson. */
  readonly intervals: Readonly<Record<AccuracyName | 'sure.coverage' | 'sure.precision', Interval>>
  /** Expected type, then got type, then how many; the pairs that came out alike are in it too. */
  readonly confusion: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Of the stated confidence that type, aggregation and orientation are all three right. */
  readonly calibration: { readonly brier: number | null; readonly bins: readonly ReliabilityBin[] }
  /** Of the rules that read the type, worst first. */
  readonly type_rules: readonly RulePrecision[]
  readonly misses: readonly Miss[]
}

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
    const line = table[row.labels.type] ?? {}
    table[row.labels.type] = line
    line[prediction.labels.type] = (line[prediction.labels.type] ?? 0) + 1
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
