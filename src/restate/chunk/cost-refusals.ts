/** The requests that the cost limits of runs have refused, as one replica remembers them and as people see them. */
import type { CostReservation, DriverStore } from '../../store/types.ts'

/** Why a request does not start: others may leave it a part of the limit when they end, or the limit is reached. */
export type CostRefusal = CostReservation & { readonly kind: 'wait' | 'over'; readonly mostUsd: number }

/**
 * The requests that a limit refused for good, for each run the cheapest one: what a run has spent never becomes less, so that no request
 * as dear will ever fit.
 */
export interface CostRefusals {
  find(runId: string, maxUsd: number, mostUsd: number): CostRefusal | null
  /** Notes it for other replicas and for people as well. Never rejects. */
  note(runId: string, maxUsd: number, refusal: CostRefusal): Promise<void>
}

/** Runs whose refusals are remembered; those of any other are decided anew. */
const MOST_RUNS = 100

export function createCostRefusals(drivers?: Pick<DriverStore, 'noteRefusal'>): CostRefusals {
  const cheapest = new Map<string, CostRefusal>()
  const keyOf = (runId: string, maxUsd: number) => `${runId} ${maxUsd}`
  return {
    find(runId, maxUsd, mostUsd) {
      const known = cheapest.get(keyOf(runId, maxUsd))
      return known !== undefined && known.mostUsd <= mostUsd ? known : null
    },
    async note(runId, maxUsd, refusal) {
      const key = keyOf(runId, maxUsd)
      if ((cheapest.get(key)?.mostUsd ?? Number.POSITIVE_INFINITY) <= refusal.mostUsd) return
      cheapest.set(key, refusal)
      const [oldest] = cheapest.keys()
      if (cheapest.size > MOST_RUNS && oldest !== undefined) cheapest.delete(oldest)
      // A run that stops says what its next request could cost; where that cannot be stored, it says less.
      await drivers?.noteRefusal(runId, { maxUsd, mostUsd: refusal.mostUsd }).catch(() => undefined)
    },
  }
}
