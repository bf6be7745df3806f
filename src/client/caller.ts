/** Sends one call of the client, to another node and again where that may help: every call that it sends may be repeated. */
import { ClassifyError, readFailure } from './classify-error.ts'

export interface CallerOptions {
  readonly urls: readonly string[]
  readonly token: string | undefined
  readonly patienceMs: number
  readonly fetch: typeof fetch
}

export interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: unknown
  readonly key?: string
  readonly signal?: AbortSignal | undefined
  /** Whether the answer may take hours, so that a connection that ends before it says nothing. */
  readonly waits?: boolean
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000

/**
 * Resolves with the parsed answer. Rejects with `ClassifyError` where the call is refused or no node answers for `patienceMs`, and
 * with the reason of an aborted signal.
 */
export function createCaller({
  urls,
  token,
  patienceMs,
  fetch: send,
}: CallerOptions): (call: Call) => Promise<unknown> {
  let node = 0

  return async (call) => {
    const headers = {
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(call.key === undefined ? {} : { 'idempotency-key': call.key }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const body = call.body === undefined ? null : JSON.stringify(call.body)
    let givesUpAt = performance.now() + patienceMs
    for (let tries = 0; ; tries += 1) {
      call.signal?.throwIfAborted()
      const sentAt = performance.now()
      const outcome = await attempt(`${urls[node % urls.length] ?? ''}${call.path}`, {
        ...{ method: call.method, headers, body },
        signal: call.signal ?? null,
      })
      if ('answer' in outcome) return outcome.answer
      call.signal?.throwIfAborted()
      // A node that kept the connection for a while was there, and the wait begins anew.
      if (call.waits === true && performance.now() - sentAt > LONGEST_PAUSE_MS)
        givesUpAt = performance.now() + patienceMs
      const pauseMs = outcome.waitMs ?? Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries)
      if (!outcome.mayHelp || performance.now() + pauseMs > givesUpAt) throw outcome.error
      if (outcome.waitMs === undefined) node += 1
      await pause(pauseMs, call.signal)
    }
  }

  async function attempt(url: string, request: RequestInit): Promise<Outcome> {
    try {
      const response = await send(url, request)
      const text = await response.text()
      if (response.ok) return { answer: text === '' ? undefined : JSON.parse(text) }
      const error = readFailure(response.status, text)
      // What the handler itself has answered is its last word.
      const isOfHandler = response.headers.get('x-restate-error-source') === 'invocation'
      const waitMs = response.status === 429 ? secondsOf(response.headers.get('retry-after')) : undefined
      return { error, mayHelp: !isOfHandler && [408, 429, 502, 503, 504].includes(response.status), waitMs }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return {
        error: new ClassifyError(0, null, `${new URL(url).origin} gives no answer: ${reason}`, error),
        mayHelp: true,
      }
    }
  }
}

type Outcome =
  | { readonly answer: unknown }
  | { readonly error: ClassifyError; readonly mayHelp: boolean; readonly waitMs?: number | undefined }

function secondsOf(retryAfter: string | null): number | undefined {
  return retryAfter !== null && /^\d{1,5}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : undefined
}

/** Waits, and rejects with the reason of the signal where it aborts meanwhile. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const abort = () => {
    clearTimeout(timer)
    reject(signal?.reason)
  }
  const timer = setTimeout(() => {
    signal?.removeEventListener('abort', abort)
    resolve()
  }, ms)
  signal?.addEventListener('abort', abort, { once: true })
  return promise
}
