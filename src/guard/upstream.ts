/** The connections to one Restate node, over TCP or a unix socket, and how its failures are told to the caller. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Dispatcher, Pool } from 'undici'
import type { GuardUpstream } from '../config/guard-values.ts'
import { BodyTooLargeError } from './bodies.ts'
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
  /** Runs `call`, whose request to the node ends when `signal` aborts. */
  run(signal: AbortSignal, call: () => void): void
  close(): Promise<void>
}

export function createUpstream(upstream: GuardUpstream): Upstream {
  const url = 'url' in upstream ? upstream.url : 'http://localhost'
  const pool = new Pool(url, {
    connections: null,
    pipelining: 1,
    // A batch may wait for rate for hours, so only the caller ends the wait for an answer.
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
  return {
    address: upstream,
    url,
    name: 'url' in upstream ? new URL(url).host : upstream.socketPath,
    host: new URL(url).host,
    client: { request: request as Dispatcher['request'] },
    run: (signal, call) => signals.run(signal, call),
    close: () => pool.destroy(),
  }
}

/** The refusal for a request that brought no answer of the node. `error` is what the proxy library reports. */
export function refusalOfFailure(error: Error, name: string): Refusal {
  const cause = error.cause instanceof Error ? error.cause : error
  if (cause instanceof BodyTooLargeError) return BODY_TOO_LARGE
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
  return refusal('node-away', `The Restate node ${name} gave no answer (${code})`)
}
