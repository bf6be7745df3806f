/** Asks a Restate node whether it lives while a call to it waits, so that a frozen node is not waited for. */
import { createSilenceWatch, NODE_SILENCE, type SilenceTimes, type SilenceWatch } from '../../lib/silence.ts'
import type { HttpClient } from './http.ts'

/** The path at which an ingress answers for itself. */
export const HEALTH_PATH = '/restate/health'

export interface NodeWatches {
  /**
   * Runs `call`, whose signal aborts when `signal` does or when the node at `url` is found silent. Rejects as `call` does, or with
   * a sentence that says that the node is silent.
   */
  during<T>(url: string, signal: AbortSignal, call: (bound: AbortSignal) => Promise<T>): Promise<T>
}

/** Statuses by which a proxy says that the node behind it gives no answer. */
const AWAY = [502, 504]

/** Creates the watches of the nodes that are called; each begins with the first call to its node. */
export function createNodeWatches(request: HttpClient, times: SilenceTimes = NODE_SILENCE): NodeWatches {
  const watches = new Map<string, SilenceWatch>()
  const watchOf = (url: string): SilenceWatch => {
    const known = watches.get(url)
    if (known !== undefined) return known
    const watch = createSilenceWatch({ ...times, ask: createAsk(request, url) })
    watches.set(url, watch)
    return watch
  }
  return {
    during: async (url, signal, call) => {
      const watch = watchOf(url)
      if (!(await watch.isAnswering())) throw new Error('it is still silent')
      const silent = new AbortController()
      const end = watch.watch((silentMs) => {
        silent.abort(new Error(`it has been silent for ${silentMs / 1_000} s, also when asked whether it lives`))
      })
      try {
        return await call(AbortSignal.any([signal, silent.signal]))
      } finally {
        end()
      }
    },
  }
}

function createAsk(request: HttpClient, url: string): (signal: AbortSignal) => Promise<boolean> {
  let hasAnswered = false
  return async (signal) => {
    const status = await request(`${url}${HEALTH_PATH}`, { method: 'GET', signal }).then(
      (answer) => answer.status,
      (error: Error) => {
        // A server that stops takes no new connection and still ends the calls that it has.
        if (isRefused(error)) return 0
        throw error
      },
    )
    // A gateway that never had an answer at this path knows the path for something else.
    if (AWAY.includes(status)) return !hasAnswered
    hasAnswered = true
    return true
  }
}

function isRefused({ cause }: Error): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED'
}
