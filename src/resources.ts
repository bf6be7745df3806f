/** The one place that builds adapters: pool, store, limiter, model client, metrics. They are closed in reverse. */
import type { Logger } from 'pino'
import type { Config, DatabaseConnection } from './config.ts'
import { ServiceError } from './errors.ts'
import { createRateLimiter } from './llm/limiter.ts'
import { createLocalShare } from './llm/local-share.ts'
import { createOpenAiClient, type EndedRequest } from './llm/openai-client.ts'
import { withDefaultPrices } from './llm/pricing.ts'
import { createRateControl } from './llm/rate-control.ts'
import type { ModelClient, RateControl } from './llm/types.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { migrate } from './store/migrate.ts'
import { createPool } from './store/pool.ts'
import { createStore } from './store/store.ts'
import type { Store } from './store/types.ts'

export interface DatabaseResources {
  readonly store: Store
  /** Brings the schema up to date. Resolves with the names of the files that were applied. */
  migrate(): Promise<readonly string[]>
  close(): Promise<void>
}

export interface Resources extends DatabaseResources {
  readonly model: ModelClient
  readonly rate: RateControl
  readonly metrics: Metrics
}

/** The database alone: for commands that need nothing else. */
export function openDatabase(
  connection: DatabaseConnection,
  options: { readonly poolSize: number; readonly applicationName: string; readonly log: Logger },
): DatabaseResources {
  const { log } = options
  const pool = createPool({
    ...addressOf(connection),
    max: options.poolSize,
    applicationName: options.applicationName,
    log,
  })
  return {
    store: createStore(pool),
    migrate: async () => (await migrate(pool, log)).applied,
    close: () => pool.end(),
  }
}

/** Everything that a replica needs. Opens no connection and sends no request. */
export function createResources(config: Config, log: Logger): Resources {
  const { openai, rate } = config
  if (config.database.connection === null) {
    throw new ServiceError(
      'config-invalid',
      'No database is set: give DATABASE_URL, or POSTGRES_HOST and its companions',
    )
  }
  if (openai.apiKey === undefined && openai.baseUrl === undefined) {
    throw new ServiceError(
      'config-invalid',
      'No model is set: give OPENAI_API_KEY, or OPENAI_BASE_URL for an endpoint without keys',
    )
  }
  const metrics = createMetrics()
  const database = openDatabase(config.database.connection, {
    poolSize: config.database.poolSize,
    applicationName: 'classify-service',
    log,
  })
  const model = createOpenAiClient({
    // The client demands a key; endpoints without keys ignore it.
    apiKey: openai.apiKey ?? 'none',
    baseUrl: openai.baseUrl,
    model: openai.model,
    escalationModel: openai.escalationModel,
    reasoningEffort: openai.reasoningEffort,
    timeoutMs: openai.timeoutMs,
    prices: withDefaultPrices(openai.prices),
    log,
    hooks: { requestEnded: countRequests(metrics) },
  })
  const part = rate.safety / rate.replicas
  const budget = { requestsPerMinute: rate.rpm * part, tokensPerMinute: null }
  const limiter = createRateLimiter(budget)
  const share = createLocalShare({ limiter, budget, part })
  metrics.observe({ limiter: () => limiter.stats(), pool: () => database.store.stats() })

  return {
    ...database,
    model,
    rate: createRateControl({ limiter, share, log }),
    metrics,
    close: async () => {
      await limiter.close()
      await database.close()
    },
  }
}

function countRequests(metrics: Metrics) {
  return (request: EndedRequest): void => {
    const { model, outcome, paid } = request
    metrics.modelRequests.inc({ model, outcome })
    metrics.modelRequestSeconds.observe({ model }, request.latencyMs / 1_000)
    if (paid === null) return
    metrics.modelTokens.inc({ model, kind: 'input' }, paid.usage.input)
    metrics.modelTokens.inc({ model, kind: 'cached_input' }, paid.usage.cachedInput)
    metrics.modelTokens.inc({ model, kind: 'output' }, paid.usage.output)
    metrics.modelCost.inc({ model }, paid.costUsd)
  }
}

function addressOf(connection: DatabaseConnection) {
  if ('url' in connection) return { connectionString: connection.url }
  return { ...connection, password: connection.password ?? '' }
}
