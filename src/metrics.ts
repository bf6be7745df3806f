/** Every metric of a replica: name, help, labels and buckets, once. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

export type Metrics = ReturnType<typeof createMetrics>

/** Where gauges read their value at scrape time. */
export interface MetricSources {
  readonly limiter: () => LimiterReading
  readonly share: () => {
    readonly lease: RateBound
    readonly budget: RateBound
    readonly demand: number
    readonly paceFactor: number
    readonly pausedMs: number
    readonly allowedRequests: number
  }
  readonly pool: () => { readonly total: number; readonly idle: number; readonly waiting: number }
}

/** What the limiter tells, as far as it is measured; see `LimiterStats`. */
interface LimiterReading {
  readonly waiting: number
  readonly inFlight: number
  readonly inFlightBound: number
  readonly deferred: number
  readonly requestsPerMinute: number
  readonly tokensPerMinute: number | null
  readonly reservedTokens: number
  readonly reservedTokensTotal: number
  readonly spentTokensTotal: number
  readonly utilisation: number
  readonly pausedMs: number
  readonly pausedTotalMs: number
}

interface RateBound {
  readonly requestsPerMinute: number
  /** null: no bound. */
  readonly tokensPerMinute: number | null
}

/** Builds a registry of its own; nothing is global. `close` stops the event loop monitor. */
export function createMetrics() {
  const registry = new Registry()
  // The event loop's lag, the heap and CPU of the process, under prom-client's usual names.
  collectDefaultMetrics({ register: registry })
  const registers = [registry]

  const invocations = new Counter({
    name: 'classify_invocations_total',
    help: 'Attempts of Restate invocations by how they ended: completed, suspended, retryable or terminal.',
    labelNames: ['service', 'handler', 'outcome'] as const,
    registers,
  })
  const invocationSeconds = new Histogram({
    name: 'classify_invocation_attempt_seconds',
    help: 'Time that one attempt of an invocation spent in this replica.',
    labelNames: ['service', 'handler'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60],
    registers,
  })
  const modelRequests = new Counter({
    name: 'classify_model_requests_total',
    help: 'Requests to the model by model and outcome: ok, or the code of the failure.',
    labelNames: ['model', 'outcome'] as const,
    registers,
  })
  const modelRequestsPaidTwice = new Counter({
    name: 'classify_model_requests_paid_twice_total',
    help: 'Requests whose attempt ended before their answer came: asked again elsewhere. What a killed process had in flight is in no count.',
    registers,
  })
  const modelRequestSeconds = new Histogram({
    name: 'classify_model_request_seconds',
    help: 'Latency of requests to the model.',
    labelNames: ['model'] as const,
    buckets: [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30, 60],
    registers,
  })
  const modelTokens = new Counter({
    name: 'classify_model_tokens_total',
    help: 'Tokens as the provider billed them: input (cached ones included), cached_input and output.',
    labelNames: ['model', 'kind'] as const,
    registers,
  })
  const modelCost = new Counter({
    name: 'classify_model_cost_usd_total',
    help: 'Cost of the requests by the price table.',
    labelNames: ['model'] as const,
    registers,
  })
  const limiterWaitSeconds = new Histogram({
    name: 'classify_limiter_wait_seconds',
    help: 'Time that requests waited for their start permit.',
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20, 60],
    registers,
  })
  const limiterDeferred = new Counter({
    name: 'classify_limiter_deferred_total',
    help: 'Chunks that went to sleep durably because the wait would have exceeded RATE_MAX_WAIT_MS.',
    registers,
  })
  const batchesHeldBack = new Counter({
    name: 'classify_batches_held_back_total',
    help: 'Times that a batch went to sleep durably because enough work was let in before it.',
    registers,
  })
  const rateRenewals = new Counter({
    name: 'classify_rate_renewals_total',
    help: "Renewals of this replica's rate lease by outcome: granted, refused (overtaken by a later one) or failed.",
    labelNames: ['outcome'] as const,
    registers,
  })
  const rateRenewalSeconds = new Histogram({
    name: 'classify_rate_renewal_seconds',
    help: 'Time that renewals of the rate lease took.',
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2],
    registers,
  })
  const chunkIndicators = new Histogram({
    name: 'classify_chunk_indicators',
    help: 'Indicators in one request to the model.',
    buckets: [1, 2, 5, 8, 10, 15, 20, 25],
    registers,
  })
  const results = new Counter({
    name: 'classify_results_total',
    help: 'Classifications saved, by source and status.',
    labelNames: ['source', 'status'] as const,
    registers,
  })
  const unchanged = new Counter({
    name: 'classify_results_unchanged_total',
    help: 'Indicators that were classified before and had not changed.',
    registers,
  })

  return {
    registry,
    invocations,
    invocationSeconds,
    modelRequests,
    modelRequestsPaidTwice,
    modelRequestSeconds,
    modelTokens,
    modelCost,
    limiterWaitSeconds,
    limiterDeferred,
    batchesHeldBack,
    rateRenewals,
    rateRenewalSeconds,
    chunkIndicators,
    results,
    unchanged,
    /** Connects the gauges that are read at scrape time. Call once. */
    observe(sources: MetricSources): void {
      const gauge = (name: string, help: string, read: () => number) =>
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(read())
          },
        })
      /** A total that is kept elsewhere and never falls. */
      const counter = (name: string, help: string, read: () => Readonly<Record<string, number>>, label?: string) =>
        new Counter({
          name,
          help,
          registers,
          labelNames: label === undefined ? [] : [label],
          collect() {
            this.reset()
            for (const [value, total] of Object.entries<number>(read())) {
              this.inc(label === undefined ? {} : { [label]: value }, total)
            }
          },
        })
      gauge('classify_limiter_queue_requests', 'Requests waiting for a start permit.', () => sources.limiter().waiting)
      gauge('classify_limiter_pace_rpm', 'Requests a minute that this replica may start.', () => {
        return sources.limiter().requestsPerMinute
      })
      gauge('classify_limiter_pace_tpm', 'Tokens a minute that this replica may reserve; +Inf: no bound.', () => {
        return sources.limiter().tokensPerMinute ?? Number.POSITIVE_INFINITY
      })
      gauge('classify_limiter_in_flight_requests', 'Requests that were started and have not ended.', () => {
        return sources.limiter().inFlight
      })
      gauge('classify_limiter_in_flight_bound', 'The most that may be in flight, by measured latency and pace.', () => {
        return sources.limiter().inFlightBound
      })
      gauge('classify_limiter_sleeping_chunks', 'Chunks that sleep durably and are back within a minute.', () => {
        return sources.limiter().deferred
      })
      gauge('classify_limiter_reserved_tokens', 'Tokens reserved for requests in flight.', () => {
        return sources.limiter().reservedTokens
      })
      gauge('classify_limiter_utilisation_ratio', 'Part of the budget of the last minute that was started.', () => {
        return sources.limiter().utilisation
      })
      counter(
        'classify_limiter_tokens_total',
        'Tokens of the budget by kind: reserved before requests, real once they had ended.',
        () => ({ reserved: sources.limiter().reservedTokensTotal, real: sources.limiter().spentTokensTotal }),
        'kind',
      )
      counter('classify_limiter_pause_seconds_total', 'Time that the limiter was paused by refusals.', () => ({
        paused: sources.limiter().pausedTotalMs / 1_000,
      }))
      gauge('classify_limiter_paused_seconds', 'Time until the limiter grants permits again.', () => {
        return sources.limiter().pausedMs / 1_000
      })
      const { share } = sources
      const tokens = ({ tokensPerMinute }: RateBound) => tokensPerMinute ?? Number.POSITIVE_INFINITY
      gauge(
        'classify_rate_budget_rpm',
        'Requests a minute that the cluster may start now, as of the last renewal.',
        () => {
          return share().budget.requestsPerMinute
        },
      )
      gauge('classify_rate_budget_tpm', 'Tokens a minute that the cluster may use now; +Inf without a bound.', () => {
        return tokens(share().budget)
      })
      gauge('classify_rate_lease_rpm', 'Requests a minute that this replica may start by its lease.', () => {
        return share().lease.requestsPerMinute
      })
      gauge('classify_rate_lease_tpm', 'Tokens a minute of this replica by its lease; +Inf without a bound.', () => {
        return tokens(share().lease)
      })
      gauge('classify_rate_demand', 'Requests waiting, in flight or due to come back.', () => share().demand)
      gauge('classify_rate_pace_factor', 'What refusals for rate have left of the pace, 0.1 to 1.', () => {
        return share().paceFactor
      })
      gauge('classify_rate_paused_seconds', 'Time until the cluster starts again.', () => share().pausedMs / 1_000)
      new Counter({
        name: 'classify_rate_allowed_requests_total',
        help: 'Requests that the leases of this replica have allowed while nothing was paused.',
        registers,
        collect() {
          this.reset()
          this.inc(share().allowedRequests)
        },
      })
      gauge('classify_pool_connections', 'Open database connections.', () => sources.pool().total)
      gauge('classify_pool_idle_connections', 'Idle database connections.', () => sources.pool().idle)
      gauge('classify_pool_waiting', 'Queries that wait for a database connection.', () => sources.pool().waiting)
    },
  }
}
