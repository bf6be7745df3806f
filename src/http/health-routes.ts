/** The health routes of a replica, for NGINX, Docker and people: 200 while all is well, else 503 that names the failing check. */
import type { FastifyInstance } from 'fastify'
import type { Health } from './health.ts'

/** Mounts GET /classify-api/health and GET /health, which answer alike. */
export async function healthRoutes(app: FastifyInstance, options: { readonly health: Health }): Promise<void> {
  // The empty pressure handler lets the health routes answer while the process is overloaded, when their report is
  // needed most.
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
