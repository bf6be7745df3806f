/** The connections to one Restate node, over TCP or a unix socket, and how its failures are told to the caller. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Dispatcher, Pool } from 'undici'
import type { GuardUpstream } from '../config/guard-values.ts'
import { createSilenceWatch, type SilenceTimes } from '../lib/silence.ts'
import { BodyTooLargeError } from './bodies.ts'
import type { PortKind } from './examine.ts'
import { BODY_TOO_LARGE, type Refusal, refusal } from './refusals.ts'

/** The milliseconds that opening a connection may take. */
const CONNECT_TIMEOUT_MS = 3_000
/** After this many milliseconds of silence TCP asks whether the node still lives; a dead one is known about 10 s later. */
const KEEP_ALIVE_PROBE_MS = 10_000

export interface Upstream {
  readonly address: GuardUpstream
  /** The base URL for the proxy library. With a unix socket its host is a placeholder. */
  readonly url: string
  /** How the node is called in messages. */
  readonly name: string
  /** What the node is told as its own name. */
  readonly host: string
  /** What `@fastify/reply-from` takes for its HTTP client. */
  readonly client: { request: Dispatcher['request'] }
  /**
   * Runs `call`, whose request to the node ends when `gone` aborts, and when the node is found silent: the node is asked whether it
   * lives until `gone` or `done` aborts. Resolves with false, and runs nothing, where the node is still silent.
   */
  run(ends: { readonly gone: AbortSignal; readonly done: AbortSignal }, call: () => void): Promise<boolean>
  close(): Promise<void>
}

/** Where a node answers for itself. */
const HEALTH_PATHS: Readonly<Record<PortKind, string>> = { ingress: '/restate/health', admin: '/health' }

/** The error of a request to a node that says nothing, not even when it is asked whether it lives. */
class SilentNodeError extends Error {}

export function createUpstream(kind: PortKind, upstream: GuardUpstream, times: SilenceTimes): Upstream {
  const url = 'url' in upstream ? upstream.url : 'http://localhost'
  const pool = new Pool(url, {
    connections: null,
    pipelining: 1,
    // A batch may wait for rate for hours, so only the caller and a node that has fallen silent end the wait for an answer.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: {
      timeout: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
      ...('url' in upstream ? {} : { socketPath: upstream.socketPath }),
    },
  })
  // The proxy library passes no signal on, so the signal of the caller reaches the client beside it.
  const signals = new AsyncLocalStorage<AbortSignal>()
  const request = (options: Dispatcher.RequestOptions, callback: (error: Error | null, data: unknown) => void) => {
    pool.request({ ...options, signal: signals.getStore() ?? null }, callback)
  }
  const silence = createSilenceWatch({
    ...times,
    ask: async (signal) => {
      try {
        const { body } = await pool.request({ method: 'GET', path: HEALTH_PATHS[kind], signal })
        await body.dump()
        return true
      } catch (error) {
        // A node that stops takes no new connection and still ends the calls that it has.
        if (REFUSED.includes(codeOf(error))) return true
        throw error
      }
    },
  })
  return {
    address: upstream,
    url,
    name: 'url' in upstream ? new URL(url).host : upstream.socketPath,
    host: new URL(url).host,
    client: { request: request as Dispatcher['request'] },
    run: async ({ gone, done }, call) => {
      if (!(await silence.isAnswering())) return false
      const silent = new AbortController()
      const end = silence.watch((silentMs) => silent.abort(new SilentNodeError(`silent for ${silentMs / 1_000} s`)))
      for (const signal of [gone, done]) signal.addEventListener('abort', end, { once: true })
      if (gone.aborted || done.aborted) end()
      signals.run(AbortSignal.any([gone, silent.signal]), call)
      return true
    },
    close: () => pool.destroy(),
  }
}

/** The refusal for a request that brought no answer of the node. `error` is what the proxy library reports. */
export function refusalOfFailure(error: Error, name: string): Refusal {
  const cause = error.cause instanceof Error ? error.cause : error
  if (cause instanceof BodyTooLargeError) return BODY_TOO_LARGE
  if (cause instanceof SilentNodeError) return refusalOfSilence(name, cause.message)
  return refusal('node-away', `The Restate node ${name} gave no answer (${codeOf(cause)})`)
}

/** The refusal for a request to a node that says nothing: another node has the answer of the same key. */
export function refusalOfSilence(name: string, how = 'still silent'): Refusal {
  return refusal(
    'node-away',
    `The Restate node ${name} gives no sign of life (${how}); call another node, with the same key`,
  )
}

const REFUSED = ['ECONNREFUSED', 'ENOENT']

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return ''
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
