/** Builds the adapters of a replica (database pools, store, rate limiter, lease client, model client, metrics) and closes them. */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { loadBuiltIns } from './catalogue/codebook-files.ts'
import { createSchemes, type SchemeRegistry } from './catalogue/schemes.ts'
import type { Config } from './config/config.ts'
import { addressOf, type DatabaseConnection } from './config/database-connection.ts'
import { readEnvironment, withoutVariables } from './config/environment.ts'
import { proxyFor } from './config/proxies.ts'
import { readRelease } from './config/release.ts'
import { type DatabaseResources, openDatabase } from './database-resources.ts'
import { ServiceError } from './errors.ts'
import { closeInOrder } from './lib/ending/closing.ts'
import { OFFLINE_MODEL_NAME } from './lib/model-names.ts'
import { OPENAI_API_URL } from './lib/network/http-url.ts'
import { type Clocks, createClocks } from './lib/node-clocks.ts'
import type { ServiceTier } from './lib/service-tiers.ts'
import { shareOutcome } from './lib/share-outcome.ts'
import { createOpenAiClient, type EndedRequest } from './llm/openai/client.ts'
import { type ModelPrice, priceOf, withDefaultPrices } from './llm/pricing.ts'
import type { ModelClient } from './llm/types.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { createClusterBudget } from './rate/lease/budget-service.ts'
import { createLeaseClient } from './rate/lease/lease-client.ts'
import { createLeaseStore } from './rate/lease/lease-store.ts'
import { createRateLimiter } from './rate/limiter/limiter.ts'
import { createRateControl } from './rate/limiter/rate-control.ts'
import type { RateLimiter } from './rate/limiter/types.ts'
import type { ClusterBudget, LeaseClient, RateControl } from './rate/types.ts'
import { createAnsweredCounts } from './store/answered-counts.ts'
import { createWritability } from './store/connection/writability.ts'
import { createPool, type DatabasePool } from './store/pool.ts'
import { ping } from './store/query.ts'
import { createBudgetStore } from './store/rate-budget.ts'
import { createRequestLedger } from './store/requests/ledger.ts'
import type { Retention } from './store/retention/retention.ts'
import type { CountAnswered, RequestLedger, Store } from './store/types.ts'

export interface Resources extends DatabaseResources, Omit<Clocks, 'skewMs'> {
  readonly model: ModelClient
  readonly limiter: RateLimiter
  readonly rate: RateControl
  readonly leaseClient: LeaseClient
  readonly budget: ClusterBudget
  readonly metrics: Metrics
  readonly countAnswered: CountAnswered
  readonly ledger: RequestLedger
  /** Resolves while the database answers. Cheap to ask often; it never waits behind the queries of batches. */
  readonly pingDatabase: () => Promise<void>
  /** What the database said where it refused the last write; undefined while it takes writes. */
  readonly writeRefusal: () => string | undefined
  /** The timer that deletes old rows; null where RETENTION_DAYS is unset, so that all rows are kept. */
  readonly retention: Retention | null
  /** The price of a model from OPENAI_PRICES, else from the built-in table; null where neither lists the model. */
  readonly priceOf: (model: string, tier?: ServiceTier) => ModelPrice | null
  /** Closes every part, also after one that fails to close; rejects with the first failure. Call it once. */
  close(): Promise<void>
}

/** Reads the built-in codebooks and builds the registry that also finds those of the database. */
export async function openSchemes(store: Store): Promise<SchemeRegistry> {
  return createSchemes(await loadBuiltIns(), store)
}

/**
 * Builds everything that a replica needs, without opening a connection or sending a request. `service` is the replica's
 * name. Throws `ServiceError` config-invalid where no database or no model is set.
 */
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
    log.warn(
      { url: openai.baseUrl },
      "The offline model answers: the rules' guesses and fillers, not a model's judgement",
    )
  }
  const metrics = createMetrics()
  const writability = createWritability()
  const { skewMs, ...clocks } = createClocks(Date.now)
  const database = openDatabase(config.database.connection, {
    poolSize: config.database.poolSize,
    applicationName: 'classify-service',
    log,
    writability,
  })
  const prices = withDefaultPrices(openai.prices)
  // The OpenAI package would read variables that it knows by itself, such as OPENAI_CUSTOM_HEADERS.
  const proxy = proxyFor(openai.baseUrl ?? OPENAI_API_URL, readEnvironment())
  const model = withoutVariables(/^OPENAI_/, () =>
    createOpenAiClient({ ...openai, prices, proxy, log, hooks: { requestEnded: countRequests(metrics) } }),
  )
  // The limiter grants no permit until the lease client has given it the budget of the first lease.
  const limiter = createRateLimiter({ requestsPerMinute: 0, tokensPerMinute: null })
  const ratePool = openSidePool(config.database.connection, RATE_POOL, log)
  const pingPool = openSidePool(config.database.connection, PING_POOL, log)
  const budgetStore = createBudgetStore(ratePool)
  const { rpm, tpm, safety } = config.rate
  const leases = createLeaseStore(budgetStore, { rpm, tpm, safety, by: service })
  const leaseClient = createLeaseClient({
    leases,
    limiter,
    replicaId: randomUUID(),
    name: service,
    log,
    version: readRelease(),
    memoryBytes: () => process.memoryUsage.rss(),
    renewed: (outcome, seconds) => {
      metrics.rateRenewals.inc({ outcome })
      metrics.rateRenewalSeconds.observe(seconds)
    },
  })
  const { retentionDays } = config.database
  const retention =
    retentionDays === null
      ? null
      : database.createRetention(retentionDays, (table, rows) => metrics.retentionDeletedRows.inc({ table }, rows))
  const answered = createAnsweredCounts({ store: database.store, log })
  const ledger = createRequestLedger({ store: database.store, log, now: clocks.clock.now })
  metrics.readFrom({
    limiter: () => limiter.stats(),
    lease: () => leaseClient.stats(),
    pool: () => database.store.stats(),
    clockSkewMs: skewMs,
  })

  return {
    ...database,
    model,
    limiter,
    rate: createRateControl({ limiter, cluster: leaseClient, log }),
    leaseClient,
    budget: createClusterBudget({ store: budgetStore, leases, leaseClient, name: service, log }),
    metrics,
    countAnswered: answered.add,
    ledger,
    pingDatabase: shareOutcome(
      async () => {
        await clocks.clock.take(() => ping(pingPool, PING_POOL.timeoutMs), Number)
      },
      { freshMs: PING_FRESH_MS },
    ),
    writeRefusal: writability.refusal,
    ...clocks,
    retention,
    priceOf: (name, tier) => priceOf(name, prices, tier),
    close: () =>
      closeInOrder([
        async () => retention?.close(),
        () => limiter.close(),
        () => leaseClient.close(),
        () => ratePool.end(),
        () => pingPool.end(),
        () => answered.close(),
        () => ledger.close(),
        () => database.close(),
      ]),
  }
}

/**
 * The model settings of the environment, or those of the offline model where no other endpoint is set. The offline
 * model answers under one name, so it has no escalation model.
 */
function modelOf({ openai, offlineModel }: Config): Config['openai'] {
  if (openai.apiKey !== undefined || openai.baseUrl !== undefined || offlineModel.url === undefined) return openai
  return { ...openai, baseUrl: offlineModel.url, model: OFFLINE_MODEL_NAME, escalationModel: undefined }
}

/**
 * The rate leases have database connections of their own, so that a renewal never waits behind the writes of batches: a
 * lease that is renewed late shrinks. A renewal fails where connecting or one statement takes longer than the time-out,
 * because a lease lasts only four seconds.
 */
const RATE_POOL = { max: 2, timeoutMs: 1_500, applicationName: 'classify-rate' }
/**
 * The ping of the health check has a connection of its own, kept open, because in the pool of the batches it would wait behind
 * their queries, and a busy replica would look as if its database were away.
 */
const PING_POOL = { max: 1, timeoutMs: 2_000, applicationName: 'classify-health' }
/** The outcome of a ping stands for this many milliseconds, so that many questions for health cost the database few pings. */
const PING_FRESH_MS = 500

function openSidePool(connection: DatabaseConnection, options: typeof RATE_POOL, log: Logger): DatabasePool {
  const { max, timeoutMs, applicationName } = options
  const timeouts = { connectionTimeoutMs: timeoutMs, statementTimeoutMs: timeoutMs }
  return createPool({ ...addressOf(connection), max, ...timeouts, applicationName, log })
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
    metrics.modelCost.inc({ model, service_tier: paid.serviceTier ?? 'unnamed' }, paid.costUsd)
    if (paid.isEstimated) metrics.modelRequestsEstimated.inc({ model })
  }
}
