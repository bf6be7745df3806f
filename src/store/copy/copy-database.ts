/** Copies what one database holds into another of the same release, table by table, as JSON that no program in between reads. */
import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import type { DatabasePool } from '../pool.ts'
import { inTransaction } from '../transaction.ts'

const DOING = 'copy the tables'
const ROWS_AT_ONCE = 1_000

/**
 * Tables that are not copied: the list of migrations, which the target has its own of; what says which replicas run and what they do
 * at the moment; and the tables of releases before codebooks, whose rows stand in the new ones.
 */
const LEFT_OUT: readonly string[] = [
  ...['schema_migrations', 'replicas', 'rate_budget', 'claims', 'attempt_notes', 'idempotency_keys'],
  ...['indicators', 'classifications', 'classification_history', 'answers', 'review_items', 'person_answers'],
]

/** The tables whose rows show that a database has been used. */
const USED = ['results', 'runs', 'human_answers'] as const

/** The rows that were copied, by table. */
export type CopiedRows = Readonly<Record<string, number>>

/**
 * Copies all rows in one transaction each, so that the source is seen at one moment and the target gets all or nothing. Both schemas
 * have to be up to date. Rejects with ServiceError config-invalid where the target has been used, or its schema is another one.
 */
export async function copyDatabase(source: DatabasePool, target: DatabasePool): Promise<CopiedRows> {
  const begin = 'begin isolation level repeatable read read only'
  return await inTransaction(source, { doing: DOING, begin }, async (from) => {
    return await inTransaction(target, { doing: DOING }, async (to) => {
      const tables = await readTables(from)
      await checkTarget(to, tables)
      const copied: Record<string, number> = {}
      for (const table of tables) copied[table.name] = await copyTable(from, to, table)
      return copied
    })
  })
}

interface Table {
  readonly name: string
  /** The columns that are stored, quoted, in one list. */
  readonly columns: string
  /** The columns whose values the database counts up by itself. */
  readonly counted: readonly string[]
}

/** The tables that are copied, those that others refer to first. */
const TABLES = `
  with recursive referred as (
    select conrelid as child, confrelid as parent from pg_constraint where contype = 'f' and conrelid <> confrelid
  ), depth as (
    select c.oid, 0 as level from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = current_schema() and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> all ($1)
    union
    select referred.child, depth.level + 1 from referred join depth on depth.oid = referred.parent
  )
  select c.relname as name,
    (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '') as columns,
    (select coalesce(json_agg(attname), '[]') from pg_attribute
      where attrelid = c.oid and attnum > 0 and not attisdropped and attidentity <> '') as counted
  from depth join pg_class c on c.oid = depth.oid where c.relname <> all ($1)
  group by c.oid, c.relname order by max(level), c.relname`

async function readTables(client: pg.Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(TABLES, [LEFT_OUT])
  return rows
}

async function checkTarget(client: pg.Client, tables: readonly Table[]): Promise<void> {
  const own = await readTables(client)
  const differs = tables.find(({ name, columns }) => !own.some((one) => one.name === name && one.columns === columns))
  if (differs !== undefined)
    throw new ServiceError(
      'config-invalid',
      `The table ${differs.name} of the target is another one: use one release for both`,
    )
  for (const table of USED) {
    const { rows } = await client.query<{ is_used: boolean }>(`select exists (select from ${table}) as is_used`)
    if (rows[0]?.is_used === true)
      throw new ServiceError(
        'config-invalid',
        `The target holds ${table} already: give a database that was not used yet`,
      )
  }
}

async function copyTable(from: pg.Client, to: pg.Client, { name, columns, counted }: Table): Promise<number> {
  await from.query(
    `declare copied cursor for select row_to_json(own)::text as row from (select ${columns} from ${name}) own`,
  )
  let copied = 0
  while (true) {
    const { rows } = await from.query<{ row: string }>(`fetch ${ROWS_AT_ONCE} from copied`)
    if (rows.length === 0) break
    // The text goes through as it is, so that a number keeps all its digits.
    await to.query(
      `insert into ${name} (${columns}) overriding system value
       select ${columns} from json_populate_recordset(null::${name}, $1::json) on conflict do nothing`,
      [`[${rows.map(({ row }) => row).join(',')}]`],
    )
    copied += rows.length
  }
  await from.query('close copied')
  for (const column of counted)
    await to.query(`select setval(pg_get_serial_sequence($1, $2), (select max(${column}) from ${name}))`, [
      name,
      column,
    ])
  return copied
}
