/** All results and all inputs, page by page. */
import { z } from 'zod'
import type { Classification, Indicator } from '../classification/types.ts'
import type { DatabasePool } from './pool.ts'
import { queryRows } from './query.ts'
import { CLASSIFICATION_SELECT, classificationRow } from './results.ts'

const DEFAULT_PAGE_SIZE = 1_000

/**
 * Pages by key: no cursor and so no session, which transaction pooling forbids. With `runId` every result is the one
 * of that run, from the history, also where a later run has classified the indicator again.
 */
export async function* exportClassifications(
  pool: DatabasePool,
  options: { readonly runId?: string; readonly pageSize?: number },
): AsyncGenerator<readonly Classification[], void, undefined> {
  const { runId, pageSize = DEFAULT_PAGE_SIZE } = options
  const from = runId === undefined ? 'classifications where' : 'classification_history where run_id = $3 and'
  const text = `select ${CLASSIFICATION_SELECT} from ${from} indicator_id > $1 order by indicator_id limit $2`
  let last: string | undefined = ''
  while (last !== undefined) {
    const values: (string | number)[] = runId === undefined ? [last, pageSize] : [last, pageSize, runId]
    const page: Classification[] = await queryRows(pool, 'export classifications', classificationRow, text, values)
    if (page.length > 0) yield page
    last = page.length < pageSize ? undefined : page.at(-1)?.indicator_id
  }
}

/** What was written had been checked; whoever reads a catalogue checks it again. */
const inputRow = z.object({
  indicator_id: z.string(),
  input: z
    .looseObject({ indicator_id: z.string(), name: z.string() })
    .transform((input) => input as unknown as Indicator),
})

/** Pages by key, like the results. */
export async function* exportIndicators(
  pool: DatabasePool,
  options: { readonly pageSize?: number },
): AsyncGenerator<readonly Indicator[], void, undefined> {
  const { pageSize = DEFAULT_PAGE_SIZE } = options
  const text = 'select indicator_id, input from indicators where indicator_id > $1 order by indicator_id limit $2'
  let last: string | undefined = ''
  while (last !== undefined) {
    const page: z.output<typeof inputRow>[] = await queryRows(pool, 'export indicators', inputRow, text, [
      last,
      pageSize,
    ])
    if (page.length > 0) yield page.map(({ input }) => input)
    last = page.length < pageSize ? undefined : page.at(-1)?.indicator_id
  }
}
