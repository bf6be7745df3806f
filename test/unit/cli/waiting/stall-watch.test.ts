/** The watch that looks around when a run does not move, with looks that the test answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Observations } from '../../../../src/cli/waiting/observations.ts'
import { watchStalls } from '../../../../src/cli/waiting/stall-watch.ts'
import { waitUntil } from '../../../helpers/wait.ts'

const PAUSED: Observations = { nodes: [], paused: { count: 1, id: 'inv_1' } }

test('a run that stands still learns why, and forgets it as soon as it moves', async (t) => {
  let looks = 0
  let changes = 0
  const watch = watchStalls({
    ...{ ingressUrls: [], adminUrls: [], runId: 'run-1', stillMs: 20, everyMs: 10 },
    onChange: () => {
      changes += 1
    },
    look: async () => {
      looks += 1
      return PAUSED
    },
  })
  t.after(() => watch.stop())
  watch.moved(0)
  const early = watch.reason
  assert.equal(early, undefined)
  const { command } = await waitUntil('a reason is there', () => watch.reason)
  assert.equal(command, 'npm run resume -- run-1')
  assert.ok(looks >= 1 && changes >= 1)
  watch.moved(0)
  assert.notEqual(watch.reason, undefined, 'the same number is no move')
  watch.moved(1)
  assert.equal(watch.reason, undefined)
})

test('a look that fails, or that the run outruns, says nothing', async (t) => {
  const answer = Promise.withResolvers<Observations>()
  let looks = 0
  const watch = watchStalls({
    ...{ ingressUrls: [], adminUrls: [], runId: 'run-1', stillMs: 5, everyMs: 5 },
    onChange: () => assert.fail('nothing is known'),
    look: async () => {
      looks += 1
      if (looks === 1) throw new Error('the look failed')
      return await answer.promise
    },
  })
  t.after(() => watch.stop())
  await waitUntil('the second look is under way', () => looks === 2)
  watch.moved(1)
  watch.stop()
  answer.resolve(PAUSED)
  await answer.promise
  assert.equal(watch.reason, undefined)
})
