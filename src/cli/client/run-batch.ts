/** Builds the body of a request that has indicators of a run classified, and the batches of a run as they are sent. */
import type { Indicator } from '../../classification/types.ts'
import { PackedJson } from '../../lib/json/packed-json.ts'
import type { PlannedBatch } from '../audits/audit-stages.ts'
import type { RunHeader } from '../classify/run-journal.ts'
import type { Batch } from './batches.ts'
import { JsonBytes } from './http.ts'

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

/** A batch on its way: what is sent of it, and what the run has to know of it until its answer is there. */
export interface OutgoingBatch extends Pick<PlannedBatch, 'index' | 'isAudit' | 'kept'> {
  readonly ids: readonly string[]
  /**
   * Builds the request. A batch that has failed is sent again under a new idempotency key, because Restate would answer the old key
   * with the old failure.
   */
  request(sending: { readonly failures: number; readonly maxUsd: number | undefined }): Batch
}

/**
 * Makes a batch ready for sending. Its indicators are held as their JSON, packed and outside of the heap: with dozens of batches in
 * flight, objects would be the most that a run has in its heap, and what the garbage collector has to copy.
 */
export function createOutgoing(header: RunHeader, { indicators, kept, ...planned }: PlannedBatch): OutgoingBatch {
  const { run_id: runId } = header
  const { override_person, tier_fallback } = header.options
  const { index, isAudit } = planned
  const list = new PackedJson(`{"indicators":${JSON.stringify(indicators)},`)
  return {
    ...planned,
    ids: idsOf(indicators),
    // A copy, as the ids are; JSON would lose numbers that it does not have.
    kept: structuredClone(kept),
    request: ({ failures, maxUsd }) => {
      const options = {
        ...(tier_fallback === undefined ? {} : { tier_fallback }),
        ...(maxUsd === undefined ? {} : { max_cost_usd: maxUsd }),
        ...(override_person === undefined ? {} : { override_person }),
      }
      const { indicators: _, ...rest } = bodyOf(header, [], isAudit, { runId, options })
      return {
        idempotencyKey: failures === 0 ? `${runId}-${index}` : `${runId}-${index}-retry-${failures}`,
        body: new JsonBytes([list, Buffer.from(JSON.stringify(rest).slice(1))]),
      }
    },
  }
}

/** The ids, as copies: a text that was cut from a row of the file keeps the whole row in memory. */
export function idsOf(indicators: readonly Indicator[]): string[] {
  return JSON.parse(JSON.stringify(indicators.map(({ indicator_id: id }) => id))) as string[]
}
