/** What the store of drivers must do: one holder at a time, by the clock of the database, and what is wanted outlives the holder. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { answerDrive, answerRun, answerRuns } from '../../../src/restate/answers/runs.ts'
import { createStore } from '../../../src/store/store.ts'
import type { RunDriver, Store, TrialState } from '../../../src/store/types.ts'
import { sharedPostgres, type TestDatabase } from '../../helpers/database/postgres.ts'
import { batch, request, result, totals } from '../../helpers/store/batches.ts'

const postgres = sharedPostgres()
const RUN = { catalogue: 'prices', codebook: 'economic-indicators@2', command: 'classify', size: 10 }
const HOLD_MS = 600_000

const TRIAL: TrialState = {
  ...{ part: 1, outcome: 'open', holders: [], alike: null, failed: 0, away: 0, empty: 0, tooLong: null },
  ...{ notBefore: 0, stop: null },
}

function driver(token: string): RunDriver {
  return { token, host: `host-${token}`, pid: 7, machine: 'boot-1 pid-1' }
}

describe('drivers of runs: PostgreSQL', () => {
  let database: TestDatabase
  let store: Store
  before(async () => {
    database = await postgres.fresh()
    store = createStore(database.pool)
  })
  after(() => database?.drop())

  const holderOf = async (runId: string) => (await store.drivers.find(runId))?.driver?.token
  const expire = (runId: string) =>
    database.pool.query(`update runs set driver_expires_at = clock_timestamp() - interval '1 s' where run_id = $1`, [
      runId,
    ])

  it('gives a run to one of many that take it at once, and opens the run for its batches', async () => {
    const tokens = Array.from({ length: 8 }, (_, index) => `t${index}`)
    await Promise.all(tokens.map((token) => store.drivers.take('d-race', driver(token), { run: RUN, holdMs: HOLD_MS })))
    const holder = await holderOf('d-race')
    assert.ok(holder !== undefined && tokens.includes(holder))
    for (const token of tokens.filter((other) => other !== holder)) {
      await store.drivers.renew('d-race', token, HOLD_MS)
      await store.drivers.release('d-race', token, 'complete')
      assert.equal(await holderOf('d-race'), holder)
    }
    const { startedAt } = await store.openRun('d-race')
    assert.equal((await store.findRun('d-race'))?.startedAt, startedAt)
  })

  it('gives a run on when its lease has run out, or at once where its holder is known to be dead', async () => {
    await store.drivers.take('d-dead', driver('a'), { run: RUN, holdMs: HOLD_MS })
    await store.drivers.take('d-dead', driver('b'), { run: RUN, holdMs: HOLD_MS })
    await store.drivers.take('d-dead', driver('b'), { run: RUN, holdMs: HOLD_MS, replaces: 'somebody' })
    assert.equal(await holderOf('d-dead'), 'a')
    await store.drivers.take('d-dead', driver('b'), { run: RUN, holdMs: HOLD_MS, replaces: 'a' })
    assert.equal(await holderOf('d-dead'), 'b')
    await expire('d-dead')
    await store.drivers.take('d-dead', driver('c'), { run: { ...RUN, size: 12 }, holdMs: HOLD_MS })
    assert.equal(await holderOf('d-dead'), 'c')
    assert.equal((await store.findRun('d-dead'))?.size, 12)
  })

  it('keeps a pause over the death of the driver, and forgets a stop when the run is taken on', async () => {
    await store.drivers.take('d-want', driver('a'), { run: RUN, holdMs: HOLD_MS })
    for (const [wanted, then] of [
      ['paused', 'paused'],
      ['stopped', 'running'],
    ] as const) {
      await store.drivers.want('d-want', wanted)
      await expire('d-want')
      await store.drivers.take('d-want', driver(wanted), { run: RUN, holdMs: HOLD_MS })
      assert.equal((await store.drivers.find('d-want'))?.wanted, then)
    }
  })

  it('keeps the limit of the cost over the drivers of a run, until another one is set', async () => {
    const drive = (body: object) => answerDrive(store.drivers, { run_id: 'd-cost', ...body })
    await assert.rejects(drive({ max_cost_usd: 1 }), { code: 'input-not-found' })
    const take = { driver: driver('a'), ...RUN }
    assert.equal((await drive({ take })).max_cost_usd, null)
    assert.equal((await drive({ max_cost_usd: 0.25 })).max_cost_usd, 0.25)
    assert.equal((await drive({ renew: 'a' })).max_cost_usd, 0.25)
    await drive({ release: { token: 'a', outcome: 'incomplete' } })
    assert.equal((await drive({ max_cost_usd: 2 })).max_cost_usd, 2)
    assert.equal((await drive({ take })).max_cost_usd, 2)
    assert.equal((await answerRun(store, { run_id: 'd-cost' })).max_cost_usd, 2)
  })

  it('keeps the cheapest request that a limit refused beside the trials, and refuses limits that are too low for it', async () => {
    const id = 'd-refused'
    const drive = (body: object) => answerDrive(store.drivers, { run_id: id, ...body })
    await store.drivers.noteRefusal('d-unknown', { maxUsd: 1, mostUsd: 1 })
    await drive({ take: { driver: driver('a'), ...RUN } })
    await drive({ max_cost_usd: 0.5 })
    await store.openRun(id)
    const sent = { ...request(`${id}-1`), costUsd: 0.45, outcome: 'ok' }
    await store.requests.book([{ runId: id, batchId: 'b', request: sent }], [], sent.requestedAt)
    assert.equal((await answerRun(store, { run_id: id })).cost_stop, null)
    for (const mostUsd of [0.2, 0.1, 0.15]) await store.drivers.noteRefusal(id, { maxUsd: 0.5, mostUsd })
    await store.trials.change(id, 'primary', () => ({ state: TRIAL }))
    await store.drivers.noteRefusal(id, { maxUsd: 0.5, mostUsd: 0.12 })
    assert.deepEqual(await store.trials.read(id, 'primary'), TRIAL)
    const { cost_stop: stop } = await answerRun(store, { run_id: id })
    assert.deepEqual(stop, { next_usd: 0.1, needed_usd: 0.55 })

    for (const low of [0, 0.45, 0.5, 0.549]) {
      await assert.rejects(drive({ max_cost_usd: low }), {
        code: 'input-invalid',
        message: /^max_cost_usd: .*USD 0\.45 is spent, .* up to 0\.1; raise it to at least 0\.55$/,
      })
    }
    assert.equal((await drive({ max_cost_usd: 0.55 })).max_cost_usd, 0.55)
    assert.equal((await answerRun(store, { run_id: id })).cost_stop, null)
    await assert.rejects(drive({ max_cost_usd: 0.45 }), {
      message: /is not above what the run has spent by now, USD 0\.45;/,
    })
    await store.drivers.noteRefusal(id, { maxUsd: 0.55, mostUsd: 0.3 })
    assert.equal((await answerRun(store, { run_id: id })).cost_stop?.next_usd, 0.3)
  })

  it('says in which state a run is', async () => {
    const drive = (body: object) => answerDrive(store.drivers, { run_id: 'd-state', ...body })
    const stateNow = async () => (await answerRun(store, { run_id: 'd-state' })).state
    const take = { driver: driver('a'), ...RUN }
    await assert.rejects(drive({ wanted: 'paused' }), { code: 'input-not-found' })
    assert.equal((await drive({ take })).state, 'running')
    assert.equal((await drive({ wanted: 'paused' })).state, 'paused')
    assert.equal((await drive({ wanted: 'stopped' })).state, 'stopping')
    await expire('d-state')
    assert.equal(await stateNow(), 'abandoned')
    const renewed = await drive({ renew: 'a' })
    assert.equal(renewed.state, 'stopping')
    assert.ok(renewed.driver !== null && renewed.driver.expires_in_ms > 0)
    await drive({ release: { token: 'a', outcome: 'stopped' } })
    assert.equal(await stateNow(), 'stopped')
    assert.equal((await drive({ take })).state, 'running')
    await drive({ release: { token: 'a', outcome: 'complete' } })
    assert.equal(await stateNow(), 'complete')
  })

  it('lists the newest runs first with their sums, and names a run without a driver by its results', async () => {
    // Runs that were opened within a millisecond have no order.
    const setBack = (by: string) => database.pool.query('update runs set started_at = started_at - $1::interval', [by])
    await setBack('1 hour')
    await store.drivers.take('d-driven', driver('a'), { run: { ...RUN, catalogue: 'other' }, holdMs: HOLD_MS })
    await setBack('1 s')
    const { startedAt } = await store.openRun('d-posted')
    await store.saveBatch({
      ...batch('b1', [result('D.1'), result('D.2')]),
      runId: 'd-posted',
      runStartedAt: startedAt,
    })
    const { runs } = await answerRuns(store, { limit: 2 })
    assert.deepEqual(
      runs.map(({ run_id, state, catalogue, command, indicators, size }) => ({
        run_id,
        state,
        catalogue,
        command,
        indicators,
        size,
      })),
      [
        { run_id: 'd-posted', state: 'untracked', catalogue: 'default', command: null, indicators: 2, size: null },
        { run_id: 'd-driven', state: 'running', catalogue: 'other', command: 'classify', indicators: 0, size: 10 },
      ],
    )
    assert.equal(JSON.stringify(runs).includes('"token"'), false, 'a token renews a lease, so that no list shows it')
    const only = await answerRuns(store, { limit: 500, catalogue: 'other' })
    assert.deepEqual(
      only.runs.map(({ run_id: id }) => id),
      ['d-driven'],
    )
  })

  it('tells the pace of the time in which a run worked, without a pause before its last batches', async () => {
    const { startedAt } = await store.openRun('d-pace')
    const at = (seconds: number) => new Date(Date.parse(startedAt) + seconds * 1_000).toISOString()
    for (const [index, seconds] of [10, 20, 230, 240].entries()) {
      const sums = totals(10, { classified: 10 })
      const requests = [request(`pace-${index}`, { requestedAt: at(seconds - 10) })]
      const saved = { runId: 'd-pace', batchId: `b${index}`, totals: sums, requests }
      await store.saveBatch(batch(startedAt, [], saved))
      const text = "update run_batches set saved_at = $1 where run_id = 'd-pace' and batch_id = $2"
      await database.pool.query(text, [at(seconds), `b${index}`])
    }
    // 40 rows in 40 seconds of work; three minutes and twenty seconds lie idle between the second batch and the third.
    assert.equal(Math.round((await store.findRun('d-pace'))?.perMinute ?? 0), 60)
  })
})
