/** Reads the labels of one line of a labelling file against the codebook, in pure functions. */
import { printable } from '../../catalogue/problem-report.ts'
import { appliesTo, askableFields } from '../../classification/fields.ts'
import type { Labels, LabelValue } from '../../classification/types.ts'
import type { Codebook, Field } from '../../codebooks/codebook.ts'
import { readLabelText } from '../../review/correction-value.ts'
import { impossibleParts } from '../../review/decide-labels.ts'
import type { CorrectionText } from '../../review/decision.ts'
import type { ReviewLine, ReviewProblem } from '../../review/review-line.ts'

/** What a person wrote of one field; `isKnown` is false where the person could not tell. */
export interface BlindLabel {
  readonly field: string
  readonly label: LabelValue
  readonly isKnown: boolean
}

/** What a person writes who cannot tell. */
const CANNOT_TELL = '?'

/** Whether a line holds nothing yet, so that its row is still to be labelled. */
export function isUnfilled({ decision, corrections, seen }: ReviewLine): boolean {
  return decision === 'undecided' && corrections.length === 0 && Object.values(seen).every((text) => text === '')
}

/**
 * Returns the labels of `fields` that a line gives, or all errors in it. An empty cell says "no label" in a field that may have
 * none; a field without a cell says nothing, so that gold that leaves a field out is not taken to say none. Any other field that
 * applies needs a label, or ? where nobody can tell.
 */
export function readBlindLabels(
  line: ReviewLine,
  codebook: Codebook,
  fields: readonly string[],
): { readonly labels: readonly BlindLabel[] } | { readonly problems: readonly ReviewProblem[] } {
  const { texts, problems } = textsOf(line, codebook)
  const add = (field: string, message: string) => problems.push({ line: line.line, field: printable(field), message })
  const known: Record<string, LabelValue> = {}
  const unknown = new Set<string>()
  for (const [name, text] of texts) {
    const field = codebook.field.get(name)
    if (field === undefined) continue
    // A list of values may have it as a value. In a field of free text everything would be a label, and nobody means this one.
    if (text === CANNOT_TELL && (field.type.kind === 'text' || !('label' in readLabelText(field, text)))) {
      unknown.add(name)
      continue
    }
    const read = readLabelText(field, text)
    if ('message' in read) add(name, read.message)
    else known[name] = read.label
  }
  if (problems.length > 0) return { problems }
  const labels: BlindLabel[] = []
  for (const field of askableFields(codebook)) {
    const { name, nullable } = field
    if (!fields.includes(name) && !texts.has(name)) continue
    if (unknown.has(name)) labels.push({ field: name, label: null, isKnown: false })
    else if (isRuledOut(field, known, unknown)) {
      if ((known[name] ?? null) === null) labels.push({ field: name, label: null, isKnown: true })
      else add(name, `applies only where ${conditionsOf(field)}`)
    } else if (name in known || (nullable && Object.hasOwn(line.seen, name)))
      labels.push({ field: name, label: known[name] ?? null, isKnown: true })
    else if (!nullable) add(name, `has no label: write one, or ${CANNOT_TELL} where nobody can tell`)
    else {
      const advice = `write one, none, or ${CANNOT_TELL} where nobody can tell`
      add(name, `is not in the file, which does not mean that it has no label: ${advice}`)
    }
  }
  // Labels that exclude each other are a slip; what is not known cannot be compared.
  if (
    problems.length === 0 &&
    askableFields(codebook).every(({ name }) => labels.some(({ field }) => field === name))
  ) {
    const complete: Labels = Object.fromEntries(labels.map(({ field, label }) => [field, label]))
    if (unknown.size === 0)
      for (const { field, message } of impossibleParts(codebook, complete, new Set())) add(field, message)
  }
  return problems.length > 0 ? { problems } : { labels }
}

/** The texts that the line gives for fields: in the columns of the fields, and as corrections such as field=value. */
function textsOf(line: ReviewLine, codebook: Codebook) {
  const texts = new Map<string, CorrectionText>()
  const problems: ReviewProblem[] = []
  const names = askableFields(codebook).map(({ name }) => name)
  if (line.decision === 'accept') {
    const message = 'is accept, and a labelling file shows no answer that could be accepted: write the labels'
    problems.push({ line: line.line, field: 'decision', message })
  }
  for (const [name, text] of Object.entries(line.seen)) if (text !== '') texts.set(name, text)
  for (const [written, text] of line.corrections) {
    const name = codebook.field.get(written)?.name ?? written.replace(/[-.]/g, '_')
    const first = texts.get(name)
    if (!names.includes(name)) {
      const message = `is not a field that people label: ${names.join(', ')}`
      problems.push({ line: line.line, field: printable(written), message })
    } else if (first !== undefined && String(first) !== String(text)) {
      const message = 'has one label in its column and another one in corrections: give one of them'
      problems.push({ line: line.line, field: printable(name), message })
    } else texts.set(name, text)
  }
  return { texts, problems }
}

/** Whether the field cannot have a label by the labels of the others; not known where those are not known. */
function isRuledOut(field: Field, known: Labels, unknown: ReadonlySet<string>): boolean {
  const { appliesWhen } = field
  if (appliesWhen === null || Object.keys(appliesWhen).some((name) => unknown.has(name) || !(name in known)))
    return false
  return !appliesTo(field, known)
}

function conditionsOf({ appliesWhen }: Field): string {
  return Object.entries(appliesWhen ?? {})
    .map(([other, value]) => `${other} is ${[value].flat().join(' or ')}`)
    .join(' and ')
}
