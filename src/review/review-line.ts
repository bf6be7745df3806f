/** Reads one line of a review file, or one decision of a request: its indicator, the decision, and the labels that the person saw.
 *
 * The labels are checked against the codebook later, in decide-labels.ts.
 */
import { printable, showValue } from '../catalogue/problem-report.ts'
import { labelText } from '../catalogue/results-writer.ts'
import { isRecord } from '../lib/json/json.ts'
import { nearestName } from '../lib/nearest-name.ts'
import { type Corrections, DECISION_ADVICE, readCorrections, readDecision } from './decision.ts'

/** A line that names an indicator; the number `line` counts from 1 in a file, and from 0 in a request. */
export interface ReviewLine {
  readonly line: number
  readonly indicatorId: string
  /** The catalogue of the indicator; undefined where the line names none. */
  readonly catalogue: string | undefined
  readonly decision: 'accept' | 'correct' | 'undecided'
  /** The field names and new labels as the person wrote them; empty unless `decision` is `correct`. */
  readonly corrections: Corrections
  readonly note: string
  /** The labels that the file showed to the person, as texts by field, null for no label; fields that are missing in the line, or empty there, say nothing. */
  readonly seen: Readonly<Record<string, string | null>>
}

/**
 * An error in a line, in texts that are safe to print on a terminal. `field` is empty where the error
 * concerns the whole line.
 */
export interface ReviewProblem {
  readonly line: number
  readonly field: string
  readonly message: string
}

/** The most characters of what a person says of a decision. */
export const MAX_NOTE_LENGTH = 1_000
/** A message names at most this many problems. */
const MAX_LISTED = 20
/** A misspelt name of one of these fields is refused, because otherwise the line would silently count as undecided. */
const FIELDS_THAT_DECIDE = ['indicator_id', 'decision', 'corrections'] as const
/** The names that columns of a review file have beside those of labels. */
export const REVIEW_COLUMNS = [
  'indicator_id',
  'decision',
  'corrections',
  'note',
  'name',
  'units',
  'why',
  'same_shape',
  'confidence',
  'source',
  'issues',
  'rules',
  'model',
  'description',
  'sample_values',
  'catalogue',
  'titles',
  'candidates',
] as const

/** The columns that a review file has only where the codebook asks for codes. */
export const CODE_COLUMNS: ReadonlySet<string> = new Set<(typeof REVIEW_COLUMNS)[number]>(['titles', 'candidates'])

/** The column of a review file that shows the label of `field`, which may have the name of another column. */
export function columnOfField(field: string): string {
  return REVIEW_COLUMNS.some((column) => column === field) ? `label_${field}` : field
}

/**
 * Reads the fields of line number `line`, whichever form the review file has. `labels` names the fields of the codebook whose
 * labels the line may show.
 */
export function readReviewLine(
  line: number,
  fields: Readonly<Record<string, unknown>>,
  labels: readonly string[],
): ReviewLine | ReviewProblem {
  const problem = (field: string, message: string): ReviewProblem => ({ line, field, message })
  for (const name of Object.keys(fields)) {
    if (labels.includes(name)) continue
    const meant = nearestName(name.toLowerCase(), FIELDS_THAT_DECIDE)
    // Every other unknown field is ignored, because people add columns of their own to a spreadsheet.
    if (meant !== undefined && meant !== name) return problem(printable(name), `no such field: did you mean ${meant}?`)
  }
  const id = fields.indicator_id
  if (typeof id !== 'string' || id.trim() === '') {
    return problem('indicator_id', `must name an indicator; got ${id === undefined ? 'none' : showValue(id)}`)
  }
  const { note = '', catalogue = '' } = fields
  if (typeof catalogue !== 'string' && catalogue !== null) {
    return problem('catalogue', `must be a text; got ${showValue(catalogue)}`)
  }
  if (typeof note !== 'string' && note !== null) return problem('note', `must be a text; got ${showValue(note)}`)
  if ((note ?? '').length > MAX_NOTE_LENGTH) return problem('note', `must be at most ${MAX_NOTE_LENGTH} characters`)

  const decided = readDecision(fields.decision)
  if ('problem' in decided) return problem('decision', decided.problem)
  const listed = readCorrections(fields.corrections)
  if ('problem' in listed) return problem('corrections', listed.problem)
  const corrections = [...decided.corrections, ...listed.corrections]
  if ((decided.keyword === 'accept' || decided.keyword === 'skip') && corrections.length > 0) {
    return problem('decision', `is ${decided.keyword}, but the line has corrections as well: give one of the two`)
  }
  if (decided.keyword === 'correct' && corrections.length === 0) {
    return problem('corrections', `there are none, though the decision is correct: ${DECISION_ADVICE}`)
  }
  const repeated = corrections.find(([field], index) => corrections.findIndex(([other]) => other === field) !== index)
  if (repeated !== undefined) return problem(printable(repeated[0]), 'is corrected twice: correct it once')
  const seen = seenIn(fields, labels)
  const decision = corrections.length > 0 ? 'correct' : decided.keyword === 'accept' ? 'accept' : 'undecided'
  const named = (catalogue ?? '').trim()
  return {
    line,
    indicatorId: id.trim(),
    catalogue: named === '' ? undefined : named,
    decision,
    corrections,
    note: (note ?? '').trim(),
    seen,
  }
}

/** How messages call the lines of a file, or the decisions of a request, and what a person can do about them. */
export interface Wording {
  /** A line by its number, such as "line 3". */
  line(number: number): string
  /** How to name a catalogue, or a codebook by its name. */
  readonly nameCatalogue: string
  nameCodebook(name: string): string
}

/** The labels that a line shows: in columns of their own, or in JSON lines together in the object `labels`. */
function seenIn(fields: Readonly<Record<string, unknown>>, labels: readonly string[]): Record<string, string | null> {
  const together = isRecord(fields.labels) ? fields.labels : {}
  const shown = labels.map((name) => {
    const label = Object.hasOwn(together, name) ? together[name] : fields[columnOfField(name)]
    // No label in a file is what an empty cell is, whereas a missing property says nothing.
    return [name, label === null ? '' : label] as const
  })
  return labelsSeen(Object.fromEntries(shown), labels)
}

/** The texts of the labels that a person saw, by the `names` of fields; of other fields nothing is said. */
export function labelsSeen(
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, string | null> {
  return Object.fromEntries(
    names.flatMap((name): [string, string | null][] => {
      const shown = Object.hasOwn(given, name) ? given[name] : undefined
      if (shown === null) return [[name, null]]
      if (typeof shown === 'string' || typeof shown === 'number') return [[name, String(shown).trim()]]
      return Array.isArray(shown) ? [[name, labelText(shown.map(String))]] : []
    }),
  )
}

/** One sentence for each of the first problems, in order, and the number of the others. */
export function listProblems(problems: readonly ReviewProblem[], wording: Pick<Wording, 'line'>): readonly string[] {
  const lines = problems.slice(0, MAX_LISTED).map(({ line, field, message }) => {
    return `  ${wording.line(line)}${field === '' ? '' : `, ${printable(field)}`}: ${message}`
  })
  return problems.length > MAX_LISTED ? [...lines, `  and ${problems.length - MAX_LISTED} more`] : lines
}
