/** The metrics of a replica that does nothing, for tests of their names and their form. */
import { createMetrics, type Metrics } from '../../src/metrics.ts'

/** All metrics, including those that are read from limiter, lease and pool at each scrape. */
export function createIdleMetrics(): Metrics {
  const metrics = createMetrics()
  const nothing = { requestsPerMinute: 0, tokensPerMinute: null }
  metrics.readFrom({
    limiter: () => ({
      ...nothing,
      waiting: 0,
      inFlight: 0,
      inFlightBound: 0,
      deferred: 0,
      reservedTokens: 0,
      reservedTokensTotal: 0,
      spentTokensTotal: 0,
      utilisation: 0,
      pausedMs: 0,
      pausedTotalMs: 0,
    }),
    lease: () => ({
      ...{ lease: nothing, budget: nothing, demand: 0, paceFactor: 1, pausedMs: 0 },
      ...{ equalRequestsPerMinute: 0, replicas: 1, allowedRequests: 0 },
    }),
    pool: () => ({ total: 0, idle: 0, waiting: 0 }),
    clockSkewMs: { replica: () => undefined, node: () => undefined },
  })
  return metrics
}

/** The names in the registry, where a histogram has one name for all its parts. */
export function registeredNames(): Set<string> {
  return new Set(
    createIdleMetrics()
      .registry.getMetricsAsArray()
      .map(({ name }) => name),
  )
}
