/** The trials of runs in memory, with the clock of this process as that of the database. */
import type { TrialState, TrialStore, TriedModel } from '../../../src/store/types.ts'

/** Every run is known. `trials` holds what is stored, by run; the trials of escalation models stand under "escalation RUN". */
export function createMemoryTrials(
  now: () => number = () => Date.now(),
): TrialStore & { readonly trials: Map<string, TrialState> } {
  const trials = new Map<string, TrialState>()
  const keyOf = (runId: string, model: TriedModel) => (model === 'primary' ? runId : `${model} ${runId}`)
  return {
    trials,
    read: async (runId, model) => trials.get(keyOf(runId, model)) ?? null,
    async change(runId, model, decide) {
      const key = keyOf(runId, model)
      const decision = decide(trials.get(key) ?? null, now())
      if (decision.state !== null) trials.set(key, decision.state)
      return decision
    },
  }
}
