/** A database that is not ours to start: whether it answers yet. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { messageOf, ServiceError } from '../errors.ts'

/** As long as a replica by itself would wait. */
const PATIENCE_MS = 120_000
const RETRY_MS = 1_000
const CONNECT_TIMEOUT_MS = 3_000
/** SQLSTATE classes of a server that is there and not ready: connection, resources, starting or shutting down. */
const NOT_READY = /^(?:08|53|57)/

/**
 * Resolves when the database answers, be it with a refusal of user or password: what is wrong then is the replica's to
 * say. Rejects with embedded-failed after two minutes, with the signal's reason when that is aborted.
 */
export async function untilDatabaseAnswers(
  url: string,
  say: (line: string) => void,
  signal: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (let attempt = 0; ; attempt += 1) {
    signal.throwIfAborted()
    const { place, problem } = await ping(url)
    if (problem === undefined) {
      if (attempt > 0) say(`The database at ${place} answers`)
      return
    }
    if (Date.now() > deadline) {
      const seconds = Math.round(patienceMs / 1_000)
      throw new ServiceError('embedded-failed', `The database at ${place} did not answer for ${seconds} s (${problem})`)
    }
    if (attempt === 0) say(`Waiting for the database at ${place} (${problem}) …`)
    await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
}

/** Host and port, never the password; and what keeps it from answering. */
async function ping(url: string): Promise<{ readonly place: string; readonly problem: string | undefined }> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  const place = `${client.host}:${client.port}`
  // It may go away at any moment.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return { place, problem: undefined }
  } catch (error) {
    const isAnswer = error instanceof pg.DatabaseError && !NOT_READY.test(error.code ?? '')
    return { place, problem: isAnswer ? undefined : problemOf(error) }
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** A name with several addresses gives an error without words of its own. */
function problemOf(error: unknown): string {
  const message = messageOf(error)
  return message === '' && error instanceof Error && 'code' in error ? String(error.code) : message
}
