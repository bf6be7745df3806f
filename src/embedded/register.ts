/** Registers the replica with the embedded restate-server, through its Unix socket. */
import { messageOf, ServiceError } from '../errors.ts'
import { retryFor } from '../lib/timing.ts'
import { requestSocket } from './sockets.ts'

/** The milliseconds that the whole registration may take, and one attempt of it. */
const PATIENCE_MS = 60_000
const ATTEMPT_TIMEOUT_MS = 15_000
const RETRY_MS = 500
const MAX_MESSAGE_LENGTH = 300

export interface Registration {
  /** The path of the admin API's socket. */
  readonly adminSocket: string
  /** The URL at which restate-server calls the replica. */
  readonly uri: string
  readonly signal: AbortSignal
  /** Milliseconds after which no further attempt is made; a minute by default. */
  readonly patienceMs?: number
}

/**
 * Registers the replica, and tries again while Restate does not reach it, because a replica that ended at its start is started
 * again. `force` makes Restate discover its handlers anew, because a new release may have other ones. Rejects with ServiceError
 * admin-failed, which has the last answer.
 */
export async function register({ adminSocket, uri, signal, patienceMs = PATIENCE_MS }: Registration): Promise<void> {
  let failure = ''
  let cause: unknown
  const attempt = async () => {
    try {
      const { status, text } = await requestSocket({
        ...{ socketPath: adminSocket, path: '/deployments', body: { uri, force: true } },
        signal: AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]),
      })
      if (status < 300) return true
      failure = ` (${status}): ${text.slice(0, MAX_MESSAGE_LENGTH)}`
      cause = undefined
    } catch (error) {
      signal.throwIfAborted()
      failure = `: ${messageOf(error)}`
      cause = error
    }
    return undefined
  }
  if ((await retryFor(attempt, { delayMs: RETRY_MS, patienceMs, signal })) === true) return
  throw new ServiceError('admin-failed', `Restate did not register ${uri}${failure}`, { cause })
}
