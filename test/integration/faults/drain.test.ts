/** A replica that gets SIGTERM while many chunks wait for their start starts no further request to the model. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { BatchResponse } from '../../../src/restate/contract.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const CHUNKS = 50
/** Requests that may start until the replica has stopped and another one goes on, at one a second. All that wait would take twice as long. */
const MOST_STARTED = 24

let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_RPM: '60', RATE_MAX_WAIT_MS: '120000', OFFLINE_MODEL_LATENCY_MS: '3000' })
})

after(async () => {
  await stack?.stop()
})

async function requests(): Promise<{ readonly accepted: number; readonly aborted: number }> {
  const stats = await fetch(`http://127.0.0.1:${stack.env.OFFLINE_MODEL_PORT}/stats?indicators=0`)
  return ((await stats.json()) as { requests: { accepted: number; aborted: number } }).requests
}

test('waiting chunks do not hold up the end of a replica, and the work goes on elsewhere', async () => {
  const indicators = Array.from({ length: CHUNKS }, (_, n) => ({ indicator_id: `D.${n}`, name: `Zorbic drain ${n}` }))
  const options = { mode: 'model', reuse: false, pack: 1 }
  const answer = callIngress(stack, 'classify-api/batch', { indicators, options })
  await waitUntil('three chunks are asked', async () => (await requests()).accepted >= 3)
  const before = await requests()
  const { replica } = stack.pids()
  assert.ok(replica)
  process.kill(replica, 'SIGTERM')
  await waitUntil('another replica takes its place', () => ![undefined, replica].includes(stack.pids().replica))
  const started = (await requests()).accepted - before.accepted
  assert.ok(started <= MOST_STARTED, `the replica started ${started} requests after the signal`)

  await waitUntil('the new replica has a lease', async () => {
    const raised = await callIngress(stack, 'classify-api/budget', { rpm: 60_000 })
    return raised.status === 200
  })
  const response = await answer
  assert.equal(response.status, 200, response.text)
  assert.equal((response.json() as BatchResponse).summary.by_source.model, CHUNKS)
  // Requests in flight at the signal may be cut off and sent again; no other request is sent twice.
  assert.ok((await requests()).accepted <= CHUNKS + before.accepted + started)
})
