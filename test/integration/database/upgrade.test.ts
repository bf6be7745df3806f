/** The upgrade of a database of release d053d5d: nothing is lost, and replicas of older releases finish what they hold. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { toDatabaseError } from '../../../src/store/database-error.ts'
import { migrate } from '../../../src/store/migrate.ts'
import type { DatabasePool } from '../../../src/store/pool.ts'
import { createStore } from '../../../src/store/store.ts'
import { sharedPostgres, silent } from '../../helpers/database/postgres.ts'
import { createReleasedDatabase, RELEASES, readStatements, send } from '../../helpers/database/released-database.ts'
import { assertAllIsKept } from '../../helpers/database/upgrade-copies.ts'
import { batch, result, SCOPE } from '../../helpers/store/batches.ts'

/** test/large upgrades more. */
const ROWS = 10_000
const FEW_ROWS = 200
const postgres = sharedPostgres()

async function onReleased(rows: number, use: (pool: DatabasePool) => Promise<void>): Promise<void> {
  const { pool, drop } = await postgres.fresh({ empty: true })
  try {
    await createReleasedDatabase(pool, rows)
    await use(pool)
  } finally {
    await drop()
  }
}

const typeIn = async (pool: DatabasePool, id: string) =>
  (await createStore(pool).findLatest(SCOPE, [id])).get(id)?.classification.labels.type

describe('the upgrade of a database of release d053d5d', () => {
  it(`keeps all of ${ROWS} results, their history, inputs, answers and decisions`, () =>
    onReleased(ROWS, (pool) => assertAllIsKept(pool, ROWS)))

  it('loses nothing of batches that are saved while it runs', () =>
    onReleased(5_000, async (pool) => {
      const batches = 40
      const { saveBatch } = await readStatements('d053d5d')
      // Replicas of both releases try again where the database is not available to them, as in a deadlock.
      const untilDone = async (work: () => Promise<unknown>): Promise<unknown> =>
        work().catch((error: unknown) => {
          assert.equal(toDatabaseError(error, 'work').code, 'database-unavailable', String(error))
          return untilDone(work)
        })
      const save = (n: number) => {
        const statements = JSON.stringify(saveBatch).replaceAll(/(?<=["-])held/g, `held${n}`)
        return untilDone(() => send(pool, JSON.parse(statements)))
      }
      let upgrade: Promise<unknown> = Promise.resolve()
      const saves: Promise<unknown>[] = []
      for (let n = 0; n < batches; n += 1) {
        if (n === 10) upgrade = untilDone(() => migrate(pool, silent))
        saves.push(save(n))
        await sleep(10)
      }
      await Promise.all([...saves, upgrade])
      const { rows } = await pool.query(
        `select (select count(*)::int from results where indicator_id like 'held%') as results,
           (select count(*)::int from result_inputs where indicator_id like 'held%') as inputs,
           (select count(*)::int from result_history where indicator_id like 'held%') as history,
           (select count(*)::int from shape_answers where shape_hash like 'held%') as answers`,
      )
      assert.deepEqual(rows, [{ results: 2 * batches, inputs: 2 * batches, history: 2 * batches, answers: batches }])
    }))

  it('is read by the store of this release', () =>
    onReleased(FEW_ROWS, async (pool) => {
      await migrate(pool, silent)
      const store = createStore(pool)
      const latest = (await store.findLatest(SCOPE, ['i42'])).get('i42')
      assert.deepEqual(latest?.classification, {
        indicator_id: 'i42',
        name: 'Name "42", ü \\ 中',
        catalogue: 'default',
        codebook: 'economic-indicators@v0',
        codebook_hash: '',
        labels: {
          ...{ type: 'stock', family: 'price-value', temporal_aggregation: 'period-average', time_basis: 'level' },
          ...{ orientation: 'higher-is-positive', unit_kind: 'currency', unit_scale: 1e6, unit_currency: 'EUR' },
          ...{ unit_per: 'barrel', frequency: 'irregular', cumulative_pattern: 'none', cumulative_reset_month: null },
        },
        field_confidence: {},
        field_source: {},
        confidence: 0.42,
        source: 'model',
        status: 'accepted',
        issues: [],
        reason: 'Reason of 42',
        model: 'gpt-0',
        prompt_version: 'p2',
        run_id: 'run-2',
        classified_at: '2026-01-04T03:04:05.720Z',
      })
      const counts: Record<string, number> = {}
      const count = async (name: string, pages: AsyncIterable<readonly unknown[]>) => {
        counts[name] = 0
        for await (const page of pages) counts[name] += page.length
      }
      const of = { codebook: SCOPE.codebook, pageSize: 30 }
      await count('results', store.exportClassifications(of))
      await count('run', store.exportClassifications({ ...of, runId: 'run-2' }))
      await count('inputs', store.exportIndicators({ pageSize: 30 }))
      await count('decisions', store.exportDecisions(of))
      await count('review', store.listNeedingReview({ ...of, hash: 'new', statuses: ['needs-review'] }))
      // 15 results need a review, and a person decided 40 under the codebook of before; 3 are both.
      assert.deepEqual(counts, { results: FEW_ROWS, run: 10, inputs: FEW_ROWS, decisions: 1, review: 52 })
      assert.deepEqual((await store.findHumanAnswers(['person 1'])).get('person 1')?.decision, {
        labels: { type: 'flow', temporal_aggregation: 'period-total', orientation: 'neutral' },
        confidence: { type: 1, temporal_aggregation: 1, orientation: 1 },
        reason: 'Reason of 1',
      })
      assert.equal((await store.findRun('run-2'))?.indicators, 100)
    }))
})

for (const release of RELEASES) {
  describe(`a replica of release ${release} beside those of this release`, () => {
    const onUpgraded = (use: (pool: DatabasePool) => Promise<void>) =>
      onReleased(FEW_ROWS, async (pool) => {
        await pool.query(`insert into runs values ('run-held', '2026-01-02T03:00:00.000Z')`)
        await migrate(pool, silent)
        await use(pool)
      })

    it('finishes the batch that it holds: results, history, inputs and answers arrive', () =>
      onUpgraded(async (pool) => {
        const statements = await readStatements(release)
        const store = createStore(pool)
        // Saved twice, as a step that runs twice does it.
        for (const method of ['claimShapes', 'findAnswers', 'saveBatch', 'saveBatch'] as const) {
          await send(pool, statements[method])
        }
        const found = await store.findLatest(SCOPE, ['i1', 'held-1', 'held-2'])
        assert.equal(found.size, 3)
        for (const [id, { classification, ...state }] of found) {
          assert.equal(
            classification.classified_at,
            id === 'i1' ? '2026-01-03T03:04:05.679Z' : '2026-01-02T03:09:00.000Z',
            id,
          )
          assert.equal(state.inputHash, id === 'i1' ? 'hash of 1' : `hash of ${id}`)
        }
        assert.deepEqual(found.get('held-1')?.classification.labels, {
          ...{ type: 'price', family: 'price-value', temporal_aggregation: 'period-average', time_basis: 'per-period' },
          ...{
            orientation: 'neutral',
            unit_kind: 'currency',
            unit_scale: 1e6,
            unit_currency: 'EUR',
            unit_per: 'barrel',
          },
          ...{ frequency: 'monthly', cumulative_pattern: 'year-to-date', cumulative_reset_month: 4 },
        })
        const known = await store.findIndicators(SCOPE, ['held-2'])
        assert.equal(known.get('held-2')?.indicator.name, 'Name of held-2')
        const history: string[] = []
        for await (const page of store.exportClassifications({ codebook: SCOPE.codebook, runId: 'run-held' })) {
          history.push(...page.map((row) => row.indicator_id))
        }
        assert.deepEqual(history, ['held-1', 'held-2', 'i1'])
        const answer = (await store.findAnswers(['held'])).get('held')
        assert.deepEqual(answer?.decision, {
          labels: { type: 'price', temporal_aggregation: 'period-average', orientation: 'neutral' },
          confidence: { type: 0.9, temporal_aggregation: 0.8, orientation: 0.7 },
          reason: 'It says price.',
        })
        assert.equal(answer?.codebook, 'economic-indicators@v1')
        assert.equal((await store.findRun('run-held'))?.batches, 1)
        assert.equal((await store.findClaims(['held'], '2020-01-01T00:00:00.000Z')).get('held')?.ended?.failure, null)
      }))

    it('replaces nothing newer that this release saved', () =>
      onUpgraded(async (pool) => {
        const store = createStore(pool)
        const { startedAt } = await store.openRun('run-here')
        const newer = result(
          'held-1',
          { run_id: 'run-here', classified_at: '2027-01-01T00:00:00.000Z' },
          { name: 'New' },
        )
        await store.saveBatch(batch(startedAt, [newer], { runId: 'run-here' }))
        await send(pool, (await readStatements(release)).saveBatch)
        assert.deepEqual(
          (await store.findLatest(SCOPE, ['held-1'])).get('held-1')?.classification,
          newer.classification,
        )
        assert.equal((await store.findIndicators(SCOPE, ['held-1'])).get('held-1')?.indicator.name, 'New')
      }))

    it("saves a review, and overrides a person's result where its run does so", () =>
      onUpgraded(async (pool) => {
        const store = createStore(pool)
        const statements = await readStatements(release)
        // The result of i2 from the fixture is newer than the recorded review; both tables get an older one.
        for (const table of ['classifications', 'results', 'indicators', 'result_inputs']) {
          await pool.query(`update ${table} set classified_at = '2026-01-01T00:00:00Z' where indicator_id = 'i2'`)
        }
        await send(pool, statements.saveReview)
        assert.equal(await typeIn(pool, 'i2'), 'flow')
        assert.equal((await store.findHumanAnswers(['person of i2'])).get('person of i2')?.decision.labels.type, 'flow')
        const decisions =
          await pool.query(`select codebook, after ->> 'type' as type, after ->> 'unit_currency' as currency
          from review_decisions where run_id = 'review-held'`)
        assert.deepEqual(decisions.rows, [{ codebook: 'economic-indicators@v1', type: 'flow', currency: 'EUR' }])

        await send(pool, statements.overridingBatch)
        assert.equal(await typeIn(pool, 'i2'), 'price')
        assert.equal((await store.findHumanAnswers(['person of i2'])).size, 0)
      }))

    it("does not override a person's result that this release saved", () =>
      onUpgraded(async (pool) => {
        const store = createStore(pool)
        const statements = await readStatements(release)
        const person = result('i2', { source: 'person', classified_at: '2026-01-05T00:00:00.000Z' })
        const { startedAt } = await store.openRun('run-here')
        await store.saveBatch(batch(startedAt, [person], { runId: 'run-here' }))
        await pool.query(`update classifications set classified_at = '2026-01-01T00:00:00Z' where indicator_id = 'i2'`)
        await pool.query(`update results set classified_at = '2026-01-02T03:05:00Z' where indicator_id = 'i2'`)
        await send(pool, statements.overridingBatch)
        assert.deepEqual((await store.findLatest(SCOPE, ['i2'])).get('i2')?.classification.source, 'person')
      }))

    it('is refused a new run, with a reason and a way out that it shows, and may try again', () =>
      onUpgraded(async (pool) => {
        const statements = await readStatements(release)
        const error = await send(pool, statements.openRun).then(
          () => assert.fail('the run was opened'),
          (refusal: unknown) => toDatabaseError(refusal, 'open a run'),
        )
        assert.equal(error.code, 'database-unavailable')
        assert.match(
          error.message,
          /SQLSTATE 57000, constraint the database was upgraded by a newer release: this replica/,
        )
        assert.match(error.message, /finishes what it holds and opens no new run; stop it, or update it/)
        assert.equal(await createStore(pool).findRun('run-new'), undefined)

        // A run that this release has opened is known to the older one.
        const { startedAt } = await createStore(pool).openRun('run-new')
        const [known] = await send(pool, statements.openRun.slice(0, 1))
        assert.deepEqual(known, { started_at: startedAt })
        assert.equal((await send(pool, statements.openRun)).length, 1)
      }))

    it('saves a held batch whose run retention has deleted', () =>
      onUpgraded(async (pool) => {
        await pool.query(`delete from runs where run_id = 'run-held'`)
        await send(pool, (await readStatements(release)).saveBatch)
        assert.equal((await createStore(pool).findLatest(SCOPE, ['held-1'])).size, 1)
      }))
  })
}
