/** The trial of a run: what replicas share about a model endpoint that has yet to give the run its first usable answer. */

/** Points in time are the database's clock in milliseconds since 1970. The database keeps the property names. */
export interface TrialState {
  /** The process of the run that the trial is for: a later process of the run has a greater number. 0 where none is named. */
  readonly part: number
  /** `usable`: an answer of the endpoint was usable, so that requests are not counted any more. */
  readonly outcome: 'open' | 'usable' | 'stopped'
  /** The chunks whose requests are in flight, and until when that is believed. */
  readonly holders: readonly { readonly id: string; readonly until: number }[]
  /** The failures of one kind since the last failure of another kind; null before the first. */
  readonly alike: {
    readonly code: string
    readonly count: number
    /** What the failed requests asked about, so that failures which may lie with a record count once for it. */
    readonly subjects: readonly string[]
  } | null
  /** Requests of the trial that failed, and the part of them that found the endpoint away. */
  readonly failed: number
  readonly away: number
  /** The part of those that found it away to which an answer came, with nothing in it. */
  readonly empty: number
  /** The smallest request that was too long, in characters of its records, and what was said of it; null before the first. */
  readonly tooLong: { readonly size: number; readonly message: string } | null
  /** No request starts before this time, because the endpoint was away. */
  readonly notBefore: number
  /** Why the run was stopped, and when; null unless it is stopped. */
  readonly stop: { readonly code: string; readonly message: string; readonly at: number } | null
}

/** The model that is tried: one of the two that a run may ask. */
export type TriedModel = 'primary' | 'escalation'

/** Stores the trials of runs, one for each model, and decides none. Rejects with the codes of `Store`. */
export interface TrialStore {
  /** The trial of a run; undefined for a run that no batch has opened, null where nothing is stored of its trial. */
  read(runId: string, model: TriedModel): Promise<TrialState | null | undefined>
  /**
   * Reads, decides and stores in one transaction, and resolves with what `decide` returned; undefined for a run that no
   * batch has opened. `now` is the database's clock.
   */
  change<Decision extends { readonly state: TrialState | null }>(
    runId: string,
    model: TriedModel,
    decide: (state: TrialState | null, now: number) => Decision,
  ): Promise<Decision | undefined>
}
