/** Batches that are not admitted sleep as one invocation each, without their chunks, and go on by themselves. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BatchResponse } from '../../../src/restate/contract.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

/** At one request a second half a minute of work is admitted, which the first batch exceeds for a minute. */
const RATE_RPM = 60
const FIRST = 90
const LATER = 2
const CHUNKS = 5

let stack: TestStack

before(async () => {
  // Chunks then wait in the limiter, where a new budget reaches them, and do not sleep, from which nothing can wake them.
  stack = await startTestStack({ RATE_RPM: String(RATE_RPM), RATE_MAX_WAIT_MS: '120000' })
})

after(async () => {
  await stack?.stop()
})

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? 0)
}

async function query(statement: string): Promise<readonly Record<string, unknown>[]> {
  const response = await fetch(`${stack.adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: statement }),
  })
  return ((await response.json()) as { rows: Record<string, unknown>[] }).rows
}

async function classify(batch: number, count: number): Promise<BatchResponse> {
  const indicators = Array.from({ length: count }, (_, n) => ({
    indicator_id: `A.${batch}.${n}`,
    name: `Zorbic admission ${batch} ${n}`,
  }))
  const options = { mode: 'model', reuse: false, pack: 1 }
  const answer = await callIngress(stack, 'classify-api/batch', { indicators, options })
  assert.equal(answer.status, 200, answer.text)
  return answer.json() as BatchResponse
}

const calledChunks = async () => {
  const [row] = await query(`select count(1) as n from sys_invocation where target_service_name = 'classifier'`)
  return Number(row?.n)
}

test('a batch that is not admitted sleeps without its chunks, and ends whole once there is room', async () => {
  const first = classify(0, FIRST)
  // A batch calls its chunks at once, of which each may make several requests.
  let chunksBefore = 0
  const haveSettled = async () => {
    const before = chunksBefore
    chunksBefore = await calledChunks()
    return chunksBefore > 0 && chunksBefore === before
  }
  await waitUntil('the first batch has called its chunks', haveSettled, { pollMs: 400 })
  const later = Array.from({ length: LATER }, (_, batch) => classify(batch + 1, CHUNKS))
  await waitUntil(
    'the other batches are held back',
    async () => (await metric('classify_batches_held_back_total')) >= LATER,
  )
  // The metric counts a batch before Restate has journaled its sleep.
  await waitUntil('the sleep of each of them is journaled', async () => {
    const [row] = await query(
      `select count(1) as n from sys_journal where name = 'wait for work that was let in before'`,
    )
    return Number(row?.n) >= LATER
  })
  // A sleeping batch has called no chunk. The number may fall, since chunks that have ended are no longer listed.
  assert.ok((await calledChunks()) <= chunksBefore)

  // Restate suspends a call that is silent for some seconds; a chunk that waits longer must not be asked twice.
  await waitUntil('some chunks have waited for more than 5 s', async () => {
    const text = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
    const of = (le: string) =>
      Number(new RegExp(`^classify_limiter_wait_seconds_bucket\\{le="${le}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
    return of('\\+Inf') > of('5')
  })
  const raised = await callIngress(stack, 'classify-api/budget', { rpm: 60_000 })
  assert.equal(raised.status, 200, raised.text)
  const responses = await Promise.all([first, ...later])
  assert.deepEqual(
    responses.map(({ summary }) => [summary.by_source.model, summary.model_requests]),
    [[FIRST, FIRST], ...Array.from({ length: LATER }, () => [CHUNKS, CHUNKS])],
  )
  const text = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
  assert.doesNotMatch(text, /^classify_invocations_total\{.*outcome="(?:retryable|terminal)"\}/m)
  const stats = await fetch(`http://127.0.0.1:${stack.env.OFFLINE_MODEL_PORT}/stats?indicators=0`)
  const { requests } = (await stats.json()) as { requests: { accepted: number } }
  assert.equal(requests.accepted, FIRST + LATER * CHUNKS, 'nothing was asked twice')
})
