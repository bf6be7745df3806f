/** Finds the rows of a run that a certificate speaks about: one catalogue by one version of one codebook. */
import { showValue } from '../../catalogue/problem-report.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { ServiceError } from '../../errors.ts'
import type { PopulationRow } from '../../evidence/certificate/certificate-plan.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { RunPart, RunRow, RunScope, Store } from '../../store/types.ts'
import { checkRunId } from '../classify/run-id.ts'
import { findScheme } from '../codebook/codebook-option.ts'

/** The rows of a run that a command works on. */
export interface CertifiedRun {
  readonly scope: RunScope
  readonly scheme: PreparedScheme
}

export interface RunChoice {
  readonly run: string
  readonly catalogue?: string | undefined
  readonly codebook?: string | undefined
}

/**
 * Finds the catalogue and the codebook of a run. Rejects with ServiceError input-invalid where the run is not known, has no rows,
 * or has rows of several catalogues or codebooks of which the user named none.
 */
export async function findCertifiedRun(store: Store, { run, catalogue, codebook }: RunChoice): Promise<CertifiedRun> {
  checkRunId(run)
  const parts = await store.certificates.findRunParts(run)
  const name = codebook === undefined ? undefined : (await findScheme(codebook, store)).codebook.name
  const left = parts.filter(
    (part) => (catalogue ?? part.catalogue) === part.catalogue && (name ?? part.codebook) === part.codebook,
  )
  const [part, ...others] = left
  if (part === undefined) throw await noRows(store, run, parts)
  if (others.length > 0) throw severalParts(run, left)
  if (part.codebookHash === '') {
    const reason = 'was classified by a release that kept no codebooks, so its answers cannot be traced'
    throw new ServiceError('input-invalid', `Run "${run}" ${reason}: classify again and certify that run`)
  }
  const scheme = await findScheme(`${part.codebook}@${part.codebookHash}`, store)
  return { scope: { runId: run, catalogue: part.catalogue, codebook: part.codebook }, scheme }
}

async function noRows(store: Store, run: string, parts: readonly RunPart[]): Promise<ServiceError> {
  if (parts.length > 0) {
    const there = parts.map(({ catalogue, codebook }) => `${showValue(catalogue)} by ${codebook}`)
    const message = `Run "${run}" has no rows of this catalogue and codebook; it has those of ${there.join(', ')}`
    return new ServiceError('input-invalid', message)
  }
  if ((await store.findRun(run)) === undefined) return new ServiceError('input-invalid', `Run "${run}" is not known`)
  const advice = 'certify the run that classified them, or classify with --force'
  return new ServiceError('input-invalid', `Run "${run}" classified nothing, as all its rows were unchanged: ${advice}`)
}

function severalParts(run: string, parts: readonly RunPart[]): ServiceError {
  const listed = parts.map(({ catalogue, codebook, rows }) => `${showValue(catalogue)} by ${codebook} (${rows} rows)`)
  const isOneName = new Set(parts.map(({ catalogue, codebook }) => JSON.stringify([catalogue, codebook]))).size === 1
  const advice = isOneName
    ? 'the codebook changed during the run: certify a later run'
    : 'choose with --catalogue NAME or --codebook NAME'
  return new ServiceError('input-invalid', `Run "${run}" has rows of ${listed.join(', ')}: ${advice}`)
}

/** The rows of a run as a certificate sees them, and what their answers depend on. */
export interface Population {
  readonly rows: readonly PopulationRow[]
  /** What the answers depend on, as texts for the certificate. */
  readonly versions: Readonly<Record<string, string>>
}

export async function readPopulation(store: Store, { scope }: CertifiedRun, signal: AbortSignal): Promise<Population> {
  const rows: PopulationRow[] = []
  const seen = {
    codebook: new Set<string>(),
    mode: new Set<string>(),
    model: new Set<string>(),
    prompt: new Set<string>(),
  }
  for await (const page of store.certificates.exportRunRows(scope)) {
    for (const row of page) {
      const { indicator_id: id, source, confidence, codebook, model, prompt_version: prompt } = row.classification
      rows.push({ id, source, confidence, fingerprint: fingerprintOf(row), hash: sha256(id) })
      seen.codebook.add(codebook)
      seen.mode.add(row.mode)
      seen.prompt.add(prompt)
      if (model !== null) seen.model.add(model)
    }
    signal.throwIfAborted()
  }
  const versions = Object.entries(seen).map(([name, values]) => [name, [...values].sort().join(', ')])
  return { rows, versions: Object.fromEntries(versions) }
}

/** SHA-256 of everything that a certificate says of an answer: another label, source or confidence gives another one. */
export function fingerprintOf({ classification, inputHash }: RunRow): string {
  const { indicator_id, codebook_hash, labels, source, status, confidence } = classification
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return sha256(JSON.stringify([indicator_id, codebook_hash, inputHash, sorted, source, status, confidence]))
}
