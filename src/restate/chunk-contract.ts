/** The contract between a batch and its chunks: what a chunk is asked and what it answers, also in the form of earlier releases. */
import type { Decision, Indicator } from '../classification/types.ts'
import type { PromptItem } from '../classification/user-prompt.ts'
import type { ErrorCode } from '../errors.ts'
import type { ServiceTier } from '../lib/service-tiers.ts'
import type { ModelRequestRecord } from '../store/types.ts'

/** What a chunk asks about one indicator: what the prompt says of it. The journals of open batches fix the property names. */
export type ChunkItem = PromptItem

/** The body that a batch sends to classifier/chunk. The journals of open batches fix its property names. */
export interface ChunkRequest {
  readonly run_id: string
  readonly tier: 'primary' | 'escalation'
  /** SHA-256 of the codebook by which the batch was planned. */
  readonly codebook_hash: string
  /**
   * Which process of the run sent the batch: a later one has a greater number, and begins a new trial of the endpoint where the
   * run was stopped. Absent where the caller names none.
   */
  readonly part?: number
  readonly items: readonly ChunkItem[]
  /** The service tier that the run asks for. Absent where it names none, so that the setting of the replica counts. */
  readonly service_tier?: ServiceTier
  /** Whether a request for which the flex tier has no capacity is sent in the standard tier. Absent where it waits. */
  readonly tier_fallback?: true
  /** How the requests of the chunk are booked; absent in chunks of batches that earlier releases planned. */
  readonly booking?: ChunkBooking
}

/** How the requests of a chunk are booked, and under which shapes its answers are kept as soon as they come. */
export interface ChunkBooking {
  readonly batch_id: string
  /** The number of the batch in the order of all batches, by which its answers are newer than others. Absent in earlier releases. */
  readonly sequence?: number
  /** How often the batch has asked about these indicators before. */
  readonly round: number
  /** The most that the run may cost in US dollars; absent where it has no limit. */
  readonly max_cost_usd?: number
  /** The configured model, the prompt and the codebook (`name@version`) that the shapes name. Answers under others are not kept. */
  readonly model: string
  readonly prompt_version: string
  readonly codebook: string
  readonly shapes: readonly {
    readonly key: string
    readonly shape: string
    readonly shape_hash: string
    /** The run and the indicator as a hash, by which a run that reuses no answers finds its own when it is resumed. */
    readonly given_for?: string
  }[]
}

/** The answer of classifier/chunk to its batch. The journals of open batches fix its property names. */
export interface ChunkReply {
  /** Configured name of the model that the chunk asked; a release may change the configuration while a batch works. */
  readonly asked_model: string
  /** SHA-256 of the codebook in the prompt. It is absent from the replies of releases without codebook files. */
  readonly codebook_hash?: string
  /** Version of the prompt. It is absent from the replies of releases that did not name it. */
  readonly prompt_version?: string
  /**
   * A failure that ends the whole run, such as a refused key, in which case the chunk holds no answers; null where
   * there is none.
   */
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null
  /** The answers of keys with at least one usable label. */
  readonly decisions: readonly { readonly key: string; readonly decision: Decision; readonly model: string }[]
  /**
   * The keys with fields that have no usable answer, each with the reason. Without `fields`, as in the replies of earlier
   * releases, all fields asked of the key are meant.
   */
  readonly unanswered: readonly {
    readonly key: string
    readonly code: string
    readonly message: string
    readonly fields?: readonly string[]
  }[]
  readonly requests: readonly ModelRequestRecord[]
  /** Whether the answers are kept by their shapes already. Absent where they are not, and in replies of earlier releases. */
  readonly kept?: boolean
}

/**
 * Several requests in one call of classifier/chunk. A call costs Restate and a replica about as much as a request does, so the
 * small requests of a large batch share calls. The journals of open batches fix the property names.
 */
export interface ChunkGroup {
  readonly group: readonly (ChunkRequest | EarlierChunkRequest)[]
}

/** The replies to a group, in its order. */
export interface ChunkGroupReply {
  readonly replies: readonly ChunkReply[]
}

export type ChunkBody = ChunkRequest | EarlierChunkRequest | ChunkGroup
export type ChunkResult = ChunkReply | ChunkGroupReply

/** The form of a chunk of releases without codebook files, which open batches of such a release still send. */
export interface EarlierChunkRequest {
  readonly run_id: string
  readonly tier: ChunkRequest['tier']
  readonly items: readonly { readonly key: string; readonly indicator: Indicator; readonly reading: unknown }[]
}
