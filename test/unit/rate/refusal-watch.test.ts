/** Which refusals show a pace that is too high. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createRefusalWatch } from '../../../src/rate/limiter/refusal-watch.ts'

/** Starts a request every `everyMs` for ten seconds, of which every nth is refused, and counts how often the pace was too high. */
function timesTooHigh(everyMs: number, nth: number): number {
  const watch = createRefusalWatch()
  let times = 0
  for (let n = 1; n * everyMs <= 10_000; n += 1) {
    watch.noteStart(n * everyMs)
    if (n % nth === 0 && watch.noteRefusal(n * everyMs)) times += 1
  }
  return times
}

it('takes three refusals within a second that are more than a twentieth of the starts for a pace that is too high', () => {
  assert.equal(timesTooHigh(10, 25), 0)
  assert.ok(timesTooHigh(10, 10) > 50)
  assert.ok(timesTooHigh(50, 5) > 20)
  // Two a second are no three within a second.
  assert.equal(timesTooHigh(50, 10), 0)
})

it('takes the first refusals of a replica, which has started little, for a pace that is too high', () => {
  const watch = createRefusalWatch()
  for (let n = 0; n < 8; n += 1) watch.noteStart(n)
  assert.deepEqual([watch.noteRefusal(10), watch.noteRefusal(11), watch.noteRefusal(12)], [false, false, true])
})
