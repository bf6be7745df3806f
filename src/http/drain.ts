/** The end of an HTTP server: calls in flight may end within a time limit, and what is left is cut off. */
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { withTimeout } from '../lib/timing.ts'

/**
 * Stops the server from listening and resolves when every connection is closed. Calls that still run after `timeoutMs`
 * are cut off, and the log gets `whenCut`, which says what becomes of them.
 */
export async function drainApp(
  app: FastifyInstance,
  timeoutMs: number,
  log: FastifyBaseLogger,
  whenCut = 'Some work did not end in time; Restate will run it again elsewhere',
): Promise<void> {
  const closed = app.close()
  const timeUp = new Error(`Calls were still running ${timeoutMs} ms after the drain began`)
  try {
    await withTimeout(timeoutMs, closed, () => timeUp)
  } catch (error) {
    if (error !== timeUp) throw error
    log.warn({ timeoutMs }, whenCut)
    app.server.closeAllConnections()
    await closed
  }
}
