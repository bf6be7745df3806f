/** Chunks that would wait too long for the rate sleep durably: they fail no attempt, and the model is asked at the pace. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { pino } from 'pino'
import type { BatchResponse } from '../../src/restate/contract.ts'
import { createPool } from '../../src/store/pool.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack.ts'

const CHUNKS = 60
const RATE_RPM = 600
const STARTS_PER_MS = RATE_RPM / 60_000
/**
 * Starts that may stand beyond the pace in any stretch of time: one at its beginning, one that a busy process makes up
 * for, and two whose time was written down late.
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

/** The most starts that any stretch of time has beyond what the pace allows in it. */
function mostBeyondPace(starts: readonly number[]): number {
  const excesses = starts.flatMap((from, first) =>
    starts.slice(first).map((until, others) => others + 1 - (until - from) * STARTS_PER_MS),
  )
  return Math.max(...excesses)
}

test('a backlog far beyond RATE_MAX_WAIT_MS ends classified, at the pace, with no attempt failed or retried', async () => {
  const indicators = Array.from({ length: CHUNKS }, (_, n) => ({
    indicator_id: `R.${n}`,
    name: `Zorbic attainment ${n}`,
  }))
  const options = { mode: 'model', reuse: false, pack: 1 }
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
  assert.equal(Number(completedChunks?.[3]), CHUNKS, 'the metric counts each chunk')
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
  const excess = mostBeyondPace(starts)
  assert.ok(
    excess <= TOLERATED_STARTS,
    `${excess} starts beyond the pace: ${starts.map((at) => at - (starts[0] ?? 0))}`,
  )
})
