/** The leases of the cluster over the store of the budget row: what a lease client renews and an operator's change goes through. */
import type { BudgetStore, LeaseStore } from '../types.ts'
import { decideLease } from './lease-decision.ts'

/** The budget by the environment of a replica, and the replica's name as the author of what it stores. */
export interface ConfiguredBudget {
  readonly rpm: number
  /** Null where tokens have no bound. */
  readonly tpm: number | null
  /** The part of the budget that is used, above 0 to 1. */
  readonly safety: number
  readonly by: string
}

export interface ConfiguringLeaseStore extends LeaseStore {
  /** Stores the budget of the environment unless this replica has stored it already. Rejects as `BudgetStore` does. */
  configure(): Promise<void>
}

/**
 * Decides each renewal by `decideLease` inside one transaction of `store`. The budget of the environment is stored
 * before the first renewal, not at start, since a replica also starts while the database is away.
 */
export function createLeaseStore(store: BudgetStore, configured: ConfiguredBudget): ConfiguringLeaseStore {
  let isConfigured = false

  async function configure(): Promise<void> {
    if (isConfigured) return
    await store.configure(configured)
    isConfigured = true
  }

  return {
    configure,
    async renew(request) {
      await configure()
      const grant = await store.renew((state, now) => decideLease(state, request, now))
      // A renewal is refused where a later one came first, and where the budget row was deleted, which has to be stored
      // again.
      if (grant === null) isConfigured = false
      return grant
    },
    release: (replicaId) => store.release(replicaId),
  }
}
