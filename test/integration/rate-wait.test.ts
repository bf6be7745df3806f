/** Waiting for rate costs nothing: chunks that would wait too long sleep durably, and no attempt is spent on it. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BatchResponse } from '../../src/restate/contract.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack.ts'

const CHUNKS = 60
const RATE_RPM = 600

let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_MAX_WAIT_MS: '50', RATE_RPM: String(RATE_RPM) })
})

after(async () => {
  await stack?.stop()
})

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
  const count = (pattern: RegExp) => Number(pattern.exec(metrics)?.[1] ?? 0)
  assert.ok(count(/^classify_limiter_deferred_total (\d+)$/m) > 0, 'no chunk had to sleep')
  assert.doesNotMatch(metrics, /^classify_invocations_total\{.*outcome="(?:retryable|terminal)"\}/m)
  const query = { query: `select status, count(1) as n from sys_invocation where status <> 'completed' group by 1` }
  const open = await fetch(`${stack.adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(query),
  })
  assert.deepEqual(((await open.json()) as { rows: unknown[] }).rows, [])

  // The model saw no more in any minute than the budget.
  const stats = await fetch(`http://127.0.0.1:${stack.env.OFFLINE_MODEL_PORT}/stats?indicators=0`)
  assert.ok(((await stats.json()) as { peak_per_60s: number }).peak_per_60s <= RATE_RPM)
})
