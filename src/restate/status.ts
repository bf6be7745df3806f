/** The handler classify-api/status: the latest classification of an indicator, or the totals of a run. */
import { ServiceError } from '../errors.ts'
import type { Store } from '../store/types.ts'
import { toTotalsBody } from './batch/summary.ts'
import type { StatusRequest, StatusResponse } from './contract.ts'

/**
 * Reads the status from the store. Rejects with ServiceError input-not-found for an indicator or a run that the service
 * does not know.
 */
export async function readStatus(store: Store, request: StatusRequest): Promise<StatusResponse> {
  if (request.indicator_id !== undefined) {
    const classification = await store.findClassification(request.indicator_id)
    if (classification === undefined) throw notFound(`indicator "${request.indicator_id}" is not classified yet`)
    return classification
  }
  const run = request.run_id === undefined ? undefined : await store.findRun(request.run_id)
  if (run === undefined) throw notFound(`run "${request.run_id ?? ''}" is not known`)
  return {
    run_id: run.runId,
    started_at: run.startedAt,
    updated_at: run.updatedAt,
    batches: run.batches,
    answered: run.answered,
    ...toTotalsBody(run),
  }
}

function notFound(message: string): ServiceError {
  return new ServiceError('input-not-found', message)
}
