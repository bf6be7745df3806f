/** What every store of trials must do: decide under a lock, keep what was decided, and know no run that was not opened. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createStore } from '../../../src/store/store.ts'
import type { TrialState } from '../../../src/store/types.ts'
import { sharedPostgres } from '../../helpers/database/postgres.ts'

const postgres = sharedPostgres()
const CHANGES = 20

const trial: TrialState = {
  ...{ part: 1_795_860_000_000, outcome: 'open', holders: [{ id: 'inv_1', until: 12.5 }], failed: 0, away: 0 },
  ...{
    notBefore: 0,
    stop: null,
    empty: 0,
    tooLong: { size: 5_000, message: 'too long' },
    alike: { code: 'model-bad-answer', count: 2, subjects: ['ä', 'b'] },
  },
}

describe('trial store: PostgreSQL', () => {
  it('keeps what was decided, one decision after the other, by the clock of the database', async () => {
    const database = await postgres.fresh()
    try {
      const { trials, openRun } = createStore(database.pool)
      await openRun('run-1')
      assert.equal(await trials.read('run-1', 'primary'), null)
      const clocks: number[] = []
      const add = (before: TrialState | null, now: number) => {
        clocks.push(now)
        return { state: { ...(before ?? trial), failed: (before?.failed ?? 0) + 1 } }
      }
      await Promise.all(Array.from({ length: CHANGES }, () => trials.change('run-1', 'primary', add)))
      assert.deepEqual(await trials.read('run-1', 'primary'), { ...trial, failed: CHANGES })
      assert.ok(clocks.every((now) => Math.abs(now - Date.now()) < 600_000))
    } finally {
      await database.drop()
    }
  })

  it('keeps a trial for each model, of which the end of one leaves the other', async () => {
    const database = await postgres.fresh()
    try {
      const { trials, openRun } = createStore(database.pool)
      await openRun('run-1')
      await trials.change('run-1', 'escalation', () => ({ state: { ...trial, failed: 2 } }))
      assert.equal(await trials.read('run-1', 'primary'), null)
      await trials.change('run-1', 'primary', (before) => {
        assert.equal(before, null)
        return { state: trial }
      })
      await trials.change('run-1', 'escalation', (before) => ({ state: { ...(before ?? assert.fail()), failed: 3 } }))
      assert.deepEqual(await trials.read('run-1', 'primary'), trial)
      assert.deepEqual(await trials.read('run-1', 'escalation'), { ...trial, failed: 3 })
      await trials.change('run-1', 'primary', () => ({ state: null }))
      assert.deepEqual(await trials.read('run-1', 'escalation'), { ...trial, failed: 3 })
    } finally {
      await database.drop()
    }
  })

  it('writes nothing where a decision leaves the state as it is, and gives its result back', async () => {
    const database = await postgres.fresh()
    try {
      const { trials, openRun } = createStore(database.pool)
      await openRun('run-1')
      await trials.change('run-1', 'primary', () => ({ state: { ...trial, outcome: 'usable' as const } }))
      const version = async () => (await database.pool.query('select xmin::text from runs')).rows
      const before = await version()
      const left = await trials.change('run-1', 'primary', (state) => ({ state, said: 'nothing new' }))
      assert.equal(left?.said, 'nothing new')
      assert.deepEqual(await version(), before)
    } finally {
      await database.drop()
    }
  })

  it('knows no run that no batch has opened, and takes a form of a later release for none', async () => {
    const database = await postgres.fresh()
    try {
      const { trials, openRun } = createStore(database.pool)
      assert.equal(await trials.read('run-2', 'primary'), undefined)
      assert.equal(await trials.change('run-2', 'primary', () => assert.fail('there is nothing to decide')), undefined)
      await openRun('run-2')
      await database.pool.query(`update runs set trial = '{"outcome": "of a later release"}'`)
      assert.equal(await trials.read('run-2', 'primary'), null)
    } finally {
      await database.drop()
    }
  })
})
