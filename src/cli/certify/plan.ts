/** Settles the plan of a certificate: drawn at random once, kept in the database, and fixed from the first label on. */
import { randomBytes } from 'node:crypto'
import { askableFields } from '../../classification/fields.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { ServiceError } from '../../errors.ts'
import { drawRows, planCertificate } from '../../evidence/certificate/certificate-plan.ts'
import { type CertificatePlan, type DrawnRow, ROW_CLAIM } from '../../evidence/certificate/certificate-types.ts'
import { nearestName } from '../../lib/nearest-name.ts'
import type { CertificateStore, StoredPlan } from '../../store/types.ts'
import type { CertifiedRun, Population } from './run-part.ts'

export const DEFAULT_TARGET = 0.97
export const DEFAULT_DELTA = 0.05

/** What the user asked to have shown; what is undefined is as planned before, else by default. */
export interface ClaimOptions {
  readonly target?: number | undefined
  readonly delta?: number | undefined
  /** The value of --field: "all", or names of fields. */
  readonly field?: string | undefined
}

/** A plan with all rows of the run in the order in which they are drawn. */
export interface SettledPlan {
  readonly plan: CertificatePlan
  readonly order: readonly DrawnRow[]
  readonly stored: StoredPlan
}

/**
 * Returns the plan of the run, and makes one where there is none. Before the first label another plan may be asked for;
 * the seed stays. Rejects with ServiceError input-invalid where labels are there already and the plan or the rows would change,
 * because what was chosen after labels were seen proves nothing.
 */
export async function settlePlan(
  certificates: CertificateStore,
  { scope, scheme }: CertifiedRun,
  population: Population,
  options: ClaimOptions & { readonly by: string },
): Promise<SettledPlan> {
  const stored = await certificates.findPlan(scope)
  const wanted = claimsOf(scheme.codebook, options.field)
  const planWith = (seed: string) =>
    planCertificate(population.rows, {
      target: options.target ?? stored?.target ?? DEFAULT_TARGET,
      delta: options.delta ?? stored?.delta ?? DEFAULT_DELTA,
      claims: wanted?.claims ?? stored?.claims ?? [ROW_CLAIM],
      fields: wanted?.fields ?? stored?.fields ?? claimsOf(scheme.codebook, 'all')?.fields ?? [],
      seed,
    })
  const plan = planWith(stored?.seed ?? randomBytes(16).toString('hex'))
  const order = drawRows(population.rows, plan, population.rows.length)
  const change = stored === undefined ? undefined : changeOf(stored, plan)
  if (stored !== undefined && change === undefined) return { plan, order, stored }
  if (stored !== undefined && change !== undefined && (await hasLabels(certificates, { scope, scheme }, order))) {
    const since = `was fixed before its first label, on ${stored.plannedAt.slice(0, 10)}`
    throw new ServiceError('input-invalid', `The plan of run ${scope.runId} ${since}: ${change}`)
  }
  const { target, delta, claims, fields, seed, population: size, digest } = plan
  const toSave = { ...scope, seed, target, delta, claims, fields, population: size, digest, plannedBy: options.by }
  const saved = await certificates.savePlan(toSave, { replaces: stored !== undefined })
  if (changeOf(saved, plan) === undefined && saved.seed === seed) return { plan, order, stored: saved }
  // Another command planned at the same moment, and the first plan holds.
  return await settlePlan(certificates, { scope, scheme }, population, options)
}

/** What differs between the stored plan and the one that would be made now; undefined where nothing does. */
function changeOf(stored: StoredPlan, plan: CertificatePlan): string | undefined {
  const { target, delta, claims, fields, population, digest } = plan
  const advice = 'leave the option out, or certify another run; its lower bound holds for lower targets as well'
  if (target !== stored.target) return `--target ${stored.target}, and not ${target}: ${advice}`
  if (delta !== stored.delta) return `--delta ${stored.delta}, and not ${delta}: ${advice}`
  const shown = (names: readonly string[]) => (names.includes(ROW_CLAIM) ? 'all' : names.join(','))
  if (!isSameList(claims, stored.claims) || !isSameList(fields, stored.fields))
    return `--field ${shown(stored.claims)}, and not ${shown(claims)}: ${advice}`
  const later = 'classify again as a run of its own and certify that one'
  if (population !== stored.population)
    return `for ${stored.population} rows, and the run has ${population} now: ${later}`
  if (digest !== stored.digest) return `and answers of the run have changed since: ${later}`
  return undefined
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, index) => one === b[index])
}

/** Whether anybody has labelled one of the rows that are drawn first, so that what they show may be known. */
async function hasLabels(
  certificates: CertificateStore,
  { scope, scheme }: CertifiedRun,
  order: readonly DrawnRow[],
): Promise<boolean> {
  const first = order.slice(0, 2_000).map(({ id }) => id)
  const found = await certificates.findLabels({ catalogue: scope.catalogue, codebookHash: scheme.hash }, first)
  return found.length > 0
}

/** Reads the value of --field. Throws ServiceError input-invalid for a name that people cannot label. */
function claimsOf(codebook: Codebook, text: string | undefined) {
  if (text === undefined) return undefined
  const all = askableFields(codebook).map(({ name }) => name)
  if (text.trim().toLowerCase() === 'all' && !all.includes('all')) return { claims: [ROW_CLAIM], fields: all }
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) {
    if (all.includes(name)) continue
    const meant = nearestName(name, all)
    const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`
    const message = `--field: "${name}" is no field that people label${hint}: give all, or names of ${all.join(', ')}`
    throw new ServiceError('input-invalid', message)
  }
  const fields = all.filter((name) => names.includes(name))
  return { claims: fields, fields }
}
