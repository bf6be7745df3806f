/** Builds the body of a request that has indicators of a run classified, and the whole request for one batch. */
import type { Indicator } from '../../classification/types.ts'
import type { PlannedBatch } from '../audits/audit-stages.ts'
import type { RunHeader } from '../classify/run-journal.ts'
import type { Batch } from './batches.ts'

/** The options of a run that influence the results of its indicators. */
export type RunRequest = Pick<RunHeader, 'catalogue' | 'codebook' | 'force' | 'options'>

/**
 * The body for `indicators`, of which the model is asked blind where `isAudit`. The order of its properties stays, because the guard
 * compares the bytes of a batch that is sent again.
 */
export function bodyOf(
  { catalogue, codebook, force, options }: RunRequest,
  indicators: readonly Indicator[],
  isAudit: boolean,
  more: { readonly runId?: string; readonly options?: object } = {},
) {
  const { mode, reuse, trust, target, pack, tier } = options
  return {
    indicators,
    ...(more.runId === undefined ? {} : { run_id: more.runId }),
    ...(catalogue === undefined ? {} : { catalogue }),
    ...(codebook === undefined ? {} : { codebook }),
    force,
    options: {
      mode,
      reuse,
      trust,
      ...(target === undefined ? {} : { target }),
      audit: isAudit ? ('all' as const) : ('none' as const),
      ...(pack === undefined ? {} : { pack }),
      ...(tier === undefined ? {} : { tier }),
      ...more.options,
    },
  }
}

/**
 * Builds the request for batch number `index` of a run. A batch that has failed is sent again under a new idempotency
 * key, because Restate would answer the old key with the old failure.
 */
export function buildBatch(
  header: RunHeader,
  { index, indicators, isAudit }: PlannedBatch,
  { failures, maxUsd }: { readonly failures: number; readonly maxUsd: number | undefined },
): Batch {
  const { run_id: runId } = header
  const { override_person, tier_fallback } = header.options
  const options = {
    ...(tier_fallback === undefined ? {} : { tier_fallback }),
    ...(maxUsd === undefined ? {} : { max_cost_usd: maxUsd }),
    ...(override_person === undefined ? {} : { override_person }),
  }
  return {
    idempotencyKey: failures === 0 ? `${runId}-${index}` : `${runId}-${index}-retry-${failures}`,
    body: bodyOf(header, indicators, isAudit, { runId, options }),
  }
}
