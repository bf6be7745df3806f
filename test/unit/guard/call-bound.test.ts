/** The bound on calls in flight: it falls while callers leave, and comes back with answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CallBound, createCallBound } from '../../../src/guard/call-bound.ts'

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
  assert.equal(bound.bound, 64)
  assert.equal(leaveAt(5_000), 44)
  assert.equal(leaveAt(5_500), 44)
  assert.equal(leaveAt(5_999), 44)
  assert.equal(leaveAt(6_000), 31)
  for (let second = 7; second < 30; second += 1) leaveAt(second * 1_000)
  assert.equal(bound.bound, 16)
  assert.equal(bound.inFlight, 0)
})

/** Lets calls begin until the bound is reached, and answers one, so many times. */
function answerInFull(bound: CallBound, times: number, tookMs = 10): number {
  for (let call = 0; call < times; call += 1) {
    while (bound.begin()) {
      // Callers take all places.
    }
    bound.answered(tookMs)
  }
  return bound.bound
}

test('until a caller leaves, four answers raise the bound by one', () => {
  const bound = createCallBound(70)
  assert.deepEqual([answerInFull(bound, 4), answerInFull(bound, 8), answerInFull(bound, 100)], [65, 67, 70])
})

test('answers that are slow on average raise it by a fifth of that', () => {
  const bound = createCallBound(256)
  answerInFull(bound, 40, 6_000)
  const before = bound.bound
  assert.equal(answerInFull(bound, 100, 6_000), before + 5)
})

test('a bound that few calls use does not rise', () => {
  const bound = createCallBound(256)
  for (let call = 0; call < 50; call += 1) assert.ok(bound.begin())
  for (let call = 0; call < 1_000; call += 1) {
    bound.answered(10)
    assert.ok(bound.begin())
  }
  assert.equal(bound.bound, 64)
})

test('afterwards they raise it by one each time as many came as it is large, up to the most', () => {
  const bound = createCallBound(40)
  bound.begin()
  bound.left(0)
  assert.equal(bound.bound, 28)
  assert.equal(answerInFull(bound, 30), 29)
  assert.equal(answerInFull(bound, 1_000), 40)
})

test('calls that no node answered leave the bound and the wait as they were', () => {
  const bound = createCallBound(256)
  for (let call = 0; call < 100; call += 1) {
    assert.ok(bound.begin())
    bound.failed()
  }
  assert.deepEqual([bound.inFlight, bound.bound, bound.waitSeconds()], [0, 64, 1])
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

/**
 * A service that does `perSecond` calls one after the other, also those whose caller has left, and 400 callers with a patience
 * of 10 s, by a clock of its own. Returns the share of the service's time that went into answers that were waited for.
 */
function simulate(perSecond: number, seconds: number): number {
  const bound = createCallBound(256)
  const tickMs = 1_000 / perSecond
  const queue: { readonly at: number; hasLeft: boolean }[] = []
  const next: number[] = Array.from({ length: 400 }, (_, caller) => caller)
  let answered = 0
  for (let now = 0; now < seconds * 1_000; now += tickMs) {
    for (const call of queue) {
      if (call.hasLeft || now - call.at < 10_000) continue
      call.hasLeft = true
      bound.left(now)
      next.push(now)
    }
    const due = next.filter((at) => at <= now)
    next.splice(0, next.length, ...next.filter((at) => at > now))
    for (const _ of due) {
      if (bound.begin()) queue.push({ at: now, hasLeft: false })
      else next.push(now + 1_000 * bound.waitSeconds())
    }
    const done = queue.shift()
    if (done === undefined || done.hasLeft) continue
    bound.answered(now - done.at)
    answered += 1
    next.push(now)
  }
  return answered / (perSecond * seconds)
}

test('400 callers with a patience of 10 s get at least 0.8 of what the service can do, however fast it is', () => {
  for (const perSecond of [10, 15, 20, 30, 40, 80, 200]) {
    for (const seconds of [30, 120]) {
      const share = simulate(perSecond, seconds)
      assert.ok(share >= 0.8, `${perSecond} a second for ${seconds} s: ${share.toFixed(2)}`)
    }
  }
})

test('400 callers that wait 10 s get what a machine of 10 to 66 answers a second can do, also after patient ones', () => {
  for (const perSecond of [10, 15, 20, 30, 40, 66]) {
    const bound = createCallBound(256)
    const patient = answersOf(bound, { perSecond, callers: 100, patienceS: 90 })
    const many = answersOf(bound, { perSecond, callers: 400, patienceS: 10 })
    assert.ok(patient >= 0.8 * 30 * perSecond, `${patient} answers at ${perSecond} a second`)
    assert.ok(many >= 0.9 * patient, `${many} and ${patient} answers at ${perSecond} a second`)
  }
})

/**
 * The answers that callers get in 30 s from a machine which works at all calls at once, those included whose callers have left.
 * A refused caller comes back when it is told to.
 */
function answersOf(
  bound: CallBound,
  { perSecond, callers, patienceS }: { perSecond: number; callers: number; patienceS: number },
): number {
  const STEP_S = 0.02
  const free = Array.from({ length: callers }, () => 0)
  let calls: { left: number; beganAt: number; caller: number | null }[] = []
  let answers = 0
  for (let now = 0; now < 30; now += STEP_S) {
    const work = (perSecond * STEP_S) / Math.max(1, calls.length)
    for (const call of calls) {
      call.left -= work
      if (call.caller === null) continue
      if (call.left <= 0) {
        bound.answered(1_000 * (now - call.beganAt))
        answers += 1
      } else if (now - call.beganAt > patienceS) bound.left(1_000 * now)
      else continue
      free[call.caller] = now
      call.caller = null
    }
    calls = calls.filter(({ left }) => left > 0)
    for (const [caller, at] of free.entries()) {
      if (at > now) continue
      const isIn = bound.begin()
      free[caller] = isIn ? Number.POSITIVE_INFINITY : now + bound.waitSeconds()
      if (isIn) calls.push({ left: 1, beganAt: now, caller })
    }
  }
  for (const { caller } of calls) if (caller !== null) bound.failed()
  return answers
}
