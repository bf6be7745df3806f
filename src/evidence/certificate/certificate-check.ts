/** The check of a certificate: recomputes everything that it says, from the file alone or against the rows and labels it came from. */

import { evaluateCertificate } from './certificate.ts'
import { drawRows, type PopulationRow, planCertificate } from './certificate-plan.ts'
import type { Certificate, CertificatePlan, RowLabel } from './certificate-types.ts'

/** What a certificate is checked against: the rows and labels as they stand in the database now. */
export interface CheckedAgainst {
  readonly rows: readonly PopulationRow[]
  readonly labels: readonly RowLabel[]
}

export interface CertificateParts {
  readonly about: Certificate['about']
  readonly plan: CertificatePlan
  readonly drawn: Certificate['drawn']
  readonly labels: readonly RowLabel[]
}

/** Builds the certificate file from its parts. Labels stand in the order of the draw. */
export function buildCertificate({ about, plan, drawn, labels }: CertificateParts): Certificate {
  const place = new Map(drawn.map(({ id }, index) => [id, index]))
  const sorted = labels
    .filter(({ id }) => place.has(id))
    .sort((a, b) => (place.get(a.id) ?? 0) - (place.get(b.id) ?? 0))
  return { format: 1, about, plan, drawn, labels: sorted, result: evaluateCertificate(plan, drawn, sorted) }
}

/**
 * Recomputes a certificate and returns what does not agree, one sentence each; nothing where everything does. Without `against`
 * only the result is recomputed from the drawn rows and labels of the file. With it, the population, its digest, strata and cuts,
 * the order of the draw and every label are compared with what the database holds now.
 */
export function verifyCertificate(certificate: Certificate, against?: CheckedAgainst): string[] {
  const { plan, drawn, labels, result } = certificate
  const problems: string[] = []
  if (!isEqual(evaluateCertificate(plan, drawn, labels), result))
    problems.push('the result of the file does not follow from its drawn rows and labels')
  if (against === undefined) return problems
  return [...problems, ...planProblems(plan, drawn, against.rows), ...labelProblems(labels, drawn, against.labels)]
}

function planProblems(plan: CertificatePlan, drawn: Certificate['drawn'], rows: readonly PopulationRow[]): string[] {
  if (rows.length !== plan.population)
    return [`the run has ${rows.length} rows; the certificate speaks about ${plan.population}`]
  const now = planCertificate(rows, plan)
  const changed = (['digest', 'strata', 'cuts'] as const).filter((key) => !isEqual(now[key], plan[key]))
  const problems = changed.map(
    (key) => `the ${key} of the rows changed: answers, sources or confidences are other ones now`,
  )
  const order = drawRows(rows, plan, drawn.length)
  const wrong = drawn.findIndex((row, index) => !isEqual(row, order[index]))
  if (wrong !== -1)
    problems.push(
      `row ${wrong + 1} of the draw is ${drawn[wrong]?.id}; by the seed and the database it is ${order[wrong]?.id ?? 'none'}${drawn[wrong]?.id === order[wrong]?.id ? ' with another answer, source or confidence' : ''}`,
    )
  return problems
}

function labelProblems(
  labels: readonly RowLabel[],
  drawn: Certificate['drawn'],
  stored: readonly RowLabel[],
): string[] {
  const ids = new Set(drawn.map(({ id }) => id))
  const byId = new Map(stored.filter(({ id }) => ids.has(id)).map((label) => [label.id, label]))
  const problems = labels.flatMap((label) => {
    const now = byId.get(label.id)
    if (now === undefined) return [`the label of ${label.id} is not in the database`]
    return isEqual(sorted(now), sorted(label)) ? [] : [`the label of ${label.id} is another one in the database`]
  })
  const known = new Set(labels.map(({ id }) => id))
  const missing = [...byId.keys()].filter((id) => !known.has(id))
  return [...problems, ...missing.map((id) => `the database has a label of ${id} that the file lacks`)]
}

function sorted({ id, by, right }: RowLabel): unknown {
  return [id, by, Object.entries(right).sort(([a], [b]) => (a < b ? -1 : 1))]
}

/** Equal as JSON: both sides were built by the same code, so that their properties stand in the same order, or are sorted first. */
function isEqual(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b)
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
