/** Stores the decisions of a review file: all of them, or none where any line of the file is wrong. */
import { pluralise, showValue } from '../../catalogue/problem-report.ts'
import { askableFields } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { ServiceError } from '../../errors.ts'
import { type DecidedReport, decideAll, reportOf } from '../../review/decide.ts'
import { isShownAs, showLabel } from '../../review/decide-labels.ts'
import { findKnown, type Place } from '../../review/find-known.ts'
import { listProblems, type ReviewLine, type ReviewProblem, type Wording } from '../../review/review-line.ts'
import { saveDecisions } from '../../review/save-decisions.ts'
import type { Store } from '../../store/types.ts'
import { createRunId } from '../classify/run-id.ts'
import { parseReview } from './review-file.ts'

export interface ApplyOptions {
  /** The name of the review file that messages show. */
  readonly label: string
  /** The codebook by which the decisions are checked, and whose results they concern. */
  readonly scheme: PreparedScheme
  /** The catalogue of lines that name none; undefined where an id is in one catalogue only. */
  readonly catalogue?: string | undefined
  /** The name of the person who made the decisions. */
  readonly by: string
  /** True where the file is only checked and nothing is stored. */
  readonly dryRun: boolean
}

/** The output of `review apply --json`, whose property names must not change. */
export interface ApplyReport extends DecidedReport {
  /** The id under which the decisions are stored; null for a dry run, which stores nothing. */
  readonly run_id: string | null
  readonly by: string
  readonly undecided: number
  readonly dry_run: boolean
  /** The warnings, one for each label that differs from the stored label in a line without a decision. */
  readonly warnings: readonly string[]
}

const WORDING: Wording = {
  line: (number) => `line ${number}`,
  nameCatalogue: 'name one in the column catalogue, or with --catalogue',
  nameCodebook: (name) => `--codebook ${name}`,
}

/**
 * Checks a review file and stores its decisions. Throws ServiceError input-invalid whose message names the file, the
 * line, the field and the wrong value, and lists the allowed values.
 */
export async function applyReview(store: Store, bytes: Buffer, options: ApplyOptions): Promise<ApplyReport> {
  const { scheme, label, by, dryRun } = options
  const fields = askableFields(scheme.codebook)
  const parsed = parseReview(
    bytes,
    fields.map(({ name }) => name),
  )
  const place = { codebook: scheme.codebook.name, catalogue: options.catalogue, wording: WORDING }
  const { decided, problems } = await decideAll(store, scheme, parsed, place)
  if (problems.length > 0) throw refusal(label, problems)
  if (decided.length === 0) {
    const advice = 'write accept into decision, or field=value into corrections'
    throw new ServiceError('input-invalid', `${label} holds no decision: ${advice}`)
  }
  const runId = dryRun ? null : createRunId('review')
  if (runId !== null) await saveDecisions(store, scheme, decided, { runId, by })
  return {
    run_id: runId,
    by,
    ...reportOf(scheme, decided),
    undecided: parsed.lines.length - decided.length,
    dry_run: dryRun,
    warnings: await findOverwrittenLabels(store, scheme, parsed.lines, place),
  }
}

/**
 * Finds lines without a decision whose labels differ from the stored labels, and warns about each. Either the person
 * has overwritten a label in its column, which decides nothing, or the file is older than the stored results.
 */
async function findOverwrittenLabels(
  store: Store,
  { codebook }: PreparedScheme,
  all: readonly ReviewLine[],
  place: Place,
): Promise<string[]> {
  const lines = all.filter((line) => line.decision === 'undecided' && Object.keys(line.seen).length > 0)
  const warnings: string[] = []
  for await (const { line, known } of findKnown(store, lines, place)) {
    if (known === undefined) continue
    for (const field of askableFields(codebook)) {
      const seen = line.seen[field.name] ?? ''
      const stored = known.latest.classification.labels[field.name] ?? null
      if (isShownAs(field, stored, seen)) continue
      const advice = `to change it, write ${field.name}=… into corrections`
      const difference = `its ${field.name} is ${showValue(seen)} where ${showLabel(stored)} is stored`
      warnings.push(`line ${line.line} has no decision, but ${difference}: ${advice}`)
    }
  }
  return warnings
}

function refusal(label: string, problems: readonly ReviewProblem[]): ServiceError {
  const head = `${label}: ${pluralise(problems.length, 'problem')}; nothing was stored. Correct the file and run again.`
  return new ServiceError('input-invalid', [head, ...listProblems(problems, WORDING)])
}
