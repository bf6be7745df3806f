/** What the audits of a run may come to, for its estimate: what rules may still earn, and what is asked to find out. */
import type { PendingQuestion } from '../../classification/estimate.ts'
import { askableFields } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Indicator } from '../../classification/types.ts'
import { nextStage, STEADY_RATE } from '../../evidence/gate/audit-plan.ts'
import type { Trust } from '../../evidence/gate/trust.ts'
import { dryRunByService, dryRunCold } from '../classify/dry-run.ts'
import type { RunRequest } from '../client/run-batch.ts'
import type { ServiceClient } from '../client/service.ts'
import { AUDIT_BUDGET, isAudited, isAuditing, isSettled, PROBE, readEvidence } from './audit-stages.ts'

export interface AuditOutlook {
  /**
   * What rules may decide alone where the audits go as well as they can: every field of which the evidence does not speak
   * against it already. Null where the run audits nothing, or where every field is decided already.
   */
  readonly trust: Trust | null
  /** The most rows that the run audits, of so many in its catalogue. */
  most(rows: number): number
}

interface AuditedRun {
  readonly request: RunRequest
  readonly scheme: PreparedScheme
  /** Whether the model only guesses, so that its answers to audits show nothing and are not kept. */
  readonly isGuessing: boolean
}

/** Reads the outlook on the audits of a run. Without a service nothing is known of the catalogue. */
export async function readAuditOutlook(
  service: ServiceClient | undefined,
  { request, scheme, isGuessing }: AuditedRun,
  signal: AbortSignal,
): Promise<AuditOutlook> {
  if (!isAuditing({ settings: request, scheme })) return { trust: null, most: () => 0 }
  const fields = service === undefined ? [] : (await readEvidence({ service, settings: request, signal })).fields
  const asked = askableFields(scheme.codebook).map(({ name }) => name)
  const first = nextStage(0, [])
  if (isSettled(fields, asked)) {
    const isByLabels = fields.every(({ measure }) => measure === 'labels')
    return { trust: null, most: (rows) => (isByLabels ? 0 : Math.min(first, Math.ceil(rows * STEADY_RATE))) }
  }
  const refused = new Set(fields.flatMap(({ field, state }) => (state === 'untrusted' ? [field] : [])))
  const removed = fields.flatMap(({ field, removed: rules }) =>
    rules.length === 0 ? [] : [[field, rules.map(({ rule }) => rule)] as const],
  )
  // A run ends its audits after one row where a model that guesses has shown nothing.
  const most = isGuessing && !fields.some(isAudited) ? PROBE : AUDIT_BUDGET
  return {
    trust: { fields: asked.filter((name) => !refused.has(name)), removed: Object.fromEntries(removed) },
    most: () => most,
  }
}

export interface AuditQuestions {
  /** Looks at a batch of the file for rows that may be audited. */
  add(batch: readonly Indicator[]): Promise<void>
  /**
   * What audits ask beside the questions about the `rows` rows of the file, of which `spared` get their results without a question
   * of their own. An audit takes the place of the question about its row, unless a row of the same shape needs that question all
   * the same, or the row needs none, or a guess is not kept.
   */
  beside(rows: number, spared: number): readonly PendingQuestion[]
}

/** Gathers what the audits of a run may ask: about the first rows that may be drawn, which stand for those that will be. */
export function createAuditQuestions(
  { request, scheme, isGuessing }: AuditedRun,
  { most }: AuditOutlook,
  {
    service,
    model,
    signal,
  }: { readonly service?: ServiceClient; readonly model: string; readonly signal: AbortSignal },
): AuditQuestions {
  const names = askableFields(scheme.codebook).map(({ name }) => name)
  const asks = new Map<string, PendingQuestion>()
  const isSure = (one: Indicator) => {
    const reading = scheme.code?.read(one) ?? {}
    return names.some((name) => reading[name]?.sure === true)
  }
  const blind: RunRequest = { ...request, options: { ...request.options, mode: 'model' } }
  return {
    async add(batch) {
      if (asks.size >= most(Number.POSITIVE_INFINITY)) return
      const sure = batch.filter(isSure)
      if (sure.length === 0) return
      const byService = service === undefined ? undefined : await dryRunByService(service, sure, request, signal, true)
      for (const ask of (byService ?? dryRunCold(sure, blind, { scheme, model })).asks) asks.set(ask.shape, ask)
    },
    beside: (rows, spared) => [...asks.values()].slice(0, Math.min(most(rows), isGuessing ? rows : spared)),
  }
}
