/** Fits the calibration of a codebook on labelled rows: how far findings, and what a model states, can be relied on. */
import { mergeLabels } from '../classification/merge.ts'
import { confidencesOf } from '../classification/result.ts'
import type { Calibration, Scheme } from '../classification/types.ts'
import type { Field } from '../codebooks/codebook.ts'
import { type AnswerOutcome, fitCalibration } from '../evidence/calibration.ts'
import { isLabelled, isRight } from './fields.ts'
import { type FieldAnswer, readBy, type ScoredRow } from './prediction.ts'

/**
 * Fits a calibration on the scored fields that a model may be asked for. What the rules read counts of every row, and what a
 * model answered where one did. A field without labels has the least figure of the others.
 */
export function fitConfidence(scheme: Scheme, scored: readonly ScoredRow[], fields: readonly Field[]): Calibration {
  const asked = new Map(fields.flatMap((field) => (field.asked ? [[field.name, field] as const] : [])))
  const outcomes = ({ row }: ScoredRow, answers: readonly FieldAnswer[], labels: ScoredRow['prediction']['labels']) =>
    answers.flatMap(({ field: name, kind, stated }): AnswerOutcome[] => {
      const field = asked.get(name)
      if (field === undefined || kind === 'person' || !isLabelled(row, field)) return []
      return [{ field: name, kind, stated, right: isRight(row, field, labels) }]
    })
  const byRules = scored.map((one) => {
    const reading = readBy(scheme, one.row.indicator)
    const merged = mergeLabels({ scheme, mode: 'rules', reading, decisions: [] })
    return outcomes(one, confidencesOf(scheme, reading, merged).answers, merged.labels)
  })
  const byModel = scored.flatMap((one) => {
    const { answers, labels } = one.prediction
    return answers.some(({ kind }) => kind === 'model')
      ? [outcomes(one, answers, labels).filter(({ kind }) => kind === 'model')]
      : []
  })
  const names = scheme.codebook.fields.flatMap(({ name, asked: isAsked }) => (isAsked ? [name] : []))
  return fitCalibration([...byRules, ...byModel], { records: scored.length, fields: names })
}

/** Writes a calibration as TypeScript, to be pasted as CALIBRATION into the code of the codebook. */
export function formatCalibration({ records, rules, model, spread }: Calibration): string {
  return [
    'export const CALIBRATION: Calibration = {',
    `  records: ${records},`,
    '  rules: {',
    ...Object.entries(rules).map(([name, { sure, guess }]) => `    ${name}: { sure: ${sure}, guess: ${guess} },`),
    '  },',
    '  model: {',
    ...Object.entries(model).map(([name, factor]) => `    ${name}: ${factor},`),
    '  },',
    `  spread: ${spread},`,
    '}',
  ].join('\n')
}
