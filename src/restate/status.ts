/** classify-api/status: the latest classification of an indicator, or the totals of a run. */
import { TerminalError } from '@restatedev/restate-sdk'
import type { Store } from '../store/types.ts'
import { toTotalsBody } from './batch/summary.ts'
import { formatFailure, type StatusRequest, type StatusResponse } from './contract.ts'

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

function notFound(message: string): TerminalError {
  return new TerminalError(formatFailure('input-not-found', message), { errorCode: 404 })
}
