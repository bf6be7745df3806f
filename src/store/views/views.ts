/** Puts the reads of the console together. */
import type { DatabasePool } from '../pool.ts'
import { listBudgetChanges } from './budget-history.ts'
import { countDecisions, findCorrections, findDisagreements } from './decisions.ts'
import { countLabels } from './label-counts.ts'
import { findPace, findRunDetail } from './run-views.ts'
import { findAlike, findHistory, search } from './search.ts'
import type { ViewStore } from './types.ts'

export function createViewStore(pool: DatabasePool): ViewStore {
  return {
    findPace: (runId) => findPace(pool, runId),
    findRunDetail: (runId) => findRunDetail(pool, runId),
    search: (filter, after, limit) => search(pool, filter, after, limit),
    findHistory: (scope, id) => findHistory(pool, scope, id),
    listBudgetChanges: (limit) => listBudgetChanges(pool, limit),
    countDecisions: (scope, runIds) => countDecisions(pool, scope, runIds),
    findCorrections: (codebook) => findCorrections(pool, codebook),
    findDisagreements: (hash, limit) => findDisagreements(pool, hash, limit),
    countLabels: (codebook) => countLabels(pool, codebook),
    findAlike: (scope, indicator, limit) => findAlike(pool, scope, indicator, limit),
  }
}
