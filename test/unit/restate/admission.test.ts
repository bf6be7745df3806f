/** How batches are admitted before one replica: simulated, with a clock that only events move. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRateLimiter } from '../../../src/rate/limiter/limiter.ts'
import { type Admission, type AdmissionWait, createAdmission, loadOf } from '../../../src/restate/admission.ts'

const CHUNKS = 10

interface Options {
  readonly batches: number
  /** Milliseconds between two starts at the pace. */
  readonly intervalMs: number
  readonly chunks?: number
}

/** Takes one batch through planning and admission, with a plan that takes no time. */
function pass(
  admission: Admission,
  chunks: number,
  before: AdmissionWait | null,
  batch: string = randomUUID(),
): AdmissionWait | null {
  const early = admission.enter(before, null)
  if (early !== null) return early
  try {
    return admission.admit(batch, chunks, before)
  } finally {
    admission.leave()
  }
}

/** Many batches at once before one replica whose limiter starts a chunk an interval; a clock that only events move. */
function simulate({ batches, intervalMs, chunks = CHUNKS }: Options) {
  let now = 0
  let waiting = 0
  const admission = createAdmission(
    () => ({ waiting, deferred: 0, requestsPerMinute: 60_000 / intervalMs, pausedMs: 0 }),
    () => now,
  )
  const asleep: { at: number; before: AdmissionWait | null }[] = Array.from({ length: batches }, () => {
    return { at: 0, before: null }
  })
  let mostWaiting = 0
  let idleMs = 0
  let turns = 0
  let longestWaitMs = 0
  for (; asleep.length > 0 || waiting > 0; now += intervalMs) {
    for (const one of asleep.splice(0).toSorted((a, b) => a.at - b.at)) {
      if (one.at > now) {
        asleep.push(one)
        continue
      }
      turns += 1
      const wait = pass(admission, chunks, one.before)
      if (wait === null) waiting += chunks
      else {
        longestWaitMs = Math.max(longestWaitMs, wait.waitMs)
        asleep.push({ at: now + wait.waitMs, before: wait })
      }
    }
    mostWaiting = Math.max(mostWaiting, waiting)
    if (waiting > 0) waiting -= 1
    else if (asleep.length > 0) idleMs += intervalMs
  }
  return { now, mostWaiting, idleMs, turns, longestWaitMs }
}

test('admitted work is bounded, no start goes unused, and no batch sleeps longer than a minute', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom(5, 20, 60, 250),
      fc.integer({ min: 1, max: 14 }),
      (batches, intervalMs, chunks) => {
        const { mostWaiting, idleMs, longestWaitMs, now } = simulate({ batches, intervalMs, chunks })
        // 30 s of work or 500 chunks, half as much again for those whose turn was booked, and the batch that goes over it.
        assert.ok(mostWaiting <= 1.5 * Math.min(30_000 / intervalMs, 500) + chunks, `${mostWaiting} waiting`)
        assert.ok(idleMs <= 5_000, `${idleMs} ms idle of ${now}`)
        assert.ok(longestWaitMs <= 60_000)
      },
    ),
    { numRuns: 40 },
  )
})

test('a batch wakes a few times a minute at most', () => {
  const { turns, now } = simulate({ batches: 400, intervalMs: 250 })
  assert.ok(turns <= 400 * (2 + (2 * now) / 60_000), `${turns} turns in ${now} ms`)
})

/**
 * Batches of 100 chunks on the replicas of a cluster, as many on each as `spread` says. Chunks start on all replicas, in the order in
 * which they were admitted, at 100 a second together.
 */
function simulateCluster(spread: readonly number[]) {
  const [chunks, intervalMs, replicas] = [100, 10, spread.length]
  let now = 0
  const open: { admission: Admission; batch: string; left: number }[] = []
  const waiting = () => open.reduce((sum, { left }) => sum + left, 0)
  const asleep = spread.flatMap((batches, replica) => {
    const requestsPerMinute = 60_000 / intervalMs / replicas
    const load = () => ({ waiting: Math.floor(waiting() / replicas), requestsPerMinute, pausedMs: 0, replicas })
    const admission = createAdmission(load, () => now)
    return Array.from({ length: batches }, (_, index) => {
      return { at: 0, before: null as AdmissionWait | null, admission, batch: `${replica}.${index}` }
    })
  })
  const batches = asleep.length
  let [idleMs, turns] = [0, 0]
  for (; asleep.length > 0 || open.length > 0; now += intervalMs) {
    for (const one of asleep.splice(0).toSorted((a, b) => a.at - b.at)) {
      if (one.at > now) {
        asleep.push(one)
        continue
      }
      turns += 1
      const wait = pass(one.admission, chunks, one.before, one.batch)
      if (wait === null) open.push({ admission: one.admission, batch: one.batch, left: chunks })
      else asleep.push({ ...one, at: now + wait.waitMs, before: wait })
    }
    const [first] = open
    if (first === undefined) {
      idleMs += intervalMs
      continue
    }
    first.left -= 1
    if (first.left > 0) continue
    first.admission.finish(first.batch)
    open.shift()
  }
  return { idleMs, turns, batches, now }
}

test('batches that came to one replica go on at the pace of the cluster while the others have none', () => {
  for (const spread of [
    [10, 7, 5, 4, 4],
    [15, 4, 4, 4, 3],
    [30, 0, 0, 0, 0],
    [0, 12],
  ]) {
    const { idleMs } = simulateCluster(spread)
    assert.ok(idleMs <= 500, `${spread}: ${idleMs} ms without a start`)
  }
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 12 }), (spread) => {
      const { idleMs, turns, batches, now } = simulateCluster(spread)
      assert.ok(idleMs <= 1_000 + 0.05 * now, `${idleMs} ms of ${now} without a start`)
      assert.ok(turns <= 16 * batches, `${turns} turns of ${batches} batches`)
    }),
    { numRuns: 40 },
  )
})

test('a batch that fits is admitted at once; a pace of nothing and a pause hold batches back', () => {
  const ask = (requestsPerMinute: number, waiting: number, pausedMs = 0) =>
    pass(
      createAdmission(
        () => ({ waiting, deferred: 0, requestsPerMinute, pausedMs }),
        () => 0,
      ),
      CHUNKS,
      null,
    )
  assert.equal(ask(60, 0), null)
  assert.equal(ask(60, 30), null)
  assert.equal(ask(60, 31)?.waitMs, 1_000)
  assert.equal(ask(6_000, 0, 4_000), null)
  assert.equal(ask(6_000, 0, 35_000)?.booked, true)
  assert.equal(ask(600_000, 15_000), null)
  const slow = ask(0.01, 500)
  assert.equal(slow?.booked, false)
  assert.ok((slow?.waitMs ?? 0) >= 30_000 && (slow?.waitMs ?? 0) <= 60_000)
})

test('without a lease a batch asks again soon, and less and less often', () => {
  const admission = createAdmission(
    () => ({ waiting: 1, deferred: 0, requestsPerMinute: 0, pausedMs: 0 }),
    () => 0,
  )
  const waits: number[] = []
  for (let before = admission.enter(null, null); waits.length < 20; before = admission.enter(before, null)) {
    assert.equal(before?.booked, false)
    waits.push(before?.waitMs ?? 0)
  }
  assert.ok((waits[0] ?? 0) >= 1_000 && (waits[0] ?? 0) <= 2_000, `${waits}`)
  assert.ok(
    waits.every((wait, index) => wait <= 60_000 && (index === 0 || wait >= Math.min(waits[index - 1] ?? 0, 30_000))),
    `${waits}`,
  )
  assert.ok(
    waits.slice(10).every((wait) => wait >= 30_000),
    `${waits}`,
  )
})

test('deferred chunks count as work ahead, and batches whose turn was booked go first', () => {
  let deferred = 40
  const admission = createAdmission(
    () => ({ waiting: 0, deferred, requestsPerMinute: 60, pausedMs: 0 }),
    () => 0,
  )
  const first = admission.enter(null, null)
  assert.deepEqual(first, { waitMs: 10_000, chunks: 1, booked: true })
  assert.equal(admission.enter(null, null)?.waitMs, 11_000)
  deferred = 30
  assert.notEqual(admission.enter(null, null), null, 'a new batch waits behind booked ones')
  assert.equal(admission.enter(null, 0), null, 'a batch that cannot ask the model needs no room')
  assert.equal(admission.enter(first, null), null)
})

test('chunks that are given back make room: twenty batches that need the same shapes are admitted at once', () => {
  const make = () =>
    createAdmission(
      () => ({ waiting: 0, deferred: 0, requestsPerMinute: 60, pausedMs: 0 }),
      () => 0,
    )
  const counted = make()
  const shared = make()
  const waitsOf = (admission: Admission, isShared: boolean) =>
    Array.from({ length: 20 }, (_, batch) => {
      const wait = pass(admission, CHUNKS, null, `${batch}`)
      if (wait === null && isShared && batch > 0) admission.giveBack(`${batch}`, CHUNKS)
      return wait
    })
  assert.ok(waitsOf(counted, false).some((wait) => wait !== null))
  assert.deepEqual(
    waitsOf(shared, true),
    Array.from({ length: 20 }, () => null),
  )
})

test('a bounded number of batches plans at once, and the rest come back one after the other', () => {
  const admission = createAdmission(
    () => ({ waiting: 0, deferred: 0, requestsPerMinute: 6_000, pausedMs: 0 }),
    () => 0,
  )
  const waits = Array.from({ length: 40 }, () => admission.enter(null, null))
  assert.equal(waits.filter((wait) => wait === null).length, 32)
  assert.deepEqual(
    waits.slice(32).map((wait) => wait?.waitMs),
    [250, 275, 300, 325, 350, 375, 400, 425],
  )
  for (const _ of Array.from({ length: 32 })) admission.leave()
  assert.equal(admission.enter(waits[32] ?? null, null), null)
})

test('a replica that has had little work admits large batches at the pace that it gets once it has some, and none without a lease', () => {
  const limiter = createRateLimiter({ requestsPerMinute: 24, tokensPerMinute: null })
  const waitOfSecond = (equalRequestsPerMinute: number) => {
    const admission = createAdmission(() => loadOf(limiter.stats(), { equalRequestsPerMinute, replicas: 1 }))
    assert.equal(pass(admission, 100, null), null)
    return pass(admission, 100, null)
  }
  assert.equal(waitOfSecond(1_188), null)
  assert.ok((waitOfSecond(0)?.waitMs ?? 0) > 10_000)
})

test('batches that plan count as what they are expected to need', () => {
  const admission = createAdmission(
    () => ({ waiting: 0, deferred: 0, requestsPerMinute: 60, pausedMs: 0 }),
    () => 0,
  )
  const enter = () => admission.enter(null, CHUNKS)
  // 30 chunks may be ahead: the first four, of which the last one goes over it.
  assert.deepEqual(
    Array.from({ length: 4 }, enter),
    Array.from({ length: 4 }, () => null),
  )
  assert.equal(enter()?.booked, true)
  admission.leave()
  admission.leave()
  assert.equal(
    admission.enter({ waitMs: 1_000, chunks: CHUNKS, booked: true }, CHUNKS),
    null,
    'batches that leave without being admitted make room',
  )
})
