/** The port of the store, `Store`. Callers know this port and the types of `saved-types.ts`, and not PostgreSQL. */
import type { Classification, Indicator, Status } from '../classification/types.ts'
import type { CertificateStore } from './evidence/types.ts'
import type { PurgeStore } from './purge/types.ts'
import type { RequestStore } from './requests/ledger-types.ts'
import type { ModelUse } from './requests/types.ts'
import type { DriverStore, ListedRun, RunsWanted } from './runs/types.ts'
import type {
  AnswersToSave,
  BatchToSave,
  CalibrationStore,
  ClaimState,
  CodebookColumn,
  EvidenceScope,
  KnownIndicator,
  LatestResult,
  ResultScope,
  ReviewToSave,
  ShapeClaims,
  StoredAnswer,
  StoredAudit,
  StoredCodebook,
  StoredDecision,
} from './saved-types.ts'
import type { TrialStore } from './trials/trial-types.ts'
import type { ReviewCardStore, ViewStore } from './views/types.ts'

export type * from './evidence/types.ts'
export type * from './purge/types.ts'
export type * from './requests/ledger-types.ts'
export type * from './requests/types.ts'
export type * from './runs/types.ts'
export type * from './saved-types.ts'
export type * from './trials/trial-types.ts'
export type * from './views/types.ts'

/** Notes of attempts that began again and have not ended. What is left of them tells of replicas that died. */
export interface AttemptNotes {
  /** How many attempts of the invocation began and never ended since its journal got `entries` entries. */
  find(invocation: string, entries: number): Promise<number>
  begin(invocation: string, entries: number): Promise<void>
  /** Takes the notes of an invocation away, because one of its attempts has ended or has made progress. */
  end(invocation: string): Promise<void>
}

/** A run as one of its batches finds it. */
export interface OpenedRun {
  /** By the database's clock, ISO 8601; every batch of the run gets the same. */
  readonly startedAt: string
  /** Each call gets a greater number than all calls before, whatever the clocks say. */
  readonly sequence: number
}

/**
 * The store of the service. Every method rejects with `ServiceError`: database-unavailable where a retry may help,
 * database-failed for a defect. Methods that save are one transaction, and saving the same rows again changes nothing.
 */
export interface Store {
  /** Opens the run where no batch has opened it yet. */
  openRun(runId: string): Promise<OpenedRun>
  /** Stores a codebook where its content is not stored yet, and the view `results_<name>` with a column for each of `fields`. */
  saveCodebook(codebook: StoredCodebook, fields: readonly CodebookColumn[]): Promise<void>
  /** The codebook with this hash, or the newest stored one of this name (and version, where given); undefined where there is none. */
  findCodebook(
    by: { readonly hash: string } | { readonly name: string; readonly version?: string },
  ): Promise<StoredCodebook | undefined>
  /** The stored codebooks without their texts, the newest first. */
  listCodebooks(): Promise<readonly Pick<StoredCodebook, 'name' | 'version' | 'hash'>[]>
  /** The latest results, by id of the indicator; indicators without one are missing. */
  findLatest(scope: ResultScope, indicatorIds: readonly string[]): Promise<ReadonlyMap<string, LatestResult>>
  /** The stored answers, by hash of the shape. An answer that is found counts as used, which keeps it from retention. */
  findAnswers(shapeHashes: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>>
  /** The human answers that are in force, by hash of the shape by which human answers are kept. */
  findHumanAnswers(shapeHashes: readonly string[]): Promise<ReadonlyMap<string, StoredAnswer>>
  /** Whether any human answer is in force, so that their hashes are worth computing. */
  hasHumanAnswers(): Promise<boolean>
  /** The use of recent answered requests to `model` or to a dated snapshot of it; undefined where there were none. */
  findModelUse(model: string): Promise<ModelUse | undefined>
  /** Claims the shapes that no other owner holds, for `holdMs` milliseconds. An owner that claims again keeps its claims. */
  claimShapes(owner: string, shapeHashes: readonly string[], holdMs: number): Promise<ShapeClaims>
  /** Lets the owner's claims last until `holdMs` milliseconds from now. */
  renewClaims(owner: string, shapeHashes: readonly string[], holdMs: number): Promise<void>
  /** Ends the owner's claims without an outcome, so that another batch can claim the shapes. */
  releaseClaims(owner: string, shapeHashes: readonly string[]): Promise<void>
  /** Ends all claims of owners that were killed, and resolves with their number. */
  releaseClaimsOf(owners: readonly string[]): Promise<number>
  /** The claims that are held now, or that ended after `since` (ISO 8601), by hash of the shape. */
  findClaims(shapeHashes: readonly string[], since: string): Promise<ReadonlyMap<string, ClaimState>>
  /** Saves answers and ends their claims, so that no batch sees a claim that ended without its answer. */
  saveAnswers(answers: AnswersToSave): Promise<void>
  /**
   * The audits of a catalogue and the outcomes of labels, those with a number greater than `after`, in the order in which they
   * were stored, and the number of all of them.
   */
  findAudits(
    scope: EvidenceScope,
    after: number,
  ): Promise<{ readonly audits: readonly StoredAudit[]; readonly total: number }>
  /** Saves a batch. An older result never replaces a newer one; a person's stays unless the batch overrides human answers. */
  saveBatch(batch: BatchToSave): Promise<void>
  /** The latest classifications of one indicator: one for each catalogue and codebook that `scope` does not name, at most 20. */
  findClassifications(indicatorId: string, scope: Partial<ResultScope>): Promise<readonly Classification[]>
  /** A run with the sums over its batches; undefined for a run that neither a batch nor a driver has opened. */
  findRun(runId: string): Promise<ListedRun | undefined>
  /** The newest runs, the newest first. */
  listRuns(wanted: RunsWanted): Promise<readonly ListedRun[]>
  /** Adds to the counts of answered indicators, by run. A run that no batch has opened is left out. */
  addAnswered(counts: ReadonlyMap<string, number>): Promise<void>
  /**
   * The latest results by a codebook (of one catalogue, where it is named), or those that run `runId` gave, in pages, in
   * order of catalogue and id.
   */
  exportClassifications(options: {
    readonly codebook: string
    readonly catalogue?: string
    readonly runId?: string
    readonly pageSize?: number
  }): AsyncIterable<readonly Classification[]>
  /** The indicators of a catalogue that were classified by a codebook, with their latest results, by id. */
  findIndicators(scope: ResultScope, ids: readonly string[]): Promise<ReadonlyMap<string, KnownIndicator>>
  /**
   * Results that a person should look at, in pages, in order of catalogue and id: those with one of `statuses`, and those
   * that a person decided under a codebook with another hash than `hash`. Without `catalogue`, those of all catalogues.
   */
  listNeedingReview(options: {
    readonly codebook: string
    readonly hash: string
    readonly catalogue?: string
    readonly statuses: readonly Status[]
    readonly pageSize?: number
  }): AsyncIterable<readonly KnownIndicator[]>
  /** Saves the results, the history, the review items and the human answers of a review. */
  saveReview(review: ReviewToSave): Promise<void>
  /** The latest decision of a person on every indicator that has one, by a codebook, in pages, in order of catalogue and id. */
  exportDecisions(options: {
    readonly codebook: string
    readonly catalogue?: string
    readonly pageSize?: number
  }): AsyncIterable<readonly StoredDecision[]>
  /** The catalogues that have indicators, in order, at most 50. */
  listCatalogues(): Promise<readonly string[]>
  /** The latest input of every indicator as it was classified, of one catalogue or of all, in pages, in order of catalogue and id. */
  exportIndicators(options: {
    readonly catalogue?: string
    readonly pageSize?: number
  }): AsyncIterable<readonly Indicator[]>
  readonly requests: RequestStore
  readonly certificates: CertificateStore
  readonly calibrations: CalibrationStore
  readonly attempts: AttemptNotes
  readonly trials: TrialStore
  readonly drivers: DriverStore
  readonly purges: PurgeStore
  readonly views: ViewStore
  readonly reviewCards: ReviewCardStore
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
