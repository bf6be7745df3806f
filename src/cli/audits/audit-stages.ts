/** The audits of a run: rows of the whole file, drawn at random, about which the model is asked blind before rules decide anything. */
import { indicatorsOf } from '../../catalogue/open-catalogue.ts'
import type { Catalogue } from '../../catalogue/types.ts'
import { askableFields } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Indicator } from '../../classification/types.ts'
import { auditRank, nextStage, STEADY_RATE } from '../../evidence/gate/audit-plan.ts'
import { isOfflineGuess } from '../../lib/model-names.ts'
import { sha256 } from '../../lib/sha256.ts'
import { type EvidenceResponse, evidenceResponseSchema } from '../../restate/contract.ts'
import type { RunSettings } from '../classify/options.ts'
import type { RunJournal } from '../classify/run-journal.ts'
import type { ServiceClient } from '../client/service.ts'

/** The most rows that a run audits. */
export const AUDIT_BUDGET = 600
/** The rows that a model whose name says that it only guesses is asked about first: its guesses show nothing and are paid for all the same. */
export const PROBE = 1
/** Audit batches have numbers from this one on in the journal of a run, above those of all other batches. */
export const FIRST_AUDIT_BATCH = 1_000_000_000

/** A batch of a run, with its number in the journal. */
export interface PlannedBatch {
  readonly index: number
  readonly indicators: readonly Indicator[]
  /** Whether the model is asked blind about all indicators of the batch. */
  readonly isAudit: boolean
  /** What the file has of the indicators in the columns that --keep names, by id. */
  readonly kept?: ReadonlyMap<string, Readonly<Record<string, unknown>>> | undefined
}

export interface AuditStages {
  readonly service: ServiceClient
  readonly catalogue: Catalogue
  readonly scheme: PreparedScheme
  readonly settings: RunSettings
  /** The id of the run, by which the rows are drawn, so that a resumed run draws the same. */
  readonly runId: string
  readonly journal: Pick<RunJournal, 'auditStages' | 'noteAuditStage'>
  readonly signal: AbortSignal
  /** The name of the model that the service asks; undefined where an earlier release of the service names none. */
  findModel(): Promise<string | undefined>
}

/** Whether a run audits: in mode hybrid by a codebook with rules, unless it trusts the shipped evidence. */
export function isAuditing({
  settings,
  scheme,
}: {
  readonly settings: Pick<RunSettings, 'options'>
  readonly scheme: PreparedScheme
}): boolean {
  const { mode, trust, override_person: overrides } = settings.options
  return mode === 'hybrid' && trust !== 'shipped' && overrides !== true && scheme.code !== null
}

type FieldEvidence = EvidenceResponse['fields'][number]

/**
 * Whether audits can decide nothing more: every field is decided. A catalogue of which nothing was ever audited has evidence
 * only on the fields that people labelled; the others of `names`, which rules may be sure of, are then open.
 */
export function isSettled(fields: readonly FieldEvidence[], names: Iterable<string>): boolean {
  if (fields.length === 0 || fields.some(({ state }) => state === 'undecided')) return false
  return fields.some(isAudited) || [...names].every((name) => fields.some(({ field }) => field === name))
}

/** Whether audits of the field are stored, and not only labels of people. Replicas of an earlier release know audits alone. */
export function isAudited({ audits, sources }: FieldEvidence): boolean {
  return sources === undefined ? audits > 0 : sources.some((source) => source.audits > 0)
}

/**
 * Yields the audit batches of a run, stage by stage, until every field is decided or the budget is spent. `drained` resolves
 * when all batches that were yielded have ended, with whether the run goes on; the evidence is read then. A resumed run yields
 * the stages that it had begun again, whatever the evidence says by then, so that it counts their batches.
 */
export async function* auditBatches(
  stages: AuditStages,
  drained: () => Promise<boolean>,
): AsyncGenerator<PlannedBatch> {
  const { journal, signal } = stages
  const { batch_size: size } = stages.settings
  const { drawn, fields } = await drawRows(stages)
  const begun = [...journal.auditStages]
  let index = FIRST_AUDIT_BATCH
  for (let start = 0; start < drawn.length; ) {
    const end = begun.shift() ?? (await nextEnd(stages, { start, drawn, fields }))
    if (end === start || signal.aborted) return
    const rows = drawn.slice(start, end)
    for (let first = 0; first < rows.length; first += size) {
      yield { index, indicators: rows.slice(first, first + size), isAudit: true }
      index += 1
    }
    start = end
    if (!(await drained())) return
  }
}

interface Progress {
  readonly start: number
  readonly drawn: readonly Indicator[]
  /** The fields of which a rule is sure in rows that were drawn, as far as was seen. */
  readonly fields: ReadonlySet<string>
}

/** Decides by the evidence where the next stage ends, and notes it; it ends at `start` where the run audits nothing more. */
async function nextEnd(stages: AuditStages, { start, drawn, fields: sure }: Progress): Promise<number> {
  const { signal } = stages
  const found = await readEvidence(stages).catch((error: unknown) => {
    if (signal.aborted) return null
    throw error
  })
  if (found === null) return start
  const { fields } = found
  // The model gave no answer that shows anything, such as guesses of the offline model, and would give none to further audits.
  if (start > 0 && !fields.some(isAudited)) return start
  const planned = Math.min(start + countNext(stages, fields, { start, sure }), drawn.length)
  const isFirst = start === 0 && planned > PROBE && !fields.some(isAudited)
  const end = isFirst && (await isGuessing(stages)) ? PROBE : planned
  // The line of the next batch meets the same obstacle, and the run then says so and stops.
  if (end > start) await stages.journal.noteAuditStage(end).catch(() => undefined)
  return end
}

/** Whether the service's model only guesses, by its name. A container of the offline model goes by that name whatever it answers by. */
async function isGuessing({ findModel }: AuditStages): Promise<boolean> {
  return isOfflineGuess((await findModel().catch(() => undefined)) ?? null)
}

function countNext(
  { catalogue }: AuditStages,
  fields: readonly FieldEvidence[],
  { start, sure }: { readonly start: number; readonly sure: ReadonlySet<string> },
): number {
  if (!isSettled(fields, sure)) return nextStage(start, [], AUDIT_BUDGET)
  // What labels have decided needs no audits, not even to watch it.
  return start > 0 || fields.every(({ measure }) => measure === 'labels') ? 0 : watchSize(catalogue)
}

/**
 * The audits of a run on whose catalogue earlier runs have decided every field: a few of what is new or changed there, so that
 * a field whose agreement falls loses its trust. What is unchanged is not asked.
 */
function watchSize({ count }: Catalogue): number {
  return Math.min(nextStage(0, []), Math.ceil(count * STEADY_RATE))
}

/** Reads what the audits of the catalogue show so far. */
export async function readEvidence({
  service,
  settings,
  signal,
}: Pick<AuditStages, 'service' | 'signal'> & {
  readonly settings: Omit<RunSettings, 'batch_size'>
}): Promise<EvidenceResponse> {
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
 * for, and tells of which fields rules were sure in rows that it read. The memory that this takes does not grow with the file.
 */
async function drawRows({
  catalogue,
  scheme,
  runId,
}: AuditStages): Promise<{ readonly drawn: readonly Indicator[]; readonly fields: ReadonlySet<string> }> {
  const asked = askableFields(scheme.codebook).map(({ name }) => name)
  const fields = new Set<string>()
  let drawn: { readonly rank: number; readonly indicator: Indicator }[] = []
  let bound = 1
  const keepFirst = () => {
    drawn.sort((a, b) => a.rank - b.rank)
    drawn = drawn.slice(0, AUDIT_BUDGET)
    if (drawn.length === AUDIT_BUDGET) bound = drawn.at(-1)?.rank ?? 1
  }
  const rankOf = (id: string) => auditRank(sha256(id), runId)
  // Rows that are not drawn are neither checked again nor read by the rules, which would take long.
  for await (const indicator of indicatorsOf(catalogue, (id) => rankOf(id) < bound)) {
    const rank = rankOf(indicator.indicator_id)
    if (rank >= bound) continue
    const reading = scheme.code?.read(indicator) ?? {}
    const sure = asked.filter((name) => reading[name]?.sure === true)
    if (sure.length === 0) continue
    for (const name of sure) fields.add(name)
    drawn.push({ rank, indicator })
    if (drawn.length >= 2 * AUDIT_BUDGET) keepFirst()
  }
  keepFirst()
  return { drawn: drawn.map(({ indicator }) => indicator), fields }
}
