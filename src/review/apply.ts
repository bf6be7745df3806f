/** Stores the decisions of a review file: all of them, or none where any line of the file is wrong. */
import { pluralise, printable, showValue } from '../catalogue/problem-report.ts'
import { askableFields, isSameLabel } from '../classification/fields.ts'
import type { PreparedScheme } from '../classification/scheme.ts'
import type { Labels } from '../classification/types.ts'
import { ServiceError } from '../errors.ts'
import type { Store } from '../store/types.ts'
import { decideLabels, isShownAs, showLabel } from './decide-labels.ts'
import { findKnown, type Place } from './find-known.ts'
import { personShapesOf, vouchedAnswer } from './person-shape.ts'
import { type ParsedReview, parseReview } from './review-file.ts'
import type { ReviewLine, ReviewProblem } from './review-line.ts'
import { type Decided, type Sitting, saveDecisions } from './save-decisions.ts'

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
  /** The sitting that the decisions belong to; without it they make a run of their own. */
  readonly sitting?: Sitting
}

/** The output of `review apply --json`, whose property names must not change. */
export interface ApplyReport {
  /** The id under which the decisions are stored; null for a dry run, which stores nothing. */
  readonly run_id: string | null
  readonly by: string
  readonly accepted: number
  readonly corrected: number
  readonly undecided: number
  readonly shapes: number
  readonly dry_run: boolean
  /** The warnings, one for each label that differs from the stored label in a line without a decision. */
  readonly warnings: readonly string[]
  readonly items: readonly {
    readonly indicator_id: string
    readonly catalogue: string
    readonly decision: 'accept' | 'correct'
    /** The labels of the askable fields. */
    readonly before: Labels
    readonly after: Labels
  }[]
}

const MAX_LISTED = 20

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
  const place = { codebook: scheme.codebook.name, catalogue: options.catalogue }
  const { decided, problems } = await decideAll(store, scheme, parsed, place)
  if (problems.length > 0) throw refusal(label, problems)
  if (decided.length === 0) {
    const advice = 'write accept into decision, or field=value into corrections'
    throw new ServiceError('input-invalid', `${label} holds no decision: ${advice}`)
  }
  const runId = dryRun ? null : await saveDecisions(store, scheme, decided, { by, sitting: options.sitting })
  return {
    run_id: runId,
    by,
    accepted: decided.filter(({ line }) => line.decision === 'accept').length,
    corrected: decided.filter(({ line }) => line.decision === 'correct').length,
    undecided: parsed.lines.length - decided.length,
    shapes: new Set(decided.map(({ answer }) => answer.shape.shapeHash)).size,
    dry_run: dryRun,
    warnings: await findOverwrittenLabels(store, scheme, parsed.lines, place),
    items: decided.map(({ line, known, labels }) => ({
      indicator_id: known.indicator.indicator_id,
      catalogue: known.latest.classification.catalogue,
      decision: line.decision === 'accept' ? 'accept' : 'correct',
      before: Object.fromEntries(fields.map(({ name }) => [name, known.latest.classification.labels[name] ?? null])),
      after: labels,
    })),
  }
}

async function decideAll(
  store: Store,
  scheme: PreparedScheme,
  parsed: ParsedReview,
  place: Place,
): Promise<{ decided: Decided[]; problems: ReviewProblem[] }> {
  const problems = [...parsed.problems]
  const byIndicator = new Map<string, Decided>()
  const byShape = new Map<string, Decided>()
  const lines = parsed.lines.filter((line) => line.decision !== 'undecided')
  for await (const found of findKnown(store, lines, place)) {
    const { line, known } = found
    if (known === undefined) {
      problems.push({ line: line.line, field: 'indicator_id', message: found.message })
      continue
    }
    const { catalogue } = known.latest.classification
    const key = JSON.stringify([catalogue, known.indicator.indicator_id])
    const twin = byIndicator.get(key)
    if (twin !== undefined) {
      // The reader of the file has reported an id that stands twice in the same words.
      if (parsed.problems.some(({ line: at, field }) => at === line.line && field === 'indicator_id')) continue
      const message = `${showValue(line.indicatorId)} is in line ${twin.line.line} already: decide it once`
      problems.push({ line: line.line, field: 'indicator_id', message })
      continue
    }
    const outcome = decideLabels(line, known.latest.classification, scheme)
    if ('problems' in outcome) {
      problems.push(...outcome.problems)
      continue
    }
    const shapes = personShapesOf(scheme, known.indicator)
    const next: Decided = { line, known, ...outcome, shapes, answer: vouchedAnswer(scheme, shapes, outcome) }
    const other = byShape.get(next.answer.shape.shapeHash)
    const conflict = other === undefined ? undefined : conflictOf(next, other)
    if (conflict !== undefined) {
      problems.push(conflict)
      continue
    }
    byShape.set(next.answer.shape.shapeHash, next)
    byIndicator.set(key, next)
  }
  return { decided: [...byIndicator.values()], problems: problems.sort((a, b) => a.line - b.line) }
}

/** The problem of two decisions that give one shape different answers. */
function conflictOf(next: Decided, other: Decided): ReviewProblem | undefined {
  const [now, before] = [next.answer.labels, other.answer.labels]
  const field = Object.keys({ ...now, ...before }).find((name) => !isSameLabel(now[name], before[name]))
  if (field === undefined) return undefined
  const rule = 'but both indicators have the same shape, and a shape has one answer'
  const values = `${showLabel(now[field] ?? null)} here and ${showLabel(before[field] ?? null)} in line ${other.line.line}`
  return { line: next.line.line, field, message: `is ${values}, ${rule}` }
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
  const lines = problems.slice(0, MAX_LISTED).map(({ line, field, message }) => {
    return `  line ${line}${field === '' ? '' : `, ${printable(field)}`}: ${message}`
  })
  if (problems.length > MAX_LISTED) lines.push(`  and ${problems.length - MAX_LISTED} more`)
  const head = `${label}: ${pluralise(problems.length, 'problem')}; nothing was stored. Correct the file and run again.`
  return new ServiceError('input-invalid', [head, ...lines])
}
