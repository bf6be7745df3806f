/** The lease store of a replica: decides each renewal in a transaction of the budget store, with the budget of its environment stored first. */
import type { BudgetStore, LeaseGrant, LeaseRequest } from '../types.ts'
import { decideLease } from './lease-decision.ts'

/**
 * The rate budget by the environment of a replica, and the name of the replica, which the budget row keeps as its
 * author.
 */
export interface ConfiguredBudget {
  readonly rpm: number
  /** Null where tokens have no bound. */
  readonly tpm: number | null
  /** The part of the budget that is used, above 0 to 1. */
  readonly safety: number
  readonly by: string
}

export interface LeaseStore {
  /** Null where a later request of the replica came first, and where no budget is stored. Rejects without a database. */
  renew(request: LeaseRequest): Promise<LeaseGrant | null>
  release(replicaId: string): Promise<void>
}

export interface ConfiguringLeaseStore extends LeaseStore {
  /** Stores the budget of the environment unless this replica has stored it already. Rejects as `BudgetStore` does. */
  configure(): Promise<void>
}

/**
 * Decides each renewal by `decideLease`. The budget of the environment is stored before the first renewal and not at
 * the start of the replica, which may start while the database is away.
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
      // Null comes of a later renewal that was first, and of a budget row that was deleted and has to be stored again.
      if (grant === null) isConfigured = false
      return grant
    },
    release: (replicaId) => store.release(replicaId),
  }
}
