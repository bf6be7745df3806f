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
  /** The replica that stores a change; the row keeps it as the author. */
  readonly name: string
  readonly log: Logger
}

export function createClusterBudget({ store, leases, leaseClient, name, log }: ClusterBudgetOptions): ClusterBudget {
  return {
    async change({ requestsPerMinute, tokensPerMinute }) {
      // Without it the first renewal of a replica would overwrite the change with the budget of its environment.
      await leases.configure()
      if (requestsPerMinute !== undefined || tokensPerMinute !== undefined) {
        await store.set({ rpm: requestsPerMinute, tpm: tokensPerMinute, by: name })
        leaseClient.renewSoon()
        log.info({ rpm: requestsPerMinute, tpm: tokensPerMinute }, 'The rate budget of the cluster was set')
      }
      const found = await store.read()
      if (found === null) throw new ServiceError('database-unavailable', 'The database holds no rate budget yet')
      return reportBudget(found.state, found.now)
    },
  }
}
