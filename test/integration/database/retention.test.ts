/** What RETENTION_DAYS deletes and what it leaves, in a real PostgreSQL and through PgBouncer, and that a replica does it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { pino } from 'pino'
import { createPool, type DatabasePool } from '../../../src/store/pool.ts'
import { createRetention, sweep } from '../../../src/store/retention/retention.ts'
import { createStore } from '../../../src/store/store.ts'
import {
  type PgBouncer,
  pgBouncerSkip,
  sharedPostgres,
  silent,
  startPgBouncer,
  type TestDatabase,
} from '../../helpers/database/postgres.ts'
import { startTestStack } from '../../helpers/stack/stack.ts'
import { batch, result, SCOPE } from '../../helpers/store/batches.ts'
import {
  daysAgo,
  EXPIRED,
  EXPIRING,
  LATEST,
  rowsOfRun,
  SAVED,
  saveOldRun,
  sweepOnce,
} from '../../helpers/store/old-runs.ts'
import { waitUntil } from '../../helpers/wait.ts'

const DAYS = 30
/** The key of the lock under which rows are deleted. */
const SWEEP_LOCK = 0x636c7372
const postgres = sharedPostgres()
let bouncer: PgBouncer | undefined
after(() => bouncer?.stop())

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
      await saveOldRun(pool, 'old', DAYS + 2)
      await saveOldRun(pool, 'young', DAYS - 1)
      assert.deepEqual(await sweepOnce(pool, DAYS), EXPIRING)
      assert.deepEqual(await rowsOfRun(pool, 'old'), { ...EXPIRED, ...LATEST })
      assert.deepEqual(await rowsOfRun(pool, 'young'), { ...SAVED, ...LATEST })
      assert.deepEqual(await sweepOnce(pool, DAYS), {})
    })

    it('keeps the history and the totals of a run that saved a batch lately, however long ago it began', async () => {
      await saveOldRun(pool, 'long', 10 * DAYS)
      await createStore(pool).saveBatch(batch(daysAgo(10 * DAYS), [], { runId: 'long', batchId: 'inv_2' }))
      assert.deepEqual(await sweepOnce(pool, DAYS), { llm_requests: 1, shape_answers: 1 })
      const left = { result_history: 1, run_results: 2, run_batches: 2, runs: 1, answer_uses: 1 }
      assert.deepEqual(await rowsOfRun(pool, 'long'), { ...EXPIRED, ...left, ...LATEST })
    })

    it('keeps an answer that was used lately, and every answer of a person', async () => {
      await saveOldRun(pool, 'used', 2 * DAYS)
      await saveOldRun(pool, 'person', 2 * DAYS)
      await pool.query(`update shape_answers set source = 'person' where shape_hash = 'answer of person'`)
      assert.equal((await createStore(pool).findAnswers(['answer of used'])).size, 1)
      const { shape_answers: deleted } = await sweepOnce(pool, DAYS)
      assert.equal(deleted, undefined)
      assert.equal((await createStore(pool).findAnswers(['answer of used', 'answer of person'])).size, 2)
    })

    it('empties the history and the answers of releases before codebooks by the same rule', async () => {
      for (const [runId, days] of [
        ['earlier-old', DAYS + 2],
        ['earlier-young', DAYS - 1],
      ] as const) {
        await saveOldRun(pool, runId, days)
        await pool.query(
          `insert into classification_history (indicator_id, name, type, family, temporal_aggregation, time_basis, orientation,
             unit_kind, unit_scale, frequency, cumulative_pattern, confidence, source, status, issues, reason, codebook_version,
             prompt_version, run_id, classified_at, input_hash, mode, unanswered, run_started_at)
           select 'i' || n, 'n', 't', 'f', 'a', 'b', 'o', 'k', 1, 'm', 'none', 1, 'model', 'accepted', '[]', 'r', 'v1', 'p', $1,
             $2::timestamptz, 'h', 'hybrid', false, $2 from generate_series(1, 3) n`,
          [runId, daysAgo(days)],
        )
        await pool.query(
          `insert into answers (shape_hash, shape, type, temporal_aggregation, orientation, confidence_type,
             confidence_temporal_aggregation, confidence_orientation, reason, source, codebook_version, prompt_version,
             answered_at, used_at)
           select source || $1, 's', 't', 'a', 'o', 1, 1, 1, 'r', source, 'v1', 'p', $2::timestamptz, $2
           from unnest('{model,person}'::text[]) as source`,
          [runId, daysAgo(days)],
        )
      }
      const copied = { result_history: 1 + 3, shape_answers: 1 + 1 }
      assert.deepEqual(await sweepOnce(pool, DAYS), { ...EXPIRING, ...copied, classification_history: 3, answers: 1 })
      const left = await pool.query('select shape_hash from answers order by 1')
      assert.deepEqual(
        left.rows.map((row) => row.shape_hash),
        ['modelearlier-young', 'personearlier-old', 'personearlier-young'],
      )
      assert.deepEqual(await sweepOnce(pool, DAYS), {})
    })

    it('keeps what people decided', async () => {
      const store = createStore(pool)
      await saveOldRun(pool, 'reviewed', 2 * DAYS)
      const { indicator, ...before } = result('reviewed-a')
      const after = { ...before.classification, source: 'person' as const, run_id: 'review' }
      const shape = { shapeHash: 'shape of a person', shape: '{}' }
      const { labels } = after
      const decisions = [{ indicator, labels, before, after, decision: 'accept' as const, note: '', ...shape }]
      const { totals } = batch('', [])
      const review = { runId: 'review', codebook: SCOPE.codebook, runStartedAt: daysAgo(2 * DAYS), decidedBy: 'Anna' }
      await store.saveReview({ ...review, decisions, totals })
      await sweepOnce(pool, DAYS)
      assert.equal((await store.findHumanAnswers(['shape of a person'])).size, 1)
      const { rows } = await pool.query('select from review_decisions')
      assert.equal(rows.length, 1)
    })

    it('deletes history whose run is gone, which a batch left that replaced a result in the moment of the deletion', async () => {
      for (const [runId, days] of [
        ['stray-old', DAYS + 2],
        ['stray-young', DAYS - 1],
        ['between', DAYS + 2],
      ] as const) {
        await saveOldRun(pool, runId, days)
      }
      await pool.query(`update run_batches set saved_at = now() where run_id = 'between'`)
      await pool.query(`delete from runs where run_id like 'stray-%'`)
      await sweepOnce(pool, DAYS)
      const { rows } = await pool.query(
        `select run_id from result_history where run_id ~ '^(stray|between)' order by 1`,
      )
      assert.deepEqual(
        rows.map((row) => row.run_id),
        ['between', 'stray-young'],
      )
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
      await saveOldRun(pool, 'locked', 2 * DAYS)
      const other = await database.pool.connect()
      await other.query(`begin; select pg_advisory_xact_lock(${SWEEP_LOCK})`)
      assert.deepEqual(await sweepOnce(pool, DAYS), {})
      await other.query('rollback')
      other.release()
      assert.deepEqual(await sweepOnce(pool, DAYS, AbortSignal.abort()), {})
      assert.deepEqual(await rowsOfRun(pool, 'locked'), { ...SAVED, ...LATEST })
      assert.deepEqual(await sweepOnce(pool, DAYS), EXPIRING)
    })

    it('a batch that is saved after its run was deleted opens the run again, with its start', async () => {
      await saveOldRun(pool, 'resumed', 2 * DAYS)
      const { rows } = await pool.query<{ started_at: string }>(`select started_at from runs where run_id = 'resumed'`)
      const startedAt = rows[0]?.started_at ?? ''
      await sweepOnce(pool, DAYS)
      const store = createStore(pool)
      assert.equal(await store.findRun('resumed'), undefined)
      await store.saveBatch(batch(startedAt, [result('resumed-c', { run_id: 'resumed' })], { runId: 'resumed' }))
      assert.equal((await store.findRun('resumed'))?.startedAt, startedAt)
      const exported: string[] = []
      for await (const page of store.exportClassifications({ codebook: SCOPE.codebook, runId: 'resumed' })) {
        exported.push(...page.map((row) => row.indicator_id))
      }
      // What the run gave before are the latest results still, and they are its own again.
      assert.deepEqual(exported, ['resumed-a', 'resumed-b', 'resumed-c'])
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
    await saveOldRun(pool, 'logged', 2 * DAYS)
    const [deleted, ...more] = await sweepLogged()
    assert.deepEqual(more, [])
    const { days, deleted: rows, msg } = JSON.parse(deleted ?? '')
    assert.deepEqual(
      { days, rows, msg },
      { days: DAYS, rows: EXPIRING, msg: 'Rows older than RETENTION_DAYS were deleted' },
    )

    await pool.query('drop table shape_answers')
    const [failed] = await sweepLogged()
    assert.match(failed ?? '', /could not be deleted/)
    assert.match(failed ?? '', /42P01/)
  } finally {
    await drop()
  }
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

it('a replica with RETENTION_DAYS deletes old rows when it starts, and counts them in a metric', async () => {
  const stack = await startTestStack({ RETENTION_DAYS: String(DAYS) })
  const pool = createPool({ connectionString: stack.databaseUrl, log: silent })
  try {
    // While the test holds the lock of sweeps, the first sweep of the replica that is to end cannot delete what is saved here.
    const lock = await pool.connect()
    await lock.query(`begin; select pg_advisory_xact_lock(${SWEEP_LOCK})`)
    await saveOldRun(pool, 'served', 2 * DAYS)
    const { replica } = stack.pids()
    assert.ok(replica)
    process.kill(replica, 'SIGTERM')
    await waitUntil('the replica has ended', () => !isRunning(replica))
    await lock.query('rollback')
    lock.release()
    const counted = await waitUntil('the next replica has deleted the old rows', async () => {
      const metrics = await fetch(`http://127.0.0.1:${stack.env.PORT}/metrics`).then(
        (response) => response.text(),
        () => '',
      )
      const found = [...metrics.matchAll(/^classify_retention_deleted_rows_total\{table="(\w+)"\} (\d+)$/gm)]
      return (
        found.length === Object.keys(EXPIRING).length &&
        Object.fromEntries(found.map(([, table, rows]) => [table, Number(rows)]))
      )
    })
    assert.deepEqual(counted, EXPIRING)
    assert.deepEqual(await rowsOfRun(pool, 'served'), { ...EXPIRED, ...LATEST })
  } finally {
    await pool.end()
    await stack.stop()
  }
})
