/** The port of the store. `restate` knows this, never the adapter beside it. */
import type { Classification, Decision, Indicator, Mode, Source } from '../classification/types.ts'

/** What is known of the latest result of an indicator: enough to tell whether it must be asked again. */
export interface LatestResult {
  readonly classification: Classification
  /** SHA-256 of the normalised input, hex. */
  readonly inputHash: string
  readonly mode: Mode
  /** The configured model at that time, or null where the rules settled it alone. */
  readonly askedModel: string | null
  /** True where the model gave no answer (refused, cut off): the next run tries again. */
  readonly unanswered: boolean
}

/** An answer kept by shape: what one indicator was asked answers all of its shape. */
export interface StoredAnswer {
  /** SHA-256 of the shape, hex. */
  readonly shapeHash: string
  /** The shape in words, for people. */
  readonly shape: string
  readonly decision: Decision
  readonly source: Extract<Source, 'model' | 'escalation' | 'person'>
  /** The model as the endpoint named it; null for a person's word. */
  readonly model: string | null
  readonly codebookVersion: string
  readonly promptVersion: string
}

/** One request to a model, for cost and audit. */
export interface ModelRequestRecord {
  /** Unique over all runs and stable when a step runs twice. */
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
  readonly outcome: string
}

/** Sums over requests that were answered. */
export interface ModelUse {
  readonly indicators: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
}

/** One result to save, with what `LatestResult` needs. */
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
  readonly bySource: Readonly<Record<Source, number>>
  readonly modelRequests: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly costUsd: number
}

export interface RunTotals extends BatchTotals {
  readonly runId: string
  readonly startedAt: string
  readonly updatedAt: string
  readonly batches: number
}

/** What claiming brought. */
export interface ShapeClaims {
  /** The shapes that are the owner's to ask now. */
  readonly claimed: readonly string[]
  /** ISO 8601, by the database's clock: what ended later than this may concern the claimer. */
  readonly at: string
}

/** How the asking of a claimed shape ended. */
export interface EndedClaim {
  readonly shapeHash: string
  /** Why there is no answer, or no good one; null where all is well. `fatal`: every other question would meet it as well. */
  readonly failure: { readonly code: string; readonly message: string; readonly fatal: boolean } | null
}

/** What is known of a claim; nothing is known of shapes that nobody claimed. */
export interface ClaimState {
  readonly shapeHash: string
  /** Somebody asks now. */
  readonly isHeld: boolean
  /** The last asking, where it ended late enough to matter. */
  readonly ended: EndedClaim | null
}

export interface ClaimsToEnd {
  readonly owner: string
  readonly claims: readonly EndedClaim[]
}

/** Answers that others wait for. */
export interface AnswersToSave {
  readonly answers: readonly StoredAnswer[]
  /** ISO 8601; the same when they are saved again. */
  readonly answeredAt: string
  readonly end: ClaimsToEnd
}

export interface BatchToSave {
  readonly runId: string
  /** The same for the same batch of a run: saved twice, it replaces itself. */
  readonly batchId: string
  /** ISO 8601; from `openRun`. */
  readonly runStartedAt: string
  readonly results: readonly ResultToSave[]
  readonly answers: readonly StoredAnswer[]
  readonly requests: readonly ModelRequestRecord[]
  readonly totals: BatchTotals
  /** Claims that end with this batch; null where it holds none. */
  readonly end: ClaimsToEnd | null
  /**
   * Given where this batch may replace what a person decided before its run began: the person shapes that it answers
   * anew. Without it a person's result stays, however new the batch is.
   */
  readonly overriddenHumanAnswers?: readonly string[]
}

/** An indicator as it was given, with its latest result. */
export interface KnownIndicator {
  readonly indicator: Indicator
  readonly latest: LatestResult
}

/** The three labels that a person may set. */
export type Labels = Pick<Classification, 'type' | 'temporal_aggregation' | 'orientation'>

/** What a person decided of one indicator, and so of all of its shape. */
export interface ReviewDecision {
  readonly indicator: Indicator
  /** The result that the person looked at. */
  readonly before: LatestResult
  /** Its result from now on; source person. */
  readonly after: Classification
  readonly decision: 'accept' | 'correct'
  readonly note: string
  /** SHA-256 of the shape by which a person's word is kept, hex, and that shape. */
  readonly shapeHash: string
  readonly shape: string
}

export interface ReviewToSave {
  readonly runId: string
  /** ISO 8601; from `openRun`. */
  readonly runStartedAt: string
  readonly decidedBy: string
  readonly decisions: readonly ReviewDecision[]
  readonly totals: BatchTotals
}

/** What a person decided last of an indicator, as stored. */
export interface StoredDecision {
  readonly indicator: Indicator
  readonly after: Labels & Pick<Classification, 'unit' | 'frequency'>
  readonly decidedBy: string
  readonly decidedAt: string
}

/** Every method rejects with `ServiceError` database-unavailable (worth a retry) or database-failed (a defect). */
export interface Store {
  /** Makes the run known; every batch of a run gets the same start, whoever was first. ISO 8601. */
  openRun(runId: string): Promise<{ readonly startedAt: string }>
  findLatest(indicatorIds: readonly string[]): Promise<ReadonlyMap<string, LatestResult>>
  findAnswers(shapeHashes: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>>
  /** What persons said, by hash of the shape by which a person's word is kept. */
  findHumanAnswers(shapeHashes: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>>
  /** What recent answered requests to `model`, or a dated snapshot of it, came to; undefined where there were none. */
  findModelUse(model: string): Promise<ModelUse | undefined>
  /** Takes the claims that nobody else holds, for `holdMs`. Idempotent for one owner. */
  claimShapes(owner: string, shapeHashes: readonly string[], holdMs: number): Promise<ShapeClaims>
  /** Holds the owner's claims for `holdMs` from now. */
  renewClaims(owner: string, shapeHashes: readonly string[], holdMs: number): Promise<void>
  /** Gives the owner's claims up without an outcome. */
  releaseClaims(owner: string, shapeHashes: readonly string[]): Promise<void>
  /** Claims that are held, or whose last asking ended after `since` (ISO 8601), by hash of the shape. */
  findClaims(shapeHashes: readonly string[], since: string): Promise<ReadonlyMap<string, ClaimState>>
  /** Answers and the end of their claims, in one transaction. Idempotent. */
  saveAnswers(answers: AnswersToSave): Promise<void>
  /** One transaction. Idempotent. An older result never replaces a newer one, and none a person's unless told so. */
  saveBatch(batch: BatchToSave): Promise<void>
  findClassification(indicatorId: string): Promise<Classification | undefined>
  findRun(runId: string): Promise<RunTotals | undefined>
  /** The latest result of every indicator, or of those that `runId` classified, in order of id, in pages. */
  exportClassifications(options: {
    readonly runId?: string
    readonly pageSize?: number
  }): AsyncIterable<readonly Classification[]>
  findIndicators(ids: readonly string[]): Promise<ReadonlyMap<string, KnownIndicator>>
  /** What needs a person, in order of id, in pages: needs-review, or decided by a person under another codebook. */
  listNeedingReview(options: {
    readonly codebookVersion: string
    readonly pageSize?: number
  }): AsyncIterable<readonly KnownIndicator[]>
  /** One transaction: results, history, review items and persons' answers, or nothing. Idempotent. */
  saveReview(review: ReviewToSave): Promise<void>
  /** The last decision of a person on every indicator that has one, in order of id, in pages. */
  exportDecisions(options?: { readonly pageSize?: number }): AsyncIterable<readonly StoredDecision[]>
  /** The latest input of every indicator, in order of id, in pages: as it was checked when it was classified. */
  exportIndicators(options: { readonly pageSize?: number }): AsyncIterable<readonly Indicator[]>
  /** Resolves when the database answers; rejects within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>
  stats(): PoolStats
}

export interface PoolStats {
  readonly total: number
  readonly idle: number
  readonly waiting: number
}
