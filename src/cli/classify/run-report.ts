/** What the batches of a run add up to. */
import type { Source } from '../../classification/types.ts'
import type { BatchSummary, Warning } from '../../restate/contract.ts'

export function createTotals() {
  const totals = {
    classified: 0,
    unchanged: 0,
    failed: 0,
    needs_review: 0,
    by_source: { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 } as Record<Source, number>,
    model_requests: 0,
    tokens: { input: 0, cached: 0, output: 0 },
    cost_usd: 0,
    warnings: new Map<string, Warning>(),
    add(summary: BatchSummary): void {
      totals.classified += summary.classified
      totals.unchanged += summary.unchanged
      totals.needs_review += summary.needs_review
      totals.model_requests += summary.model_requests
      totals.cost_usd += summary.cost_usd
      for (const source of Object.keys(totals.by_source) as Source[]) {
        totals.by_source[source] += summary.by_source[source]
      }
      for (const kind of ['input', 'cached', 'output'] as const) totals.tokens[kind] += summary.tokens[kind]
      for (const warning of summary.warnings) {
        const known = totals.warnings.get(warning.code)
        totals.warnings.set(warning.code, { ...warning, count: warning.count + (known?.count ?? 0) })
      }
    },
  }
  return totals
}
