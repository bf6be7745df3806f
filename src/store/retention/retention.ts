/** Deletes old rows from within a replica, when it starts and every hour from then on.
 *
 * A timer starts a sweep of all tables. Every replica has the timer, and a lock of the database lets one replica delete
 * at a time.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Logger } from 'pino'
import { z } from 'zod'
import { messageOf } from '../../errors.ts'
import type { DatabasePool } from '../pool.ts'
import { inTransaction } from '../transaction.ts'
import { CHUNK_DAYS, dropOldChunks, findHypertables } from './expired-chunks.ts'
import {
  type Deletion,
  type DeletionJob,
  deleteEndedRuns,
  deleteOldRequests,
  deleteStrayHistory,
  deleteUnusedAnswers,
  RETENTION_TABLES,
  type RetentionTable,
} from './expired-rows.ts'

const SWEEP_INTERVAL_MS = 3_600_000

/** Milliseconds between two transactions of a sweep, so that most of the database's time is left for batches. */
const PAUSE_MS = 100

/** The key of the advisory lock under which rows are deleted: "clsr" in ASCII, a number that nothing else locks. */
const LOCK_KEY = 0x636c7372

/**
 * Begins a transaction that the server ends after its time limits, so that a replica that stops in the middle does not
 * keep the lock. The lock belongs to the transaction and not to the session, because PgBouncer shares sessions.
 */
const BEGIN = `begin;
  set local lock_timeout = 2000;
  set local statement_timeout = 10000;
  set local idle_in_transaction_session_timeout = 10000`

export interface RetentionOptions {
  readonly pool: DatabasePool
  /** The retention period in days. */
  readonly days: number
  readonly log: Logger
  /** Called after each transaction that deleted rows, so that the metric of deleted rows can count them. */
  readonly deleted: (table: RetentionTable, rows: number) => void
}

export interface Retention {
  /** Deletes old rows now and every hour. Call it once, when the schema is up to date. */
  start(): void
  /** Stops the timer, and resolves once the transaction that is under way has ended. */
  close(): Promise<void>
}

export function createRetention(options: RetentionOptions): Retention {
  const closing = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const repeat = async () => {
    while (!closing.signal.aborted) {
      await sweepAndLog(options, closing.signal)
      await sleep(SWEEP_INTERVAL_MS, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }
  return {
    start: () => {
      running = repeat()
    },
    close: async () => {
      closing.abort()
      await running
    },
  }
}

/**
 * Sweeps once and logs one line with the deleted rows, or no line where nothing was deleted. A failure is logged and
 * not thrown.
 */
async function sweepAndLog({ pool, days, log, deleted }: RetentionOptions, signal: AbortSignal): Promise<void> {
  const rowsByTable: Partial<Record<RetentionTable, number>> = {}
  try {
    await sweep({
      pool,
      days,
      signal,
      deleted: (table, rows) => {
        rowsByTable[table] = (rowsByTable[table] ?? 0) + rows
        deleted(table, rows)
      },
    })
  } catch (error) {
    log.warn({ reason: messageOf(error) }, 'Rows older than RETENTION_DAYS could not be deleted')
  }
  if (Object.keys(rowsByTable).length > 0) {
    log.info({ days, deleted: rowsByTable }, 'Rows older than RETENTION_DAYS were deleted')
  }
}

export interface SweepOptions extends Omit<RetentionOptions, 'log'> {
  /** When this signal aborts, the sweep ends after the transaction that is under way. */
  readonly signal: AbortSignal
}

/**
 * Deletes until nothing older than `days` is left, `signal` aborts, or another replica is found deleting. Rejects with
 * a `ServiceError` of the database; rows that were deleted until then stay deleted.
 */
export async function sweep({ pool, days, signal, deleted }: SweepOptions): Promise<void> {
  for (const job of await listJobs(pool, days)) {
    let hasMore = true
    while (hasMore && !signal.aborted) {
      const deletion = await runUnderLock(pool, job)
      if (deletion === null) return
      for (const table of RETENTION_TABLES) {
        const rows = deletion.rows[table] ?? 0
        if (rows > 0) deleted(table, rows)
      }
      hasMore = deletion.hasMore
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

/**
 * Lists the jobs of a sweep. Rows of a hypertable are dropped with their whole chunk. Where the history is a
 * hypertable, a run is deleted later by the length of a chunk, so that its history is usually dropped first; the job
 * for runs deletes the rows of a run whose chunk is still kept for another run.
 */
async function listJobs(pool: DatabasePool, days: number): Promise<readonly DeletionJob[]> {
  const { names, home } = await inTransaction(pool, { doing: 'find hypertables' }, findHypertables)
  const runDays = names.includes('result_history') ? days + CHUNK_DAYS : days
  return [
    ...names.map((table) => dropOldChunks(table, days, home)),
    ...(names.includes('llm_requests') ? [] : [deleteOldRequests(days)]),
    deleteEndedRuns(runDays),
    ...(names.includes('result_history') ? [] : [deleteStrayHistory(days)]),
    deleteUnusedAnswers('shape_answers', days),
    deleteUnusedAnswers('answers', days),
  ]
}

const lockRows = z.array(z.object({ is_ours: z.boolean() }))

/** Runs `job` in a transaction that holds the advisory lock; null where another replica holds the lock. */
function runUnderLock(pool: DatabasePool, job: DeletionJob): Promise<Deletion | null> {
  const locked = async (client: pg.Client) => {
    const { rows } = await client.query<Record<string, unknown>>(
      `select pg_try_advisory_xact_lock(${LOCK_KEY}) as is_ours`,
    )
    return lockRows.parse(rows)[0]?.is_ours === true ? job(client) : null
  }
  return inTransaction(pool, { doing: 'delete old rows', begin: BEGIN }, locked)
}
