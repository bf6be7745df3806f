/** The metrics route of a replica, for Prometheus. */
import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../metrics.ts'

/** Mounts GET /metrics. It answers under pressure too, because an overloaded replica is when its metrics matter. */
export async function metricsRoute(app: FastifyInstance, options: { readonly metrics: Metrics }): Promise<void> {
  const { registry } = options.metrics
  app.get('/metrics', { config: { pressureHandler: () => undefined } }, async (_request, reply) => {
    reply.header('content-type', registry.contentType)
    return registry.metrics()
  })
}
