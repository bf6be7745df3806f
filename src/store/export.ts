/** Exports all classifications, those of one run, and all inputs, page by page in order of the indicator's id. */
import { z } from 'zod'
import type { Classification, Indicator } from '../classification/types.ts'
import { type PageOptions, readPages } from './pages.ts'
import type { DatabasePool } from './pool.ts'
import { queryRows } from './query.ts'
import { CLASSIFICATION_SELECT, classificationRow } from './results.ts'
import { findRunStart } from './runs.ts'

const DOING = 'export classifications'
const idOfClassification = (row: Classification) => row.indicator_id

/**
 * The latest classification of every indicator; with `runId`, the classifications that this run gave by the history,
 * also of indicators that a later run classified again.
 */
export async function* exportClassifications(
  pool: DatabasePool,
  options: PageOptions & { readonly runId?: string },
): AsyncGenerator<readonly Classification[], void, undefined> {
  const { runId } = options
  if (runId !== undefined) return yield* exportRun(pool, runId, options)
  const text = `select ${CLASSIFICATION_SELECT} from classifications
    where indicator_id > $1 order by indicator_id limit $2`
  yield* readPages(options, idOfClassification, (after, pageSize) =>
    queryRows(pool, DOING, classificationRow, text, [after, pageSize]),
  )
}

/**
 * All history rows of a run have the run's start as their time, by which TimescaleDB cuts the history into chunks. With
 * the start bound, each page reads the one chunk that holds the run; without it, each page would search all chunks.
 */
async function* exportRun(
  pool: DatabasePool,
  runId: string,
  options: PageOptions,
): AsyncGenerator<readonly Classification[], void, undefined> {
  const startedAt = await findRunStart(pool, runId)
  if (startedAt === undefined) return
  const text = `select ${CLASSIFICATION_SELECT} from classification_history
    where run_id = $3 and run_started_at = $4::timestamptz and indicator_id > $1 order by indicator_id limit $2`
  yield* readPages(options, idOfClassification, (after, pageSize) =>
    queryRows(pool, DOING, classificationRow, text, [after, pageSize, runId, startedAt]),
  )
}

/**
 * The form of the stored input is not checked here, because it was checked before it was saved and a command that reads
 * it as a catalogue checks it again.
 */
const inputRow = z.object({
  indicator_id: z.string(),
  input: z
    .looseObject({ indicator_id: z.string(), name: z.string() })
    .transform((input) => input as unknown as Indicator),
})

/** The latest input of every indicator. */
export async function* exportIndicators(
  pool: DatabasePool,
  options: PageOptions,
): AsyncGenerator<readonly Indicator[], void, undefined> {
  const text = 'select indicator_id, input from indicators where indicator_id > $1 order by indicator_id limit $2'
  const pages = readPages(
    options,
    (row: z.output<typeof inputRow>) => row.indicator_id,
    (after, pageSize) => queryRows(pool, 'export indicators', inputRow, text, [after, pageSize]),
  )
  for await (const page of pages) yield page.map(({ input }) => input)
}
