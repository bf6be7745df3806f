/** Sheds work with 503 and Retry-After while the process cannot keep up; Restate comes back later by itself. */
import { getHeapStatistics } from 'node:v8'
import underPressure from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'

/** A delay that a loaded but working replica does not reach. Milliseconds. */
const MAX_EVENT_LOOP_DELAY_MS = 1_000
/** Beyond this part of V8's limit the next batch may end the process. */
const MAX_HEAP_PART = 0.9
const HEALTH_CHECK_INTERVAL_MS = 5_000
const RETRY_AFTER_SECONDS = 2

export interface PressureOptions {
  readonly pingDatabase: () => Promise<void>
}

export const pressure = plugin(async (app: FastifyInstance, options: PressureOptions): Promise<void> => {
  const maxHeapUsedBytes = Math.floor(getHeapStatistics().heap_size_limit * MAX_HEAP_PART)
  await app.register(underPressure, {
    maxEventLoopDelay: MAX_EVENT_LOOP_DELAY_MS,
    maxHeapUsedBytes,
    healthCheckInterval: HEALTH_CHECK_INTERVAL_MS,
    healthCheck: async () => {
      try {
        await options.pingDatabase()
        return true
      } catch (error) {
        app.log.warn({ err: error }, 'The database does not answer')
        return false
      }
    },
    pressureHandler: (_request, reply, type) => {
      // Without the database a chunk can still be asked, and a batch that needs it is retried by Restate: only a
      // process that is itself in trouble refuses work.
      if (type === underPressure.TYPE_HEALTH_CHECK) return
      reply.code(503).header('retry-after', String(RETRY_AFTER_SECONDS))
      return { code: 'under-pressure', message: `This replica is under pressure (${type}); try again later` } as never
    },
  })
})

/** What the process suffers from in one phrase, or undefined. */
export function describePressure(app: FastifyInstance): string | undefined {
  const { eventLoopDelay, heapUsed } = app.memoryUsage()
  if (eventLoopDelay > MAX_EVENT_LOOP_DELAY_MS) return `event loop delay ${Math.round(eventLoopDelay)} ms`
  const limit = getHeapStatistics().heap_size_limit * MAX_HEAP_PART
  if (heapUsed > limit) return `heap ${Math.round(heapUsed / 1e6)} MB of ${Math.round(limit / 1e6)} MB`
  return undefined
}
