/** Searches the latest results by words, labels, rules and figures, a page at a time, over a million of them in a moment. */
import { z } from 'zod'
import type { Classification, Indicator } from '../../classification/types.ts'
import { Parameters, storableJson, storableText } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { CLASSIFICATION_SELECT, classificationRow } from '../results.ts'
import { storedObject } from '../rows.ts'
import type { ResultScope } from '../types.ts'
import type { HistoryEntry, ResultFilter, ResultPage } from './types.ts'

const DOING = 'search results'
/** Nobody pages through more, and counting on would take time. */
const COUNT_LIMIT = 10_000

/**
 * One page of results in order of catalogue and id, and how many there are, counted up to a limit. Of more than that the pages show
 * those that were found first, because ordering all of them could mean to read all results.
 */
export async function search(
  pool: DatabasePool,
  filter: ResultFilter,
  after: ResultPage['next'],
  limit: number,
): Promise<ResultPage> {
  const [page, found] = isInOrder(filter)
    ? await Promise.all([readInOrder(pool, filter, after, limit), countFound(pool, filter)])
    : await readFound(pool, filter, after, limit)
  const last = page.length > limit ? page[limit - 1] : undefined
  return {
    results: page.slice(0, limit),
    next: last === undefined ? undefined : { catalogue: last.catalogue, id: last.indicator_id },
    found,
    isMore: found >= COUNT_LIMIT,
  }
}

/** Whether an index has the results of the filter in the order of the pages, so that a page reads its own rows alone. */
function isInOrder({ text, labels = {}, rule, source, runId, below }: ResultFilter): boolean {
  const others = [rule, source, runId, below].every((one) => one === undefined)
  return others && wordsOf(text ?? '').length === 0 && Object.keys(labels).length === 0
}

async function readInOrder(pool: DatabasePool, filter: ResultFilter, after: ResultPage['next'], limit: number) {
  const parameters = new Parameters()
  const conditions = conditionsOf(parameters, filter)
  if (after !== undefined) {
    const key = `(${parameters.bind(after.catalogue)}, ${parameters.bind(after.id)})`
    conditions.push(`(catalogue, indicator_id) > ${key}`)
  }
  const order = 'order by catalogue, indicator_id'
  const text = `select ${CLASSIFICATION_SELECT} from results where ${conditions.join(' and ')} ${order} limit ${parameters.bind(limit + 1)}`
  return await queryRows(pool, DOING, classificationRow, text, parameters.values)
}

async function countFound(pool: DatabasePool, filter: ResultFilter): Promise<number> {
  const parameters = new Parameters()
  const where = conditionsOf(parameters, filter).join(' and ')
  const text = `select count(*) as found from (select from results where ${where} limit ${parameters.bind(COUNT_LIMIT)}) as limited`
  const [row] = await queryRows(pool, DOING, z.object({ found: z.int() }), text, parameters.values)
  return row?.found ?? 0
}

const foundRow = z.object({ found: z.int() }).and(classificationRow)

/** Finds the keys first, by whatever index meets the filter, and puts no more than the limit of them in order. */
async function readFound(
  pool: DatabasePool,
  filter: ResultFilter,
  after: ResultPage['next'],
  limit: number,
): Promise<[Classification[], number]> {
  const parameters = new Parameters()
  const where = conditionsOf(parameters, filter).join(' and ')
  const most = parameters.bind(COUNT_LIMIT)
  const key = `(${parameters.bind(after?.catalogue ?? '')}, ${parameters.bind(after?.id ?? '')})`
  const codebook = parameters.bind(storableText(filter.codebook))
  const text = `with keys as materialized (
      select catalogue as c, indicator_id as i from results where ${where} limit ${most}
    ), page as materialized (
      select c, i from keys where (c, i) > ${key} order by c, i limit ${parameters.bind(limit + 1)}
    )
    select ${CLASSIFICATION_SELECT}, (select count(*) from keys) as found
    from page join results on codebook_name = ${codebook} and catalogue = c and indicator_id = i order by c, i`
  const rows = await queryRows(pool, DOING, foundRow, text, parameters.values)
  return [rows.map(({ found: _found, ...row }) => row), rows[0]?.found ?? 0]
}

/** The conditions of a filter. Each is one that an index answers, where few results meet it. */
function conditionsOf(parameters: Parameters, filter: ResultFilter): string[] {
  const bind = (text: string) => parameters.bind(storableText(text))
  const conditions = [`codebook_name = ${bind(filter.codebook)}`]
  const { catalogue, text, labels = {}, rule, source, status, runId, below } = filter
  if (catalogue !== undefined) conditions.push(`catalogue = ${bind(catalogue)}`)
  const words = wordsOf(text ?? '')
  if (words.length > 0) {
    const query = words.map((word) => `${word}:*`).join(' & ')
    conditions.push(`(${RESULT_WORDS} @@ ${bind(query)}::tsquery or indicator_id = ${bind(text ?? '')})`)
  }
  for (const [field, label] of Object.entries(labels)) {
    // The text of a number may be a number of the codebook or a text, and one label may stand alone or among several.
    const forms = [label, [label], ...(PLAIN_NUMBER.test(label) ? [Number(label)] : [])]
    conditions.push(anyOf(forms.map((form) => holds(parameters, 'labels', field, form))))
  }
  if (rule !== undefined) {
    conditions.push(anyOf(filter.fields.map((field) => holds(parameters, 'field_source', field, rule))))
  }
  if (source !== undefined) conditions.push(`source = ${bind(source)}`)
  if (status !== undefined) conditions.push(`status = '${status}'`)
  if (runId !== undefined) conditions.push(`run_id = ${bind(runId)}`)
  if (below !== undefined) conditions.push(`confidence < ${parameters.bind(below)}::float8`)
  return conditions
}

const PLAIN_NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/

/** Whether a column of jsonb has this value in this field, which its index answers. */
function holds(parameters: Parameters, column: string, field: string, value: unknown): string {
  return `${column} @> ${parameters.bind(storableJson({ [field]: value }))}::jsonb`
}

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'false' : `(${conditions.join(' or ')})`
}

const MAX_WORDS = 12
/** The words of a result, as the index of migration 033 has them. */
const RESULT_WORDS = "to_tsvector('simple'::regconfig, left(name, 2000) || ' ' || indicator_id)"

/** The words of a text, without what would mean something in a query of PostgreSQL. */
function wordsOf(text: string): string[] {
  const words =
    text
      .slice(0, 1_000)
      .toLowerCase()
      .normalize('NFKC')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  return [...new Set(words)].slice(0, MAX_WORDS)
}

const historyRow = z
  .object({ run_started_at: z.iso.datetime() })
  .and(classificationRow)
  .transform(({ run_started_at: runStartedAt, ...result }): HistoryEntry => ({ ...result, runStartedAt }))

const MOST_ENTRIES = 50

export async function findHistory(pool: DatabasePool, { catalogue, codebook }: ResultScope, id: string) {
  return await queryRows(
    pool,
    'read the history of a record',
    historyRow,
    `select ${CLASSIFICATION_SELECT}, run_started_at from run_results
     where indicator_id = $1 and catalogue = $2 and codebook_name = $3
     order by run_started_at desc limit ${MOST_ENTRIES}`,
    [storableText(id), storableText(catalogue), storableText(codebook)],
  )
}

/** The longest words of a name tell most: records that hold all of them are few. */
const TELLING_WORDS = 4

export async function findAlike(
  pool: DatabasePool,
  { catalogue, codebook }: ResultScope,
  indicator: Indicator,
  limit: number,
): Promise<readonly Indicator[]> {
  const words = wordsOf(indicator.name).sort((a, b) => b.length - a.length)
  if (words.length === 0) return []
  const query = words.slice(0, TELLING_WORDS).join(' & ')
  const rows = await queryRows(
    pool,
    'find records alike',
    z.object({ input: storedObject<Indicator>() }),
    `select i.input from (
       select catalogue, indicator_id from results
       where codebook_name = $1 and catalogue = $2 and indicator_id <> $3
         and ${RESULT_WORDS} @@ $4::tsquery limit $5
     ) r join result_inputs i on i.catalogue = r.catalogue and i.indicator_id = r.indicator_id`,
    [storableText(codebook), storableText(catalogue), storableText(indicator.indicator_id), query, limit],
  )
  return rows.map(({ input }) => input)
}
