/** Mutated bodies for the batch handler: none is answered with a 5xx status. test/large sends more, and looks at memory. */
import { after, before, test } from 'node:test'
import { assertAnswered, assertStillClassifies, mutatedBody, sendBodies } from '../helpers/mutated-bodies.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'

let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000' })
})

after(async () => {
  await stack?.stop()
})

test('300 mutated bodies answer 200 or 4xx, and the replica goes on', async () => {
  const pid = stack.pids().replica
  assertAnswered(await sendBodies(stack, Array.from({ length: 300 }, mutatedBody)))
  await assertStillClassifies(stack, pid)
})
