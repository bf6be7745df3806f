/** Sends gold indicators through the whole service, as `classify` does, and collects the resulting labels for the score. */
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
import { createRunId } from '../classify/run-id.ts'
import { watchAnswers } from '../client/answer-watch.ts'
import { createBatchClient } from '../client/batches.ts'
import { findIngress } from '../client/ingress.ts'
import { describeModel } from '../start/start.ts'
import { createStderrProgress } from '../ui/progress.ts'
import { createCliLog, type Interrupts, say } from '../ui/terminal.ts'
import { costOf, type ServiceRun } from './report.ts'

export interface ServiceOptions {
  readonly mode: Exclude<Mode, 'rules'>
  readonly packs: readonly number[]
  /** The URLs of a running service; undefined where the evaluation starts a temporary service of its own. */
  readonly ingress?: readonly string[] | undefined
}

const BATCH_SIZE = 50
const BATCHES_IN_FLIGHT = 4
/** The milliseconds for which a batch is offered to Restate nodes that do not answer. */
const PATIENCE_MS = 60_000
/**
 * This prefix stands before the ids of gold indicators in a running service, so that they differ from the ids of its
 * catalogues.
 */
const EVAL_ID_PREFIX = 'eval:'

/**
 * Sends all indicators through the service once for each pack size. Rejects with ServiceError where the service fails
 * or the user interrupts.
 */
export async function runThroughService(
  rows: readonly GoldRow[],
  options: ServiceOptions,
  config: Config,
  interrupts: Interrupts,
): Promise<ServiceRun[]> {
  if (options.ingress !== undefined) {
    await findIngress(options.ingress, interrupts.first)
    say(`Scoring the service at ${options.ingress.join(', ')}. The report names its model.`)
    return await runAll(rows, options, options.ingress, EVAL_ID_PREFIX, interrupts)
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'classify-eval-'))
  try {
    // PostgreSQL may run as another user, and that user must be able to enter the directory.
    await chmod(dataDir, 0o755)
    const { first: signal, second: kill } = interrupts
    say('Starting PostgreSQL, restate-server, the model and a replica for this evaluation …')
    const stack = await startStack({
      config: await isolatedConfig(config, dataDir),
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

/**
 * Returns a configuration with ports and a database of its own, so that the temporary stack disturbs no other stack on
 * the machine.
 */
async function isolatedConfig(config: Config, dataDir: string): Promise<Config> {
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
  const runId = createRunId('eval')
  say(`Run ${runId}: ${rows.length} indicators, mode ${mode}, ${pack} to a request`)
  const progress = createStderrProgress(rows.length)
  const client = createBatchClient({ urls, patienceMs: PATIENCE_MS, say: (line) => progress.note(line) })
  const results = new Map<string, Classification>()
  const summaries: BatchSummary[] = []
  const batches = Array.from({ length: Math.ceil(rows.length / BATCH_SIZE) }, (_, index) => index)
  let inFlight = 0
  const showProgress = () => {
    const needsReview = summaries.reduce((total, summary) => total + summary.needs_review, 0)
    const answered = watch.openAnswers(Math.min(inFlight * BATCH_SIZE, rows.length - results.size))
    progress.update({ done: results.size, failed: 0, answered, needsReview, inFlight })
  }
  const watch = watchAnswers({ urls, runId, isResumed: false, onChange: showProgress })
  const submit = async (index: number) => {
    const batch = rows.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE)
    const indicators = batch.map(({ indicator }) => ({
      ...indicator,
      indicator_id: prefix + indicator.indicator_id,
    }))
    // Stored answers of the model and of people are not used, because the evaluation measures the model; human answers
    // stay stored.
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
    watch.batchEnded(response.summary.by_source.model + response.summary.by_source.escalation)
  }
  try {
    const worker = async () => {
      for (let index = batches.shift(); index !== undefined; index = batches.shift()) {
        inFlight += 1
        showProgress()
        await submit(index)
        inFlight -= 1
        showProgress()
      }
    }
    await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, worker))
  } finally {
    watch.stop()
    progress.end()
  }
  const scored = rows.map((row): ScoredRow => {
    const id = prefix + row.indicator.indicator_id
    const result = results.get(id)
    if (result === undefined) throw new ServiceError('ingress-unavailable', `The service gave no result for ${id}`)
    return { row, prediction: predictByResult(row.indicator, result) }
  })
  const names = [...new Set([...results.values()].flatMap(({ model }) => (model === null ? [] : [model])))].sort()
  const model = { names, is_offline: names.some((name) => name.startsWith('offline-')) }
  return { pack, model, cost: costOf(summaries, rows.length), scored }
}
