/** The types of purges: which runs use an answer, what of a run stands in the database, and the port that deletes it. */

/** A run that was given an answer by shape, or that reused one. */
export interface AnswerUse {
  readonly runId: string
  readonly shapeHash: string
}

/** The tables that a purge changes, in the order in which it changes them. The later half is written by releases before codebooks only. */
export const PURGED_TABLES = [
  'shape_answers',
  'claims',
  'result_inputs',
  'results',
  'result_history',
  'human_answers',
  'review_decisions',
  'sentinel_rows',
  'evidence_labels',
  'runs',
  'answers',
  'indicators',
  'classifications',
  'classification_history',
  'person_answers',
  'review_items',
] as const
export type PurgedTable = (typeof PURGED_TABLES)[number]

/** What a purge does to the rows of a run in one table. */
export interface PurgeCount {
  /** Rows that are deleted, or whose text is. */
  readonly removed: number
  /** Rows that stay, because another run brought the same text. */
  readonly kept: number
}

export type PurgeCounts = Readonly<Partial<Record<PurgedTable, PurgeCount>>>

/** What the database holds of a run. */
export interface RunContents {
  /** Whether the run has a row with its totals, which a purge leaves. */
  readonly isKnown: boolean
  readonly counts: PurgeCounts
  /**
   * The runs that gave the latest result of an indicator which this run classified too, and those in which people decided on
   * results of this run, with the number of these indicators, the most first, at most 10.
   */
  readonly laterRuns: readonly { readonly runId: string; readonly results: number }[]
  /**
   * Answers that no run names, because a release before purges wrote them, and that stay; 0 for a run that such a release cannot
   * have begun, and where they are to go and so stand in `counts`.
   */
  readonly answersOfEarlierReleases: number
}

/** What a purge takes beside what names the run. */
export interface PurgeScope {
  /** Whether all answers that no run names are deleted as well. */
  readonly withEarlierAnswers: boolean
}

export interface PurgeOptions extends PurgeScope {
  readonly signal: AbortSignal
  /** Called after each transaction with what it did. */
  readonly purged: (counts: PurgeCounts) => void
}

export interface PurgeStore {
  /** Counts what a purge of the run would do, without changing anything. */
  find(runId: string, scope: PurgeScope): Promise<RunContents>
  /** The invocations of Restate that saved batches of the run. */
  findInvocations(runId: string): Promise<readonly string[]>
  /**
   * Deletes the texts of the run, a bounded number of rows in each transaction. Interrupted, it may be called again and goes on
   * with the rest. Rejects with the codes of `Store`, or with the reason of the signal.
   */
  purge(runId: string, options: PurgeOptions): Promise<void>
}
