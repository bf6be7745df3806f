/** Checks one line of a review file against the codebook and finds the labels that the line gives to its indicator, in pure functions. */

import { printable, showValue } from '../../catalogue/problem-report.ts'
import { AGGREGATIONS, DECIDED_FIELDS, ORIENTATIONS, TYPES } from '../../classification/codebook.ts'
import type { Classification, DecidedField } from '../../classification/types.ts'
import { validate } from '../../classification/validate.ts'
import { nearestName } from '../../lib/nearest-name.ts'
import type { Labels } from '../../store/types.ts'
import type { ReviewLine, ReviewProblem } from './review-line.ts'

const ALLOWED: Readonly<Record<DecidedField, readonly string[]>> = {
  type: TYPES,
  temporal_aggregation: AGGREGATIONS,
  orientation: ORIENTATIONS,
}

const READ_BY_RULES = 'the rules read it for each indicator, whereas a human answer holds for a whole shape'

/** The fields of a result that a review cannot change, each with the reason and with the field to correct instead. */
const NOT_CORRECTABLE: ReadonlyMap<string, string> = new Map([
  ['family', 'it follows from type, so correct type'],
  ['time_basis', 'it follows from temporal_aggregation, so correct temporal_aggregation'],
  ['unit', `${READ_BY_RULES}: correct units in the catalogue`],
  ['frequency', `${READ_BY_RULES}: correct periodicity in the catalogue`],
  ['cumulative', `${READ_BY_RULES}: correct sample_values in the catalogue`],
])

/**
 * The codes of the problems for which the codebook forbids a combination of the three labels, so that a review must not
 * choose it. Other problems do not stop a review, and remain on the result as issues.
 */
const IMPOSSIBLE: ReadonlySet<string> = new Set([
  'growth-rate-not-period-rate',
  'period-rate-not-growth-rate',
  'period-type-at-a-point',
  'stock-summed-over-period',
])

/**
 * Returns the labels that the indicator has after the decision in `line`, where `current` is the stored result; or all
 * errors in the line.
 */
export function decideLabels(
  line: ReviewLine,
  current: Classification,
): { readonly labels: Labels } | { readonly problems: readonly ReviewProblem[] } {
  const problems: ReviewProblem[] = []
  const labels: Record<DecidedField, string> = {
    type: current.type,
    temporal_aggregation: current.temporal_aggregation,
    orientation: current.orientation,
  }
  const corrected = new Set<string>()
  for (const [field, value] of line.corrections) {
    const checked = checkCorrection(field, value)
    if ('message' in checked) problems.push({ line: line.line, field: printable(field), message: checked.message })
    else {
      labels[checked.field] = checked.label
      corrected.add(checked.field)
    }
  }
  for (const field of DECIDED_FIELDS) {
    const seen = line.seen[field]
    if (seen === undefined || seen === '' || seen === current[field] || corrected.has(field)) continue
    const advice = `to change it, write ${field}=… into corrections; otherwise write a new review file`
    problems.push({
      line: line.line,
      field,
      message: `the file says ${showValue(seen)}, the stored result ${current[field]}: ${advice}`,
    })
  }
  if (problems.length > 0) return { problems }
  const decided = labels as Record<DecidedField, never>
  const findings = validate({ ...current, ...decided }).filter(({ code }) => IMPOSSIBLE.has(code))
  if (findings.length === 0) return { labels: decided }
  const advice = line.decision === 'accept' ? 'correct it instead of accepting it' : 'correct both fields'
  return {
    problems: findings.map(({ code, message }) => ({
      line: line.line,
      field: code === 'growth-rate-not-period-rate' ? 'temporal_aggregation' : 'type',
      message: `${message}: ${advice}`,
    })),
  }
}

function checkCorrection(
  name: string,
  value: string,
): { readonly field: DecidedField; readonly label: string } | { readonly message: string } {
  const field = DECIDED_FIELDS.find((known) => known === name.replaceAll('-', '_'))
  if (field === undefined) {
    const reason = NOT_CORRECTABLE.get(name.split(/[._]/)[0] ?? '') ?? NOT_CORRECTABLE.get(name)
    if (reason !== undefined) return { message: `cannot be corrected in a review: ${reason}` }
    const meant = nearestName(name, DECIDED_FIELDS)
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
    return { message: `is not a field that can be corrected${hint}: ${DECIDED_FIELDS.join(', ')}` }
  }
  const label = value
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
  const allowed = ALLOWED[field]
  if (allowed.includes(label)) return { field, label }
  const meant = nearestName(label, allowed)
  const hint = meant === undefined ? '.' : `; did you mean ${meant}?`
  return { message: `${showValue(value)} is not in the codebook${hint} Allowed: ${allowed.join(', ')}` }
}
