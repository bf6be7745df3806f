/** Implements the port `Store` on PostgreSQL: puts the functions of this folder together, and the statements that save. */
import { findAnswers, writeAnswers } from './answers.ts'
import { createAttemptNotes } from './attempts/attempt-notes.ts'
import { Parameters } from './bulk.ts'
import { claimShapes, findClaims, releaseClaims, releaseClaimsOf, renewClaims, writeEndedClaims } from './claims.ts'
import { findCodebook, listCodebooks, saveCodebook } from './codebooks/codebooks.ts'
import { executeNamed } from './connection/named-statements.ts'
import { createWritability, type Writability } from './connection/writability.ts'
import { findAudits, writeAudits } from './evidence/audits.ts'
import { createCalibrationStore } from './evidence/calibrations.ts'
import { createCertificateStore } from './evidence/certificates.ts'
import { exportClassifications, exportIndicators, listCatalogues } from './export.ts'
import { findHumanAnswers, hasHumanAnswers, overrideHumanAnswers } from './human-answers.ts'
import type { DatabasePool } from './pool.ts'
import { writeAnswerUses } from './purge/answer-uses.ts'
import { createPurgeStore } from './purge/purge.ts'
import { execute } from './query.ts'
import { bookRequests, findModelUse, reserveCosts, writeRequests } from './requests/model-requests.ts'
import { findClassifications, findLatest, writeResults } from './results.ts'
import { exportDecisions, findIndicators, listNeedingReview, saveReview } from './reviews.ts'
import { createDriverStore } from './runs/run-drivers.ts'
import { findRun, listRuns } from './runs/run-list.ts'
import { addAnswered, openRun, reopenRun, writeBatchTotals } from './runs.ts'
import { createTrialStore } from './trials/trials.ts'
import type { AnswersToSave, AnswerToStore, AnswerUse, BatchToSave, RequestToBook, Store } from './types.ts'
import { createReviewCardStore } from './views/review-cards.ts'
import { createViewStore } from './views/views.ts'

/**
 * A store on a pool of `createPool`, which the caller opens and closes. `watch` is told how the writes of batches and
 * requests end.
 */
export function createStore(pool: DatabasePool, { watch }: Pick<Writability, 'watch'> = createWritability()): Store {
  return {
    openRun: (runId) => openRun(pool, runId),
    saveCodebook: (codebook, fields) => saveCodebook(pool, codebook, fields),
    findCodebook: (by) => findCodebook(pool, by),
    listCodebooks: () => listCodebooks(pool),
    findLatest: (scope, ids) => findLatest(pool, scope, ids),
    findAnswers: (shapeHashes) => findAnswers(pool, shapeHashes),
    findHumanAnswers: (shapeHashes) => findHumanAnswers(pool, shapeHashes),
    hasHumanAnswers: () => hasHumanAnswers(pool),
    findModelUse: (model) => findModelUse(pool, model),
    claimShapes: (owner, shapeHashes, holdMs) => claimShapes(pool, owner, shapeHashes, holdMs),
    renewClaims: (owner, shapeHashes, holdMs) => renewClaims(pool, owner, shapeHashes, holdMs),
    releaseClaims: (owner, shapeHashes) => releaseClaims(pool, owner, shapeHashes),
    releaseClaimsOf: (owners) => releaseClaimsOf(pool, owners),
    findClaims: (shapeHashes, since) => findClaims(pool, shapeHashes, since),
    saveAnswers: (answers) => watch(saveAnswers(pool, answers)),
    findAudits: (scope, after) => findAudits(pool, scope, after),
    saveBatch: (batch) => watch(saveBatch(pool, batch)),
    findClassifications: (id, scope) => findClassifications(pool, id, scope),
    findRun: (runId) => findRun(pool, runId),
    listRuns: (wanted) => listRuns(pool, wanted),
    addAnswered: (counts) => addAnswered(pool, counts),
    exportClassifications: (options) => exportClassifications(pool, options),
    findIndicators: (scope, ids) => findIndicators(pool, scope, ids),
    listNeedingReview: (options) => listNeedingReview(pool, options),
    saveReview: (review) => saveReview(pool, review),
    exportDecisions: (options) => exportDecisions(pool, options),
    listCatalogues: () => listCatalogues(pool),
    exportIndicators: (options) => exportIndicators(pool, options),
    requests: {
      book: (requests, answers, answeredAt, uses) => watch(bookRequests(pool, requests, answers, answeredAt, uses)),
      reserve: (reservations) => reserveCosts(pool, reservations),
    },
    certificates: createCertificateStore(pool),
    calibrations: createCalibrationStore(pool),
    attempts: createAttemptNotes(pool),
    trials: createTrialStore(pool),
    drivers: createDriverStore(pool),
    purges: createPurgeStore(pool),
    views: createViewStore(pool),
    reviewCards: createReviewCardStore(pool),
    stats: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
  }
}

/**
 * Saves a batch in one statement, which is one transaction and one round trip. Every batch writes the tables in the same
 * order and their rows in order of the key, so that batches with rows in common wait for each other and cannot deadlock.
 */
async function saveBatch(pool: DatabasePool, batch: BatchToSave): Promise<void> {
  const parameters = new Parameters()
  const parts = [
    ...writeResults(parameters, batch.results, {
      runId: batch.runId,
      startedAt: batch.runStartedAt,
      codebook: batch.scope.codebook,
      sequence: batch.sequence,
      overridesHumanAnswers: batch.overriddenHumanAnswers !== undefined,
    }),
    ...overrideHumanAnswers(parameters, batch),
    ...writeAnswers(parameters, numbered(batch), answeredAt(batch)),
    ...writeAnswerUses(parameters, usesOf(batch)),
    ...writeAudits(parameters, batch),
    ...writeRequests(parameters, requestsOf(batch)),
    ...reopenRun(parameters, batch),
    ...writeEndedClaims(parameters, batch.end),
  ]
  const text = `with ${parts.join(',\n')}\n${writeBatchTotals(parameters, batch)}`
  // Without claims to end and decisions of people to override the statement reads no table, and costs as much to plan as to run.
  const readsNone = (batch.end?.claims.length ?? 0) === 0 && (batch.overriddenHumanAnswers?.length ?? 0) === 0
  await (readsNone ? executeNamed : execute)(pool, 'save a batch', text, parameters.values)
}

/** Saves answers and the end of their claims in one statement, in the same order of tables as `saveBatch`. */
async function saveAnswers(pool: DatabasePool, { runId, answers, answeredAt, end }: AnswersToSave): Promise<void> {
  const parameters = new Parameters()
  const parts = [
    ...writeAnswers(parameters, answers, answeredAt),
    ...writeAnswerUses(parameters, usesOf({ runId, answers })),
    ...writeEndedClaims(parameters, end),
  ]
  if (parts.length > 0) await execute(pool, 'save answers', `with ${parts.join(',\n')}\nselect`, parameters.values)
}

function numbered({ answers, sequence }: BatchToSave): readonly AnswerToStore[] {
  return answers.map((answer) => ({ ...answer, sequence }))
}

function usesOf({ runId, answers, reused = [] }: Pick<BatchToSave, 'runId' | 'answers' | 'reused'>): AnswerUse[] {
  return [...answers.map(({ shapeHash }) => shapeHash), ...reused].map((shapeHash) => ({ runId, shapeHash }))
}

function requestsOf({ runId, batchId, requests }: BatchToSave): RequestToBook[] {
  return requests.map((request) => ({ runId, batchId, request }))
}

/** The time of a batch's answers: that of its newest result, which is the same whenever the batch is saved again. */
function answeredAt(batch: BatchToSave): string {
  const times = batch.results.map(({ classification }) => classification.classified_at).sort()
  return times.at(-1) ?? batch.runStartedAt
}
