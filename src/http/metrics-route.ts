import type { FastifyInstance } from 'fastify'
import type { Metrics } from '../metrics.ts'

/** GET /metrics: Prometheus text. Exempt from pressure: it is needed most when things go wrong. */
export async function metricsRoute(app: FastifyInstance, options: { readonly metrics: Metrics }): Promise<void> {
  const { registry } = options.metrics
  app.get('/metrics', { config: { pressureHandler: () => undefined } }, async (_request, reply) => {
    reply.header('content-type', registry.contentType)
    return registry.metrics()
  })
}
