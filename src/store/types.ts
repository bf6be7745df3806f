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
}

/** Every method rejects with `ServiceError` database-unavailable (worth a retry) or database-failed (a defect). */
export interface Store {
  /** Makes the run known; every batch of a run gets the same start, whoever was first. ISO 8601. */
  openRun(runId: string): Promise<{ readonly startedAt: string }>
  findLatest(indicatorIds: readonly string[]): Promise<ReadonlyMap<string, LatestResult>>
  findAnswers(shapeHashes: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>>
  /** One transaction. Idempotent. An older result never replaces a newer one. */
  saveBatch(batch: BatchToSave): Promise<void>
  findClassification(indicatorId: string): Promise<Classification | undefined>
  findRun(runId: string): Promise<RunTotals | undefined>
  /** The latest result of every indicator, or of those that `runId` classified, in order of id, in pages. */
  exportClassifications(options: {
    readonly runId?: string
    readonly pageSize?: number
  }): AsyncIterable<readonly Classification[]>
  /** Resolves when the database answers; rejects within `timeoutMs`. */
  ping(timeoutMs: number): Promise<void>
  stats(): PoolStats
}

export interface PoolStats {
  readonly total: number
  readonly idle: number
  readonly waiting: number
}

/** The cluster's rate budget as one row. Times are milliseconds of the database's clock; null tokens have no bound. */
export interface RateBudgetRow {
  readonly rpm: number
  readonly tpm: number | null
  readonly safety: number
  readonly accountRpm: number | null
  readonly accountTpm: number | null
  readonly accountSeenAt: number | null
  readonly paceFactor: number
  readonly windowUntil: number | null
  readonly pausedUntil: number | null
}

/** What one replica holds of it, and what it may still be using. */
export interface RateHolderRow {
  readonly replicaId: string
  readonly name: string
  readonly demand: number
  readonly share: number
  readonly leasedRpm: number
  readonly leasedTpm: number | null
  readonly countedRpm: number
  readonly countedTpm: number | null
  readonly leaseNumber: number
  readonly expiresAt: number
  readonly seenAt: number
}

export interface RateState {
  readonly budget: RateBudgetRow
  readonly holders: readonly RateHolderRow[]
}

/** What a renewal changes. Of the budget only account, pace and pause are written: the rest is an operator's. */
export interface RateDecision<G> {
  readonly budget: RateBudgetRow
  readonly holder: RateHolderRow
  /** Ids of rows to delete. */
  readonly removed: readonly string[]
  readonly grant: G
}

/** Rejects as `Store` does. Who gets what is not decided here. */
export interface RateLedger {
  /** What a replica's environment says: counts where it differs from what the environment said before. */
  configure(budget: {
    readonly rpm: number
    readonly tpm: number | null
    readonly safety: number
    readonly by: string
  }): Promise<void>
  /** An operator's word; counts until the next one, or until the environment says something new. */
  set(budget: {
    readonly rpm?: number | undefined
    readonly tpm?: number | null | undefined
    readonly by: string
  }): Promise<void>
  /** Null before the first `configure`. */
  read(): Promise<{ readonly state: RateState; readonly now: number } | null>
  /**
   * One transaction: nothing changes between what `decide` sees and what it decides. Null where it decided nothing, and
   * before the first `configure`. Where it rejects, the decision may have been stored all the same.
   */
  renew<G>(decide: (state: RateState, now: number) => RateDecision<G> | null): Promise<G | null>
  /** Forgets a replica; its part is free at once. */
  release(replicaId: string): Promise<void>
}
