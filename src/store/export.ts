/** Reads everything in pages: the latest results of a codebook, what one run classified, and the inputs of all indicators. */
import { z } from 'zod'
import type { Classification, Indicator } from '../classification/types.ts'
import { Parameters, storableText } from './bulk.ts'
import { isAfter, type PageKey, type PageOptions, readPages } from './pages.ts'
import type { DatabasePool } from './pool.ts'
import { queryRows } from './query.ts'
import { CLASSIFICATION_SELECT, classificationRow } from './results.ts'
import { buildRunPage } from './runs/run-results.ts'
import { findRunStart } from './runs.ts'

const DOING = 'export classifications'
const keyOfClassification = (row: Classification): PageKey => [row.catalogue, row.indicator_id]

export type ExportOptions = PageOptions & { readonly codebook: string; readonly runId?: string }

/**
 * The latest classification of every indicator by a codebook; with `runId`, the classifications that this run gave,
 * also of indicators that a later run classified again.
 */
export async function* exportClassifications(
  pool: DatabasePool,
  options: ExportOptions,
): AsyncGenerator<readonly Classification[], void, undefined> {
  const { runId } = options
  if (runId !== undefined) return yield* exportRun(pool, runId, options)
  yield* readPages(options, keyOfClassification, (after, pageSize) => {
    const parameters = new Parameters()
    const text = `select ${CLASSIFICATION_SELECT} from results
      where codebook_name = ${parameters.bind(storableText(options.codebook))} and ${isAfter(parameters, after, options)}
      order by catalogue, indicator_id limit ${parameters.bind(pageSize)}`
    return queryRows(pool, DOING, classificationRow, text, parameters.values)
  })
}

async function* exportRun(
  pool: DatabasePool,
  runId: string,
  { codebook, ...options }: ExportOptions,
): AsyncGenerator<readonly Classification[], void, undefined> {
  const startedAt = await findRunStart(pool, runId)
  if (startedAt === undefined) return
  const run = { ...options, runId, startedAt, codebook, columns: CLASSIFICATION_SELECT }
  yield* readPages(options, keyOfClassification, (after, pageSize) => {
    const { text, values } = buildRunPage(run, after, pageSize)
    return queryRows(pool, DOING, classificationRow, text, values)
  })
}

/**
 * The form of the stored input is not checked here, because it was checked before it was saved and a command that reads
 * it as a catalogue checks it again.
 */
const inputRow = z.object({
  catalogue: z.string(),
  indicator_id: z.string(),
  input: z
    .looseObject({ indicator_id: z.string(), name: z.string() })
    .transform((input) => input as unknown as Indicator),
})

/** The latest input of every indicator, of one catalogue or of all. */
export async function* exportIndicators(
  pool: DatabasePool,
  options: PageOptions,
): AsyncGenerator<readonly Indicator[], void, undefined> {
  const pages = readPages(
    options,
    (row: z.output<typeof inputRow>): PageKey => [row.catalogue, row.indicator_id],
    (after, pageSize) => {
      const parameters = new Parameters()
      const text = `select catalogue, indicator_id, input from result_inputs where ${isAfter(parameters, after, options)}
        order by catalogue, indicator_id limit ${parameters.bind(pageSize)}`
      return queryRows(pool, 'export indicators', inputRow, text, parameters.values)
    },
  )
  for await (const page of pages) yield page.map(({ input }) => input)
}

const MOST_CATALOGUES = 50

/** The catalogues that have indicators, found one by one along the primary key, because a scan would read every indicator. */
export async function listCatalogues(pool: DatabasePool): Promise<readonly string[]> {
  const text = `with recursive names as (
      (select catalogue from result_inputs order by catalogue limit 1)
      union all
      select (select i.catalogue from result_inputs i where i.catalogue > names.catalogue order by i.catalogue limit 1)
      from names where names.catalogue is not null
    )
    select catalogue from names where catalogue is not null limit ${MOST_CATALOGUES}`
  const rows = await queryRows(pool, 'list catalogues', z.object({ catalogue: z.string() }), text, [])
  return rows.map(({ catalogue }) => catalogue)
}
