/** Scores the confidence of predictions against labels: of rows and fields, by what answered, and by catalogue. */
import type { Field } from '../codebooks/codebook.ts'
import type { AnswerKind } from '../evidence/confidence.ts'
import { brierScore, calibrationError, type Prediction as Outcome, reliabilityBins } from '../evidence/reliability.ts'
import { isLabelled, isRight, labelledFields } from './fields.ts'
import type { ScoredRow } from './prediction.ts'
import { type Interval, round } from './statistics.ts'
import { areAllRight, countSure } from './sure.ts'

/** How confidence compares with the truth over some answers. The property names are fixed, because they stand in the JSON report. */
export interface ConfidenceScore {
  readonly n: number
  readonly mean_confidence: number | null
  readonly accuracy: number | null
  /** The mean squared difference between confidence and truth; 0 is perfect, and a constant 0.5 has 0.25. */
  readonly brier: number | null
}

/** The answers whose confidence lies from `from` up to `to`, which belongs to the next range but for 1. */
export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  readonly n: number
  readonly mean_confidence: number
  readonly accuracy: number
  readonly interval: Interval
}

/** How well the confidence of whole rows, of fields and of each kind of answer meets the truth. */
export interface Reliability {
  readonly brier: number | null
  /** The mean distance between confidence and accuracy over the bins. */
  readonly error: number | null
  readonly bins: readonly ReliabilityBin[]
  readonly by_field: Readonly<Record<string, ConfidenceScore>>
  /** By what answered: a rule that is sure, a guess, a model or a person. */
  readonly by_kind: Readonly<Record<string, ConfidenceScore>>
}

/** The rows of one catalogue. */
export interface CatalogueScore extends ConfidenceScore {
  readonly catalogue: string
  /** The rows of which the rules are sure in every field that a model may be asked for, and those of them that are right. */
  readonly sure_n: number
  readonly sure_right: number
}

/** Scores the confidence that the fields that a model may be asked for are right, together and one by one. */
export function scoreConfidence(scored: readonly ScoredRow[], fields: readonly Field[]): Reliability {
  const answers = scored.flatMap(({ row, prediction }) =>
    prediction.answers.flatMap(({ field: name, kind, confidence }) => {
      const field = fields.find((one) => one.name === name)
      if (field === undefined || !isLabelled(row, field)) return []
      return [{ name, kind, outcome: { confidence, right: isRight(row, field, prediction.labels) } }]
    }),
  )
  const grouped = (keyOf: (answer: (typeof answers)[number]) => string) =>
    new Map(
      [...Map.groupBy(answers, keyOf)].map(([key, group]) => [key, summarise(group.map(({ outcome }) => outcome))]),
    )
  const byKind = grouped(({ kind }) => kind)
  const rows = rowsOf(scored, fields)
  const bins = reliabilityBins(rows)
  const brier = brierScore(rows)
  const error = calibrationError(bins)
  return {
    brier: brier === null ? null : round(brier),
    error: error === null ? null : round(error),
    bins: bins.map(({ from, to, n, meanConfidence, accuracy, interval: [low, high] }) => {
      return {
        from,
        to,
        n,
        mean_confidence: round(meanConfidence),
        accuracy: round(accuracy),
        interval: [round(low), round(high)],
      }
    }),
    by_field: Object.fromEntries(grouped(({ name }) => name)),
    by_kind: Object.fromEntries([...byKind].toSorted(([a], [b]) => KINDS.indexOf(a) - KINDS.indexOf(b))),
  }
}

const KINDS: readonly string[] = ['sure', 'guess', 'model', 'person'] satisfies AnswerKind[]

/** Scores each catalogue that rows of the gold file name, in the order of the file; none where no row names one. */
export function scoreCatalogues(scored: readonly ScoredRow[], fields: readonly Field[]): CatalogueScore[] {
  const named = scored.filter(({ row }) => row.catalogue !== null && labelledFields(row, fields).length > 0)
  return [...Map.groupBy(named, ({ row }) => row.catalogue ?? '')].map(([catalogue, rows]) => {
    const { sure, right } = countSure(rows, fields)
    return { catalogue, ...summarise(rowsOf(rows, fields)), sure_n: sure, sure_right: right }
  })
}

/** The confidence of each row that labels any of the fields, and whether all of its labels in them are right. */
function rowsOf(scored: readonly ScoredRow[], fields: readonly Field[]): Outcome[] {
  return scored.flatMap((one) => {
    const { confidence, labels } = one.prediction
    return labelledFields(one.row, fields).length === 0 ? [] : [{ confidence, right: areAllRight(one, fields, labels) }]
  })
}

function summarise(outcomes: readonly Outcome[]): ConfidenceScore {
  const n = outcomes.length
  const brier = brierScore(outcomes)
  const mean = (of: (outcome: Outcome) => number) =>
    n === 0 ? null : round(outcomes.reduce((sum, outcome) => sum + of(outcome), 0) / n)
  return {
    n,
    mean_confidence: mean(({ confidence }) => confidence),
    accuracy: mean(({ right }) => (right ? 1 : 0)),
    brier: brier === null ? null : round(brier),
  }
}
