/** Runs gold indicators through the service, as `classify` would, and gathers what it answered. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Classification, Mode } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import { freePort } from '../../embedded/ports.ts'
import { startStack } from '../../embedded/stack.ts'
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import type { GoldRow } from '../../eval/gold-file.ts'
import { predictByResult } from '../../eval/prediction.ts'
import type { ScoredRow } from '../../eval/score.ts'
import type { BatchSummary } from '../../restate/contract.ts'
import { createBatchClient } from '../client/batches.ts'
import { findIngress } from '../client/ingress.ts'
import { describeModel } from '../start/start.ts'
import { createStderrProgress } from '../ui/progress.ts'
import { createCliLog, type Interrupts, say } from '../ui/terminal.ts'
import { costOf, type ServiceRun } from './report.ts'

export interface ServiceOptions {
  readonly mode: Exclude<Mode, 'rules'>
  readonly packs: readonly number[]
  /** Of a running service; undefined starts one for the time of the evaluation. */
  readonly ingress?: readonly string[] | undefined
}

const BATCH_SIZE = 50
const BATCHES_IN_FLIGHT = 4
const PATIENCE_MS = 60_000
/** In a service with other work the gold's ids must not meet those of a catalogue. */
const FOREIGN_PREFIX = 'eval:'

/** One run for each pack size. Rejects with ServiceError where the service fails or is interrupted. */
export async function runThroughService(
  rows: readonly GoldRow[],
  options: ServiceOptions,
  config: Config,
  interrupts: Interrupts,
): Promise<ServiceRun[]> {
  if (options.ingress !== undefined) {
    await findIngress(options.ingress, interrupts.first)
    say(`The service at ${options.ingress.join(', ')} is asked; which model it has stands in the report.`)
    return await runAll(rows, options, options.ingress, FOREIGN_PREFIX, interrupts)
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'classify-eval-'))
  try {
    // PostgreSQL may run as another user, who has to enter it.
    await chmod(dataDir, 0o755)
    const { first: signal, second: kill } = interrupts
    say('Starting PostgreSQL, restate-server, the model and a replica for this evaluation …')
    const stack = await startStack({
      config: await apart(config, dataDir),
      log: createCliLog(config),
      say,
      signal,
      kill,
    })
    try {
      say(`Model: ${describeModel(stack, config)}`)
      return await runAll(rows, options, [stack.ingressUrl], '', interrupts)
    } finally {
      await stack.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** A stack that neither disturbs one that runs nor writes to a database that is in use. */
async function apart(config: Config, dataDir: string): Promise<Config> {
  const ports = new Set<number>()
  while (ports.size < 4) ports.add(await freePort())
  const [ingressPort = 0, adminPort = 0, port = 0, modelPort = 0] = ports
  return {
    ...config,
    dataDir,
    port,
    database: { ...config.database, connection: null },
    embeddedPostgresPort: undefined,
    restate: { ...config.restate, ingressPort, adminPort },
    offlineModel: { ...config.offlineModel, port: modelPort },
  }
}

async function runAll(
  rows: readonly GoldRow[],
  options: ServiceOptions,
  urls: readonly string[],
  prefix: string,
  interrupts: Interrupts,
): Promise<ServiceRun[]> {
  const runs: ServiceRun[] = []
  for (const pack of options.packs) runs.push(await runOnce(rows, { ...options, pack }, urls, prefix, interrupts))
  return runs
}

async function runOnce(
  rows: readonly GoldRow[],
  { mode, pack }: ServiceOptions & { readonly pack: number },
  urls: readonly string[],
  prefix: string,
  interrupts: Interrupts,
): Promise<ServiceRun> {
  const runId = `eval-${randomBytes(6).toString('hex')}`
  say(`Run ${runId}: ${rows.length} indicators, mode ${mode}, ${pack} to a request`)
  const progress = createStderrProgress(rows.length)
  const client = createBatchClient({ urls, patienceMs: PATIENCE_MS, say: (line) => progress.note(line) })
  const results = new Map<string, Classification>()
  const summaries: BatchSummary[] = []
  const batches = Array.from({ length: Math.ceil(rows.length / BATCH_SIZE) }, (_, index) => index)
  const show = (inFlight: number) => {
    const needsReview = summaries.reduce((all, one) => all + one.needs_review, 0)
    progress.update({ done: results.size, failed: 0, needsReview, inFlight })
  }
  const submit = async (index: number) => {
    const batch = rows.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE)
    const indicators = batch.map(({ indicator }) => ({
      ...indicator,
      indicator_id: prefix + indicator.indicator_id,
    }))
    // Nothing that was answered before may count, not even by a person, whose word stays: every run measures the model anew.
    const options = { mode, reuse: false, pack, override_person: 'aside' as const }
    const body = { indicators, run_id: runId, force: true, options }
    const response = await client
      .submit({ idempotencyKey: `${runId}-${index}`, body }, interrupts.first)
      .catch((error: unknown) => {
        interrupts.first.throwIfAborted()
        if (isServiceError(error)) throw error
        throw new ServiceError('ingress-unavailable', `The service failed a batch: ${messageOf(error)}`, {
          cause: error,
        })
      })
    for (const result of response.results) results.set(result.indicator_id, result)
    summaries.push(response.summary)
  }
  try {
    show(0)
    const worker = async () => {
      for (let index = batches.shift(); index !== undefined; index = batches.shift()) {
        await submit(index)
        show(Math.min(BATCHES_IN_FLIGHT, batches.length))
      }
    }
    await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, worker))
  } finally {
    progress.end()
  }
  const scored = rows.map((row): ScoredRow => {
    const id = prefix + row.indicator.indicator_id
    const result = results.get(id)
    if (result === undefined) throw new ServiceError('ingress-unavailable', `The service answered nothing for ${id}`)
    return { row, prediction: predictByResult(row.indicator, result) }
  })
  const names = [...new Set([...results.values()].flatMap(({ model }) => (model === null ? [] : [model])))].sort()
  const model = { names, is_offline: names.some((name) => name.startsWith('offline-')) }
  return { pack, model, cost: costOf(summaries, rows.length), scored }
}
