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

/** The state that follows from what is wanted of a run, how its last driver let it go, and whether a driver holds it. */
export function runStateOf({
  wanted,
  outcome,
  driver,
}: {
  readonly wanted: WantedState
  readonly outcome: RunOutcome | null
  readonly driver: { readonly expiresInMs: number } | null
}): RunState {
  if (driver !== null && driver.expiresInMs > 0) return wanted === 'stopped' ? 'stopping' : wanted
  return outcome ?? (driver === null ? 'untracked' : 'abandoned')
}
