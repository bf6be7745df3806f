/** The journal of a run on the machine that submits it, by which a run is resumed after Ctrl+C, kill -9 or a reboot.
 *
 * Each run has one file in DATA_DIR/runs: its first line holds the options of the run, every further line the outcome
 * of a batch. Lines are only appended. A line that a kill has cut off is ignored; its batch is submitted again under
 * the same idempotency key, for which Restate gives the stored result without another request to the model.
 */
import { appendFile, open, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { readingSchema } from '../../catalogue/reading-options.ts'
import { MODES } from '../../classification/batch-request.ts'
import { makeDataDir } from '../../embedded/data-dir.ts'
import { writePrivateFile } from '../../embedded/private-files.ts'
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json/json.ts'
import { SERVICE_TIERS } from '../../lib/service-tiers.ts'
import type { BatchSummary } from '../../restate/contract.ts'
import { tierSums } from './run-cost.ts'
import { checkRunId } from './run-id.ts'

const headerSchema = z.object({
  run_id: z.string(),
  /** The absolute path of the catalogue, or "-" for standard input. */
  file: z.string(),
  fingerprint: z.string(),
  batch_size: z.number().int().min(1).max(100),
  limit: z.number().int().min(1).optional(),
  skip_invalid: z.boolean().optional(),
  /** How the file is read, where the user said so. */
  reading: readingSchema.optional(),
  /** The catalogue of the indicators; runs that earlier releases began have none. */
  catalogue: z.string().optional(),
  /** The codebook as `name@hash`; it is missing where the run takes the default codebook of the service. */
  codebook: z.string().optional(),
  force: z.boolean(),
  options: z.object({
    mode: z.enum(MODES),
    reuse: z.boolean(),
    override_person: z.boolean().optional(),
    pack: z.number().int().min(1).max(25).optional(),
    /** Runs that earlier releases began trust the shipped evidence. */
    trust: z.enum(['catalogue', 'shipped']).default('shipped'),
    target: z.number().optional(),
    tier: z.enum(SERVICE_TIERS).optional(),
    tier_fallback: z.boolean().optional(),
  }),
  /** The cost limit with which the run began, in US dollars. */
  max_cost_usd: z.number().min(0).optional(),
})

/** What is read of the first line where only the catalogue counts. */
const pathSchema = z.looseObject({ file: z.string() })

/** The first line of a journal: the catalogue and the options with which the run began. */
export type RunHeader = z.infer<typeof headerSchema>

const count = z.number().min(0)
const summarySchema = z.object({
  indicators: count,
  classified: count,
  unchanged: count,
  needs_review: count,
  /** Batches of earlier releases had no unverified results. */
  unverified: count.default(0),
  /** Batches of earlier releases did not count what unchanged results leave open. */
  unchanged_needs_review: count.optional(),
  unchanged_unverified: count.optional(),
  by_source: z.object({ rules: count, reuse: count, model: count, escalation: count, person: count }),
  model_requests: count,
  tokens: z.object({ input: count, cached: count, output: count }),
  cost_usd: count,
  estimated: z.object({ model_requests: count, cost_usd: count }).optional(),
  service_tiers: tierSums.optional(),
  warnings: z.array(z.object({ code: z.string(), message: z.string(), count })),
})

const entrySchema = z.union([
  z.object({ batch: z.number().int().min(0), done: summarySchema }),
  z.object({ batch: z.number().int().min(0), failed: z.literal(true), cost_usd: count.optional() }),
  /** This line is written when a user resumes the run with another cost limit. */
  z.object({ max_cost_usd: count }),
  /** This line is written before a stage of audits begins. It holds the number of indicators drawn up to the end of the stage. */
  z.object({ audits_drawn: z.number().int().min(1) }),
  /** This line is written when a process begins to submit batches. The number grows from process to process. */
  z.object({ part: z.number().int().min(1) }),
])

export interface RunJournal {
  readonly header: RunHeader
  /** Returns the summary of batch number `batch`; undefined where the batch has not succeeded and must be submitted. */
  done(batch: number): BatchSummary | undefined
  /** Returns how often the batch has failed; this number is a part of the next idempotency key of the batch. */
  failures(batch: number): number
  noteDone(batch: number, summary: BatchSummary): Promise<void>
  /**
   * Notes a failed batch. `costUsd` is the most that the batch may have cost in US dollars, given only where the run
   * has a cost limit.
   */
  noteFailed(batch: number, costUsd?: number): Promise<void>
  /** The latest cost limit of the whole run in US dollars; undefined where the run has no limit. */
  readonly maxCostUsd: number | undefined
  /** The cost of the run in US dollars before this process opened the journal. */
  readonly costUsd: number
  noteMaxCost(maxCostUsd: number): Promise<void>
  /** The stages of audits that the run has begun: for each one the number of indicators drawn up to its end, ascending. */
  readonly auditStages: readonly number[]
  noteAuditStage(drawn: number): Promise<void>
  /**
   * The number of this process of the run: the time, or more where an earlier process of the run had a greater one, because
   * its clock was set back since.
   */
  readonly part: number
  notePart(): Promise<void>
  /** Deletes the journal of a complete run, which afterwards cannot be resumed. */
  remove(): Promise<void>
}

export async function createRunJournal(dataDir: string, header: RunHeader): Promise<RunJournal> {
  const file = runJournalFile(dataDir, header.run_id)
  try {
    await makeDataDir(dataDir, 'runs')
    await writePrivateFile(file, `${JSON.stringify(header)}\n`, 'wx')
  } catch (error) {
    if (isServiceError(error)) throw error
    const message = `DATA_DIR is "${dataDir}": the run cannot be recorded there (${messageOf(error)})`
    throw new ServiceError('config-invalid', message, { cause: error })
  }
  return journalOf(file, header, [])
}

/**
 * Opens the journal of an earlier run. Rejects with ServiceError input-invalid where DATA_DIR has no such journal, or
 * the file is not a journal.
 */
export async function openRunJournal(dataDir: string, runId: string): Promise<RunJournal> {
  const file = runJournalFile(dataDir, runId)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const unknown = 'it is complete or purged, or it was started on another machine or with another DATA_DIR'
    const reason = error.code === 'ENOENT' ? unknown : messageOf(error)
    throw new ServiceError('input-invalid', `Run "${runId}" cannot be resumed from ${runsDir(dataDir)}: ${reason}`)
  })
  const [first, ...rest] = text.split('\n')
  const header = headerSchema.safeParse(parseJson(first ?? ''))
  if (!header.success) throw new ServiceError('input-invalid', `${file} is not the journal of a run`)
  const entries = rest.flatMap((line) => {
    const entry = entrySchema.safeParse(parseJson(line))
    return entry.success ? [entry.data] : []
  })
  // A last line that a kill has cut off gets a line break, because the next entry would otherwise continue that line.
  if (!text.endsWith('\n')) await appendFile(file, '\n')
  return journalOf(file, header.data, entries)
}

/** The path of the catalogue of each run in DATA_DIR that can be resumed, by the id of the run. */
export async function readCataloguePaths(dataDir: string): Promise<Map<string, string>> {
  const paths = new Map<string, string>()
  const names = await readdir(runsDir(dataDir)).catch(() => [])
  for (const name of names.filter((one) => one.endsWith('.jsonl'))) {
    // The summaries of many batches stand behind the first line.
    const file = await open(join(runsDir(dataDir), name)).catch(() => undefined)
    for await (const line of file?.readLines() ?? []) {
      const header = pathSchema.safeParse(parseJson(line))
      if (header.success) paths.set(name.slice(0, -'.jsonl'.length), header.data.file)
      break
    }
  }
  return paths
}

function journalOf(file: string, header: RunHeader, entries: readonly z.infer<typeof entrySchema>[]): RunJournal {
  const summaries = new Map<number, BatchSummary>()
  const failures = new Map<number, number>()
  let maxCostUsd = header.max_cost_usd
  const auditStages: number[] = []
  let costUsd = 0
  let earlierPart = 0
  for (const entry of entries) {
    if ('max_cost_usd' in entry) maxCostUsd = entry.max_cost_usd
    else if ('audits_drawn' in entry) auditStages.push(entry.audits_drawn)
    else if ('part' in entry) earlierPart = Math.max(earlierPart, entry.part)
    else if ('done' in entry) summaries.set(entry.batch, entry.done)
    else {
      failures.set(entry.batch, (failures.get(entry.batch) ?? 0) + 1)
      costUsd += entry.cost_usd ?? 0
    }
  }
  for (const summary of summaries.values()) costUsd += summary.cost_usd
  const part = Math.max(Date.now(), earlierPart + 1)
  const append = (entry: z.infer<typeof entrySchema>) => appendFile(file, `${JSON.stringify(entry)}\n`)
  return {
    header,
    done: (batch) => summaries.get(batch),
    failures: (batch) => failures.get(batch) ?? 0,
    noteDone: (batch, summary) => append({ batch, done: { ...summary, warnings: [...summary.warnings] } }),
    noteFailed: (batch, cost) => append({ batch, failed: true, ...(cost ? { cost_usd: cost } : {}) }),
    maxCostUsd,
    costUsd,
    noteMaxCost: (usd) => append({ max_cost_usd: usd }),
    auditStages,
    noteAuditStage: (drawn) => append({ audits_drawn: drawn }),
    part,
    notePart: () => append({ part }),
    remove: () => rm(file, { force: true }),
  }
}

function runsDir(dataDir: string): string {
  return join(resolve(dataDir), 'runs')
}

/** The path of the journal of a run. Throws ServiceError input-invalid where `runId` is not the id of a run. */
export function runJournalFile(dataDir: string, runId: string): string {
  checkRunId(runId)
  return join(runsDir(dataDir), `${runId}.jsonl`)
}
