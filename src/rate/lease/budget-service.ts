/** The budget of the whole cluster for an operator, who reads it and changes it through any replica. */
import type { Logger } from 'pino'
import { ServiceError } from '../../errors.ts'
import type { BudgetStore, ClusterBudget, LeaseClient } from '../types.ts'
import { reportBudget } from './budget-report.ts'
import type { ConfiguringLeaseStore } from './lease-store.ts'

export interface ClusterBudgetOptions {
  readonly store: BudgetStore
  readonly leases: Pick<ConfiguringLeaseStore, 'configure'>
  readonly leaseClient: Pick<LeaseClient, 'renewSoon'>
  /** The name of the replica, which the budget row keeps as the author of a change that names nobody. */
  readonly name: string
  readonly log: Logger
}

export function createClusterBudget({ store, leases, leaseClient, name, log }: ClusterBudgetOptions): ClusterBudget {
  return {
    async change({ requestsPerMinute, tokensPerMinute }, by = name) {
      // The row to change and to read exists only once the environment's budget is stored.
      await leases.configure()
      if (requestsPerMinute !== undefined || tokensPerMinute !== undefined) {
        await store.set({ rpm: requestsPerMinute, tpm: tokensPerMinute, by })
        leaseClient.renewSoon()
        log.info({ rpm: requestsPerMinute, tpm: tokensPerMinute }, 'The rate budget of the cluster was set')
      }
      const found = await store.read()
      if (found === null) throw new ServiceError('database-unavailable', 'The database holds no rate budget yet')
      return reportBudget(found.state, found.now)
    },
  }
}
