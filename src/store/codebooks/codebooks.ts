/** Stores and finds codebooks, once for each content, and keeps a view of the results by each of them. */
import type pg from 'pg'
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { storableJson, storableText } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { inTransaction } from '../transaction.ts'
import type { CodebookColumn, StoredCodebook } from '../types.ts'
import { type ResultView, resultViewOf } from './result-view.ts'

const DOING = 'save a codebook'

/** The key of the advisory lock under which views are replaced: "clsv" in ASCII, a number that nothing else locks. */
const LOCK_KEY = 0x636c7376

/** SQLSTATEs of a view that cannot be replaced by one with other columns, and of one that others depend on. */
const OTHER_COLUMNS = '42P16'
const IS_DEPENDED_ON = '2BP01'

const stateRow = z.object({ is_stored: z.boolean(), fingerprint: z.string().nullable() })

/** SQL for what of a codebook is there already; `$1` is its hash and `$2` the name of its view. */
const STATE_SELECT = `select exists (select from codebooks where hash = $1) as is_stored,
  obj_description(to_regclass($2), 'pg_class') as fingerprint`

/**
 * Stores a codebook and gives its view the columns `fields`. The view is that of the codebook of this name which was saved
 * last. Where all is there already, nothing is written and nothing is locked; otherwise one replica at a time writes, in
 * one transaction, because PgBouncer shares sessions.
 */
export async function saveCodebook(
  pool: DatabasePool,
  codebook: StoredCodebook,
  fields: readonly CodebookColumn[],
): Promise<void> {
  const view = resultViewOf(codebook.name, fields)
  const [state] = await queryRows(pool, DOING, stateRow, STATE_SELECT, [codebook.hash, view.name])
  if (state?.is_stored === true && state.fingerprint === view.fingerprint) return
  await inTransaction(pool, { doing: DOING }, async (client) => {
    await client.query(`select pg_advisory_xact_lock(${LOCK_KEY})`)
    await client.query(
      `insert into codebooks (hash, name, version, text, lists) values ($1, $2, $3, $4, $5) on conflict (hash) do nothing`,
      [
        codebook.hash,
        codebook.name,
        storableText(codebook.version),
        storableText(codebook.text),
        storableJson(codebook.lists),
      ],
    )
    const found = await client.query<Record<string, unknown>>(STATE_SELECT, [codebook.hash, view.name])
    if (stateRow.parse(found.rows[0]).fingerprint !== view.fingerprint) await putView(client, view)
  })
}

/**
 * Replaces the view where only columns were added at its end, which keeps the rights that were granted on it and the views
 * that use it. Otherwise the view is dropped and made anew.
 */
async function putView(client: pg.Client, view: ResultView): Promise<void> {
  const create = `create or replace view ${view.name} as ${view.query}`
  await client.query('savepoint before_view')
  try {
    await client.query(create)
  } catch (error) {
    if (sqlStateOf(error) !== OTHER_COLUMNS) throw error
    await client.query('rollback to savepoint before_view')
    await dropView(client, view)
    await client.query(create)
  }
  await client.query(`comment on view ${view.name} is '${view.fingerprint}'`)
}

async function dropView(client: pg.Client, { name }: ResultView): Promise<void> {
  try {
    await client.query(`drop view ${name}`)
  } catch (error) {
    if (sqlStateOf(error) !== IS_DEPENDED_ON) throw error
    const advice = 'drop these (their definitions are in pg_views), save the codebook again, and then make them anew'
    const reason = `The codebook changes or removes columns of the view ${name}, and other views or functions use it`
    throw new ServiceError('database-failed', `${reason}: ${advice}`)
  }
}

function sqlStateOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

const codebookRow: z.ZodType<StoredCodebook> = z.object({
  name: z.string(),
  version: z.string(),
  hash: z.string(),
  text: z.string(),
  lists: z.record(z.string(), z.string()),
})

/** The codebook with this hash, or the one of this name (and version) that was stored last. */
export async function findCodebook(
  pool: DatabasePool,
  by: { readonly hash: string } | { readonly name: string; readonly version?: string },
): Promise<StoredCodebook | undefined> {
  const select = 'select name, version, hash, text, lists from codebooks'
  const doing = 'read a codebook'
  const found =
    'hash' in by
      ? await queryRows(pool, doing, codebookRow, `${select} where hash = $1`, [storableText(by.hash)])
      : await queryRows(
          pool,
          doing,
          codebookRow,
          `${select} where name = $1 and ($2::text is null or version = $2) order by stored_at desc limit 1`,
          [storableText(by.name), by.version === undefined ? null : storableText(by.version)],
        )
  return found[0]
}

const identityRow = z.object({ name: z.string(), version: z.string(), hash: z.string() })

/** The stored codebooks without their texts, the newest first. */
export async function listCodebooks(
  pool: DatabasePool,
): Promise<readonly Pick<StoredCodebook, 'name' | 'version' | 'hash'>[]> {
  const text = 'select name, version, hash from codebooks order by stored_at desc, hash'
  return queryRows(pool, 'list codebooks', identityRow, text)
}
