/** What people look at beside single rows: the pace of a run, what it met, and results that are searched. */
import type { Classification, Indicator, LabelValue, Source, Status } from '../../classification/types.ts'
import type { ResultScope } from '../saved-types.ts'

/** What a run did in one interval. */
export interface PacePoint {
  /** The beginning of the interval, ISO 8601. */
  readonly at: string
  readonly started: number
  /** Requests that the endpoint refused for its rate limits, and those that failed otherwise. */
  readonly refused: number
  readonly failed: number
  /** Indicators of the batches that were saved in the interval. */
  readonly indicators: number
  /** Those among them that took a stored answer. */
  readonly reused: number
}

export interface RunDetail {
  /** Requests of the run by how they ended. */
  readonly outcomes: Readonly<Record<string, number>>
  /** The models that answered them, in order. */
  readonly models: readonly string[]
  /** The number of results that `confidence` and `issues` rest on: all of a small run, and some of a large one. */
  readonly sampled: number
  /** The mean confidence of each field among them, and the share of these results that are below 0.8. */
  readonly confidence: readonly { readonly field: string; readonly mean: number; readonly low: number }[]
  /** How many of them have each kind of issue. */
  readonly issues: readonly { readonly code: string; readonly results: number }[]
}

/** Which results are searched for. What is missing does not matter. */
export interface ResultFilter {
  readonly codebook: string
  readonly catalogue?: string | undefined
  /** Words of the name or the id; each is the beginning of a word there. */
  readonly text?: string | undefined
  /** Labels by field, all of which a result has. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** A rule that decided some field of `fields`. */
  readonly rule?: string | undefined
  /** The fields of the codebook. */
  readonly fields: readonly string[]
  readonly source?: Source | undefined
  readonly status?: Status | undefined
  readonly runId?: string | undefined
  /** Only results with less confidence. */
  readonly below?: number | undefined
}

export interface ResultPage {
  readonly results: readonly Classification[]
  /** The key after which the next page begins; undefined on the last one. */
  readonly next: { readonly catalogue: string; readonly id: string } | undefined
  /** The number of all results that were found, counted up to a limit. */
  readonly found: number
  /** Whether there may be more than were counted. */
  readonly isMore: boolean
}

export interface HistoryEntry extends Classification {
  readonly runStartedAt: string
}

export interface LabelCounts {
  readonly sampled: number
  readonly counts: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** What the rate budget was set to. */
export interface BudgetEntry {
  readonly at: string
  readonly rpm: number
  /** Null where tokens have no bound. */
  readonly tpm: number | null
  readonly safety: number
  readonly by: string
  /** Whether it came of the settings of a replica, and not of a person or a program. */
  readonly isConfigured: boolean
}

/** Decisions of people on the results of a run. */
export interface RunDecisions {
  readonly decided: number
  /** Those that changed a label. */
  readonly corrected: number
}

/** How often one person took a value away that a result had. */
export interface Correction {
  readonly field: string
  readonly value: string
  readonly by: string
  readonly times: number
}

/** A field of a record to which people gave different labels. */
export interface Disagreement {
  readonly catalogue: string
  readonly id: string
  readonly field: string
  readonly labels: readonly { readonly by: string; readonly label: LabelValue }[]
  /** Whether a third decision has settled it. */
  readonly isSettled: boolean
}

/** The reads of the console. Rejects with the codes of `Store`. */
export interface ViewStore {
  /** The decisions on results of these runs, by run; a run without any is left out. */
  countDecisions(scope: ResultScope, runIds: readonly string[]): Promise<ReadonlyMap<string, RunDecisions>>
  /** What people corrected in results of a codebook, the most frequent first. */
  findCorrections(codebook: string): Promise<readonly Correction[]>
  /** Where people disagree by the codebook with this hash; what nobody has settled first. */
  findDisagreements(codebookHash: string, limit: number): Promise<readonly Disagreement[]>
  /** The newest changes of the rate budget, the newest first. */
  listBudgetChanges(limit: number): Promise<readonly BudgetEntry[]>
  /** What a run did in the last minutes before its latest batch, one point each ten seconds. */
  findPace(runId: string): Promise<readonly PacePoint[]>
  findRunDetail(runId: string): Promise<RunDetail>
  search(filter: ResultFilter, after: ResultPage['next'], limit: number): Promise<ResultPage>
  /** What the runs said of one record, the newest first, at most 50. */
  findHistory(scope: ResultScope, id: string): Promise<readonly HistoryEntry[]>
  /** How often each label was given by a codebook, by field and label, among some of its results. */
  countLabels(codebook: string): Promise<LabelCounts>
  /** Records of the same catalogue whose names hold the words of this one's, as candidates for the same shape. */
  findAlike(scope: ResultScope, indicator: Indicator, limit: number): Promise<readonly Indicator[]>
}

export interface CardsToClaim {
  /** Name of the codebook without its version. */
  readonly codebook: string
  /** One open page of one reviewer. */
  readonly holder: string
  /** The shapes in the order in which they are wanted. */
  readonly shapeHashes: readonly string[]
  /** The most cards that are claimed. */
  readonly most: number
  readonly holdMs: number
}

/** Leases the cards of a review, so that two reviewers never have the same. Rejects with the codes of `Store`. */
export interface ReviewCardStore {
  /** The hashes of the shapes that the holder has now. */
  claim(cards: CardsToClaim): Promise<ReadonlySet<string>>
  release(codebook: string, holder: string, shapeHashes: readonly string[]): Promise<void>
  /** Whether the decision with this id was stored in the sitting. */
  isStored(sitting: string, decisionId: string): Promise<boolean>
  /** The database's clock, ISO 8601. */
  now(): Promise<string>
}
