import type { FastifyInstance } from 'fastify'
import type { Health } from './health.ts'

/** GET /classify-api/health and /health: 200, or 503 that names the failing check. */
export async function healthRoutes(app: FastifyInstance, options: { readonly health: Health }): Promise<void> {
  // The route must answer under pressure too: it is what tells of it.
  const config = { pressureHandler: () => undefined }
  for (const url of ['/classify-api/health', '/health']) {
    app.get(url, { config }, async (_request, reply) => {
      const report = await options.health()
      reply.header('cache-control', 'no-store')
      if (report.status !== 'ok') reply.code(503).header('retry-after', '5')
      return report
    })
  }
}
