/** The one place that builds adapters: pool, store, limiter, model client, metrics. They are closed in reverse. */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import type { DatabaseConnection } from './config/database-connection.ts'
import { ServiceError } from './errors.ts'
import { OFFLINE_MODEL_NAME } from './lib/model-names.ts'
import { createOpenAiClient, type EndedRequest } from './llm/openai/client.ts'
import { type ModelPrice, priceOf, withDefaultPrices } from './llm/pricing.ts'
import type { ModelClient } from './llm/types.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { reportBudget } from './rate/lease/budget-report.ts'
import { createLeaseClient } from './rate/lease/lease-client.ts'
import { decideLease } from './rate/lease/lease-decision.ts'
import { createRateLimiter } from './rate/limiter/limiter.ts'
import { createRateControl } from './rate/limiter/rate-control.ts'
import type { ClusterBudget, LeaseClient, RateControl, RateLimiter } from './rate/types.ts'
import { createAnsweredCounts } from './store/answered-counts.ts'
import { migrate } from './store/migrate.ts'
import { createPool } from './store/pool.ts'
import { createBudgetStore } from './store/rate-budget.ts'
import { createRetention, type Retention, type RetentionOptions } from './store/retention/retention.ts'
import { createStore } from './store/store.ts'
import type { CountAnswered, Store } from './store/types.ts'

export interface DatabaseResources {
  readonly store: Store
  /** Brings the schema up to date. Resolves with the names of the files that were applied. */
  migrate(): Promise<readonly string[]>
  /** Makes the timer that deletes rows older than `days`; the caller starts and closes it. */
  createRetention(days: number, deleted: RetentionOptions['deleted']): Retention
  close(): Promise<void>
}

export interface Resources extends DatabaseResources {
  readonly model: ModelClient
  readonly limiter: RateLimiter
  readonly rate: RateControl
  readonly share: LeaseClient
  readonly budget: ClusterBudget
  readonly metrics: Metrics
  readonly countAnswered: CountAnswered
  /** Deletes old rows once it is started; null where RETENTION_DAYS is unset and everything is kept. */
  readonly retention: Retention | null
  /** By the configured prices over the built-in ones; null where none is known. */
  readonly priceOf: (model: string) => ModelPrice | null
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
    createRetention: (days, deleted) => createRetention({ pool, days, log, deleted }),
    close: () => pool.end(),
  }
}

/** The price of a model by the configuration. Opens nothing. */
export function priceOfModel(config: Config, model: string): ModelPrice | null {
  return priceOf(model, withDefaultPrices(config.openai.prices))
}

/** Everything that a replica needs. Opens no connection and sends no request. `service`: the replica's name. */
export function createResources(config: Config, service: string, log: Logger): Resources {
  const openai = modelOf(config)
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
  if (openai.model === OFFLINE_MODEL_NAME) {
    log.warn({ url: openai.baseUrl }, "The offline model answers: the rules' guesses, not a model's judgement")
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
  // It starts nothing before its first lease.
  const limiter = createRateLimiter({ requestsPerMinute: 0, tokensPerMinute: null })
  const clusterRate = openClusterRate(config.database.connection, { config, service, limiter, metrics, log })
  const { share, budget } = clusterRate
  const { retentionDays } = config.database
  const retention =
    retentionDays === null
      ? null
      : database.createRetention(retentionDays, (table, rows) => metrics.retentionDeletedRows.inc({ table }, rows))
  const answered = createAnsweredCounts({ store: database.store, log })
  metrics.readFrom({
    limiter: () => limiter.stats(),
    lease: () => share.stats(),
    pool: () => database.store.stats(),
  })

  return {
    ...database,
    model,
    limiter,
    rate: createRateControl({ limiter, share, log }),
    share,
    budget,
    metrics,
    countAnswered: answered.add,
    retention,
    priceOf: (name) => priceOfModel(config, name),
    close: async () => {
      await retention?.close()
      await limiter.close()
      await clusterRate.close()
      await answered.close()
      await database.close()
    },
  }
}

/** The endpoint that is set; where none is, the offline model where that is set. It has nobody to escalate to. */
function modelOf({ openai, offlineModel }: Config): Config['openai'] {
  if (openai.apiKey !== undefined || openai.baseUrl !== undefined || offlineModel.url === undefined) return openai
  return { ...openai, baseUrl: offlineModel.url, model: OFFLINE_MODEL_NAME, escalationModel: undefined }
}

interface ClusterRateOptions {
  readonly config: Config
  readonly service: string
  readonly limiter: RateLimiter
  readonly metrics: Metrics
  readonly log: Logger
}

/** A renewal is worth nothing when it is late: it has connections of its own, beside those that save batches. */
const LEDGER_CONNECTIONS = 2
const LEDGER_TIMEOUT_MS = 1_500

/** The replica's part in the cluster's budget, through the database. */
function openClusterRate(
  connection: DatabaseConnection,
  { config, service, limiter, metrics, log }: ClusterRateOptions,
): { readonly share: LeaseClient; readonly budget: ClusterBudget; close(): Promise<void> } {
  const pool = createPool({
    ...addressOf(connection),
    max: LEDGER_CONNECTIONS,
    connectionTimeoutMs: LEDGER_TIMEOUT_MS,
    statementTimeoutMs: LEDGER_TIMEOUT_MS,
    applicationName: 'classify-rate',
    log,
  })
  const ledger = createBudgetStore(pool)
  const { rpm, tpm, safety } = config.rate
  let isConfigured = false
  const configure = async () => {
    if (isConfigured) return
    await ledger.configure({ rpm, tpm, safety, by: service })
    isConfigured = true
  }

  const share = createLeaseClient({
    ledger: {
      renew: async (request) => {
        await configure()
        const grant = await ledger.renew((state, now) => decideLease(state, request, now))
        // Overtaken, or someone emptied the table.
        if (grant === null) isConfigured = false
        return grant
      },
      release: (replicaId) => ledger.release(replicaId),
    },
    limiter,
    replicaId: randomUUID(),
    name: service,
    log,
    renewed: (outcome, seconds) => {
      metrics.rateRenewals.inc({ outcome })
      metrics.rateRenewalSeconds.observe(seconds)
    },
  })
  const budget: ClusterBudget = {
    change: async ({ requestsPerMinute, tokensPerMinute }) => {
      await configure()
      if (requestsPerMinute !== undefined || tokensPerMinute !== undefined) {
        await ledger.set({ rpm: requestsPerMinute, tpm: tokensPerMinute, by: service })
        share.renewSoon()
        log.info({ rpm: requestsPerMinute, tpm: tokensPerMinute }, 'The rate budget of the cluster was set')
      }
      const found = await ledger.read()
      if (found === null) throw new ServiceError('database-unavailable', 'The database holds no rate budget yet')
      return reportBudget(found.state, found.now)
    },
  }
  const close = async () => {
    await share.close()
    await pool.end()
  }
  return { share, budget, close }
}

function countRequests(metrics: Metrics) {
  return (request: EndedRequest): void => {
    const { model, outcome, paid } = request
    metrics.modelRequests.inc({ model, outcome })
    if (outcome === 'interrupted') metrics.modelRequestsPaidTwice.inc()
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
