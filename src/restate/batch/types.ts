/** Types of a batch that several of its files share: options, resolutions, the plan, and the state while it works. */
import type { Context, RestatePromise } from '@restatedev/restate-sdk'
import type { PackRule } from '../../classification/chunks.ts'
import type { SourcedDecision } from '../../classification/merge.ts'
import type { Question } from '../../classification/question.ts'
import type { Schemes } from '../../classification/scheme.ts'
import type { Calibration, Classification, Labels, Mode } from '../../classification/types.ts'
import type { Trust } from '../../evidence/gate/trust.ts'
import type { ReferenceClock } from '../../lib/reference-clock.ts'
import type { ServiceTier } from '../../lib/service-tiers.ts'
import type { ModelRequestRecord, Store, StoredAnswer } from '../../store/types.ts'
import type { ChunkBody, ChunkReply, ChunkResult } from '../chunk-contract.ts'
import type { CodebookIdentity, Warning } from '../contract.ts'

/** The options of a batch with every default filled in. */
export interface BatchOptions {
  readonly mode: Mode
  /** Whether an answer to one indicator also answers the others of its shape. */
  readonly reuse: boolean
  /** Whether indicators whose results still hold are classified again. */
  readonly force: boolean
  /**
   * Whether models may answer what a person has answered. `true` replaces the human answer; `aside` leaves it in force,
   * so that an evaluation can measure the model without changing what the service answers.
   */
  readonly overridePerson: boolean | 'aside'
  readonly pack: PackRule
  /** The agreement that rules must have shown on the catalogue; null where the shipped evidence is enough. */
  readonly target: number | null
  readonly audit: 'steady' | 'all' | 'none'
  /** The most that the whole run may cost in US dollars; null where it has no limit. */
  readonly maxCostUsd: number | null
  /** The service tier of all requests; null where the setting of the replica that asks counts. */
  readonly serviceTier: ServiceTier | null
  /** Whether a request for which the flex tier has no capacity is sent in the standard tier. */
  readonly tierFallback: boolean
}

/** Names of the configured models; `escalation` is null where none is set. */
export interface Models {
  readonly primary: string
  readonly escalation: string | null
}

/** The question to the model about one indicator of the batch. Journaled in the plan, so its property names are fixed. */
export interface BatchQuestion extends Question {
  /** Stored answers to fields that are therefore not asked. */
  readonly answers: readonly StoredAnswer[]
  readonly shape: string
  readonly shapeHash: string
  /** The first of `answers` is the primary model's, whole and in doubt, so that only the escalation model is asked. */
  readonly inDoubt?: true
}

/** How one indicator of the batch gets its result. Journaled in the plan, so its property names are fixed. */
export type Resolution =
  | { readonly kind: 'unchanged'; readonly classification: Classification }
  | { readonly kind: 'rules' }
  /** The indicator's shape has stored answers of models or people to every open field. */
  | { readonly kind: 'reuse'; readonly answers: readonly StoredAnswer[] }
  | ({ readonly kind: 'ask' } & BatchQuestion)
  /**
   * Another batch had claimed the shape. This batch waits for the answer, and asks the model itself only where none
   * comes.
   */
  | ({ readonly kind: 'await' } & BatchQuestion)
  /**
   * The indicator has the shape of the indicator at position `leader`, which is asked or awaited, and gets the same
   * answer. `answers` are stored answers to this indicator; where they are missing, those of the leader count.
   */
  | { readonly kind: 'follow'; readonly leader: number; readonly answers?: readonly StoredAnswer[] }

/**
 * The result of the plan step. The plan carries everything that later steps send on, so that a replay under a later
 * release sends the same. The journal fixes its property names.
 */
export interface Plan {
  /** When the run started, ISO 8601; the same for every batch of the run. */
  readonly runStartedAt: string
  /**
   * The number of the batch in the order of all batches: of two results of an indicator the one with the greater number
   * is newer. Absent in plans of earlier releases.
   */
  readonly sequence?: number
  /**
   * The models that were configured when the batch was planned. Later steps use these names even where the
   * configuration has changed.
   */
  readonly models: Models
  /** The codebook of this batch. The journal holds its hash, so that the batch keeps it while newer versions come. */
  readonly codebook: CodebookIdentity
  readonly promptVersion: string
  /** What rules may decide alone; absent where the shipped evidence is enough, and in plans of earlier releases. */
  readonly trust?: Trust
  /** The calibration by people's labels of the catalogue; absent where it has none, and in plans of earlier releases. */
  readonly calibration?: Calibration
  /** Positions of indicators that a person had decided before they changed; absent where there are none, and in plans of earlier releases. */
  readonly changedDecisions?: readonly number[]
  /** Positions of audits; absent where there are none. */
  readonly audits?: readonly number[]
  /** Positions that an audit of the same run has classified before; absent where there are none. */
  readonly audited?: readonly number[]
  /**
   * The number of rounds in which an indicator without an answer is asked; `roundsOf` fills it in for plans of earlier
   * releases.
   */
  readonly maxRounds?: number
  /** Requests share a call while they ask about no more indicators together. Absent in earlier releases, where each had its own. */
  readonly groupSize?: number
  /**
   * Id of the batch in its run. Chunks of a plan that names it book their requests and keep their answers; plans of earlier releases do
   * not name it, and their chunks are sent in the form of those releases.
   */
  readonly batchId?: string
  /** The resolutions, by position in the request. */
  readonly ways: readonly Resolution[]
  /** Positions whose indicators the model is asked about, packed into chunks. */
  readonly chunks: Chunks
  readonly warnings: readonly Warning[]
  /**
   * The shapes that this batch claimed, and when, ISO 8601. Absent where no answer is reused, and in plans of early
   * releases.
   */
  readonly claims?: { readonly at: string; readonly shapeHashes: readonly string[] }
  /**
   * The readings as an earlier release journaled them, by position; absent in plans of this release. Chunks of such a plan
   * are sent in that release's form, because a replay must send what the journal holds.
   */
  readonly earlierReadings?: ReadonlyMap<number, unknown>
}

/** Positions in the request, one list for each request to the model. */
export type Chunks = readonly (readonly number[])[]

/** A decision of a model, with the configured model, the codebook and the prompt of the replica that asked. */
export interface AskedDecision extends SourcedDecision {
  /** The configured name of the model, which may differ from the name that the endpoint gave in its answer. */
  readonly askedModel: string
  readonly codebookHash: string
  readonly promptVersion: string
}

/** Why there is no answer: a stable code and a sentence. */
export interface Missing {
  readonly code: string
  readonly message: string
}

/** The answers of the chunks so far, by position in the request. */
export interface ModelAnswers {
  /** The decisions for each position, the latest last. */
  readonly decisions: Map<number, readonly AskedDecision[]>
  /** The fields asked that have no answer, each with the reason. A position whose fields are all answered is missing. */
  readonly unanswered: Map<number, ReadonlyMap<string, Missing>>
  /** Stored answers to some of the fields asked, which other batches gave while this one waited, by position. */
  readonly partial: Map<number, StoredAnswer>
  /** Candidate codes that replace those of the plan, for positions where none of the first candidates fitted. */
  readonly widened: Map<number, Readonly<Record<string, readonly string[]>>>
  readonly requests: ModelRequestRecord[]
  /** Positions with an answer that its chunk could not keep, so that the batch stores it. */
  readonly unkept: Set<number>
  /**
   * Positions that were last sent to the escalation model. Where the run failed meanwhile, their decisions are not
   * settled.
   */
  escalated: readonly number[]
  /** A failure that ends the whole run, once a chunk has met one. */
  failure: ChunkReply['failure']
}

/** Everything that stays the same while one batch works. */
export interface Batch {
  readonly ctx: Context
  readonly store: Store
  readonly schemes: Schemes
  /** The database's clock. */
  readonly clock: Pick<ReferenceClock, 'now'>
  readonly plan: Plan
  readonly options: BatchOptions
  readonly catalogue: string
  readonly runId: string
  /** Id of the batch's invocation, under which its claims are held. */
  readonly owner: string
  /** The process of the run that sent the batch, as a number that grows; undefined where it names none. */
  readonly part?: number | undefined
  /**
   * Calls classifier/chunk. The service definitions pass this function in, so that no file of a batch imports the
   * definitions.
   */
  readonly callChunk: (ctx: Context, body: ChunkBody) => RestatePromise<ChunkResult>
}

/** The state of a batch while it works. Only journaled steps change it, so that a replay builds the same state. */
export interface BatchState {
  readonly answers: ModelAnswers
  /** Answers that other batches gave while this batch waited, by position in the request. */
  readonly awaited: Map<number, StoredAnswer>
  /** Positions whose shapes this batch has claimed, until the claims end. */
  claimed: readonly number[]
  /** Positions whose answers are stored before the batch is saved, because other batches wait for them. */
  readonly shared: Set<number>
}

/** The positions whose answers the escalation model was to judge when the run failed, so that they are not settled. */
export function unjudgedPositions({
  failure,
  escalated,
}: Pick<ModelAnswers, 'failure' | 'escalated'>): readonly number[] {
  return failure === null ? [] : escalated
}

/** Returns the labels that several answers give together; a later answer replaces the label of an earlier one. */
export function labelsOfAnswers(answers: readonly Pick<StoredAnswer, 'decision'>[]): Labels {
  return Object.assign({}, ...answers.map(({ decision }) => decision.labels)) as Labels
}

/** The mode in which one indicator is asked and merged: in an audit the model decides every field, whatever the batch's mode. */
export function modeOf(one: { readonly audit?: boolean | undefined } | undefined, mode: Mode): Mode {
  return one?.audit === true ? 'model' : mode
}
