/** Checks the decisions of people on stored results against the codebook, all of them together. */
import { showValue } from '../catalogue/problem-report.ts'
import { askableFields, isSameLabel } from '../classification/fields.ts'
import type { PreparedScheme } from '../classification/scheme.ts'
import type { Labels } from '../classification/types.ts'
import type { KnownIndicator, Store } from '../store/types.ts'
import { type DecidedLabels, decideLabels, showLabel } from './decide-labels.ts'
import { findKnown, type Place } from './find-known.ts'
import { type PersonShapes, personShapesOf, vouchedAnswer } from './person-shape.ts'
import type { ReviewLine, ReviewProblem } from './review-line.ts'

/** A line whose decision is valid, with the indicator and the labels that the decision gives to it. */
export interface Decided extends DecidedLabels {
  readonly line: ReviewLine
  readonly known: KnownIndicator
  readonly shapes: PersonShapes
  /** The shape under which the answer is stored, and the labels that answer every indicator of it. */
  readonly answer: ReturnType<typeof vouchedAnswer>
}

/** What a decision does to the result of an indicator. The property names are those of `review apply --json` and of HTTP bodies. */
export interface DecidedItem {
  readonly indicator_id: string
  readonly catalogue: string
  readonly decision: 'accept' | 'correct'
  /** The labels of the askable fields. */
  readonly before: Labels
  readonly after: Labels
}

/** The sums over decisions, under the names of `review apply --json` and of HTTP bodies. */
export interface DecidedReport {
  readonly accepted: number
  readonly corrected: number
  /** The number of shapes that have these answers from the next run on. */
  readonly shapes: number
  readonly items: readonly DecidedItem[]
}

/**
 * Returns the valid decisions among the lines that decide something, and the problems of the others with those of `parsed`, in
 * order. Where there is any problem nothing is to be stored.
 */
export async function decideAll(
  store: Pick<Store, 'findIndicators' | 'findClassifications'>,
  scheme: PreparedScheme,
  parsed: { readonly lines: readonly ReviewLine[]; readonly problems: readonly ReviewProblem[] },
  place: Place,
): Promise<{ readonly decided: readonly Decided[]; readonly problems: readonly ReviewProblem[] }> {
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
      // The reader of a file has reported an id that stands twice in the same words.
      if (parsed.problems.some(({ line: at, field }) => at === line.line && field === 'indicator_id')) continue
      const message = `${showValue(line.indicatorId)} is in ${place.wording.line(twin.line.line)} already: decide it once`
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
    const conflict = other === undefined ? undefined : conflictOf(next, other, place)
    if (conflict !== undefined) {
      problems.push(conflict)
      continue
    }
    byShape.set(next.answer.shape.shapeHash, next)
    byIndicator.set(key, next)
  }
  return { decided: [...byIndicator.values()], problems: problems.sort((a, b) => a.line - b.line) }
}

export function reportOf({ codebook }: PreparedScheme, decided: readonly Decided[]): DecidedReport {
  const fields = askableFields(codebook)
  const items = decided.map(({ line, known, labels }): DecidedItem => {
    const { catalogue, labels: before } = known.latest.classification
    return {
      indicator_id: known.indicator.indicator_id,
      catalogue,
      decision: line.decision === 'accept' ? 'accept' : 'correct',
      before: Object.fromEntries(fields.map(({ name }) => [name, before[name] ?? null])),
      after: labels,
    }
  })
  const accepted = items.filter(({ decision }) => decision === 'accept').length
  return {
    accepted,
    corrected: items.length - accepted,
    shapes: new Set(decided.map(({ answer }) => answer.shape.shapeHash)).size,
    items,
  }
}

/** The problem of two decisions that give one shape different answers. */
function conflictOf(next: Decided, other: Decided, { wording }: Place): ReviewProblem | undefined {
  const [now, before] = [next.answer.labels, other.answer.labels]
  const field = Object.keys({ ...now, ...before }).find((name) => !isSameLabel(now[name], before[name]))
  if (field === undefined) return undefined
  const rule = 'but both indicators have the same shape, and a shape has one answer'
  const values = `${showLabel(now[field] ?? null)} here and ${showLabel(before[field] ?? null)} in ${wording.line(other.line.line)}`
  return { line: next.line.line, field, message: `is ${values}, ${rule}` }
}
