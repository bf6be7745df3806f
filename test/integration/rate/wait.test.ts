/** Chunks that would wait too long for the rate sleep durably: they fail no attempt, and the model is asked at the pace. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import type { BatchResponse } from '../../../src/restate/contract.ts'
import { createPool } from '../../../src/store/pool.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

const CHUNKS = 60
/** So many requests share a call, since a batch makes at least twenty. */
const REQUESTS_PER_CALL = 3
const RATE_RPM = 600
const STARTS_PER_MS = RATE_RPM / 60_000
/** What a stall of the machine has cost is made up for at a pace that is higher by this factor at most. */
const CATCH_UP_FACTOR = 1.25
/**
 * Starts that may stand beyond a pace: one at the beginning, one that a busy process makes up for at once, and two whose
 * time was written down late.
 */
const TOLERATED_STARTS = 4

let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_MAX_WAIT_MS: '50', RATE_RPM: String(RATE_RPM) })
})

after(async () => {
  await stack?.stop()
})

/** When the replica started its requests, in milliseconds and ascending, as the database has kept them. */
async function startTimes(): Promise<readonly number[]> {
  const pool = createPool({ connectionString: stack.databaseUrl, max: 1, log: pino({ level: 'silent' }) })
  try {
    const { rows } = await pool.query<{ at: number }>(
      'select extract(epoch from requested_at)::float8 * 1000 as at from llm_requests order by requested_at',
    )
    return rows.map(({ at }) => at)
  } finally {
    await pool.end()
  }
}

/** The most starts that a stretch of time from `from` on has beyond what `perMs` allows in it. */
function mostBeyondPace(starts: readonly number[], from: number, perMs: number): number {
  return Math.max(...starts.filter((at) => at >= from).map((until, others) => others + 1 - (until - from) * perMs))
}

test('a backlog far beyond RATE_MAX_WAIT_MS ends classified, at the pace, with no attempt failed or retried', async () => {
  const indicators = Array.from({ length: CHUNKS }, (_, n) => ({
    indicator_id: `R.${n}`,
    name: `Zorbic attainment ${n}`,
  }))
  const options = { mode: 'model', reuse: false, pack: 1 }
  const sentAt = Date.now()
  const answer = await callIngress(stack, 'classify-api/batch', { indicators, options })
  assert.equal(answer.status, 200, answer.text)
  const { summary } = answer.json() as BatchResponse
  assert.equal(summary.by_source.model, CHUNKS)
  assert.equal(summary.model_requests, CHUNKS)

  const metrics = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
  const deferred = Number(/^classify_limiter_deferred_total (\d+)$/m.exec(metrics)?.[1])
  assert.ok(deferred > 0, `${deferred} chunks had to sleep`)
  const attempts = [...metrics.matchAll(/^classify_invocations_total\{.*handler="(\w+)".*outcome="(\w+)"\} (\d+)$/gm)]
  const completedChunks = attempts.find(([, handler, outcome]) => handler === 'chunk' && outcome === 'completed')
  assert.equal(Number(completedChunks?.[3]), CHUNKS / REQUESTS_PER_CALL, 'the metric counts each call')
  const failed = attempts.filter(([, , outcome]) => outcome !== 'completed' && outcome !== 'suspended')
  assert.deepEqual(failed, [], 'no attempt failed')
  const query = { query: `select status, count(1) as n from sys_invocation where status <> 'completed' group by 1` }
  const open = await fetch(`${stack.adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(query),
  })
  assert.deepEqual(((await open.json()) as { rows: unknown[] }).rows, [])

  const starts = await startTimes()
  assert.equal(starts.length, CHUNKS)
  const told = starts.map((at) => Math.round(at - sentAt)).join()
  const excess = mostBeyondPace(starts, sentAt, STARTS_PER_MS)
  assert.ok(excess <= TOLERATED_STARTS, `${excess} starts beyond the pace since the batch was sent: ${told}`)
  const burst = Math.max(...starts.map((from) => mostBeyondPace(starts, from, STARTS_PER_MS * CATCH_UP_FACTOR)))
  assert.ok(burst <= TOLERATED_STARTS, `${burst} starts beyond the pace of the catch-up in a stretch: ${told}`)
})
