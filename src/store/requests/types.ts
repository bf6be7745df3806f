/** The types of requests to a model as they are booked: before they start, when they end, and against a limit on their cost. */
import type { ServiceTier } from '../../lib/service-tiers.ts'

/** One request to a model, recorded for its cost and for audits. The journals of chunks and batches fix the property names. */
export interface ModelRequestRecord {
  /** An id that is unique over all runs, and the same when the step that sent the request runs twice. */
  readonly requestId: string
  readonly requestedAt: string
  readonly model: string
  readonly tier: 'primary' | 'escalation'
  readonly indicators: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly costUsd: number
  readonly latencyMs: number
  /** "sent" for a request that has not ended, "ok", or the code of its failure. */
  readonly outcome: string
  /** Whether any of the tokens is an estimate. Absent where none is, and in records of earlier releases. */
  readonly estimated?: boolean
  /** How often the batch had asked about these indicators before. Absent where it had not, and in records of earlier releases. */
  readonly round?: number
  /** The id that the model's endpoint gave to the request; absent where it gave none, and in journals of earlier releases. */
  readonly providerRequestId?: string
  /**
   * The service tier that was asked for, and once the request has ended the one by which it is billed. Absent where nobody has spoken
   * of tiers, and in records of earlier releases.
   */
  readonly serviceTier?: ServiceTier
  /** Whether the request is booked, so that its batch need not write it. Absent in records of earlier releases. */
  readonly booked?: boolean
}

/** A request with the run and the batch that it belongs to. */
export interface RequestToBook {
  readonly runId: string
  /** Id of the batch in its run; "" for a chunk that an earlier release called. */
  readonly batchId: string
  /** The number of the batch in the order of all batches, by which its answers are newer; absent in earlier releases. */
  readonly sequence?: number
  readonly request: ModelRequestRecord
}

/** A request that may start only where its cost, which is the most that it can be, still fits under the limit of its run. */
export interface CostToReserve extends RequestToBook {
  readonly maxUsd: number
}

/** What became of a reservation. */
export interface CostReservation {
  readonly isGranted: boolean
  /** What the run had cost when the reservation was decided, requests in flight included, in US dollars. */
  readonly spentUsd: number
  /** The part of it that is reserved for requests in flight, and that may cost less in the end. It is 0 for a granted reservation. */
  readonly inFlightUsd: number
}

/** The number of indicators and tokens, summed over the answered requests to a model. */
export interface ModelUse {
  readonly indicators: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  /**
   * All requests to the model, and all input and output, for each of those that asked first about their indicators: at least 1. What is
   * more is asked again, after a failure or an unusable answer.
   */
  readonly repeats: { readonly requests: number; readonly input: number; readonly output: number }
}
