/** The health routes of a replica, for NGINX, readiness probes and people, and the liveness routes, for whoever restarts what hangs. */
import type { FastifyInstance } from 'fastify'
import type { Health } from './health.ts'

export interface HealthRoutesOptions {
  readonly health: Health
  /** The replica's name, such as "classify-service-3". */
  readonly service: string
}

/**
 * Mounts GET /classify-api/health and GET /health: 200 while all is well, else 503 that names the failing check. And GET
 * /classify-api/live and GET /live: 200 while the process answers at all.
 */
export async function healthRoutes(app: FastifyInstance, options: HealthRoutesOptions): Promise<void> {
  // The empty pressure handler lets these routes answer while the process is overloaded, when their report is needed most.
  const config = { pressureHandler: () => undefined }
  for (const url of ['/classify-api/health', '/health']) {
    app.get(url, { config }, async (_request, reply) => {
      const report = await options.health()
      reply.header('cache-control', 'no-store')
      if (report.status !== 'ok') reply.code(503).header('retry-after', '5')
      return report
    })
  }
  // A restart brings no database back and costs the work in flight, so liveness looks at nothing outside the process.
  for (const url of ['/classify-api/live', '/live']) {
    app.get(url, { config }, async (_request, reply) => {
      reply.header('cache-control', 'no-store')
      return { service: options.service, status: 'alive', uptime_s: Math.round(process.uptime()) }
    })
  }
}
