/** What a batch reads in the database does not grow with what is stored: a table that is read as a whole makes each batch dearer than the last. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchResponse } from '../../../../src/restate/contract.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { waitUntil } from '../../../helpers/wait.ts'
import { client, stack } from './world.ts'

const BATCH = 60
/**
 * The tables of which a row is copied, the column by which its copies differ, and how many there are: so many that PostgreSQL would not
 * choose to read all of them for a batch.
 */
const COPIES = {
  claims: { column: 'shape_hash', copies: 20_000 },
  shape_answers: { column: 'shape_hash', copies: 20_000 },
  answer_uses: { column: 'shape_hash', copies: 20_000 },
  llm_requests: { column: 'request_id', copies: 5_000 },
  run_batches: { column: 'batch_id', copies: 5_000 },
  results: { column: 'indicator_id', copies: 5_000 },
  result_inputs: { column: 'indicator_id', copies: 5_000 },
}
const TABLES = Object.keys(COPIES)

/** A batch of shapes that no other has, so that each of them is claimed, asked about and saved. */
async function classify(name: string): Promise<void> {
  const indicators = Array.from({ length: BATCH }, (_, index) => {
    const letters = `${String.fromCharCode(97 + Math.floor(index / 26), 97 + (index % 26))}`
    return { indicator_id: `${name}.${index}`, name: `Zorbic ${name} of the plain ${letters}${letters}`, units: '' }
  })
  const answer = await callIngress(
    stack,
    'classify-api/batch',
    { indicators, catalogue: 'reads', run_id: 'run-reads', options: { trust: 'shipped' } },
    { 'idempotency-key': `reads-${name}` },
  )
  assert.equal(answer.status, 200, answer.text)
  const { summary } = answer.json() as BatchResponse
  assert.deepEqual([summary.classified, summary.by_source.model], [BATCH, BATCH])
}

/** The rows that were read and those that were written since the last reset, by table. PostgreSQL counts them with a delay. */
async function countersOf() {
  const { rows } = await client.query<{ name: string; read: string; written: string }>(
    `select relname as name, seq_tup_read + coalesce(idx_tup_fetch, 0) as read, n_tup_ins + n_tup_upd as written
     from pg_stat_user_tables where relname = any($1)`,
    [TABLES],
  )
  return new Map(rows.map(({ name, read, written }) => [name, { read: Number(read), written: Number(written) }]))
}

test('a batch reads as little of large tables as of small ones', async () => {
  await classify('first')
  for (const [table, { column, copies }] of Object.entries(COPIES)) {
    const { rows } = await client.query<{ names: string; copied: string }>(
      `select string_agg(quote_ident(column_name), ', ') as names, string_agg('copy.' || quote_ident(column_name), ', ') as copied from information_schema.columns
       where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER'`,
      [table],
    )
    const { names = '', copied = '' } = rows[0] ?? {}
    const { rowCount } = await client.query(
      `insert into ${table} (${names}) select ${copied}
       from (select * from ${table} limit 1) as r, generate_series(1, ${copies}) as n,
         jsonb_populate_record(null::${table}, to_jsonb(r) || jsonb_build_object('${column}', 'copy-' || n)) as copy`,
    )
    assert.equal(rowCount, copies, table)
  }
  await client.query(`analyze ${TABLES.join(', ')}`)
  await client.query('select pg_stat_force_next_flush()')
  await client.query('select pg_stat_reset()')

  await classify('second')
  await waitUntil('PostgreSQL has counted what the batch wrote', async () => {
    const counters = await countersOf()
    return TABLES.every((table) => (counters.get(table)?.written ?? 0) > 0)
  })
  const counters = await countersOf()
  for (const [table, { copies }] of Object.entries(COPIES)) {
    const { read = 0 } = counters.get(table) ?? {}
    assert.ok(read < copies / 2, `a batch of ${BATCH} read ${read} rows of ${table}, which has ${copies} more`)
  }
})
