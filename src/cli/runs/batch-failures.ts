/** What the failure of one batch means for its run. */
import { isServiceError } from '../../errors.ts'
import { BatchFailedError } from '../client/batches.ts'

export function codeOf(error: unknown): string {
  return error instanceof BatchFailedError || isServiceError(error) ? error.code : 'internal'
}

/**
 * Returns the reason why the failure of one batch ends the whole run; undefined where the other batches may still
 * succeed.
 */
export function stopReasonOf(error: unknown): string | undefined {
  const code = codeOf(error)
  // A person who cancels one batch wants the whole run to end.
  if (code === 'cancelled') return 'the run was cancelled'
  const stopsTheRun = error instanceof BatchFailedError ? error.stopsTheRun : code === 'ingress-unavailable'
  return stopsTheRun ? 'every batch would fail the same way' : undefined
}
