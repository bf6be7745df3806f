/** The plan of a certificate: the population it speaks about, its strata, the cuts that will be tried, and the order of the draw. */
import { drawOrder } from '../gate/audit-plan.ts'
import { assertShare } from '../statistics/checks.ts'
import { type CertificatePlan, type DrawnRow, ROW_CLAIM } from './certificate-types.ts'

/** A row of the run that a certificate speaks about. */
export interface PopulationRow extends DrawnRow {
  /** SHA-256 of the id in hexadecimal, by which the row is drawn. */
  readonly hash: string
}

export interface PlanOptions {
  readonly target: number
  readonly delta: number
  /** "*" for the whole row, or names of fields. One claim about the whole row proves every field at the same target. */
  readonly claims: readonly string[]
  /** All fields that a row must have right to be right. */
  readonly fields: readonly string[]
  /** A text that nobody could choose to their liking after seeing the answers, such as one drawn at random and kept. */
  readonly seed: string
}

/** The shares of the population at which a cut is tried: below 0.4 a few hundred labels hold too few of its rows. */
const CUT_SHARES = [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] as const
const BAND_EDGES = [0, 0.5, 0.8, 0.95, 1] as const

/**
 * Plans a certificate before the first label. The strata (by source and band of confidence) are for the reader: rows are
 * drawn in one random order over all of them. The cuts are fixed here, from the confidences alone, because a cut that was chosen
 * after seeing labels would not be covered by the error probability. Throws RangeError for options out of range, rows with equal
 * ids, or no row.
 */
export function planCertificate(rows: readonly PopulationRow[], options: PlanOptions): CertificatePlan {
  const { target, delta, claims, fields, seed } = options
  assertShare('target', target)
  assertShare('delta', delta)
  if (rows.length === 0) throw new RangeError('there is no row to certify')
  if (claims.length === 0) throw new RangeError(`claims is empty; name fields, or "${ROW_CLAIM}" for the whole row`)
  if (new Set(claims).size < claims.length) throw new RangeError('a claim is named twice')
  const unknown = claims.find((claim) => claim !== ROW_CLAIM && !fields.includes(claim))
  if (unknown !== undefined) throw new RangeError(`the claim "${unknown}" is none of the fields ${fields.join(', ')}`)
  if (new Set(rows.map(({ id }) => id)).size < rows.length) throw new RangeError('two rows have the same id')
  return {
    target,
    delta,
    claims: [...claims],
    fields: [...fields],
    seed,
    population: rows.length,
    digest: digestOf(rows),
    strata: strataOf(rows),
    cuts: cutsOf(rows),
  }
}

/** The first `count` rows of the random order of the plan. Later calls with a larger count begin with the same rows. */
export function drawRows(
  rows: readonly PopulationRow[],
  plan: Pick<CertificatePlan, 'seed'>,
  count: number,
): DrawnRow[] {
  return drawOrder(rows, plan.seed)
    .slice(0, count)
    .map(({ id, source, confidence, fingerprint }) => ({ id, source, confidence, fingerprint }))
}

/** The index of the stratum of a row; -1 where the plan has none for it. */
export function stratumOf(plan: Pick<CertificatePlan, 'strata'>, row: Pick<DrawnRow, 'source' | 'confidence'>): number {
  return plan.strata.findIndex(({ source, from }) => source === row.source && from === bandOf(row.confidence))
}

function bandOf(confidence: number): number {
  return BAND_EDGES.slice(0, -1).findLast((edge) => confidence >= edge) ?? 0
}

function strataOf(rows: readonly PopulationRow[]): CertificatePlan['strata'] {
  const sizes = new Map<string, { source: string; from: number; size: number }>()
  for (const { source, confidence } of rows) {
    const from = bandOf(confidence)
    const key = `${from} ${source}`
    const stratum = sizes.get(key) ?? { source, from, size: 0 }
    stratum.size++
    sizes.set(key, stratum)
  }
  return [...sizes.values()]
    .map(({ source, from, size }) => ({ source, from, to: BAND_EDGES.find((edge) => edge > from) ?? 1, size }))
    .sort((a, b) => (a.source === b.source ? b.from - a.from : a.source < b.source ? -1 : 1))
}

function cutsOf(rows: readonly PopulationRow[]): CertificatePlan['cuts'] {
  const sorted = rows.map(({ confidence }) => confidence).sort((a, b) => b - a)
  const cuts: { confidence: number; size: number }[] = []
  for (const share of CUT_SHARES) {
    const confidence = sorted[Math.ceil(share * sorted.length) - 1] ?? 0
    const size = sorted.findLastIndex((other) => other >= confidence) + 1
    if (size < sorted.length && cuts.at(-1)?.confidence !== confidence) cuts.push({ confidence, size })
  }
  return cuts
}

/**
 * The exclusive or of the fingerprints of all rows, in 64 hexadecimal digits. It does not depend on their order, and shows a row
 * that was added, lost or changed; against someone who forges fingerprints it is no protection.
 */
export function digestOf(rows: readonly Pick<DrawnRow, 'fingerprint'>[]): string {
  const words = new Uint32Array(8)
  for (const { fingerprint } of rows)
    for (let index = 0; index < 8; index++)
      words[index] = (words[index] ?? 0) ^ Number.parseInt(fingerprint.slice(8 * index, 8 * index + 8), 16)
  return [...words].map((word) => word.toString(16).padStart(8, '0')).join('')
}
