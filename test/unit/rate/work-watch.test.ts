/** When a limiter counts as being without work. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createWorkWatch } from '../../../src/rate/limiter/work-watch.ts'

it('work begins anew after some seconds without any, not after a gap between two batches and not while a request is kept back', () => {
  let now = 0
  let begun = 0
  let isEmpty = true
  const work = createWorkWatch(
    () => now,
    () => (begun += 1),
    () => isEmpty,
  )
  const ended = work.expect()
  assert.equal(begun, 1)
  now += 60_000
  work.noteCaller()
  isEmpty = false
  assert.equal(begun, 1, 'a request was kept back for a minute')
  ended()
  ended()
  now += 60_000
  isEmpty = true
  work.noteEnd()
  now += 900
  work.noteCaller()
  assert.equal(begun, 1, 'the gap was short')
  work.noteEnd()
  now += 10_000
  work.noteEnd()
  work.expect()
  assert.equal(begun, 2)
})
