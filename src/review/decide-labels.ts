/** Checks one decision of a person against the codebook and finds the labels that it gives to its indicator, in pure functions. */

import { printable, showValue } from '../catalogue/problem-report.ts'
import { labelText, textsOfCell } from '../catalogue/results-writer.ts'
import { askableFields, completeLabels, isSameLabel } from '../classification/fields.ts'
import type { PreparedScheme } from '../classification/scheme.ts'
import type { Classification, Labels, LabelValue } from '../classification/types.ts'
import { validate } from '../classification/validate.ts'
import { type Codebook, type Field, isValueOf, meets } from '../codebooks/codebook.ts'
import { nearestName } from '../lib/nearest-name.ts'
import { allowedOf, readLabelText } from './correction-value.ts'
import type { CorrectionText } from './decision.ts'
import type { ReviewLine, ReviewProblem } from './review-line.ts'

/** The labels that a decision gives to an indicator. */
export interface DecidedLabels {
  /** The label of each askable field; null for a field that does not apply or has no label. */
  readonly labels: Labels
  /** The names of the fields that the person corrected. */
  readonly corrected: ReadonlySet<string>
}

/**
 * Returns the labels that the indicator has after the decision in `line`, where `current` is the stored result; or all
 * errors in the line.
 */
export function decideLabels(
  line: ReviewLine,
  current: Classification,
  scheme: Pick<PreparedScheme, 'codebook' | 'shortlisters'>,
): DecidedLabels | { readonly problems: readonly ReviewProblem[] } {
  const { codebook } = scheme
  const problems: ReviewProblem[] = []
  const add = (field: string, message: string) => problems.push({ line: line.line, field: printable(field), message })
  const given: Record<string, LabelValue> = { ...current.labels }
  const corrected = new Set<string>()
  for (const [name, written] of line.corrections) {
    const checked = checkCorrection(scheme, name, written)
    if ('message' in checked) add(name, checked.message)
    else {
      given[checked.field] = checked.label
      corrected.add(checked.field)
    }
  }
  for (const field of askableFields(codebook)) {
    const seen = corrected.has(field.name) ? undefined : line.seen[field.name]
    const stored = current.labels[field.name] ?? null
    if (seen === undefined || isShownAs(field, stored, seen)) continue
    const advice = `to change it, write ${field.name}=… into corrections; otherwise list the results anew`
    add(
      field.name,
      `was seen as ${seen === null ? 'none' : showValue(seen)}, and the stored result says ${showLabel(stored)}: ${advice}`,
    )
  }
  if (problems.length > 0) return { problems }
  const complete = completeLabels(codebook, given)
  for (const field of askableFields(codebook)) {
    const fault = faultOf(field, given, complete, corrected.has(field.name))
    if (fault !== null) add(field.name, fault)
  }
  if (problems.length === 0) {
    const advice = line.decision === 'accept' ? 'correct it instead of accepting it' : 'correct both fields'
    for (const { field, message } of impossibleParts(codebook, complete, corrected)) add(field, `${message}: ${advice}`)
  }
  if (problems.length > 0) return { problems }
  const labels = Object.fromEntries(askableFields(codebook).map(({ name }) => [name, complete[name] ?? null]))
  return { labels, corrected }
}

/** Whether a person who saw `seen` saw the stored label. An empty text says nothing, null that there was no label. */
export function isShownAs(field: Field, stored: LabelValue, seen: string | null): boolean {
  if (seen === null) return labelText(stored) === ''
  const text = labelText(stored)
  if (seen === '' || textsOfCell(seen).includes(text)) return true
  // A spreadsheet may write 1000000 as 1E+06, and a person may have changed the case or the order of labels.
  const read = readLabelText(field, seen)
  return 'label' in read && isSameLabel(read.label, stored)
}

/** Writes a label for a message. */
export function showLabel(label: LabelValue): string {
  const text = labelText(label)
  return text === '' ? 'none' : printable(text)
}

/** Why a field cannot keep its label; null where it can. */
function faultOf(field: Field, given: Labels, complete: Labels, isCorrected: boolean): string | null {
  const { name, appliesWhen, nullable } = field
  if (appliesWhen !== null && !meets(complete, appliesWhen)) {
    const wanted = Object.entries(appliesWhen).map(([other, value]) => `${other} is ${[value].flat().join(' or ')}`)
    const label = given[name] ?? null
    const isLabel = label !== null && !(Array.isArray(label) && label.length === 0)
    return isCorrected && isLabel ? `applies only where ${wanted.join(' and ')}` : null
  }
  const label = complete[name] ?? null
  if (label === null && !nullable) return `has no label yet: write ${name}=… into corrections`
  if (isValueOf(field, label)) return null
  return `${showLabel(label)} is no label of this codebook: write ${name}=… into corrections. ${allowedOf(field.type)}`
}

/**
 * Returns a field and a sentence for each combination that the codebook forbids. Only constraints between askable fields
 * count, because a review can mend no other; the broken ones among the others stay on the result as issues.
 */
export function impossibleParts(codebook: Codebook, labels: Labels, corrected: ReadonlySet<string>) {
  return validate(codebook, labels).flatMap(({ code, message }) => {
    const constraint = codebook.constraints.find(({ name }) => name === code)
    if (constraint?.blocks !== true) return []
    const { when, require = {}, forbid = {} } = constraint
    const fields = [...Object.keys({ ...require, ...forbid }), ...Object.keys(when)]
    if (!fields.every((name) => codebook.field.get(name)?.asked === true)) return []
    // Where the person has corrected one of the fields, another one is to blame.
    return [{ field: fields.find((name) => !corrected.has(name)) ?? fields[0] ?? '', message }]
  })
}

function checkCorrection(
  { codebook, shortlisters }: Pick<PreparedScheme, 'codebook' | 'shortlisters'>,
  name: string,
  written: CorrectionText,
): { readonly field: string; readonly label: LabelValue } | { readonly message: string } {
  const field = codebook.field.get(name.replace(/[-.]/g, '_'))
  const known = askableFields(codebook).map((one) => one.name)
  if (field === undefined) {
    const meant = nearestName(name, known)
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
    return { message: `is not a field that can be corrected${hint}: ${known.join(', ')}` }
  }
  const { type, asked } = field
  if (type.kind === 'derived') {
    return { message: `cannot be corrected in a review: it follows from ${type.from}, so correct ${type.from}` }
  }
  if (!asked) {
    const reason =
      'it is never asked, because it is read from each record, whereas a human answer holds for a whole shape'
    return { message: `cannot be corrected in a review: ${reason}: correct the catalogue` }
  }
  const read = readLabelText(field, written, shortlisters.get(field.name))
  return 'message' in read ? read : { field: field.name, label: read.label }
}
