/** Takes labels and third decisions out of a file that people filled in: all of them, or none where any line is wrong. */
import { pluralise, printable, showValue } from '../../catalogue/problem-report.ts'
import { textsOfCell } from '../../catalogue/results-writer.ts'
import { oneLine } from '../../classification/clean-text.ts'
import { askableFields } from '../../classification/fields.ts'
import { ServiceError } from '../../errors.ts'
import { showLabel } from '../../review/decide-labels.ts'
import type { ReviewLine, ReviewProblem } from '../../review/review-line.ts'
import type { CertificateStore, EvidenceScope, LabelToSave, RunRowWithInput, StoredLabel } from '../../store/types.ts'
import { parseReview } from '../review/review-file.ts'
import { type BlindLabel, isUnfilled, readBlindLabels } from './blind-labels.ts'
import { judgeRow, labelsById, saysTheSame } from './row-labels.ts'
import type { CertifiedRun } from './run-part.ts'

export interface LabelFile {
  /** The name of the file that messages show. */
  readonly name: string
  readonly bytes: Buffer
  readonly by: string
  /** The fields that every row needs a label in. */
  readonly fields: readonly string[]
  /** Whether the file holds third decisions between labels that differ. */
  readonly adjudicates: boolean
}

export interface TakenLabels {
  readonly rows: number
  readonly labels: number
  /** Lines that nobody has filled in yet. */
  readonly unfilled: number
}

const MAX_LISTED = 20
const ROWS_PER_QUERY = 1_000
/** A statement saves at most this many labels; a file that is larger is saved in parts, and again after a failure. */
const LABELS_PER_STATEMENT = 20_000

/** Checks a file and stores its labels. Rejects with ServiceError input-invalid that names line, field and value. */
export async function takeLabels(
  certificates: CertificateStore,
  run: CertifiedRun,
  file: LabelFile,
): Promise<TakenLabels> {
  const { codebook, hash } = run.scheme
  const parsed = parseReview(
    file.bytes,
    askableFields(codebook).map(({ name }) => name),
  )
  const lines = parsed.lines.filter((line) => !isUnfilled(line))
  const problems = [...parsed.problems]
  const toSave: LabelToSave[] = []
  const place: EvidenceScope = { catalogue: run.scope.catalogue, codebookHash: hash }
  for (let from = 0; from < lines.length; from += ROWS_PER_QUERY) {
    const part = lines.slice(from, from + ROWS_PER_QUERY)
    const ids = part.flatMap(idsOf)
    const rows = await certificates.findRunRows(run.scope, ids)
    const stored = labelsById(await certificates.findLabels(place, ids))
    for (const line of part) {
      const row = idsOf(line).flatMap((id) => rows.get(id) ?? [])[0]
      const read = readLine(line, row, stored, run, file)
      problems.push(...read.problems)
      toSave.push(...read.labels)
    }
  }
  if (problems.length > 0) throw refusal(file.name, problems)
  if (lines.length === 0) {
    const advice = 'fill in a label for each field of a row, and run again'
    throw new ServiceError('input-invalid', `${file.name} holds no label yet: ${advice}`)
  }
  for (let from = 0; from < toSave.length; from += LABELS_PER_STATEMENT)
    await certificates.saveLabels(place, toSave.slice(from, from + LABELS_PER_STATEMENT))
  const rows = new Set(toSave.map(({ indicatorId }) => indicatorId)).size
  return { rows, labels: toSave.length, unfilled: parsed.lines.length - lines.length }
}

interface ReadLine {
  readonly labels: readonly LabelToSave[]
  readonly problems: readonly ReviewProblem[]
}

function readLine(
  line: ReviewLine,
  row: RunRowWithInput | undefined,
  stored: ReadonlyMap<string, readonly StoredLabel[]>,
  { scope, scheme }: CertifiedRun,
  file: LabelFile,
): ReadLine {
  const problem = (field: string, message: string): ReadLine => ({
    labels: [],
    problems: [{ line: line.line, field, message }],
  })
  if (line.catalogue !== undefined && !textsOfCell(line.catalogue).includes(scope.catalogue)) {
    const message = `is ${showValue(line.catalogue)}, and the run classified ${showValue(scope.catalogue)}: name the right run`
    return problem('catalogue', message)
  }
  if (row === undefined)
    return problem('indicator_id', `${showValue(line.indicatorId)} is no row of run ${scope.runId}`)
  if (row.indicator === null) {
    const message = `${showValue(line.indicatorId)} was submitted with other texts since the run: certify the later run`
    return problem('indicator_id', message)
  }
  const id = row.classification.indicator_id
  const known = (stored.get(id) ?? []).filter(({ inputHash }) => inputHash === row.inputHash)
  const read = file.adjudicates
    ? readDecisions(line, known, { scope, scheme }, file.fields)
    : readBlindLabels(line, scheme.codebook, file.fields)
  if ('problems' in read) return { labels: [], problems: read.problems }
  const note = oneLine(line.note)
  const labels: LabelToSave[] = []
  const problems: ReviewProblem[] = []
  for (const given of read.labels) {
    const { field } = given
    const earlier = known.find(
      (one) => one.field === field && one.adjudicates === file.adjudicates && (file.adjudicates || one.by === file.by),
    )
    if (earlier === undefined) {
      const { by, adjudicates } = file
      const { inputHash } = row
      labels.push({
        ...given,
        indicatorId: id,
        inputHash,
        by,
        adjudicates,
        blind: !adjudicates,
        runId: scope.runId,
        note,
      })
    } else if (!saysTheSame(scheme.codebook.field.get(field), earlier, given)) {
      const advice = file.adjudicates
        ? 'a third decision is taken once'
        : 'a label is given once, before the answer is seen; have a second person label the row, and settle the difference with --adjudicate'
      const before = `was ${shown(earlier)} by ${earlier.by} on ${earlier.at.slice(0, 10)}, and is ${shown(given)} here`
      problems.push({ line: line.line, field: printable(field), message: `${before}: ${advice}` })
    }
  }
  return { labels, problems }
}

/** Reads the third decisions of a line, which concern only fields in which two people disagree. */
function readDecisions(
  line: ReviewLine,
  known: readonly StoredLabel[],
  { scheme }: CertifiedRun,
  fields: readonly string[],
): { readonly labels: readonly BlindLabel[] } | { readonly problems: readonly ReviewProblem[] } {
  const people = known.filter(({ adjudicates }) => !adjudicates)
  const verdicts = fields.flatMap(
    (field) => judgeRow({ id: line.indicatorId, labels: people }, scheme.codebook, [field])?.fields ?? [],
  )
  const disputed = verdicts.flatMap(({ field, state }) => (state === 'open' ? [field] : []))
  const isGiven = (field: string) =>
    (line.seen[field] ?? '') !== '' || line.corrections.some(([name]) => name.replace(/[-.]/g, '_') === field)
  // The other fields have the labels on which people agree, so that the decision is checked against them.
  const agreed = verdicts.flatMap(({ field, state, label }) =>
    state === 'settled' && label !== null && !isGiven(field)
      ? [[field, Array.isArray(label) ? label : String(label)] as const]
      : [],
  )
  const decided = { ...line, corrections: [...line.corrections, ...agreed] }
  // A cell that is left empty is decided later, also where the field may have no label.
  const wanted = [...disputed.filter(isGiven), ...agreed.map(([field]) => field)]
  const read = readBlindLabels(decided, scheme.codebook, wanted)
  if ('problems' in read) return read
  const labels = read.labels.filter(({ field }) => !agreed.some(([name]) => name === field))
  const needless = labels.find(({ field }) => !disputed.includes(field))
  if (needless === undefined) return { labels }
  const message = 'has no labels that differ: a third decision is taken only where two people disagree'
  return { problems: [{ line: line.line, field: printable(needless.field), message }] }
}

function shown({ label, isKnown }: Pick<BlindLabel, 'label' | 'isKnown'>): string {
  return isKnown ? showLabel(label) : '? (nobody can tell)'
}

function idsOf({ indicatorId }: ReviewLine): string[] {
  return textsOfCell(indicatorId)
}

function refusal(name: string, problems: readonly ReviewProblem[]): ServiceError {
  const sorted = problems.toSorted((a, b) => a.line - b.line)
  const lines = sorted.slice(0, MAX_LISTED).map(({ line, field, message }) => {
    return `  line ${line}${field === '' ? '' : `, ${printable(field)}`}: ${message}`
  })
  if (problems.length > MAX_LISTED) lines.push(`  and ${problems.length - MAX_LISTED} more`)
  const head = `${name}: ${pluralise(problems.length, 'problem')}; no label was stored. Correct the file and run again.`
  return new ServiceError('input-invalid', [head, ...lines])
}
