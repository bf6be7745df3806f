/** 3,000 mutated bodies for the batch handler: none is answered with a 5xx status, and the replica keeps no memory of them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertAnswered, assertStillClassifies, mutatedBody, sendBodies } from '../helpers/stack/mutated-bodies.ts'
import { startTestStack, type TestStack } from '../helpers/stack/stack.ts'

const BODIES = 1_000
/** A small heap makes V8 collect often, so that the lowest use of memory is that after a collection. */
const NODE_OPTIONS = '--max-old-space-size=160'
/** Bytes by which the lowest use may grow from one round to the next; the bodies of one round alone are more. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024

let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000' }, { NODE_OPTIONS })
})

after(async () => {
  await stack?.stop()
})

/** Heap and external memory of the replica, bytes. */
async function usedBytes(): Promise<number> {
  const metrics = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
  const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1])
  return read('nodejs_heap_size_used_bytes') + read('nodejs_external_memory_bytes')
}

/** Sends one round of bodies. Resolves with the count of each status and the lowest use of memory. */
async function round(): Promise<{ readonly statuses: Map<number, number>; readonly floorBytes: number }> {
  const bodies = Array.from({ length: BODIES }, mutatedBody)
  let floorBytes = Number.POSITIVE_INFINITY
  const statuses = new Map<number, number>()
  while (bodies.length > 0) {
    for (const [status, count] of await sendBodies(stack, bodies.splice(0, 50)))
      statuses.set(status, (statuses.get(status) ?? 0) + count)
    floorBytes = Math.min(floorBytes, await usedBytes())
  }
  return { statuses, floorBytes }
}

test('mutated bodies answer 200 or 4xx, and leave no memory behind', async () => {
  const pid = stack.pids().replica
  await round()
  const first = await round()
  const { statuses, floorBytes } = await round()
  assertAnswered(statuses)
  const kept = floorBytes - first.floorBytes
  assert.ok(kept < MAX_KEPT_BYTES, `${Math.round(kept / 1e6)} MB more than a round before`)
  await assertStillClassifies(stack, pid)
})
