/**
 * What a run has done so far, on the disk of the machine that submits it, so that it can go on after Ctrl+C, kill -9 or
 * a reboot. One file a run in DATA_DIR/runs: the first line says what was asked for, every other one what became of a
 * batch. Lines are only ever added; one that a kill has torn is left out, and its batch is submitted again under the
 * same idempotency key, which asks nothing twice.
 */
import { appendFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { MODES } from '../../classification/indicator.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import type { BatchSummary } from '../../restate/contract.ts'

const headerSchema = z.object({
  run_id: z.string(),
  /** Absolute path, or "-". */
  file: z.string(),
  fingerprint: z.string(),
  batch_size: z.number().int().min(1).max(100),
  limit: z.number().int().min(1).optional(),
  skip_invalid: z.boolean().optional(),
  force: z.boolean(),
  options: z.object({
    mode: z.enum(MODES),
    reuse: z.boolean(),
    override_person: z.boolean().optional(),
    pack: z.number().int().min(1).max(25).optional(),
  }),
  /** The bound that the run began with, USD. */
  max_cost_usd: z.number().min(0).optional(),
})

/** What was asked for when the run began. */
export type RunHeader = z.infer<typeof headerSchema>

const count = z.number().min(0)
const summarySchema = z.object({
  indicators: count,
  classified: count,
  unchanged: count,
  needs_review: count,
  by_source: z.object({ rules: count, reuse: count, model: count, escalation: count, person: count }),
  model_requests: count,
  tokens: z.object({ input: count, cached: count, output: count }),
  cost_usd: count,
  warnings: z.array(z.object({ code: z.string(), message: z.string(), count })),
})

const entrySchema = z.union([
  z.object({ batch: z.number().int().min(0), done: summarySchema }),
  z.object({ batch: z.number().int().min(0), failed: z.literal(true), cost_usd: count.optional() }),
  /** A resume gave another bound on the cost. */
  z.object({ max_cost_usd: count }),
])

export interface RunJournal {
  readonly header: RunHeader
  /** What a finished batch came to; undefined for one that must still be submitted. */
  done(batch: number): BatchSummary | undefined
  /** How often the batch has failed: failed work needs a new key, or Restate would give the old failure again. */
  failures(batch: number): number
  noteDone(batch: number, summary: BatchSummary): Promise<void>
  /** `costUsd`: what it may have cost, where a bound is kept. */
  noteFailed(batch: number, costUsd?: number): Promise<void>
  /** The bound on the cost of the whole run, USD, as it was given last; undefined where none was. */
  readonly maxCostUsd: number | undefined
  /** What the run had cost before it was opened, USD. */
  readonly costUsd: number
  noteMaxCost(maxCostUsd: number): Promise<void>
  /** The run is complete: there is nothing to resume. */
  remove(): Promise<void>
}

export async function createRunJournal(dataDir: string, header: RunHeader): Promise<RunJournal> {
  const file = fileOf(dataDir, header.run_id)
  try {
    await mkdir(runsDir(dataDir), { recursive: true })
    await writeFile(file, `${JSON.stringify(header)}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const message = `DATA_DIR is "${dataDir}": it cannot keep the run (${messageOf(error)})`
    throw new ServiceError('config-invalid', message, { cause: error })
  }
  return journalOf(file, header, [])
}

/** Rejects with input-invalid where the run is not known on this machine, or its journal is not one. */
export async function openRunJournal(dataDir: string, runId: string): Promise<RunJournal> {
  const file = fileOf(dataDir, runId)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'it is complete, or was started elsewhere' : messageOf(error)
    throw new ServiceError('input-invalid', `Run "${runId}" cannot be resumed from ${runsDir(dataDir)}: ${why}`)
  })
  const [first, ...rest] = text.split('\n')
  const header = headerSchema.safeParse(parseJson(first ?? ''))
  if (!header.success) throw new ServiceError('input-invalid', `${file} is not the journal of a run`)
  const entries = rest.flatMap((line) => {
    const entry = entrySchema.safeParse(parseJson(line))
    return entry.success ? [entry.data] : []
  })
  // A torn last line must not swallow the next one.
  if (!text.endsWith('\n')) await appendFile(file, '\n')
  return journalOf(file, header.data, entries)
}

function journalOf(file: string, header: RunHeader, entries: readonly z.infer<typeof entrySchema>[]): RunJournal {
  const summaries = new Map<number, BatchSummary>()
  const failures = new Map<number, number>()
  let maxCostUsd = header.max_cost_usd
  let costUsd = 0
  for (const entry of entries) {
    if ('max_cost_usd' in entry) maxCostUsd = entry.max_cost_usd
    else if ('done' in entry) summaries.set(entry.batch, entry.done)
    else {
      failures.set(entry.batch, (failures.get(entry.batch) ?? 0) + 1)
      costUsd += entry.cost_usd ?? 0
    }
  }
  for (const summary of summaries.values()) costUsd += summary.cost_usd
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
    remove: () => rm(file, { force: true }),
  }
}

function runsDir(dataDir: string): string {
  return join(resolve(dataDir), 'runs')
}

/** Run ids come from the command line: what is not one must not name another file, nor stand in a query. */
export const RUN_ID = /^[A-Za-z0-9_-]{1,100}$/

function fileOf(dataDir: string, runId: string): string {
  if (!RUN_ID.test(runId)) {
    throw new ServiceError('input-invalid', `"${runId.slice(0, 100)}" is not the id of a run`)
  }
  return join(runsDir(dataDir), `${runId}.jsonl`)
}
