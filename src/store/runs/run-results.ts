/** Reads the results of one run in pages: those that are the latest ones still, and those that later runs have replaced. */
import { Parameters, storableText } from '../bulk.ts'
import { isAfter, type PageKey, type PageOptions } from '../pages.ts'

export interface RunPage extends Pick<PageOptions, 'catalogue'> {
  readonly runId: string
  /** As the row of the run has it, ISO 8601. */
  readonly startedAt: string
  /** Name of the codebook without its version. */
  readonly codebook: string
  /** The columns of the view `run_results` that are read, as a list for a `select`. */
  readonly columns: string
}

/**
 * Builds the statement that reads one page of the view `run_results`, in order of catalogue and id after the key `after`. The view would
 * be read as a whole for each page: here each of its two tables gives the first rows of the page by an index in this order. With the
 * start of the run bound, the history is read in the one chunk of TimescaleDB that holds the run.
 */
export function buildRunPage(
  run: RunPage,
  after: PageKey,
  pageSize: number,
): { text: string; values: Parameters['values'] } {
  const parameters = new Parameters()
  const runId = parameters.bind(run.runId)
  const startedAt = `${parameters.bind(run.startedAt)}::timestamptz`
  const codebook = parameters.bind(storableText(run.codebook))
  const isOfPage = `codebook_name = ${codebook} and ${isAfter(parameters, after, run)}`
  const inOrder = `order by catalogue, indicator_id limit ${parameters.bind(pageSize)}`
  const isSame = 'h.codebook_name = r.codebook_name and h.catalogue = r.catalogue and h.indicator_id = r.indicator_id'
  const age = (row: 'h' | 'r') => `(${row}.sequence, ${row}.classified_at)`
  const text = `select ${run.columns} from (
      (select ${run.columns} from result_history h
       where run_id = ${runId} and run_started_at = ${startedAt} and ${isOfPage} and not exists (
         select from results r where r.run_id = ${runId} and ${isSame} and ${age('r')} > ${age('h')}
       ) ${inOrder})
      union all
      (select ${run.columns} from results r
       where run_id = ${runId} and ${isOfPage} and not exists (
         select from result_history h
         where h.run_id = ${runId} and h.run_started_at = ${startedAt} and ${isSame} and ${age('h')} >= ${age('r')}
       ) ${inOrder})
    ) page ${inOrder}`
  return { text, values: parameters.values }
}
