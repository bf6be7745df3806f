/** Counts what an earlier part of a run has given as given by the run, where a batch that was stopped is submitted again. Pure. */
import type { Source } from '../../classification/types.ts'
import type { BatchSummary, ResultBody } from '../../restate/contract.ts'

/**
 * The summary of a batch of the run in which results that the run itself gave before count as classified. To the service they are
 * unchanged, as those of other runs are.
 */
export function countOwn(summary: BatchSummary, results: readonly ResultBody[], runId: string): BatchSummary {
  const { classified, unchanged } = summary
  if (unchanged === 0) return summary
  const own = results.filter((one) => one.run_id === runId)
  const before = own.length - classified
  if (before <= 0 || before > unchanged) return summary
  const others = results.filter((one) => one.run_id !== runId)
  const count = (all: readonly ResultBody[], status: ResultBody['status']) =>
    all.filter((one) => one.status === status).length
  const sources = Object.keys(summary.by_source) as Source[]
  const ofSource = (source: Source) => own.filter((one) => one.source === source).length
  return {
    ...summary,
    classified: own.length,
    unchanged: unchanged - before,
    needs_review: count(own, 'needs-review'),
    unverified: count(own, 'unverified'),
    unchanged_needs_review: count(others, 'needs-review'),
    unchanged_unverified: count(others, 'unverified'),
    by_source: Object.fromEntries(sources.map((source) => [source, ofSource(source)])) as BatchSummary['by_source'],
  }
}
