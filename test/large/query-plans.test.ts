/** How PostgreSQL runs the store's readers of many rows: by an index, and on 200,000 rows without reading all of them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabasePool } from '../../src/store/pool.ts'
import { createStore } from '../../src/store/store.ts'
import { sharedPostgres, type TestDatabase } from '../helpers/database/postgres.ts'
import { recording, rowsRead, type Statement, scansOf } from '../helpers/database/query-plans.ts'

const ROWS = 200_000
const postgres = sharedPostgres()

/** The columns of a result beside catalogue, codebook, id, run, source, status, hash and time, with a value of each. */
const REST = {
  name: `'Name'`,
  codebook: `'c@1'`,
  labels: `'{"type": "price"}'`,
  field_confidence: `'{}'`,
  field_source: `'{}'`,
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

/** What a run gave by the codebook `two`, in pages of 1,000; a run of few rows has pages of 299. */
function ofRun(pool: DatabasePool, runId: string) {
  return createStore(pool).exportClassifications({ codebook: 'two', runId, pageSize: runId === 'few' ? 299 : 1_000 })
}

describe('plans of the readers on 200,000 rows', () => {
  let database: TestDatabase
  before(async () => {
    database = await postgres.fresh()
  })
  after(() => database?.drop())

  /** Fills 200,000 results: of 2 catalogues by the codebook `one`, as many by `two`, each pair with the same ids. */
  before(async () => {
    const { pool } = database
    // By each codebook, 100 results need a review, 100 are unverified, and 10,000 were decided by a person, 50 of these under
    // an older codebook.
    await pool.query(`insert into results (catalogue, codebook_name, indicator_id, status, source, codebook_hash, run_id,
        classified_at, ${REST_NAMES})
      select catalogue, codebook, 'i' || lpad(n::text, 7, '0'),
        case n % 1000 when 0 then 'needs-review' when 500 then 'unverified' else 'accepted' end,
        case when n % 10 = 1 then 'person' else 'model' end, case when n % 2000 = 1 then 'old' else 'new' end,
        'run', now(), ${REST_VALUES}
      from unnest('{a,b}'::text[]) as catalogue, unnest('{one,two}'::text[]) as codebook, generate_series(1, ${ROWS / 4}) as n`)
    await pool.query(`insert into result_inputs (catalogue, indicator_id, name, input, input_hash, run_id, classified_at)
      select catalogue, indicator_id, name, jsonb_build_object('indicator_id', indicator_id, 'name', name, 'catalogue', catalogue),
        input_hash, run_id, classified_at
      from results where codebook_name = 'one'`)
    await pool.query(`insert into review_decisions (run_id, catalogue, codebook_name, indicator_id, shape_hash, decision, before,
        after, input, note, codebook, codebook_hash, decided_by, decided_at)
      select 'review-' || run, catalogue, codebook_name, indicator_id, 'shape', 'accept', '{}', labels, i.input, '', codebook,
        codebook_hash, 'Anna', now()
      from results join result_inputs i using (catalogue, indicator_id), generate_series(1, 2) as run where source = 'person'`)
    // Without the checkpoint the test's server, which commits late, would find no page whose rows all can see.
    await pool.query('checkpoint')
    await pool.query('vacuum analyze results, result_inputs, review_decisions')
  })

  interface Reading {
    readonly pages: number
    readonly rows: number
    /** Indexes that every page must read; no page may read a table without an index. */
    readonly indexes: readonly string[]
    /** Rows that one page may look at. */
    readonly most: number
  }

  async function checkPages(read: (pool: DatabasePool) => AsyncIterable<readonly unknown[]>, expected: Reading) {
    const { pool } = database
    const statements: Statement[] = []
    assert.equal(await countRows(read(recording(pool, statements))), expected.rows)
    const pages = statements.filter(({ text }) => text.includes('limit'))
    assert.equal(pages.length, expected.pages)
    // The first pages, some in the middle and the last ones: none of them reads more than another.
    const middle = Math.floor(pages.length / 2)
    for (const statement of new Set([...pages.slice(0, 2), ...pages.slice(middle, middle + 2), ...pages.slice(-2)])) {
      const scans = await scansOf(pool, statement)
      const indexes = new Set(scans.map((scan) => scan['Index Name']))
      assert.ok(!indexes.has(undefined), `no table is read without an index: ${JSON.stringify(scans)}`)
      for (const index of expected.indexes) assert.ok(indexes.has(index), [...indexes].join())
      assert.ok(rowsRead(scans) <= expected.most, `${rowsRead(scans)} rows were read: ${JSON.stringify(scans)}`)
    }
  }

  it('the list for review reads the rows that need a person by their own indexes, and no other', async () => {
    const review = { codebook: 'one', hash: 'new', statuses: ['needs-review', 'unverified'], pageSize: 100 } as const
    const indexes = ['results_needs_review', 'results_unverified', 'results_by_person']
    // The index of persons is read up to the rows under an older codebook, of which each 200th row of it is one.
    await checkPages((pool) => createStore(pool).listNeedingReview(review), {
      pages: 3,
      rows: 250,
      indexes,
      most: ROWS / 8,
    })
    await checkPages((pool) => createStore(pool).listNeedingReview({ ...review, catalogue: 'b' }), {
      ...{ pages: 2, rows: 125, indexes, most: ROWS / 8 },
    })
  })

  it('exports read the rows of a page by the key, of one catalogue or of all', async () => {
    const of = { codebook: 'two', pageSize: 1_000 }
    const results = ['results_pkey']
    await checkPages((pool) => createStore(pool).exportClassifications(of), {
      ...{ pages: 101, rows: ROWS / 2, indexes: results, most: 1_000 },
    })
    await checkPages((pool) => createStore(pool).exportClassifications({ ...of, catalogue: 'b' }), {
      ...{ pages: 51, rows: ROWS / 4, indexes: results, most: 1_000 },
    })
    const inputs = ['result_inputs_pkey']
    await checkPages((pool) => createStore(pool).exportIndicators({ pageSize: 1_000 }), {
      ...{ pages: 101, rows: ROWS / 2, indexes: inputs, most: 1_000 },
    })
    await checkPages((pool) => createStore(pool).exportIndicators({ pageSize: 1_000, catalogue: 'b' }), {
      ...{ pages: 51, rows: ROWS / 4, indexes: inputs, most: 1_000 },
    })
    const decisions = ['review_decisions_by_indicator']
    // Two decisions of each indicator, and one more that shows the next indicator.
    await checkPages((pool) => createStore(pool).exportDecisions(of), {
      ...{ pages: 11, rows: ROWS / 20, indexes: decisions, most: 2_001 },
    })
    await checkPages((pool) => createStore(pool).exportDecisions({ ...of, catalogue: 'b' }), {
      ...{ pages: 6, rows: ROWS / 40, indexes: decisions, most: 2_001 },
    })
  })

  it('one indicator is found by its id in all catalogues and codebooks, by an index', async () => {
    const statements: Statement[] = []
    const store = createStore(recording(database.pool, statements))
    assert.equal((await store.findClassifications('i0000007', {})).length, 4)
    assert.equal((await store.findClassifications('i0000007', { codebook: 'two' })).length, 2)
    assert.equal((await store.findLatest({ catalogue: 'b', codebook: 'two' }, ['i0000007', 'i0000009'])).size, 2)
    for (const statement of statements) {
      const scans = await scansOf(database.pool, statement)
      assert.ok(rowsRead(scans) <= 4, JSON.stringify(scans))
    }
  })

  it('a run is exported by an index in order, be its results the latest ones or replaced by others', async () => {
    const { pool } = database
    await pool.query(`insert into runs (run_id, started_at, writes)
      select id, timestamptz '2026-01-02Z', 'results' from unnest('{run,few}'::text[]) as id`)
    await pool.query(`insert into result_history (catalogue, codebook_name, indicator_id, status, source, codebook_hash, run_id,
        run_started_at, classified_at, ${REST_NAMES})
      select 'a', 'two', 'i' || n, 'accepted', 'model', 'new', 'other-' || n % 50, now(), now(), ${REST_VALUES}
      from generate_series(1, ${ROWS / 5}) as n`)
    // The run of 300 records replaces results of the large one, which come into the history.
    await pool.query(`update results set run_id = 'few', sequence = 1
      where codebook_name = 'two' and catalogue = 'b' and indicator_id <= 'i0000300'`)
    await pool.query('vacuum analyze results, result_history')
    // The other half of the run is of the other codebook, and is in the same order.
    await checkPages((pool) => ofRun(pool, 'run'), {
      ...{ pages: 101, rows: ROWS / 2, indexes: ['results_of_run'], most: 3_000 },
    })
    await checkPages((pool) => ofRun(pool, 'few'), {
      ...{ pages: 2, rows: 300, indexes: ['results_of_run'], most: 300 },
    })
  })

  it('the export of a run reads the one part of the history that holds the run', async () => {
    const { pool } = database
    // PostgreSQL's partitions stand in for TimescaleDB's chunks: both are left out of a plan by the bounds of their time.
    await pool.query(`alter table result_history rename to plain_history`)
    await pool.query(
      `create table result_history (like plain_history including all) partition by range (run_started_at)`,
    )
    await pool.query(`do $$ begin
      for week in 0..49 loop
        execute format('create table history_%s partition of result_history for values from (%L) to (%L)',
          week, timestamptz '2026-01-01Z' + week * interval '7 days', timestamptz '2026-01-01Z' + (week + 1) * interval '7 days');
      end loop;
    end $$`)
    await pool.query(`insert into runs (run_id, started_at, writes)
      select 'run-' || week, timestamptz '2026-01-02Z' + week * interval '7 days', 'results' from generate_series(0, 49) as week`)
    await pool.query(`insert into result_history (catalogue, codebook_name, indicator_id, status, source, codebook_hash, run_id,
        run_started_at, classified_at, ${REST_NAMES})
      select 'a', 'one', 'i' || n, 'accepted', 'model', 'new', run_id, started_at, started_at, ${REST_VALUES}
      from runs, generate_series(1, ${ROWS / 50}) as n where run_id like 'run-%'`)
    await pool.query('analyze result_history')

    const statements: Statement[] = []
    const store = createStore(recording(pool, statements))
    assert.equal(await countRows(store.exportClassifications({ codebook: 'one', runId: 'run-7' })), ROWS / 50)
    const pages = statements.filter(({ text }) => text.includes('result_history'))
    assert.equal(pages.length, 5, 'four full pages and an empty one')
    for (const page of pages) {
      const scans = await scansOf(pool, page)
      const names = new Set(scans.map((scan) => scan['Relation Name']))
      assert.deepEqual(
        [...names].filter((name) => name !== 'results'),
        ['history_7'],
      )
      assert.ok(rowsRead(scans) <= ROWS / 50, `${rowsRead(scans)} rows were read`)
    }
    assert.equal(await countRows(store.exportClassifications({ codebook: 'one', runId: 'run-unknown' })), 0)
  })
})
