/** Sends labelled records through the whole service, as `classify` does, and collects the resulting labels for the score. */
import { type LoadedCodebook, schemeOf } from '../../catalogue/codebook-files.ts'
import { labelsOfBody } from '../../classification/result-body.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Mode } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import type { GoldRow } from '../../eval/gold-file.ts'
import type { ScoredRow } from '../../eval/prediction.ts'
import { predictByResult } from '../../eval/prediction.ts'
import { isOfflineGuess } from '../../lib/model-names.ts'
import type { BatchSummary, ResultBody } from '../../restate/contract.ts'
import { settleCodebook } from '../classify/run-codebook.ts'
import { createRunId } from '../classify/run-id.ts'
import { watchAnswers } from '../client/answer-watch.ts'
import { createBatchClient } from '../client/batches.ts'
import { findIngress } from '../client/ingress.ts'
import { createServiceClient } from '../client/service.ts'
import { createStderrProgress } from '../ui/progress.ts'
import { type Interrupts, say } from '../ui/terminal.ts'
import type { ExchangeChoice } from './exchange.ts'
import { costOf, type LeftUnanswered, type ServiceRun } from './report.ts'
import { withTemporaryStack } from './temporary-stack.ts'

export interface ServiceOptions {
  readonly mode: Exclude<Mode, 'rules'>
  readonly packs: readonly number[]
  readonly loaded: LoadedCodebook
  /** Whether the codebook is a file of the user, which the service has to store first. */
  readonly isOwnCodebook: boolean
  /** The URLs of a running service; undefined where the evaluation starts a temporary service of its own. */
  readonly ingress?: readonly string[] | undefined
  /** What stands between a temporary service and its model; undefined for nothing. */
  readonly exchange?: ExchangeChoice | undefined
}

/** What came of sending all records through the service. */
export interface ServiceOutcome {
  readonly runs: readonly ServiceRun[]
  /** The number of requests that were recorded, captured or replayed. */
  readonly exchanged: number
  /** What the file of a replay leaves unanswered; undefined where no file is replayed. */
  readonly unanswered?: LeftUnanswered | undefined
}

/** The catalogue of the records in a running service, so that they overwrite no result of its own catalogues. */
const EVAL_CATALOGUE = 'eval'
const BATCH_SIZE = 50
const BATCHES_IN_FLIGHT = 4
/** The milliseconds for which a batch is offered to Restate nodes that do not answer. */
const PATIENCE_MS = 60_000

/** The service that an evaluation uses, with what every batch of it says. */
interface Target {
  readonly rows: readonly GoldRow[]
  readonly urls: readonly string[]
  readonly scheme: PreparedScheme
  /** The codebook as `name@hash`. */
  readonly codebook: string
  readonly mode: ServiceOptions['mode']
  readonly interrupts: Interrupts
}

/**
 * Sends all records through the service once for each pack size. Rejects with ServiceError where the service fails, where
 * a recorded answer is missing, or where the user interrupts.
 */
export async function runThroughService(
  rows: readonly GoldRow[],
  options: ServiceOptions,
  config: Config,
  interrupts: Interrupts,
): Promise<ServiceOutcome> {
  if (options.ingress !== undefined) {
    await findIngress(options.ingress, interrupts.first)
    say(`Scoring the service at ${options.ingress.join(', ')}. The report names its model.`)
    return { runs: await runAll(rows, options, options.ingress, interrupts), exchanged: 0 }
  }
  return await withTemporaryStack(
    options.exchange,
    config,
    interrupts,
    async ({ url, interrupts: bound, exchange }) => ({
      runs: await runAll(rows, options, [url], bound),
      exchanged: exchange.count(),
      unanswered: await exchange.unanswered(),
    }),
  )
}

async function runAll(
  rows: readonly GoldRow[],
  { mode, packs, loaded, isOwnCodebook }: ServiceOptions,
  urls: readonly string[],
  interrupts: Interrupts,
): Promise<ServiceRun[]> {
  const scheme = schemeOf(loaded)
  const codebook = `${loaded.codebook.name}@${loaded.hash}`
  await settleCodebook(createServiceClient({ urls, patienceMs: PATIENCE_MS }), {
    given: isOwnCodebook ? { loaded } : { reference: codebook },
    earlier: null,
    signal: interrupts.first,
  })
  const runs: ServiceRun[] = []
  for (const pack of packs) runs.push(await runOnce({ rows, urls, scheme, codebook, mode, interrupts }, pack))
  return runs
}

async function runOnce({ rows, urls, scheme, codebook, mode, interrupts }: Target, pack: number): Promise<ServiceRun> {
  const runId = createRunId('eval')
  say(`Run ${runId}: ${rows.length} records, mode ${mode}, ${pack} to a request`)
  const progress = createStderrProgress(rows.length)
  const client = createBatchClient({ urls, patienceMs: PATIENCE_MS, say: (line) => progress.note(line) })
  const results = new Map<string, ResultBody>()
  const summaries: BatchSummary[] = []
  const batches = Array.from({ length: Math.ceil(rows.length / BATCH_SIZE) }, (_, index) => index)
  let inFlight = 0
  const showProgress = () => {
    const sum = (value: (summary: BatchSummary) => number) =>
      summaries.reduce((total, summary) => total + value(summary), 0)
    progress.update({
      done: results.size,
      failed: 0,
      answered: watch.openAnswers(Math.min(inFlight * BATCH_SIZE, rows.length - results.size)),
      needsReview: sum((summary) => summary.needs_review),
      unverified: sum((summary) => summary.unverified),
      inFlight,
    })
  }
  const watch = watchAnswers({ urls, runId, isResumed: false, onChange: showProgress })
  const submit = async (index: number) => {
    const indicators = rows.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE).map(({ indicator }) => indicator)
    // Stored answers of the model and of people are not used, because the evaluation measures the model; human answers
    // stay stored.
    const options = { mode, reuse: false, pack, override_person: 'aside' as const }
    const body = { indicators, run_id: runId, catalogue: EVAL_CATALOGUE, codebook, force: true, options }
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
    // A recording that could not be written, or an answer that was missing, ends the evaluation though all batches ended.
    interrupts.first.throwIfAborted()
  } finally {
    watch.stop()
    progress.end()
  }
  const scored = rows.map((row): ScoredRow => {
    const id = row.indicator.indicator_id
    const result = results.get(id)
    if (result === undefined) throw new ServiceError('ingress-unavailable', `The service gave no result for ${id}`)
    const toScore = { ...result, labels: labelsOfBody(result, scheme) }
    return { row, prediction: predictByResult(scheme, row.indicator, toScore, isOfflineGuess(result.model)) }
  })
  const names = [...new Set([...results.values()].flatMap(({ model }) => (model === null ? [] : [model])))].sort()
  const model = { names, is_offline: names.some((name) => name.startsWith('offline-')) }
  return { pack, model, cost: costOf(summaries, rows.length), scored }
}
