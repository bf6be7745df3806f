/** Builds the HTTP server of a replica from its routes and plugins. Nothing listens until the caller says so. */
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import { createHealth, type Health, type HealthOptions } from './http/health.ts'
import { healthRoutes } from './http/health-routes.ts'
import { metricsRoute } from './http/metrics-route.ts'
import { type NodeHandler, type RestateMountOptions, restateMount } from './http/mount.ts'
import { ownCallers } from './http/own-callers.ts'
import { createPolyglotHttpServer } from './http/polyglot.ts'
import { describePressure, pressure } from './http/pressure.ts'
import type { Metrics } from './metrics.ts'

export interface AppDeps {
  readonly service: string
  readonly model: string
  readonly log: Logger
  readonly metrics: Metrics
  readonly pingDatabase: () => Promise<void>
  readonly writeRefusal: HealthOptions['writeRefusal']
  readonly clock: HealthOptions['clock']
  readonly nodeClocks: RestateMountOptions['nodeClocks'] & HealthOptions['nodeClocks']
  /** The names by which the replica may be called; null where others than this machine reach it, by names of their own. */
  readonly hosts: ReadonlySet<string> | null
  /**
   * Builds the handler that answers Restate's calls. The health check is passed in, because classify-api/health answers
   * with its report.
   */
  readonly createRestateHandler: (health: Health) => NodeHandler
}

export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: deps.log as FastifyBaseLogger,
    // Requests are not logged, because the metrics count them and a line for each call of Restate would bury the other
    // lines.
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: (handler) => createPolyglotHttpServer(handler),
    forceCloseConnections: 'idle',
    return503OnClosing: true,
  })
  const health = createHealth({
    service: deps.service,
    model: deps.model,
    pingDatabase: deps.pingDatabase,
    writeRefusal: deps.writeRefusal,
    clock: deps.clock,
    nodeClocks: deps.nodeClocks,
    pressure: () => describePressure(app),
  })

  if (deps.hosts !== null) await app.register(ownCallers, { hosts: deps.hosts })
  await app.register(pressure, { pingDatabase: deps.pingDatabase, metrics: deps.metrics })
  await app.register(healthRoutes, { health, service: deps.service })
  await app.register(metricsRoute, { metrics: deps.metrics })
  await app.register(restateMount, { handler: deps.createRestateHandler(health), nodeClocks: deps.nodeClocks })

  app.setNotFoundHandler((request, reply) => {
    reply.code(404).send({ code: 'not-found', message: `No route ${request.method} ${request.url.slice(0, 200)}` })
  })
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500
    if (status >= 500) request.log.error({ err: error }, 'A request failed')
    reply.code(status).send({ code: status >= 500 ? 'internal' : 'bad-request', message: error.message })
  })
  return app
}
