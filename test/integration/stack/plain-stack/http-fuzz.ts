/** Mutated bodies for the batch handler: none is answered with a 5xx status. test/large sends more, and looks at memory. */
import { test } from 'node:test'
import {
  assertAnswered,
  assertStillClassifies,
  mutatedBody,
  sendBodies,
} from '../../../helpers/stack/mutated-bodies.ts'
import { stack } from './world.ts'

test('300 mutated bodies answer 200 or 4xx, and the replica goes on', async () => {
  const pid = stack.pids().replica
  assertAnswered(await sendBodies(stack, Array.from({ length: 300 }, mutatedBody)))
  await assertStillClassifies(stack, pid)
})
