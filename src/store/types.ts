/** The port of the store, `Store`, and the types of what it reads and writes. Callers know these, and not PostgreSQL. */
import type { Classification, Decision, Indicator, Mode, Source } from '../classification/types.ts'

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
  /** The shape as readable text, for people who look into the table. */
  readonly shape: string
  readonly decision: Decision
  readonly source: Extract<Source, 'model' | 'escalation' | 'person'>
  /** The model by the name that the endpoint gave; null for a human answer. */
  readonly model: string | null
  readonly codebookVersion: string
  readonly promptVersion: string
}

/** One request to a model, recorded for its cost and for audits. */
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
  readonly outcome: string
}

/** The number of indicators and tokens, summed over the answered requests to a model. */
export interface ModelUse {
  readonly indicators: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
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
  readonly bySource: Readonly<Record<Source, number>>
  readonly modelRequests: number
  readonly inputTokens: number
  readonly cachedInputTokens: number
  readonly outputTokens: number
  readonly costUsd: number
}

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
  /** Whether a batch holds the claim and is asking the model. */
  readonly isHeld: boolean
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
  readonly answers: readonly StoredAnswer[]
  /** When the answers were given, ISO 8601; the time must be the same when they are saved again. */
  readonly answeredAt: string
  readonly end: ClaimsToEnd
}

export interface BatchToSave {
  readonly runId: string
  /** Id of the batch in its run. The id is the same whenever the batch is saved, so that a second save replaces the first. */
  readonly batchId: string
  /** When the run started, ISO 8601, as `openRun` returned it. */
  readonly runStartedAt: string
  readonly results: readonly ResultToSave[]
  readonly answers: readonly StoredAnswer[]
  readonly requests: readonly ModelRequestRecord[]
  readonly totals: BatchTotals
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

/** The three labels that a person may set. */
export type Labels = Pick<Classification, 'type' | 'temporal_aggregation' | 'orientation'>

/** A person's decision on one indicator, which holds for all indicators of its shape. */
export interface ReviewDecision {
  readonly indicator: Indicator
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
  /** When the run started, ISO 8601, as `openRun` returned it. */
  readonly runStartedAt: string
  readonly decidedBy: string
  readonly decisions: readonly ReviewDecision[]
  readonly totals: BatchTotals
}

/** The latest decision of a person on an indicator, as it is stored. */
export interface StoredDecision {
  readonly indicator: Indicator
  readonly after: Labels & Pick<Classification, 'unit' | 'frequency'>
  readonly decidedBy: string
  readonly decidedAt: string
}

/**
 * The store of the service. Every method rejects with `ServiceError`: database-unavailable where a retry may help,
 * database-failed for a defect. Methods that save are one transaction, and saving the same rows again changes nothing.
 */
export interface Store {
  /** Opens the run where no batch has opened it yet. Every batch of the run gets the same start, ISO 8601. */
  openRun(runId: string): Promise<{ readonly startedAt: string }>
  /** The latest results, by id of the indicator; indicators without one are missing. */
  findLatest(indicatorIds: readonly string[]): Promise<ReadonlyMap<string, LatestResult>>
  /** The stored answers, by hash of the shape. An answer that is found counts as used, which keeps it from retention. */
  findAnswers(shapeHashes: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>>
  /** The human answers that are in force, by hash of the shape by which human answers are kept. */
  findHumanAnswers(shapeHashes: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>>
  /** The use of recent answered requests to `model` or to a dated snapshot of it; undefined where there were none. */
  findModelUse(model: string): Promise<ModelUse | undefined>
  /** Claims the shapes that no other owner holds, for `holdMs` milliseconds. An owner that claims again keeps its claims. */
  claimShapes(owner: string, shapeHashes: readonly string[], holdMs: number): Promise<ShapeClaims>
  /** Lets the owner's claims last until `holdMs` milliseconds from now. */
  renewClaims(owner: string, shapeHashes: readonly string[], holdMs: number): Promise<void>
  /** Ends the owner's claims without an outcome, so that another batch can claim the shapes. */
  releaseClaims(owner: string, shapeHashes: readonly string[]): Promise<void>
  /** The claims that are held now, or that ended after `since` (ISO 8601), by hash of the shape. */
  findClaims(shapeHashes: readonly string[], since: string): Promise<ReadonlyMap<string, ClaimState>>
  /** Saves answers and ends their claims, so that no batch sees a claim that ended without its answer. */
  saveAnswers(answers: AnswersToSave): Promise<void>
  /** Saves a batch. An older result never replaces a newer one; a person's stays unless the batch overrides human answers. */
  saveBatch(batch: BatchToSave): Promise<void>
  /** The latest classification of one indicator. */
  findClassification(indicatorId: string): Promise<Classification | undefined>
  /** The sums over the batches of a run; undefined for a run that no batch has opened. */
  findRun(runId: string): Promise<RunTotals | undefined>
  /** Adds to the counts of answered indicators, by run. A run that no batch has opened is left out. */
  addAnswered(counts: ReadonlyMap<string, number>): Promise<void>
  /** The latest results of all indicators, or the results of run `runId`, in pages, in order of the indicator's id. */
  exportClassifications(options: {
    readonly runId?: string
    readonly pageSize?: number
  }): AsyncIterable<readonly Classification[]>
  /** The indicators that were classified, with their latest results, by id. */
  findIndicators(ids: readonly string[]): Promise<ReadonlyMap<string, KnownIndicator>>
  /** Results that a person should look at, in pages: needs-review, or decided by a person under another codebook than the given one. */
  listNeedingReview(options: {
    readonly codebookVersion: string
    readonly pageSize?: number
  }): AsyncIterable<readonly KnownIndicator[]>
  /** Saves the results, the history, the review items and the human answers of a review. */
  saveReview(review: ReviewToSave): Promise<void>
  /** The latest decision of a person on every indicator that has one, in pages, in order of id. */
  exportDecisions(options?: { readonly pageSize?: number }): AsyncIterable<readonly StoredDecision[]>
  /** The latest input of every indicator as it was classified, in pages, in order of id. */
  exportIndicators(options: { readonly pageSize?: number }): AsyncIterable<readonly Indicator[]>
  /** Resolves when the database answers, and rejects where it does not within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>
  stats(): PoolStats
}

/** Adds indicators that the model has answered to the count of a run. The count is written later, so a call never fails. */
export type CountAnswered = (runId: string, indicators: number) => void

/** How many connections of the pool are open or idle, and how many queries wait for one. */
export interface PoolStats {
  readonly total: number
  readonly idle: number
  readonly waiting: number
}
