/** The audits of a run: rows of the whole file, drawn at random, about which the model is asked blind before rules decide anything. */
import { indicatorsOf } from '../../catalogue/open-catalogue.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import { askableFields } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Indicator } from '../../classification/types.ts'
import { auditRank, nextStage } from '../../evidence/audit-plan.ts'
import { sha256 } from '../../lib/sha256.ts'
import { type EvidenceResponse, evidenceResponseSchema } from '../../restate/contract.ts'
import type { RunSettings } from '../classify/options.ts'
import type { ServiceClient } from '../client/service.ts'

/** The most rows that a run audits. */
export const AUDIT_BUDGET = 600
/** Audit batches have numbers from this one on in the journal of a run, above those of all other batches. */
export const FIRST_AUDIT_BATCH = 1_000_000_000

/** A batch of a run, with its number in the journal. */
export interface PlannedBatch {
  readonly index: number
  readonly indicators: readonly Indicator[]
  /** Whether the model is asked blind about all indicators of the batch. */
  readonly isAudit: boolean
}

export interface AuditStages {
  readonly service: ServiceClient
  readonly catalogue: Catalogue
  readonly scheme: PreparedScheme
  readonly settings: RunSettings
  /** The id of the run, by which the rows are drawn, so that a resumed run draws the same. */
  readonly runId: string
  readonly signal: AbortSignal
}

/** Whether a run audits: in mode hybrid by a codebook with rules, unless it trusts the shipped evidence. */
export function isAuditing({ settings, scheme }: Pick<AuditStages, 'settings' | 'scheme'>): boolean {
  const { mode, trust, override_person: overrides } = settings.options
  return mode === 'hybrid' && trust !== 'shipped' && overrides !== true && scheme.code !== null
}

/**
 * Yields the audit batches of a run, stage by stage, until every field is decided or the budget is spent. `drained` resolves
 * when all batches that were yielded have ended; the evidence is read then. The same run yields the same batches when it is
 * resumed, because evidence that is there already only ends the stages sooner.
 */
export async function* auditBatches(stages: AuditStages, drained: () => Promise<void>): AsyncGenerator<PlannedBatch> {
  if (await isDecided(stages)) return
  const drawn = await drawRows(stages)
  const { batch_size: size } = stages.settings
  let index = FIRST_AUDIT_BATCH
  for (let start = 0; start < drawn.length; ) {
    const { fields } = await readEvidence(stages)
    const count = nextStage(start, fields, AUDIT_BUDGET)
    if (count === 0 || stages.signal.aborted) return
    const rows = drawn.slice(start, start + count)
    for (let first = 0; first < rows.length; first += size) {
      yield { index, indicators: rows.slice(first, first + size), isAudit: true }
      index += 1
    }
    start += count
    await drained()
  }
}

/** Whether earlier runs have decided every field of the catalogue that was audited, so that this run audits nothing. */
async function isDecided(stages: AuditStages): Promise<boolean> {
  const { fields } = await readEvidence(stages)
  return fields.length > 0 && fields.every(({ state }) => state !== 'undecided')
}

/** Reads what the audits of the catalogue show so far. */
export async function readEvidence({ service, settings, signal }: AuditStages): Promise<EvidenceResponse> {
  const { catalogue, codebook } = settings
  const { target } = settings.options
  const body = {
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(codebook === undefined ? {} : { codebook }),
    ...(target === undefined ? {} : { target }),
  }
  const found = await service.ask({ handler: 'evidence', body, schema: evidenceResponseSchema, signal })
  return found ?? { catalogue: catalogue ?? '', codebook: codebook ?? '', target: target ?? 0, fields: [] }
}

/**
 * Draws rows of the whole file in random order, among those of which a rule is sure of a field that the model may be asked
 * for. The memory that this takes does not grow with the file.
 */
async function drawRows({ catalogue, scheme, runId }: AuditStages): Promise<readonly Indicator[]> {
  const asked = askableFields(scheme.codebook).map(({ name }) => name)
  let drawn: { readonly rank: number; readonly indicator: Indicator }[] = []
  let bound = 1
  const keepFirst = () => {
    drawn.sort((a, b) => a.rank - b.rank)
    drawn = drawn.slice(0, AUDIT_BUDGET)
    if (drawn.length === AUDIT_BUDGET) bound = drawn.at(-1)?.rank ?? 1
  }
  for await (const indicator of indicatorsOf(catalogue)) {
    const rank = auditRank(sha256(indicator.indicator_id), runId)
    if (rank >= bound) continue
    const reading = scheme.code?.read(indicator) ?? {}
    if (!asked.some((name) => reading[name]?.sure === true)) continue
    drawn.push({ rank, indicator })
    if (drawn.length >= 2 * AUDIT_BUDGET) keepFirst()
  }
  keepFirst()
  return drawn.map(({ indicator }) => indicator)
}
