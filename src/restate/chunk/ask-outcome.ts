/** The outcome of one attempt to have a chunk answered, as the journal holds it. */
import type { ServiceTier } from '../../lib/service-tiers.ts'
import type { ModelRequestRecord } from '../../store/types.ts'
import type { ChunkReply } from '../chunk-contract.ts'

/** The outcome of one attempt. The journal fixes its property names. */
export type AskOutcome =
  /**
   * The chunk must wait `waitMs`, because the rate budget allows no start sooner or the endpoint has refused `request`
   * for its rate or until a time; or, with `for`, because only the end of other requests shows what the run may still spend, or
   * because the flex tier has no capacity now. With `service_tier` it asks in that tier from now on.
   */
  | {
      readonly kind: 'wait'
      readonly waitMs: number
      readonly request?: ModelRequestRecord
      /** Requests before it that were refused for their form. */
      readonly refused?: readonly ModelRequestRecord[]
      readonly for?: 'cost' | 'capacity'
      readonly service_tier?: ServiceTier
    }
  /** The endpoint is away or slow, so that the same question may be answered later. */
  | {
      readonly kind: 'retry'
      readonly asked_model: string
      readonly code: string
      readonly message: string
      /** Whether the model has answered, with nothing in its answer. */
      readonly empty?: true
      readonly request: ModelRequestRecord
      readonly refused?: readonly ModelRequestRecord[]
    }
  /** The chunk is done: it has its answers, or failures that another attempt would not mend. */
  | ({
      readonly kind: 'answered'
      /** The beginning of an answer of which nothing could be used. It is not journaled. */
      readonly seen?: string
    } & ChunkReply)

/** The requests of an attempt that has brought no answer. */
export function requestsOf({ request, refused = [] }: Exclude<AskOutcome, { kind: 'answered' }>): ModelRequestRecord[] {
  return request === undefined ? [] : [...refused, request]
}
