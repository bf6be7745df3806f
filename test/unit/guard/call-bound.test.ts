/** The bound on calls in flight: it falls while callers leave, and comes back with answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCallBound } from '../../../src/guard/call-bound.ts'

test('no more calls begin than the bound allows, and each end makes room', () => {
  const bound = createCallBound(20)
  for (let call = 0; call < 20; call += 1) assert.ok(bound.begin())
  assert.ok(!bound.begin())
  assert.equal(bound.inFlight, 20)
  bound.answered(5)
  assert.ok(bound.begin())
  bound.left(0)
  assert.equal(bound.inFlight, 19)
})

test('callers who leave lower the bound once a second to 0.7 of itself, never below 16', () => {
  const bound = createCallBound(256)
  const leaveAt = (ms: number) => {
    assert.ok(bound.begin())
    bound.left(ms)
    return bound.bound
  }
  assert.equal(leaveAt(5_000), 179)
  assert.equal(leaveAt(5_500), 179)
  assert.equal(leaveAt(5_999), 179)
  assert.equal(leaveAt(6_000), 125)
  for (let second = 7; second < 30; second += 1) leaveAt(second * 1_000)
  assert.equal(bound.bound, 16)
  assert.equal(bound.inFlight, 0)
})

test('answers raise the bound by one each time as many came as it is large, up to its beginning', () => {
  const bound = createCallBound(40)
  bound.begin()
  bound.left(0)
  assert.equal(bound.bound, 28)
  const answer = (times: number) => {
    for (let call = 0; call < times; call += 1) {
      bound.begin()
      bound.answered(10)
    }
    return bound.bound
  }
  assert.equal(answer(30), 29)
  assert.equal(answer(1_000), 40)
})

test('a bound below 16 is its own floor', () => {
  const bound = createCallBound(3)
  bound.begin()
  bound.left(0)
  assert.equal(bound.bound, 3)
})

test('a refused caller waits about as long as a call takes, from 1 to 10 seconds', () => {
  const bound = createCallBound(10)
  assert.equal(bound.waitSeconds(), 1)
  const answer = (ms: number) => {
    bound.begin()
    bound.answered(ms)
  }
  for (let call = 0; call < 100; call += 1) answer(3_500)
  assert.equal(bound.waitSeconds(), 4)
  for (let call = 0; call < 100; call += 1) answer(90_000)
  assert.equal(bound.waitSeconds(), 10)
})
