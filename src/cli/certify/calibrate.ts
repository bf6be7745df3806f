/** Calibrates the confidence of a catalogue by the labels that people gave to rows of a run. */
import { isDeepStrictEqual } from 'node:util'
import type { Calibration, Scheme } from '../../classification/types.ts'
import { type AnswerOutcome, fitCalibration } from '../../evidence/calibration.ts'
import { answerKind, statedConfidence } from '../../evidence/confidence.ts'
import { isOfflineGuess } from '../../lib/model-names.ts'
import type { CalibrationStore, RunRowWithInput } from '../../store/types.ts'
import type { Evaluation } from './evaluate.ts'
import { isRight, type LabelledRow } from './row-labels.ts'
import type { CertifiedRun } from './run-part.ts'

/**
 * Fits the calibration of the run's catalogue on the labelled rows and keeps it, unless it is the one that is kept already.
 * Labels in dispute are left out, and one that nobody could give counts as wrong. Resolves with the number of rows that the calibration
 * rests on, 0 where none was kept. Later runs of the catalogue state their confidence by it.
 */
export async function calibrate(
  calibrations: CalibrationStore,
  { scope, scheme }: CertifiedRun,
  { labelled, answers }: Pick<Evaluation, 'labelled' | 'answers'>,
): Promise<number> {
  const place = { catalogue: scope.catalogue, codebookHash: scheme.hash }
  const [first] = answers.values()
  if (first === undefined) return 0
  const shipped = scheme.code?.calibration ?? UNCALIBRATED
  // The results hold calibrated confidence, so that what was stated follows by the calibration of that time.
  const before = (await calibrations.find(place, first.classification.classified_at)) ?? shipped
  const rows = labelled.flatMap((row) => {
    const answer = answers.get(row.id)
    return answer === undefined ? [] : [outcomesOf(row, answer, scheme, before)]
  })
  const fields = scheme.codebook.fields.flatMap(({ name, asked }) => (asked ? [name] : []))
  const fitted = fitCalibration(rows, { records: rows.length, fields, prior: shipped })
  const latest = await calibrations.find(place)
  if (latest !== undefined && isDeepStrictEqual(latest, fitted)) return 0
  await calibrations.save(place, scope.runId, fitted)
  return rows.length
}

/** What holds for a codebook without code: a model is taken at its word, and a row is as sure as its least field. */
const UNCALIBRATED: Calibration = { records: 0, rules: {}, model: {}, spread: 0 }

/** What the labels of a row say of each answer of the run, and of what the rules read where a model answered. */
function outcomesOf(
  { fields }: LabelledRow,
  { classification, indicator }: RunRowWithInput,
  { code }: Scheme,
  before: Calibration,
): AnswerOutcome[] {
  const { labels, field_source: sources, field_confidence: confidences, model } = classification
  const reading = indicator === null ? {} : (code?.read(indicator) ?? {})
  return fields.flatMap((verdict): AnswerOutcome[] => {
    const { field, state } = verdict
    if (state === 'open') return []
    const finding = reading[field]
    const read: AnswerOutcome[] =
      finding === undefined
        ? []
        : [{ field, kind: finding.sure ? 'sure' : 'guess', stated: 1, right: isRight(verdict, finding.value) }]
    const source = sources[field]
    if (source === undefined) return read
    const kind = answerKind(source, finding, isOfflineGuess(model))
    if (kind !== 'model') return read
    const stated = statedConfidence(before, field, confidences[field] ?? 0)
    return [...read, { field, kind, stated, right: isRight(verdict, labels[field]) }]
  })
}
