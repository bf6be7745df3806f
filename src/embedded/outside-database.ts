/** A database that the embedded stack does not start itself: waiting until it answers. */
import pg from 'pg'
import { readConnectionUrl } from '../config/database-connection.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { retryFor } from '../lib/timing.ts'
import { tlsClient } from '../store/connection/tls.ts'

/**
 * Milliseconds that the stack waits at its start for a database that is away; a replica that starts alone waits as
 * long.
 */
const PATIENCE_MS = 120_000
const RETRY_MS = 1_000
const CONNECT_TIMEOUT_MS = 3_000
/** SQLSTATE classes of a server that is there and not ready yet: connection errors, no resources, starting or shutting down. */
const NOT_READY = /^(?:08|53|57)/

/**
 * Resolves when the database at `url` answers. A refused user or password counts as an answer, because the replica
 * reports such errors itself. Rejects with `ServiceError` embedded-failed after `patienceMs`, and with the reason of
 * `signal` when it aborts.
 */
export async function waitForDatabase(
  url: string,
  say: (line: string) => void,
  signal: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  let last = { place: '', problem: '' }
  const attempt = async (count: number) => {
    const { place, problem } = await ping(url)
    if (problem === undefined) {
      if (count > 0) say(`The database at ${place} answers`)
      return true
    }
    if (count === 0) say(`Waiting for the database at ${place} (${problem}) …`)
    last = { place, problem }
    return undefined
  }
  const hasAnswered = await retryFor(attempt, { delayMs: RETRY_MS, patienceMs, signal })
  if (hasAnswered === true) return
  const seconds = Math.round(patienceMs / 1_000)
  const message = `The database at ${last.place} did not answer for ${seconds} s (${last.problem})`
  throw new ServiceError('embedded-failed', message)
}

/**
 * Connects once. Returns the host and port of `url`, which hold no password, and the problem that keeps the database
 * from answering, or undefined where it answers.
 */
async function ping(url: string): Promise<{ readonly place: string; readonly problem: string | undefined }> {
  const { url: connectionString, tls } = readConnectionUrl(url)
  const { Client, ssl } = tlsClient(tls, undefined)
  const client = new Client({ connectionString, ssl, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  const place = `${client.host}:${client.port}`
  // An error event without a listener would end this process when the database goes away again.
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

/** The message of `error`, or its code where the message is empty, as it is for a host name with several addresses. */
function problemOf(error: unknown): string {
  const message = messageOf(error)
  return message === '' && error instanceof Error && 'code' in error ? String(error.code) : message
}
