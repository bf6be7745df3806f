/** Asks the offline model the first questions of a replica, so that its code is compiled before work comes.
 *
 * V8 runs code slowly until it has run often, and a busy machine has no time for that when the first batch comes. The questions go the
 * way of all others, from the prompt over the rate limiter and an HTTP request to the checked answer, but to a model in this process.
 * Nothing of them is stored, counted or logged, and nothing is paid.
 */
import { type Logger, pino } from 'pino'
import { Counter, Histogram } from 'prom-client'
import type { Schemes } from './classification/scheme.ts'
import type { Indicator } from './classification/types.ts'
import { messageOf } from './errors.ts'
import { closeInOrder } from './lib/ending/closing.ts'
import { OFFLINE_MODEL_NAME } from './lib/model-names.ts'
import { LOG_HOOKS } from './lib/visible-text.ts'
import { createOpenAiClient } from './llm/openai/client.ts'
import { createOfflineModel } from './offline-model/server.ts'
import { createRateLimiter } from './rate/limiter/limiter.ts'
import { createRateControl } from './rate/limiter/rate-control.ts'
import { type AskDeps, askOnce } from './restate/chunk/ask.ts'
import { createPromptParts } from './restate/chunk/prompt-parts.ts'
import { createPromptScale } from './restate/chunk/prompt-scale.ts'

/** The pace of the questions and the latency of their answers, so that a few are in flight. */
const PER_MINUTE = 18_000
const LATENCY_MS = 5
/** A replica begins its work after so many milliseconds whatever is left to ask. */
const MOST_MS = 5_000
const NONE = () => undefined
/** The limits and refusals of the offline model say nothing to other replicas. */
const LONE = { pauseCluster: NONE, reportAccountLimits: NONE }
/** Records as catalogues hold them. Their values make each another one. */
const RECORDS = [
  { name: 'Consumer price index, all items', units: 'Index, 2015=100' },
  { name: 'Exports of goods to the euro area', units: 'USD million' },
  { name: 'Unemployment rate, persons over 15', units: '% of labour force' },
  { name: 'Central bank policy rate', units: 'Percent per annum' },
  { name: 'Crude steel production', units: 'Thousand tonnes' },
  { name: 'General government gross debt', units: '% of GDP' },
] as const
const MONTHS = Array.from({ length: 16 }, (_, month) =>
  new Date(Date.UTC(2023, month + 1, 0)).toISOString().slice(0, 10),
)

export interface WarmUpOptions {
  readonly schemes: Schemes
  /** How many questions are asked; with 0 none. */
  readonly requests: number
  readonly log: Logger
  /** Ends it early. */
  readonly signal: AbortSignal
}

/**
 * Asks about the default codebook, for five seconds at most, and resolves with the number of usable answers. A failure is logged, and a
 * replica works without it.
 */
export async function warmUp({ schemes, requests, log, signal }: WarmUpOptions): Promise<number> {
  if (requests === 0) return 0
  const silent = pino({ level: 'silent', hooks: LOG_HOOKS })
  const limits = { latencyMs: LATENCY_MS, sigma: 0, rpm: 0, tpm: 0, sliceMs: 0 }
  const offline = createOfflineModel({ host: '127.0.0.1', port: 0, ...limits, log: silent })
  const limiter = createRateLimiter({ requestsPerMinute: PER_MINUTE, tokensPerMinute: null })
  try {
    const { url } = await offline.listen()
    const ends = AbortSignal.any([signal, AbortSignal.timeout(MOST_MS)])
    const deps = depsOf(`${url}/v1`, schemes, createRateControl({ limiter, cluster: LONE, log: silent }), silent)
    const { hash, codebook } = await schemes.find(undefined)
    const fields = codebook.fields.map(({ name }) => name)
    const answers = await Promise.all(
      Array.from({ length: requests }, (_, number) => {
        const indicator = recordOf(number)
        const item = { key: '1', indicator, fields, known: {}, guess: {}, codes: {} }
        const request = { run_id: 'warm-up', tier: 'primary' as const, codebook_hash: hash, items: [item] }
        return askOnce(deps, request, `warm-up-${number}`, ends).catch((error: unknown) => {
          if (ends.aborted) return null
          throw error
        })
      }),
    )
    return answers.filter((answer) => answer?.kind === 'answered' && answer.decisions.length > 0).length
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'The replica could not be warmed up')
    return 0
  } finally {
    await closeInOrder([limiter.close, offline.close]).catch(NONE)
  }
}

function recordOf(number: number): Indicator {
  const { name, units } = RECORDS[number % RECORDS.length] ?? RECORDS[0]
  const sample_values = MONTHS.map((date, month) => ({ date, value: 100 + number + month }))
  return { indicator_id: String(number), name, units, periodicity: 'Monthly', sample_values }
}

function depsOf(baseUrl: string, schemes: Schemes, rate: AskDeps['rate'], log: Logger): AskDeps {
  const unregistered = { help: 'Requests before the replica was ready.', registers: [] }
  return {
    ...{ schemes, rate, maxWaitMs: MOST_MS, clock: { now: Date.now }, priceOf: () => null },
    model: createOpenAiClient({
      ...{ apiKey: undefined, baseUrl, model: OFFLINE_MODEL_NAME, timeoutMs: MOST_MS, prices: {} },
      log,
    }),
    ...{ partsOf: createPromptParts(), promptScale: createPromptScale() },
    metrics: {
      limiterDeferred: new Counter({ name: 'deferred', ...unregistered }),
      limiterWaitSeconds: new Histogram({ name: 'wait_seconds', ...unregistered }),
      chunkIndicators: new Histogram({ name: 'indicators', ...unregistered }),
    },
    ledger: {
      start: NONE,
      reserve: async () => ({ isGranted: true, spentUsd: 0, inFlightUsd: 0 }),
      book: async () => true,
    },
    stops: { isStopped: async () => false },
    refusals: { find: () => null, note: async () => undefined },
  }
}
