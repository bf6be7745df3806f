/** The types of what the store reads and writes: results, answers, claims, reviews and codebooks as callers know them. */
import type { Calibration, Classification, Decision, Indicator, Labels, Mode, Source } from '../classification/types.ts'
import type { ServiceTier } from '../lib/service-tiers.ts'
import type { ModelRequestRecord } from './requests/types.ts'

export type { CodebookColumn, StoredCodebook } from '../classification/types.ts'

/** Which results are meant: those of one catalogue by one codebook, whatever its version. */
export interface ResultScope {
  readonly catalogue: string
  /** Name of the codebook without its version. */
  readonly codebook: string
}

/** The latest result of an indicator, with the facts that decide whether the indicator must be classified again. */
export interface LatestResult {
  readonly classification: Classification
  /** SHA-256 of the normalised input, in hexadecimal. */
  readonly inputHash: string
  readonly mode: Mode
  /** The primary model set when the result was made; null where the rules decided all fields and no model was needed. */
  readonly askedModel: string | null
  /** Whether the model gave no answer (it refused, or was cut off), so that the next run asks again. */
  readonly unanswered: boolean
}

/** An answer that is kept by shape, so that it answers every indicator of that shape. */
export interface StoredAnswer {
  /** SHA-256 of the shape, in hexadecimal. */
  readonly shapeHash: string
  /**
   * The labels by field, as far as they were asked. Answers to further fields of the shape that come later are added to the
   * stored ones, and a newer label replaces an older one.
   */
  readonly decision: Decision
  readonly source: Extract<Source, 'model' | 'escalation' | 'person'>
  /** The model by the name that the endpoint gave; null for a human answer. */
  readonly model: string | null
  /** Name and version of the codebook, such as "economic-indicators@2". */
  readonly codebook: string
  /** SHA-256 of the codebook; "" for answers of people under releases that had no codebook files. */
  readonly codebookHash: string
  readonly promptVersion: string
  /** The run and the indicator that the answer was given for, as a hash; only in runs that reuse no answers. */
  readonly givenFor?: string
}

/** An answer to store, with the number of the batch that asked; without one it is older than those with one. */
export interface AnswerToStore extends StoredAnswer {
  /** The shape as readable text, for people who look into the table. */
  readonly shape: string
  readonly sequence?: number | undefined
}

/** The catalogue and the codebook, by its hash, that evidence is counted for. */
export interface EvidenceScope {
  readonly catalogue: string
  readonly codebookHash: string
}

/** The part of the store that keeps how far answers can be relied on in a catalogue, by the labels of people. */
export interface CalibrationStore {
  /** The latest calibration of a catalogue, or the latest until the time `before`, ISO 8601; undefined where there is none. */
  find(scope: EvidenceScope, before?: string): Promise<Calibration | undefined>
  /** Keeps a calibration that follows from labels which were given for run `runId`. */
  save(scope: EvidenceScope, runId: string, calibration: Calibration): Promise<void>
}

/** What one audit found of one field: whether the model, asked blind, agreed with the rule. */
export interface AuditToSave {
  readonly field: string
  readonly rule: string
  readonly agreed: boolean
  readonly indicatorId: string
  /** The place of the indicator in the random draw of its run, 0 to 1 (exclusive); null where audits are taken as indicators arrive. */
  readonly rank: number | null
  /** The model by the name that its endpoint gave. */
  readonly model: string
}

/** An audit as it is stored, or what people's labels say of a rule or of the model (see `LabelOutcome`). */
export interface StoredAudit extends AuditToSave {
  readonly runId: string
  readonly byPeople: boolean
  /** The number by which audits are in the order in which they were stored. */
  readonly number: number
}

/** One result to save, with the fields that `LatestResult` returns later. */
export interface ResultToSave {
  readonly indicator: Indicator
  readonly classification: Classification
  readonly inputHash: string
  readonly mode: Mode
  readonly askedModel: string | null
  readonly unanswered: boolean
}

export interface BatchTotals {
  readonly indicators: number
  readonly classified: number
  readonly unchanged: number
  readonly needsReview: number
  /** How many of the `classified` results rest on a guess that nothing has checked. */
  readonly unverified: number
  readonly bySource: Readonly<Record<Source, number>>
  readonly modelRequests: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly costUsd: number
  /** The requests among `modelRequests` whose tokens are an estimate, and the part of `costUsd` that is for them. */
  readonly estimatedRequests: number
  readonly estimatedCostUsd: number
  /** What of `modelRequests` and `costUsd` other service tiers than the standard one took; absent where that is not known. */
  readonly serviceTiers?: {
    readonly [tier in Exclude<ServiceTier, 'standard'>]?: { readonly requests: number; readonly costUsd: number }
  }
}

/** The requests and their sums are those that the run was billed, also for batches that never ended. */
export interface RunTotals extends BatchTotals {
  readonly runId: string
  /** The number of indicators that the model has answered, those of open batches included. The count is about a second behind. */
  readonly answered: number
  readonly startedAt: string
  readonly updatedAt: string
  readonly batches: number
}

/** The result of the method `claimShapes`. */
export interface ShapeClaims {
  /** Hashes of the shapes that the owner has claimed and may ask the model about. */
  readonly claimed: readonly string[]
  /** When the claims were made, ISO 8601 by the database's clock. A batch that waits for another one looks for claims that ended later. */
  readonly at: string
}

/** The outcome of asking the model about a claimed shape. */
export interface EndedClaim {
  readonly shapeHash: string
  /** Why the question got no good answer; null where it got one. `fatal` means that every other question would fail too. */
  readonly failure: { readonly code: string; readonly message: string; readonly fatal: boolean } | null
}

/** The state of a claim on a shape, as other batches see it. */
export interface ClaimState {
  readonly shapeHash: string
  /** The batch that holds the claim and is asking the model; null where none does. */
  readonly heldBy: string | null
  /** How the last asking ended; null where none has ended since the moment that the caller gave to `findClaims`. */
  readonly ended: EndedClaim | null
}

/** The claims of one owner that end together, each with its outcome. */
export interface ClaimsToEnd {
  readonly owner: string
  readonly claims: readonly EndedClaim[]
}

/** Answers that are saved before their batch ends, because other batches wait for them. */
export interface AnswersToSave {
  readonly runId: string
  readonly answers: readonly AnswerToStore[]
  /** When the answers were given, ISO 8601; the time must be the same when they are saved again. */
  readonly answeredAt: string
  readonly end: ClaimsToEnd
}

export interface BatchToSave {
  readonly runId: string
  readonly scope: ResultScope
  /** Id of the batch in its run. The id is the same whenever the batch is saved, so that a second save replaces the first. */
  readonly batchId: string
  /** When the run started, ISO 8601, as `openRun` returned it. */
  readonly runStartedAt: string
  /**
   * The number of the batch in the order of all batches, as `openRun` returned it: results with a greater one are newer.
   * Batches without one, which earlier releases planned, are older.
   */
  readonly sequence?: number | undefined
  readonly results: readonly ResultToSave[]
  readonly answers: readonly AnswerToStore[]
  /** Hashes of the shapes whose stored answers the batch reused. */
  readonly reused?: readonly string[]
  /** The invocation of Restate that saves the batch. */
  readonly invocationId?: string
  /** The requests of the batch that are not booked yet. */
  readonly requests: readonly ModelRequestRecord[]
  readonly totals: BatchTotals
  /** What the audits of the batch found; the same indicator is counted once a run. */
  readonly audits?: readonly AuditToSave[]
  /** The claims that end with this batch; null where the batch holds none. */
  readonly end: ClaimsToEnd | null
  /**
   * Hashes of the shapes whose human answers this batch overrides; a run that overrides human answers gives the list
   * even where it is empty. Where the list is missing, a person's result stays, however new the batch is.
   */
  readonly overriddenHumanAnswers?: readonly string[]
}

/** An indicator as it was submitted last, with its latest result. */
export interface KnownIndicator {
  readonly indicator: Indicator
  readonly latest: LatestResult
}

/** A person's decision on one indicator, which holds for all indicators of its shape. */
export interface ReviewDecision {
  readonly indicator: Indicator
  /** The labels that the person vouches for, which answer every indicator of the shape from now on. */
  readonly labels: Labels
  /** The result that the person looked at. */
  readonly before: LatestResult
  /** The indicator's result after the decision, whose source is `person`. */
  readonly after: Classification
  readonly decision: 'accept' | 'correct'
  readonly note: string
  /** SHA-256 of `shape`, in hexadecimal. */
  readonly shapeHash: string
  /** The shape by which human answers are kept; it holds no model and no version. */
  readonly shape: string
}

export interface ReviewToSave {
  readonly runId: string
  /** Name of the codebook without its version. */
  readonly codebook: string
  /** When the run started, ISO 8601, as `openRun` returned it. */
  readonly runStartedAt: string
  /** Where the run is a sitting of several decisions: the id of this one, which counts once however often it is saved, and its time. */
  readonly ofSitting?: { readonly batchId: string; readonly decidedAt: string }
  /** As in `BatchToSave`. */
  readonly sequence?: number | undefined
  readonly decidedBy: string
  readonly decisions: readonly ReviewDecision[]
  readonly totals: BatchTotals
}

/** The latest decision of a person on an indicator, as it is stored. */
export interface StoredDecision {
  readonly indicator: Indicator
  readonly catalogue: string
  /** Name and version of the codebook by which the person decided. */
  readonly codebook: string
  /** The labels of the result after the decision. */
  readonly labels: Labels
  readonly decidedBy: string
  readonly decidedAt: string
}
