/** Tests of the store on TimescaleDB's hypertables, which the PostgreSQL of all other tests does not have. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createPool, type DatabasePool } from '../../src/store/pool.ts'
import { createStore } from '../../src/store/store.ts'
import { silent } from '../helpers/database/postgres.ts'
import { recording, type Statement, scansOf } from '../helpers/database/query-plans.ts'
import { SCOPE } from '../helpers/store/batches.ts'
import { EXPIRED, LATEST, rowsOfRun, SAVED, saveOldRun, sweepOnce } from '../helpers/store/old-runs.ts'

/** Age of the tests' runs in days, so great that a sweep spares the results of the cluster itself. */
const DAYS = 1_000
const CHUNK_DAYS = 7

export function hypertableTests(databaseUrl: () => string): void {
  describe('hypertables', () => {
    let pool: DatabasePool
    before(() => {
      pool = createPool({ connectionString: databaseUrl(), log: silent })
    })
    after(() => pool?.end())

    it('the history and the requests are hypertables, and the export of a run reads one chunk of many', async () => {
      const { rows } = await pool.query(
        'select hypertable_name as name from timescaledb_information.hypertables order by 1',
      )
      const names = ['classification_history', 'llm_requests', 'result_history']
      assert.deepEqual(
        rows,
        names.map((name) => ({ name })),
      )
      for (let week = 1; week <= 12; week += 1) await saveOldRun(pool, `old-${week}`, DAYS + week * CHUNK_DAYS)
      const statements: Statement[] = []
      const store = createStore(recording(pool, statements))
      for await (const page of store.exportClassifications({ codebook: SCOPE.codebook, runId: 'old-6' }))
        assert.equal(page.length, 2)
      const exported = statements.filter(({ text }) => text.includes('result_history'))
      assert.equal(exported.length, 1)
      for (const statement of exported) {
        const names = (await scansOf(pool, statement)).map((scan) => scan['Relation Name'])
        const chunks = new Set(names.filter((name) => name !== 'results'))
        assert.equal(chunks.size, 1, [...chunks].join())
      }
    })

    it('retention drops whole chunks, but none since the start of a run that is not finished', async () => {
      await pool.query(`update run_batches set saved_at = now() where run_id = 'old-4'`)
      await sweepOnce(pool, DAYS)
      // The chunks from run 4 on are kept because of it. Rows of other runs in these chunks are deleted one by one.
      for (const week of [2, 3, 5, 8, 12]) {
        assert.deepEqual(await rowsOfRun(pool, `old-${week}`), { ...EXPIRED, ...LATEST }, `run ${week}`)
      }
      const unfinished = { ...SAVED, llm_requests: 0, shape_answers: 0 }
      assert.deepEqual(await rowsOfRun(pool, 'old-4'), { ...unfinished, ...LATEST })

      await pool.query(
        `update run_batches set saved_at = now() - interval '${DAYS + CHUNK_DAYS + 1} days' where run_id = 'old-4'`,
      )
      await sweepOnce(pool, DAYS)
      assert.deepEqual(await rowsOfRun(pool, 'old-4'), { ...EXPIRED, ...LATEST })
      assert.deepEqual(await sweepOnce(pool, DAYS + CHUNK_DAYS), {})
    })
  })
}
