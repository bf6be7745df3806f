/** How PostgreSQL runs the store's readers of many rows: by an index, and on 200,000 rows without reading all of them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createStore } from '../../src/store/store.ts'
import { sharedPostgres, type TestDatabase } from '../helpers/postgres.ts'
import { recording, rowsRead, type Statement, scansOf } from '../helpers/query-plans.ts'

const ROWS = 200_000
const postgres = sharedPostgres()

/** The columns of a result beside id, run, source, status, codebook version and time, with a value of each. */
const REST = {
  name: `'Name'`,
  type: `'price'`,
  family: `'price'`,
  temporal_aggregation: `'period-average'`,
  time_basis: `'level'`,
  orientation: `'neutral'`,
  unit_kind: `'currency'`,
  unit_scale: '1',
  frequency: `'monthly'`,
  cumulative_pattern: `'none'`,
  confidence: '0.9',
  issues: `'[]'`,
  reason: `'because'`,
  prompt_version: `'p1'`,
  input_hash: `'hash'`,
  mode: `'hybrid'`,
  unanswered: 'false',
}
const REST_NAMES = Object.keys(REST).join(', ')
const REST_VALUES = Object.values(REST).join(', ')

async function countRows(pages: AsyncIterable<readonly unknown[]>): Promise<number> {
  let count = 0
  for await (const page of pages) count += page.length
  return count
}

describe('plans of the readers on 200,000 rows', () => {
  let database: TestDatabase
  before(async () => {
    database = await postgres.fresh()
  })
  after(() => database?.drop())

  it('the list for review reads the rows that need a person by two indexes, and no other', async () => {
    const { pool } = database
    // 200 results need a review, 20,000 were decided by a person, 100 of these under an older codebook.
    await pool.query(`insert into classifications (indicator_id, status, source, codebook_version, run_id, classified_at, ${REST_NAMES})
      select 'i' || lpad(n::text, 7, '0'), case when n % 1000 = 0 then 'needs-review' else 'accepted' end,
        case when n % 10 = 1 then 'person' else 'model' end, case when n % 2000 = 1 then 'v0' else 'v1' end,
        'run', now(), ${REST_VALUES}
      from generate_series(1, ${ROWS}) as n`)
    await pool.query(`insert into indicators (indicator_id, name, input, input_hash, run_id, classified_at)
      select indicator_id, name, jsonb_build_object('indicator_id', indicator_id, 'name', name), input_hash, run_id, classified_at
      from classifications`)
    await pool.query('vacuum analyze classifications, indicators')

    const statements: Statement[] = []
    const store = createStore(recording(pool, statements))
    assert.equal(await countRows(store.listNeedingReview({ codebookVersion: 'v1', pageSize: 100 })), 300)
    assert.equal(statements.length, 4, 'three full pages and an empty one')
    for (const statement of statements) {
      const scans = await scansOf(pool, statement)
      const indexes = new Set(scans.map((scan) => scan['Index Name']))
      assert.ok(!indexes.has(undefined), `no table is read without an index: ${JSON.stringify(scans)}`)
      assert.ok(
        indexes.has('classifications_needs_review') && indexes.has('classifications_by_person'),
        [...indexes].join(),
      )
      assert.ok(rowsRead(scans) < ROWS / 8, `${rowsRead(scans)} rows were read`)
    }
  })

  it('the export of a run reads the one part of the history that holds the run', async () => {
    const { pool } = database
    // PostgreSQL's partitions stand in for TimescaleDB's chunks: both are left out of a plan by the bounds of their time.
    await pool.query(`alter table classification_history rename to plain_history`)
    await pool.query(
      `create table classification_history (like plain_history including all) partition by range (run_started_at)`,
    )
    await pool.query(`do $$ begin
      for week in 0..49 loop
        execute format('create table history_%s partition of classification_history for values from (%L) to (%L)',
          week, timestamptz '2026-01-01Z' + week * interval '7 days', timestamptz '2026-01-01Z' + (week + 1) * interval '7 days');
      end loop;
    end $$`)
    await pool.query(`insert into runs (run_id, started_at)
      select 'run-' || week, timestamptz '2026-01-02Z' + week * interval '7 days' from generate_series(0, 49) as week`)
    await pool.query(`insert into classification_history
        (indicator_id, status, source, codebook_version, run_id, run_started_at, classified_at, ${REST_NAMES})
      select 'i' || n, 'accepted', 'model', 'v1', run_id, started_at, started_at, ${REST_VALUES}
      from runs, generate_series(1, ${ROWS / 50}) as n`)
    await pool.query('analyze classification_history')

    const statements: Statement[] = []
    const store = createStore(recording(pool, statements))
    assert.equal(await countRows(store.exportClassifications({ runId: 'run-7' })), ROWS / 50)
    const pages = statements.filter(({ text }) => text.includes('classification_history'))
    assert.equal(pages.length, 5, 'four full pages and an empty one')
    for (const page of pages) {
      const scans = await scansOf(pool, page)
      assert.deepEqual([...new Set(scans.map((scan) => scan['Relation Name']))], ['history_7'])
      assert.ok(rowsRead(scans) <= ROWS / 50, `${rowsRead(scans)} rows were read`)
    }
    assert.equal(await countRows(store.exportClassifications({ runId: 'run-unknown' })), 0)
  })
})
