/** What a person wrote, held against the codebook. Pure. */

import { printable, showValue } from '../../catalogue/problem-report.ts'
import { AGGREGATIONS, DECIDED_FIELDS, ORIENTATIONS, TYPES } from '../../classification/codebook.ts'
import type { Classification, DecidedField } from '../../classification/types.ts'
import { validate } from '../../classification/validate.ts'
import { nearestName } from '../../lib/nearest-name.ts'
import type { Labels } from '../../store/types.ts'
import type { ReviewLine, ReviewProblem } from './review-file.ts'

const ALLOWED: Readonly<Record<DecidedField, readonly string[]>> = {
  type: TYPES,
  temporal_aggregation: AGGREGATIONS,
  orientation: ORIENTATIONS,
}

const RULES_READ = 'the rules read it for each indicator, and a person’s answer counts for all of a shape'

/** Fields of a result that a person cannot set, and the way out. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ['family', 'it follows from type: correct type'],
  ['time_basis', 'it follows from temporal_aggregation: correct temporal_aggregation'],
  ['unit', `${RULES_READ}: correct units in the catalogue`],
  ['frequency', `${RULES_READ}: correct periodicity in the catalogue`],
  ['cumulative', `${RULES_READ}: correct sample_values in the catalogue`],
])

/** What makes a combination of the three fields impossible by the codebook; other findings stay notes on the result. */
const IMPOSSIBLE: ReadonlySet<string> = new Set([
  'growth-rate-not-period-rate',
  'period-rate-not-growth-rate',
  'period-type-at-a-point',
  'stock-summed-over-period',
])

/** The labels that `line` leaves `current` with, or everything that is wrong with it. */
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
    const way = `to set it, write ${field}=… into corrections; else write the review file anew`
    problems.push({
      line: line.line,
      field,
      message: `the file says ${showValue(seen)}, the stored result ${current[field]}: ${way}`,
    })
  }
  if (problems.length > 0) return { problems }
  const decided = labels as Record<DecidedField, never>
  const findings = validate({ ...current, ...decided }).filter(({ code }) => IMPOSSIBLE.has(code))
  if (findings.length === 0) return { labels: decided }
  const way = line.decision === 'accept' ? 'correct it instead of accepting it' : 'correct both fields'
  return {
    problems: findings.map(({ code, message }) => ({
      line: line.line,
      field: code === 'growth-rate-not-period-rate' ? 'temporal_aggregation' : 'type',
      message: `${message}: ${way}`,
    })),
  }
}

function checkCorrection(
  name: string,
  value: string,
): { readonly field: DecidedField; readonly label: string } | { readonly message: string } {
  const field = DECIDED_FIELDS.find((known) => known === name.replaceAll('-', '_'))
  if (field === undefined) {
    const other = OTHERS.get(name.split(/[._]/)[0] ?? '') ?? OTHERS.get(name)
    if (other !== undefined) return { message: `a person cannot set it: ${other}` }
    const meant = nearestName(name, DECIDED_FIELDS)
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
    return { message: `no field that can be corrected${hint}: ${DECIDED_FIELDS.join(', ')}` }
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
