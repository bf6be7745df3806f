/** Implements the port `PurgeStore` on PostgreSQL: finds what the database holds of a run, and deletes it step by step. */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { z } from 'zod'
import { isServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { inTransaction } from '../transaction.ts'
import { countContents } from './contents.ts'
import type { StepResult } from './step.ts'
import { listSteps, takeUnnamedAnswers } from './steps.ts'
import type { PurgeOptions, PurgeStore } from './types.ts'

/**
 * Begins a transaction that waits only briefly for rows that a batch is writing, and that the server ends where this process is
 * stopped in the middle.
 */
const BEGIN = `begin;
  set local lock_timeout = 5000;
  set local idle_in_transaction_session_timeout = 60000`
/** Milliseconds between two transactions, so that most of the database's time is left for batches. */
const PAUSE_MS = 10
/** Milliseconds for which a transaction is tried again where the database is away, or a batch holds the rows. */
const PATIENCE_MS = 60_000
const RETRY_MS = 1_000

/** A store on a pool of `createPool`, which the caller opens and closes. */
export function createPurgeStore(pool: DatabasePool): PurgeStore {
  return {
    find: (runId, options) => countContents(pool, runId, options),
    findInvocations: (runId) => findInvocations(pool, runId),
    purge: (runId, options) => purge(pool, runId, options),
  }
}

const invocationRow = z.object({ invocation_id: z.string() })

async function findInvocations(pool: DatabasePool, runId: string): Promise<readonly string[]> {
  const text = 'select invocation_id from run_batches where run_id = $1 and invocation_id is not null'
  const found = await queryRows(pool, 'read the invocations of a run', invocationRow, text, [runId])
  return found.map((row) => row.invocation_id)
}

async function purge(pool: DatabasePool, runId: string, options: PurgeOptions): Promise<void> {
  const { signal, purged, withEarlierAnswers } = options
  const steps = [...listSteps(runId), ...(withEarlierAnswers ? [takeUnnamedAnswers] : [])]
  for (const step of steps) {
    let after = ''
    for (let hasMore = true; hasMore; ) {
      const result = await take(pool, (client) => step(client, after), signal)
      purged(result.counts)
      after = result.after ?? after
      hasMore = result.hasMore
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => signal.throwIfAborted())
    }
  }
}

/** Runs one transaction of a step, again where the database is away or a batch holds the rows. */
async function take(
  pool: DatabasePool,
  work: (client: pg.Client) => Promise<StepResult>,
  signal: AbortSignal,
): Promise<StepResult> {
  let failure: unknown
  const attempt = () =>
    inTransaction(pool, { doing: 'purge a run', begin: BEGIN }, work).catch((error: unknown) => {
      if (!isServiceError(error) || error.code !== 'database-unavailable') throw error
      failure = error
      return undefined
    })
  const result = await retryFor(attempt, { delayMs: RETRY_MS, patienceMs: PATIENCE_MS, signal })
  if (result === undefined) throw failure
  return result
}
