/** Builds the request for one batch of a run. */
import type { PlannedBatch } from '../audits/audit-stages.ts'
import type { RunHeader } from '../classify/run-journal.ts'
import type { Batch } from './batches.ts'

/**
 * Builds the request for batch number `index` of a run. A batch that has failed is sent again under a new idempotency
 * key, because Restate would answer the old key with the old failure.
 */
export function buildBatch(
  header: RunHeader,
  { index, indicators, isAudit }: PlannedBatch,
  { failures, maxUsd }: { readonly failures: number; readonly maxUsd: number | undefined },
): Batch {
  const { run_id: runId, catalogue, codebook, force } = header
  const { mode, reuse, trust, target, pack, override_person, tier, tier_fallback } = header.options
  return {
    idempotencyKey: failures === 0 ? `${runId}-${index}` : `${runId}-${index}-retry-${failures}`,
    body: {
      indicators,
      run_id: runId,
      ...(catalogue === undefined ? {} : { catalogue }),
      ...(codebook === undefined ? {} : { codebook }),
      force,
      options: {
        mode,
        reuse,
        trust,
        ...(target === undefined ? {} : { target }),
        audit: isAudit ? 'all' : 'none',
        ...(pack === undefined ? {} : { pack }),
        ...(tier === undefined ? {} : { tier }),
        ...(tier_fallback === undefined ? {} : { tier_fallback }),
        ...(maxUsd === undefined ? {} : { max_cost_usd: maxUsd }),
        ...(override_person === undefined ? {} : { override_person }),
      },
    },
  }
}
