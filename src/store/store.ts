/** The PostgreSQL adapter of the store's port. */
import { ServiceError } from '../errors.ts'
import { findAnswers, writeAnswers } from './answers.ts'
import { Parameters } from './bulk.ts'
import { exportClassifications, exportIndicators } from './export.ts'
import type { DatabasePool } from './pool.ts'
import { execute } from './query.ts'
import { findClassification, findLatest, writeResults } from './results.ts'
import { findRun, openRun, writeBatchTotals, writeRequests } from './runs.ts'
import type { BatchToSave, Store } from './types.ts'

/** A store on a pool of `createPool`. It opens nothing: whoever made the pool closes it. */
export function createStore(pool: DatabasePool): Store {
  return {
    openRun: (runId) => openRun(pool, runId),
    findLatest: (ids) => findLatest(pool, ids),
    findAnswers: (shapeHashes) => findAnswers(pool, shapeHashes),
    saveBatch: (batch) => saveBatch(pool, batch),
    findClassification: (id) => findClassification(pool, id),
    findRun: (runId) => findRun(pool, runId),
    exportClassifications: (options) => exportClassifications(pool, options),
    exportIndicators: (options) => exportIndicators(pool, options),
    ping: (timeoutMs) => ping(pool, timeoutMs),
    stats: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
  }
}

/**
 * One statement, and so one transaction and one round trip. All batches write the same tables in the same order, each
 * in order of its key, so that batches with rows in common wait for each other instead of deadlocking.
 */
async function saveBatch(pool: DatabasePool, batch: BatchToSave): Promise<void> {
  const parameters = new Parameters()
  const parts = [
    ...writeResults(parameters, batch.results, { runId: batch.runId, startedAt: batch.runStartedAt }),
    ...writeAnswers(parameters, batch.answers, answeredAt(batch)),
    ...writeRequests(parameters, batch),
  ]
  const text = `with ${parts.join(',\n')}\n${writeBatchTotals(parameters, batch)}`
  await execute(pool, 'save a batch', text, parameters.values)
}

/** Answers carry no time of their own; that of their batch's newest result is the same whenever it is saved. */
function answeredAt(batch: BatchToSave): string {
  const times = batch.results.map(({ classification }) => classification.classified_at).sort()
  return times.at(-1) ?? batch.runStartedAt
}

async function ping(pool: DatabasePool, timeoutMs: number): Promise<void> {
  const answered = execute(pool, 'answer a ping', 'select 1')
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new ServiceError('database-unavailable', `The database did not answer a ping in ${timeoutMs} ms`))
  }, timeoutMs)
  try {
    await Promise.race([answered, late])
  } finally {
    clearTimeout(timer)
    // The one that lost the race may still reject, and no one listens any more.
    answered.catch(() => {})
  }
}
