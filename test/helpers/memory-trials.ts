/** The trials of runs in memory, with the clock of this process as that of the database. */
import type { TrialState, TrialStore } from '../../src/store/types.ts'

/** Every run is known. `trials` holds what is stored, by run. */
export function createMemoryTrials(
  now: () => number = () => Date.now(),
): TrialStore & { readonly trials: Map<string, TrialState> } {
  const trials = new Map<string, TrialState>()
  return {
    trials,
    read: async (runId) => trials.get(runId) ?? null,
    async change(runId, decide) {
      const decision = decide(trials.get(runId) ?? null, now())
      if (decision.state !== null) trials.set(runId, decision.state)
      return decision
    },
  }
}
