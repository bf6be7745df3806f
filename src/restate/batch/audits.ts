/** Audits of a batch: which indicators the model is asked about blind, what rules may decide alone, and what checks found. */
import { SENTINEL_PREFIX } from '../../classification/batch-request.ts'
import { askableFields, isSameLabel } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Classification, Indicator, Reading } from '../../classification/types.ts'
import { isModelSource } from '../../evidence/confidence.ts'
import { auditRank, isAuditedSteadily } from '../../evidence/gate/audit-plan.ts'
import { createFieldGates, type FieldGates, MODEL_SOURCE } from '../../evidence/gate/field-gates.ts'
import type { Trust } from '../../evidence/gate/trust.ts'
import { sha256 } from '../../lib/sha256.ts'
import { shareNext } from '../../lib/share-outcome.ts'
import type { AuditToSave, EvidenceScope, ResultToSave, Store, StoredAudit } from '../../store/types.ts'
import type { Prepared } from './prepare.ts'
import type { BatchOptions, Plan } from './types.ts'

/** The gates of catalogues, kept up to date with the audits and the outcomes of labels that the database holds. */
export interface Evidence {
  /** The gates of a catalogue at a target, with all that is stored now. */
  gates(scope: EvidenceScope, target: number): Promise<FieldGates>
}

/** The number of catalogues whose gates are kept, those that were asked for last; the gates of any other are built anew. */
const MOST_KEPT = 50

/**
 * Creates the gates of a replica. Audits that a run drew at random, and labels of a certificate, count in the order of the draw,
 * because the bound of a gate holds for that order and not for the order in which batches end. Audits of callers whose
 * indicators arrive without an end that is known count as they were stored.
 */
export function createEvidence(store: Pick<Store, 'findAudits'>): Evidence {
  const kept = new Map<string, () => Promise<FieldGates>>()
  return {
    async gates(scope, target) {
      const key = JSON.stringify([scope.catalogue, scope.codebookHash, target])
      // Many batches are planned at a time, and each reading counts all audits of the catalogue.
      const read = kept.get(key) ?? shareNext(gatesOf(store, scope, target))
      kept.delete(key)
      kept.set(key, read)
      const [oldest] = kept.keys()
      if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest)
      return await read()
    },
  }
}

/** Reads only what came since the last reading, unless a draw is among it, or outcomes of labels were deleted. */
function gatesOf(store: Pick<Store, 'findAudits'>, scope: EvidenceScope, target: number): () => Promise<FieldGates> {
  let known: { readonly gates: FieldGates; readonly count: number; readonly last: number } | undefined

  async function build(): Promise<FieldGates> {
    const { audits } = await store.findAudits(scope, 0)
    const gates = createFieldGates(target)
    addAll(gates, audits)
    known = { gates, count: audits.length, last: audits.at(-1)?.number ?? 0 }
    return gates
  }

  return async () => {
    if (known === undefined) return await build()
    const { gates, count, last } = known
    const { audits, total } = await store.findAudits(scope, last)
    // Audits that were stored late have a lower number than others that were read before; all are then read anew.
    if (count + audits.length !== total || audits.some(({ rank }) => rank !== null)) return await build()
    for (const audit of audits) gates.add(audit)
    known = { gates, count: total, last: audits.at(-1)?.number ?? last }
    return gates
  }
}

/** Adds audits and outcomes of labels, each outcome of a rule with that of the model on the same field of the same record. */
function addAll(gates: FieldGates, audits: readonly StoredAudit[]): void {
  const keyOf = ({ runId, indicatorId, field }: StoredAudit) => JSON.stringify([runId, indicatorId, field])
  const audited = new Set(audits.filter(({ byPeople }) => !byPeople).map(keyOf))
  const ofModel = new Map<string, boolean>()
  for (const one of audits) if (isOfModel(one)) ofModel.set(keyOf(one), one.agreed)
  for (const one of inOrderOfDraw(audits)) {
    if (!one.byPeople) gates.add(one)
    else if (!isOfModel(one)) {
      const { field, rule, agreed: right } = one
      const key = keyOf(one)
      gates.addLabel({ field, rule, right, modelRight: ofModel.get(key) ?? null, isBlind: audited.has(key) })
    }
  }
}

function isOfModel({ byPeople, rule }: StoredAudit): boolean {
  return byPeople && rule === MODEL_SOURCE
}

/**
 * The audits in the order in which their runs began to store some, and within a run in the order of its draw. The certificate
 * of a run is a draw of its own.
 */
function inOrderOfDraw(audits: readonly StoredAudit[]): StoredAudit[] {
  const drawOf = ({ runId, byPeople }: StoredAudit) => `${byPeople} ${runId}`
  const firstOf = new Map<string, number>()
  for (const one of audits) firstOf.set(drawOf(one), Math.min(one.number, firstOf.get(drawOf(one)) ?? one.number))
  const place = ({ rank, number }: StoredAudit) => rank ?? number
  return audits.toSorted((a, b) => {
    const byDraw = (firstOf.get(drawOf(a)) ?? 0) - (firstOf.get(drawOf(b)) ?? 0)
    return byDraw || place(a) - place(b) || a.number - b.number
  })
}

/** What rules may decide alone in a batch; null where the shipped evidence is enough, or where the codebook brings no rules. */
export async function trustOf(
  evidence: Evidence,
  scheme: PreparedScheme,
  catalogue: string,
  { target, mode }: BatchOptions,
): Promise<Trust | null> {
  if (target === null || mode === 'model' || scheme.code === null) return null
  const gates = await evidence.gates({ catalogue: evidenceHome(catalogue), codebookHash: scheme.hash }, target)
  return gates.trust()
}

/** The catalogue whose evidence counts for a batch: sentinel rows are asked with what is known of the catalogue that they are from. */
export function evidenceHome(catalogue: string): string {
  return catalogue.startsWith(SENTINEL_PREFIX) ? catalogue.slice(SENTINEL_PREFIX.length) : catalogue
}

/**
 * Whether an indicator of a batch is audited: in mode hybrid, where a rule is sure of a field that a model may be asked for. A
 * caller that does not draw the audits itself has a steady share of its indicators audited, another one in each run.
 */
export function createAuditDraw(
  { codebook }: PreparedScheme,
  { mode, target, audit }: BatchOptions,
  seed: string,
): (indicator: Indicator, reading: Reading) => boolean {
  if (mode !== 'hybrid' || target === null || audit === 'none') return () => false
  const asked = askableFields(codebook).map(({ name }) => name)
  return ({ indicator_id: id }, reading) => {
    if (!asked.some((name) => reading[name]?.sure === true)) return false
    return audit === 'all' || isAuditedSteadily(sha256(id), seed)
  }
}

/** A result that was built, as far as audits need it. */
interface AuditedResult {
  readonly classification: Classification
  readonly toSave: ResultToSave | null
  /** Whether any answer to the indicator is a guess of the offline model. */
  readonly isGuess: boolean
}

/** The batch that was audited. */
interface AuditedBatch {
  readonly scheme: Pick<PreparedScheme, 'codebook'>
  readonly plan: Pick<Plan, 'audits'>
  readonly options: Pick<BatchOptions, 'audit'>
  readonly runId: string
}

/**
 * What the audits of a batch found: for each field that was asked and of which a rule is sure, whether the model agreed. A field that the model
 * left out counts as a disagreement. An audit without any answer of a model, or with a guess of the offline model, shows nothing.
 */
export function auditsOf(
  { scheme, plan, options, runId }: AuditedBatch,
  prepared: readonly Prepared[],
  built: readonly AuditedResult[],
): AuditToSave[] {
  const asked = new Set(askableFields(scheme.codebook).map(({ name }) => name))
  return (plan.audits ?? []).flatMap((position) => {
    const one = prepared[position]
    const result = built[position]
    if (one === undefined || result === undefined || result.toSave === null || result.isGuess) return []
    const { labels, field_source: sources, model } = result.classification
    if (model === null) return []
    const { indicator_id: id } = one.indicator
    const rank = options.audit === 'all' ? auditRank(sha256(id), runId) : null
    return Object.entries(one.reading).flatMap(([field, { sure, rule, value }]): AuditToSave[] => {
      const source = sources[field]
      if (!sure || !asked.has(field) || source === undefined || source === 'person') return []
      // An answer to an audit is blind, since it is reused for audits alone. Where the model left the field out, the rule's label stands in the result, but nobody agreed with it.
      const agreed = isModelSource(source) && isSameLabel(labels[field], value)
      return [{ field, rule, agreed, indicatorId: id, rank, model }]
    })
  })
}
