/** The handler classify-api/budget: reads the cluster's rate budget with its leases, and sets it where the request says so. */
import type { ClusterBudget } from '../../rate/types.ts'
import type { BudgetRequest, BudgetResponse } from '../contract.ts'
import { personOf } from './person.ts'

/** `caller` is the name of the token by which the request came, where there is one. */
export async function answerBudget(
  budget: ClusterBudget,
  request: BudgetRequest,
  caller?: string,
): Promise<BudgetResponse> {
  const by = personOf(request.by, caller)
  const report = await budget.change({ requestsPerMinute: request.rpm, tokensPerMinute: request.tpm }, by)
  return {
    rpm: report.budget.requestsPerMinute,
    tpm: report.budget.tokensPerMinute,
    safety: report.safety,
    paused_ms: Math.round(report.pausedMs),
    ...(report.pause === null
      ? {}
      : { pause: { reason: report.pause.reason, for_ms: Math.round(report.pause.forMs) } }),
    pace_factor: report.paceFactor,
    account: { rpm: report.account.requestsPerMinute, tpm: report.account.tokensPerMinute },
    replicas: report.replicas.map(({ name, share, lease, demand, inFlight, expiresInMs, memoryBytes, version }) => ({
      name,
      share,
      rpm: lease.requestsPerMinute,
      tpm: lease.tokensPerMinute,
      demand,
      in_flight: inFlight,
      expires_in_ms: Math.round(expiresInMs),
      memory_bytes: memoryBytes ?? null,
      version: version ?? null,
    })),
  }
}
