/** Reads what one run said of its indicators, and the inputs that it saw, for certificates. */
import { z } from 'zod'
import type { Indicator, Mode } from '../../classification/types.ts'
import { storableText } from '../bulk.ts'
import { readPages } from '../pages.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { CLASSIFICATION_SELECT, classificationRow } from '../results.ts'
import { storedObject } from '../rows.ts'
import { buildRunPage } from '../runs/run-results.ts'
import { findRunStart } from '../runs.ts'
import type { RunPart, RunRow, RunRowWithInput, RunScope } from '../types.ts'

const partRow = z
  .object({ catalogue: z.string(), codebook_name: z.string(), codebook_hash: z.string(), rows: z.int() })
  .transform(
    ({ catalogue, codebook_name: codebook, codebook_hash: codebookHash, rows }): RunPart => ({
      catalogue,
      codebook,
      codebookHash,
      rows,
    }),
  )

/** The catalogues and versions of codebooks of the rows that a run gave. */
export async function findRunParts(pool: DatabasePool, runId: string): Promise<readonly RunPart[]> {
  const startedAt = await findRunStart(pool, runId)
  if (startedAt === undefined) return []
  return queryRows(
    pool,
    'read what a run classified',
    partRow,
    `select catalogue, codebook_name, codebook_hash, count(*) as rows from run_results
     where run_id = $1 and run_started_at = $2::timestamptz
     group by catalogue, codebook_name, codebook_hash order by catalogue, codebook_name, codebook_hash`,
    [runId, startedAt],
  )
}

const state = z.object({ input_hash: z.string(), mode: z.enum(['rules', 'hybrid', 'model'] satisfies Mode[]) })

const runRow = z.intersection(classificationRow, state).transform((row): RunRow => toRunRow(row))

function toRunRow({
  input_hash: inputHash,
  mode,
  ...classification
}: z.infer<typeof classificationRow> & z.infer<typeof state>): RunRow {
  return { classification, inputHash, mode }
}

/** The rows of a part of a run, in order of the id. Each page reads the one chunk of the history that holds the run. */
export async function* exportRunRows(
  pool: DatabasePool,
  { runId, catalogue, codebook }: RunScope,
  pageSize?: number,
): AsyncGenerator<readonly RunRow[], void, undefined> {
  const startedAt = await findRunStart(pool, runId)
  if (startedAt === undefined) return
  const run = { runId, startedAt, codebook, catalogue, columns: `${CLASSIFICATION_SELECT}, input_hash, mode` }
  yield* readPages(
    pageSize === undefined ? {} : { pageSize },
    ({ classification }: RunRow) => [classification.catalogue, classification.indicator_id],
    (after, size) => {
      const { text, values } = buildRunPage(run, after, size)
      return queryRows(pool, 'read the rows of a run', runRow, text, values)
    },
  )
}

const withInput = z
  .intersection(classificationRow, state.extend({ input: storedObject<Indicator>().nullable() }))
  .transform(({ input, ...row }): RunRowWithInput => ({ ...toRunRow(row), indicator: input }))

/** The rows of some indicators, with the inputs that the run saw, as far as they are still the latest. */
export async function findRunRows(
  pool: DatabasePool,
  { runId, catalogue, codebook }: RunScope,
  ids: readonly string[],
): Promise<ReadonlyMap<string, RunRowWithInput>> {
  const startedAt = ids.length === 0 ? undefined : await findRunStart(pool, runId)
  if (startedAt === undefined) return new Map()
  const columns = CLASSIFICATION_SELECT.split(', ').map((name) => `h.${name}`)
  const found = await queryRows(
    pool,
    'read rows of a run',
    withInput,
    `select ${columns.join(', ')}, h.input_hash, h.mode, i.input from run_results h
     left join result_inputs i
       on i.catalogue = h.catalogue and i.indicator_id = h.indicator_id and i.input_hash = h.input_hash
     where h.run_id = $1 and h.run_started_at = $2::timestamptz and h.codebook_name = $3 and h.catalogue = $4
       and h.indicator_id = any($5::text[])`,
    [runId, startedAt, storableText(codebook), storableText(catalogue), ids.map(storableText)],
  )
  return new Map(found.map((row) => [row.classification.indicator_id, row]))
}
