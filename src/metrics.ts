/** Every metric of a replica, for Prometheus: name, help, labels and buckets stand here once. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Budget, LeaseStats, LimiterStats } from './rate/types.ts'
import type { PoolStats } from './store/types.ts'

export type Metrics = ReturnType<typeof createMetrics>

/** The parts of a replica that are asked for their current figures whenever Prometheus scrapes. */
export interface MetricSources {
  readonly limiter: () => LimiterStats
  readonly lease: () => LeaseStats
  readonly pool: () => PoolStats
  readonly clockSkewMs: Readonly<Record<'replica' | 'node', () => number | undefined>>
}

/**
 * Gauges of prom-client that are left out, because their names end in `_total`, which Prometheus reserves for counters.
 * Their figures also stand in `nodejs_active_handles`, `nodejs_active_resources` and `nodejs_active_requests`.
 */
const MISNAMED_DEFAULTS = [
  'nodejs_active_handles_total',
  'nodejs_active_resources_total',
  'nodejs_active_requests_total',
]

/** Builds the metrics in a registry of their own, so that several replicas can live in one process of a test. */
export function createMetrics() {
  const registry = new Registry()
  // prom-client adds its own metrics of the process, such as the event loop's lag, the heap and the CPU.
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED_DEFAULTS) registry.removeSingleMetric(name)
  const registers = [registry]

  return {
    registry,
    invocations: new Counter({
      name: 'classify_invocations_total',
      help: 'Attempts of Restate invocations by how they ended: completed, suspended, retryable or terminal.',
      labelNames: ['service', 'handler', 'outcome'] as const,
      registers,
    }),
    invocationSeconds: new Histogram({
      name: 'classify_invocation_attempt_seconds',
      help: 'Time that one attempt of an invocation spent in this replica.',
      labelNames: ['service', 'handler'] as const,
      buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
      registers,
    }),
    modelRequests: new Counter({
      name: 'classify_model_requests_total',
      help: 'Requests to the model by model and outcome: ok, or the code of the failure.',
      labelNames: ['model', 'outcome'] as const,
      registers,
    }),
    modelRequestsPaidTwice: new Counter({
      name: 'classify_model_requests_paid_twice_total',
      help: 'Requests whose attempt ended before their answer came, so that another attempt asks again. Requests that a killed process had in flight are not counted.',
      registers,
    }),
    modelRequestsEstimated: new Counter({
      name: 'classify_model_requests_estimated_total',
      help: 'Requests whose tokens and cost are an estimate, because the endpoint named none or no answer came.',
      labelNames: ['model'] as const,
      registers,
    }),
    modelRequestSeconds: new Histogram({
      name: 'classify_model_request_seconds',
      help: 'Latency of requests to the model.',
      labelNames: ['model'] as const,
      buckets: [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30, 60, 300, 900],
      registers,
    }),
    modelTokens: new Counter({
      name: 'classify_model_tokens_total',
      help: 'Tokens as the provider billed them, or by estimate: input (cached ones included), cached_input and output.',
      labelNames: ['model', 'kind'] as const,
      registers,
    }),
    modelCost: new Counter({
      name: 'classify_model_cost_usd_total',
      help: 'Cost of the requests by the price table, by service tier: flex, standard, priority or unnamed.',
      labelNames: ['model', 'service_tier'] as const,
      registers,
    }),
    limiterWaitSeconds: new Histogram({
      name: 'classify_limiter_wait_seconds',
      help: 'Time that requests waited for their start permit.',
      buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20, 60],
      registers,
    }),
    limiterDeferred: new Counter({
      name: 'classify_limiter_deferred_total',
      help: 'Chunks that went to sleep durably because the wait would have exceeded RATE_MAX_WAIT_MS.',
      registers,
    }),
    batchesHeldBack: new Counter({
      name: 'classify_batches_held_back_total',
      help: 'Times that a batch went to sleep durably because enough earlier work was admitted.',
      registers,
    }),
    rateRenewals: new Counter({
      name: 'classify_rate_renewals_total',
      help: "Renewals of this replica's rate lease by outcome: granted, refused (overtaken by a later one) or failed.",
      labelNames: ['outcome'] as const,
      registers,
    }),
    rateRenewalSeconds: new Histogram({
      name: 'classify_rate_renewal_seconds',
      help: 'Time that renewals of the rate lease took.',
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
      registers,
    }),
    chunkIndicators: new Histogram({
      name: 'classify_chunk_indicators',
      help: 'Indicators in one request to the model.',
      buckets: [1, 2, 5, 8, 10, 15, 20, 25],
      registers,
    }),
    results: new Counter({
      name: 'classify_results_total',
      help: 'Classifications saved, by source and status.',
      labelNames: ['source', 'status'] as const,
      registers,
    }),
    unchanged: new Counter({
      name: 'classify_results_unchanged_total',
      help: 'Indicators that were classified before and had not changed.',
      registers,
    }),
    retentionDeletedRows: new Counter({
      name: 'classify_retention_deleted_rows_total',
      help: 'Rows older than RETENTION_DAYS that this replica deleted, by table; an estimate where chunks were dropped whole.',
      labelNames: ['table'] as const,
      registers,
    }),
    databasePingFailures: new Counter({
      name: 'classify_database_ping_failures_total',
      help: 'Checks of the database, one every 5 s, that it did not answer in time.',
      registers,
    }),
    /** Adds the metrics that are read from their sources at each scrape. A second call throws. */
    readFrom({ limiter, lease, pool, clockSkewMs }: MetricSources): void {
      addLimiterMetrics(registers, limiter)
      addLeaseMetrics(registers, lease)
      addGauge(registers, 'classify_pool_connections', 'Open database connections.', () => pool().total)
      addGauge(registers, 'classify_pool_idle_connections', 'Idle database connections.', () => pool().idle)
      for (const [of, read] of Object.entries(clockSkewMs)) {
        const help = `Clock of the ${of} minus the database's; NaN while it is not known. Of nodes the furthest counts.`
        addGauge(registers, `classify_${of}_clock_skew_seconds`, help, () => (read() ?? Number.NaN) / 1_000)
      }
      addGauge(registers, 'classify_pool_waiting', 'Queries that wait for a database connection.', () => pool().waiting)
    },
  }
}

function addLimiterMetrics(registers: Registry[], limiter: () => LimiterStats): void {
  const gauge = (name: string, help: string, read: (stats: LimiterStats) => number) =>
    addGauge(registers, `classify_limiter_${name}`, help, () => read(limiter()))
  gauge('queue_requests', 'Requests waiting for a start permit.', ({ waiting }) => waiting)
  gauge('pace_rpm', 'Requests a minute that this replica may start.', (stats) => stats.requestsPerMinute)
  gauge('pace_tpm', 'Tokens a minute that this replica may reserve; +Inf without a bound.', tokensOf)
  gauge('in_flight_requests', 'Requests that were started and have not ended.', ({ inFlight }) => inFlight)
  gauge('in_flight_bound', 'The most requests that may be in flight, by measured latency and pace.', (stats) => {
    return stats.inFlightBound
  })
  gauge('sleeping_chunks', 'Chunks that sleep durably and are back within a minute.', ({ deferred }) => deferred)
  gauge('reserved_tokens', 'Tokens reserved for requests in flight.', ({ reservedTokens }) => reservedTokens)
  gauge('utilisation_ratio', 'Part of the budget of the last minute that was used by starts.', (stats) => {
    return stats.utilisation
  })
  gauge('paused_seconds', 'Time until the limiter grants permits again.', ({ pausedMs }) => pausedMs / 1_000)
  addCounter(registers, {
    name: 'classify_limiter_tokens_total',
    help: 'Tokens of the budget by kind: reserved before requests, real after their ends.',
    label: 'kind',
    read: () => ({ reserved: limiter().reservedTokensTotal, real: limiter().spentTokensTotal }),
  })
  addCounter(registers, {
    name: 'classify_limiter_pause_seconds_total',
    help: 'Time that the limiter was paused by refusals.',
    read: () => ({ total: limiter().pausedTotalMs / 1_000 }),
  })
}

function addLeaseMetrics(registers: Registry[], lease: () => LeaseStats): void {
  const gauge = (name: string, help: string, read: (stats: LeaseStats) => number) =>
    addGauge(registers, `classify_rate_${name}`, help, () => read(lease()))
  gauge('budget_rpm', 'Requests a minute that the cluster may start now, as of the last renewal.', ({ budget }) => {
    return budget.requestsPerMinute
  })
  gauge('budget_tpm', 'Tokens a minute that the cluster may use now; +Inf without a bound.', ({ budget }) => {
    return tokensOf(budget)
  })
  gauge('lease_rpm', 'Requests a minute that this replica may start by its lease.', (stats) => {
    return stats.lease.requestsPerMinute
  })
  gauge('lease_tpm', 'Tokens a minute of this replica by its lease; +Inf without a bound.', (stats) => {
    return tokensOf(stats.lease)
  })
  gauge('demand', 'Requests waiting, in flight or due to come back.', ({ demand }) => demand)
  gauge('pace_factor', 'Part of the pace that refusals for rate have left, 0.1 to 1.', ({ paceFactor }) => paceFactor)
  gauge('paused_seconds', 'Time until the cluster starts requests again.', ({ pausedMs }) => pausedMs / 1_000)
  addCounter(registers, {
    name: 'classify_rate_allowed_requests_total',
    help: 'Requests that the leases of this replica have allowed while nothing was paused.',
    read: () => ({ total: lease().allowedRequests }),
  })
}

function tokensOf({ tokensPerMinute }: Budget): number {
  return tokensPerMinute ?? Number.POSITIVE_INFINITY
}

/** Adds a gauge whose value `read` gives at each scrape. */
function addGauge(registers: Registry[], name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(read())
    },
  })
}

interface CounterSource {
  readonly name: string
  readonly help: string
  /** With a label `read` gives a total for each of its values, without one a single total under any key. */
  readonly label?: string
  readonly read: () => Readonly<Record<string, number>>
}

/** Adds a counter whose total another part of the replica keeps and `read` gives at each scrape. It never falls. */
function addCounter(registers: Registry[], { name, help, label, read }: CounterSource): void {
  new Counter({
    name,
    help,
    registers,
    labelNames: label === undefined ? [] : [label],
    collect() {
      this.reset()
      for (const [value, total] of Object.entries(read()))
        this.inc(label === undefined ? {} : { [label]: value }, total)
    },
  })
}
