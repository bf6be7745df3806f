/** What people want of a run, how a driver lets a run go, and the states that follow. */

export const WANTED_STATES = ['running', 'paused', 'stopped'] as const
export type WantedState = (typeof WANTED_STATES)[number]

/** How a driver let a run go: done, with indicators left, by the command `stop`, or by a signal. */
export const RUN_OUTCOMES = ['complete', 'incomplete', 'stopped', 'interrupted'] as const
export type RunOutcome = (typeof RUN_OUTCOMES)[number]

/**
 * `stopping`: a driver holds the run and was told to stop. `abandoned`: the driver ended without letting the run go.
 * `untracked`: batches came without a driver, so that nothing tells whether more will come. The others are outcomes.
 */
export const RUN_STATES = ['running', 'paused', 'stopping', ...RUN_OUTCOMES, 'abandoned', 'untracked'] as const
export type RunState = (typeof RUN_STATES)[number]
