/** What RETENTION_DAYS deletes and what it leaves, in a real PostgreSQL and through PgBouncer, and that a replica does it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { createPool, type DatabasePool } from '../../src/store/pool.ts'
import { createRetention, sweep } from '../../src/store/retention/retention.ts'
import { createStore } from '../../src/store/store.ts'
import { answer, batch, request, result } from '../helpers/batches.ts'
import {
  type PgBouncer,
  pgBouncerSkip,
  sharedPostgres,
  silent,
  startPgBouncer,
  type TestDatabase,
} from '../helpers/postgres.ts'
import { startTestStack } from '../helpers/stack.ts'
import { waitUntil } from '../helpers/wait.ts'

const DAYS = 30
const postgres = sharedPostgres()
let bouncer: PgBouncer | undefined
after(() => bouncer?.stop())

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString()

/** Saves a run of one batch as if it had been saved `days` ago: two results, a request and an answer. */
async function saveRun(pool: DatabasePool, runId: string, days: number): Promise<void> {
  const store = createStore(pool)
  const at = daysAgo(days)
  const results = [`${runId}-a`, `${runId}-b`].map((id) => result(id, { run_id: runId, classified_at: at }))
  await store.openRun(runId)
  await pool.query('update runs set started_at = $2 where run_id = $1', [runId, at])
  await store.saveBatch(
    batch(at, results, {
      runId,
      requests: [request(`request of ${runId}`, { requestedAt: at })],
      answers: [answer(`answer of ${runId}`)],
    }),
  )
  await pool.query('update run_batches set saved_at = $2 where run_id = $1', [runId, at])
  await pool.query('update answers set used_at = $2 where shape_hash = $1', [`answer of ${runId}`, at])
}

/** The ids in a table that begin as those that `saveRun` wrote of `runId`. */
async function rowsOf(pool: DatabasePool, runId: string): Promise<Record<string, number>> {
  const { rows } = await pool.query<Record<string, number>>(
    `select (select count(*) from llm_requests where run_id = $1)::int as llm_requests,
       (select count(*) from classification_history where run_id = $1)::int as classification_history,
       (select count(*) from run_batches where run_id = $1)::int as run_batches,
       (select count(*) from runs where run_id = $1)::int as runs,
       (select count(*) from answers where shape_hash = 'answer of ' || $1)::int as answers,
       (select count(*) from classifications where run_id = $1)::int as classifications,
       (select count(*) from indicators where run_id = $1)::int as indicators`,
    [runId],
  )
  assert.ok(rows[0])
  return rows[0]
}

/** The rows that one sweep deletes, by table. */
async function sweepOnce(pool: DatabasePool, signal = new AbortController().signal): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  await sweep({
    pool,
    days: DAYS,
    signal,
    deleted: (table, rows) => {
      counts[table] = (counts[table] ?? 0) + rows
    },
  })
  return counts
}

const LATEST = { classifications: 2, indicators: 2 }
const NOTHING = { llm_requests: 0, classification_history: 0, run_batches: 0, runs: 0, answers: 0 }
const EVERYTHING = { llm_requests: 1, classification_history: 2, run_batches: 1, runs: 1, answers: 1 }

function retentionSuite(
  name: string,
  connect: (database: TestDatabase) => Promise<DatabasePool>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`retention: ${name}`, options, () => {
    let database: TestDatabase
    let pool: DatabasePool
    before(async () => {
      database = await postgres.fresh()
      pool = await connect(database)
    })
    after(async () => {
      if (pool !== database?.pool) await pool?.end()
      await database?.drop()
    })

    it('deletes what is older than the days, and never the latest results', async () => {
      await saveRun(pool, 'old', DAYS + 2)
      await saveRun(pool, 'young', DAYS - 1)
      assert.deepEqual(await sweepOnce(pool), EVERYTHING)
      assert.deepEqual(await rowsOf(pool, 'old'), { ...NOTHING, ...LATEST })
      assert.deepEqual(await rowsOf(pool, 'young'), { ...EVERYTHING, ...LATEST })
      assert.deepEqual(await sweepOnce(pool), {})
    })

    it('keeps the history and the totals of a run that saved a batch lately, however long ago it began', async () => {
      await saveRun(pool, 'long', 10 * DAYS)
      await createStore(pool).saveBatch(batch(daysAgo(10 * DAYS), [], { runId: 'long', batchId: 'inv_2' }))
      assert.deepEqual(await sweepOnce(pool), { llm_requests: 1, answers: 1 })
      const left = { classification_history: 2, run_batches: 2, runs: 1 }
      assert.deepEqual(await rowsOf(pool, 'long'), { ...NOTHING, ...left, ...LATEST })
    })

    it('keeps an answer that was used lately, and every answer of a person', async () => {
      await saveRun(pool, 'used', 2 * DAYS)
      await saveRun(pool, 'person', 2 * DAYS)
      await pool.query(`update answers set source = 'person' where shape_hash = 'answer of person'`)
      assert.equal((await createStore(pool).findAnswers(['answer of used'])).size, 1)
      const { answers } = await sweepOnce(pool)
      assert.equal(answers, undefined)
      assert.equal((await createStore(pool).findAnswers(['answer of used', 'answer of person'])).size, 2)
    })

    it('keeps what people decided', async () => {
      const store = createStore(pool)
      await saveRun(pool, 'reviewed', 2 * DAYS)
      const { indicator, ...before } = result('reviewed-a')
      const after = { ...before.classification, source: 'person' as const, run_id: 'review' }
      const shape = { shapeHash: 'shape of a person', shape: '{}' }
      const decisions = [{ indicator, before, after, decision: 'accept' as const, note: '', ...shape }]
      const { totals } = batch('', [])
      await store.saveReview({ runId: 'review', runStartedAt: daysAgo(2 * DAYS), decidedBy: 'Anna', decisions, totals })
      await sweepOnce(pool)
      assert.equal((await store.findHumanAnswers(['shape of a person'])).size, 1)
      const { rows } = await pool.query('select from review_items')
      assert.equal(rows.length, 1)
    })

    it('deletes many rows a bounded number at a time', async () => {
      const at = daysAgo(2 * DAYS)
      await pool.query(
        `insert into llm_requests (request_id, requested_at, run_id, batch_id, model, tier, indicators, input_tokens,
           cached_input_tokens, output_tokens, cost_usd, latency_ms, outcome)
         select 'many-' || n, $1::timestamptz, 'many', 'b', 'm', 'primary', 1, 1, 0, 1, 0, 1, 'ok' from generate_series(1, 4500) n`,
        [at],
      )
      await pool.query(`insert into runs select 'many-' || n, $1::timestamptz from generate_series(1, 250) n`, [at])
      const deletions: string[] = []
      await sweep({
        pool,
        days: DAYS,
        signal: new AbortController().signal,
        deleted: (table, rows) => deletions.push(`${table} ${rows}`),
      })
      const requests = deletions.filter((line) => line.startsWith('llm_requests'))
      assert.deepEqual(requests, ['llm_requests 2000', 'llm_requests 2000', 'llm_requests 500'])
      const runs = deletions.filter((line) => line.startsWith('runs '))
      assert.deepEqual(runs, ['runs 100', 'runs 100', 'runs 50'])
    })

    it('deletes nothing while another replica deletes, and nothing once it is aborted', async () => {
      await saveRun(pool, 'locked', 2 * DAYS)
      const other = await database.pool.connect()
      await other.query('begin; select pg_advisory_xact_lock(1668051826)')
      assert.deepEqual(await sweepOnce(pool), {})
      await other.query('rollback')
      other.release()
      assert.deepEqual(await sweepOnce(pool, AbortSignal.abort()), {})
      assert.deepEqual(await rowsOf(pool, 'locked'), { ...EVERYTHING, ...LATEST })
      assert.deepEqual(await sweepOnce(pool), EVERYTHING)
    })

    it('a batch that is saved after its run was deleted opens the run again, with its start', async () => {
      await saveRun(pool, 'resumed', 2 * DAYS)
      const { rows } = await pool.query<{ started_at: string }>(`select started_at from runs where run_id = 'resumed'`)
      const startedAt = rows[0]?.started_at ?? ''
      await sweepOnce(pool)
      const store = createStore(pool)
      assert.equal(await store.findRun('resumed'), undefined)
      await store.saveBatch(batch(startedAt, [result('resumed-c', { run_id: 'resumed' })], { runId: 'resumed' }))
      assert.equal((await store.findRun('resumed'))?.startedAt, startedAt)
      const exported: string[] = []
      for await (const page of store.exportClassifications({ runId: 'resumed' })) {
        exported.push(...page.map((row) => row.indicator_id))
      }
      assert.deepEqual(exported, ['resumed-c'])
    })
  })
}

retentionSuite('PostgreSQL', async ({ pool }) => pool)
retentionSuite(
  'PostgreSQL through PgBouncer in transaction mode',
  async ({ url }) => {
    bouncer ??= await startPgBouncer(await postgres.server())
    return createPool({ connectionString: bouncer.urlFor(url), log: silent })
  },
  { skip: await pgBouncerSkip() },
)

it('one line in the log says what a sweep deleted, and one why it could not', async () => {
  const { pool, drop } = await postgres.fresh()
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line) => void lines.push(line) })
  const sweepLogged = async () => {
    const retention = createRetention({ pool, days: DAYS, log, deleted: () => {} })
    retention.start()
    await waitUntil('a sweep has ended', async () => lines.length > 0)
    await retention.close()
    return lines.splice(0)
  }
  try {
    await saveRun(pool, 'logged', 2 * DAYS)
    const [deleted, ...more] = await sweepLogged()
    assert.deepEqual(more, [])
    const { days, deleted: rows, msg } = JSON.parse(deleted ?? '')
    assert.deepEqual(
      { days, rows, msg },
      { days: DAYS, rows: EVERYTHING, msg: 'Rows older than RETENTION_DAYS were deleted' },
    )

    await pool.query('drop table answers')
    const [failed] = await sweepLogged()
    assert.match(failed ?? '', /could not be deleted/)
    assert.match(failed ?? '', /42P01/)
  } finally {
    await drop()
  }
})

it('a replica with RETENTION_DAYS deletes old rows when it starts, and counts them in a metric', async () => {
  const stack = await startTestStack({ RETENTION_DAYS: String(DAYS) })
  const pool = createPool({ connectionString: stack.databaseUrl, log: silent })
  try {
    await saveRun(pool, 'served', 2 * DAYS)
    const { replica } = stack.pids()
    assert.ok(replica)
    process.kill(replica, 'SIGTERM')
    const counted = await waitUntil('the next replica has deleted the old rows', async () => {
      const metrics = await fetch(`http://127.0.0.1:${stack.env.PORT}/metrics`).then(
        (response) => response.text(),
        () => '',
      )
      const found = [...metrics.matchAll(/^classify_retention_deleted_rows_total\{table="(\w+)"\} (\d+)$/gm)]
      return found.length === 5 && Object.fromEntries(found.map(([, table, rows]) => [table, Number(rows)]))
    })
    assert.deepEqual(counted, EVERYTHING)
    assert.deepEqual(await rowsOf(pool, 'served'), { ...NOTHING, ...LATEST })
  } finally {
    await pool.end()
    await stack.stop()
  }
})
