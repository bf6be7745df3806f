/** Refuses requests with 503 and Retry-After while the process is overloaded. Restate tries the refused calls again by itself. */
import { getHeapStatistics } from 'node:v8'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import type { Metrics } from '../metrics.ts'

/** A replica whose event loop is later than this many milliseconds is overloaded; a busy but working one stays below. */
const MAX_EVENT_LOOP_DELAY_MS = 1_000
/** A heap that fills more than this part of V8's limit is overload, because the next batch could exhaust it and end the process. */
const MAX_HEAP_RATIO = 0.9
const HEALTH_CHECK_INTERVAL_MS = 5_000
const RETRY_AFTER_SECONDS = 2

export interface PressureOptions {
  readonly metrics: Pick<Metrics, 'databasePingFailures'>
  readonly pingDatabase: () => Promise<void>
}

export const pressure = plugin(async (app: FastifyInstance, options: PressureOptions): Promise<void> => {
  const maxHeapUsedBytes = Math.floor(getHeapStatistics().heap_size_limit * MAX_HEAP_RATIO)
  await app.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes,
    healthCheckInterval: HEALTH_CHECK_INTERVAL_MS,
    healthCheck: async () => {
      try {
        await options.pingDatabase()
        return true
      } catch (error) {
        options.metrics.databasePingFailures.inc()
        app.log.warn({ err: error }, 'The database does not answer')
        return false
      }
    },
    pressureHandler: (_request, reply, type) => {
      // No request is refused because the database is away: chunks can ask the model without the database, and Restate
      // retries the batches that need it.
      if (type === underPressure.TYPE_HEALTH_CHECK) return
      reply.code(503).header('retry-after', String(RETRY_AFTER_SECONDS))
      return { code: 'under-pressure', message: `This replica is under pressure (${type}); try again later` } as never
    },
  })
})

/** A phrase such as "heap 900 MB of 1000 MB" while the process is overloaded, else undefined. */
export function describePressure(app: FastifyInstance): string | undefined {
  const { eventLoopDelay, heapUsed } = app.memoryUsage()
  if (eventLoopDelay > MAX_EVENT_LOOP_DELAY_MS) return `event loop delay ${Math.round(eventLoopDelay)} ms`
  const limit = getHeapStatistics().heap_size_limit * MAX_HEAP_RATIO
  if (heapUsed > limit) return `heap ${Math.round(heapUsed / 1e6)} MB of ${Math.round(limit / 1e6)} MB`
  return undefined
}
