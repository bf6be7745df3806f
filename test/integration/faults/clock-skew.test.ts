/** A replica whose clock is a day ahead, then set back by two days in the middle of a run: real Restate, PostgreSQL and replica. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createPool } from '../../../src/store/pool.ts'
import { silent } from '../../helpers/database/postgres.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const DAY_MS = 86_400_000
let stack: TestStack
let directory: string
let skewFile: string

const skew = (ms: number) => writeFile(skewFile, String(ms))

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-skew-'))
  skewFile = join(directory, 'skew')
  await skew(DAY_MS)
  const helper = new URL('../../helpers/stack/skewed-clock.mjs', import.meta.url).href
  // Of a budget of one start in a fifth of a second most chunks sleep durably, because they may wait for a tenth alone.
  const budget = { RATE_RPM: '300', RATE_MAX_WAIT_MS: '100' }
  stack = await startTestStack(budget, { NODE_OPTIONS: `--import ${helper}`, CLOCK_SKEW_FILE: skewFile })
})
after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

const indicators = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ indicator_id: `S.${index}`, name: `Zorbic attainment ${index}` }))

interface Answer {
  readonly results: readonly { readonly classified_at: string; readonly run_id: string }[]
}

async function classify(runId: string, count: number): Promise<Answer> {
  const body = { run_id: runId, indicators: indicators(count), force: true, options: { reuse: false, pack: 1 } }
  const answer = await callIngress(stack, 'classify-api/batch', body)
  assert.equal(answer.status, 200, answer.text)
  return answer.json() as Answer
}

/** How far each time is from now, in milliseconds. */
function agesOf(times: readonly string[]): readonly number[] {
  return times.map((time) => Math.abs(Date.now() - Date.parse(time)))
}

async function latest(id: string): Promise<{ readonly run_id: string; readonly classified_at: string }> {
  const [found] = await stack.database.store.findClassifications(id, {})
  assert.ok(found)
  return found
}

test('a replica whose clock is a day ahead waits no day, and its results have the time of the database', async () => {
  const { results } = await classify('run-ahead', 8)
  assert.equal(results.length, 8)
  for (const age of agesOf(results.map((one) => one.classified_at))) assert.ok(age < 3_600_000, `${age} ms from now`)
})

test('health and the metrics tell how far the clock is off', async () => {
  const response = await fetch(`${stack.replicaUrl}/classify-api/health`)
  const {
    status,
    warnings,
    clock_skew_s: skewS,
    database_time: time,
  } = (await response.json()) as Record<string, unknown>
  assert.deepEqual([response.status, status], [200, 'ok'])
  assert.match(JSON.stringify(warnings), /clock-skew.*86400 s ahead of the database's/)
  assert.ok(Math.abs(Number(skewS) - 86_400) < 60)
  assert.ok(agesOf([String(time)]).every((age) => age < 3_600_000))
  const node = /^classify_node_clock_skew_seconds (\S+)$/m
  const metrics = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
  assert.ok(Math.abs(Number(/^classify_replica_clock_skew_seconds (\S+)$/m.exec(metrics)?.[1]) - 86_400) < 60)
  // The node signs its calls with its time, which is that of the database here.
  assert.ok(Math.abs(Number(node.exec(metrics)?.[1])) < 60)
})

test('a clock that is set back by two days in the middle of a run loses nothing, and what was paid last is current', async () => {
  const running = classify('run-set-back', 12)
  await waitUntil('a request was sent', async () => {
    return ((await stack.database.store.findRun('run-set-back'))?.modelRequests ?? 0) > 0
  })
  await skew(-DAY_MS)
  assert.equal((await running).results.length, 12)
  assert.equal((await latest('S.0')).run_id, 'run-set-back')

  await classify('run-behind', 4)
  const current = await latest('S.0')
  assert.equal(current.run_id, 'run-behind')
  assert.ok(agesOf([current.classified_at]).every((age) => age < 3_600_000))
})

test('requests are booked at the time of the database, by which they are in flight or lost, and old enough to be deleted', async () => {
  const pool = createPool({ connectionString: stack.databaseUrl, max: 1, log: silent })
  try {
    const { rows } = await pool.query<{ count: number; off_s: number }>(
      `select count(*)::int as count,
         max(abs(extract(epoch from clock_timestamp() - requested_at)))::float8 as off_s from llm_requests`,
    )
    assert.ok((rows[0]?.count ?? 0) >= 24)
    assert.ok((rows[0]?.off_s ?? 0) < 3_600, `${rows[0]?.off_s} s`)
  } finally {
    await pool.end()
  }
})
