import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AdmissionWait, createAdmission } from '../../src/restate/admission.ts'

const CHUNKS = 10

interface Options {
  readonly batches: number
  /** One chunk: the time that a start takes at the pace. */
  readonly intervalMs: number
  readonly chunks?: number
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
      const wait = admission.admit(chunks, one.before)
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

test('what is let in is bounded, no start goes unused, and nobody sleeps longer than a minute', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.constantFrom(20, 60, 250),
      fc.integer({ min: 1, max: 14 }),
      (batches, intervalMs, chunks) => {
        const { mostWaiting, idleMs, longestWaitMs, now } = simulate({ batches, intervalMs, chunks })
        // 30 s of work, 45 s for those whose turn was booked, and the batch that goes over it.
        assert.ok(mostWaiting <= 45_000 / intervalMs + chunks, `${mostWaiting} waiting`)
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

test('what fits is let in at once; a pace of nothing and a pause hold batches back', () => {
  const admit = (requestsPerMinute: number, waiting: number, pausedMs = 0) =>
    createAdmission(
      () => ({ waiting, deferred: 0, requestsPerMinute, pausedMs }),
      () => 0,
    ).admit(CHUNKS, null)
  assert.equal(admit(60, 0), null)
  assert.equal(admit(60, 30), null)
  assert.equal(admit(60, 31)?.waitMs, 1_000)
  assert.equal(admit(6_000, 0, 29_000), null)
  assert.equal(admit(6_000, 0, 35_000)?.booked, true)
  const stopped = admit(0, 1)
  assert.equal(stopped?.booked, false)
  assert.ok((stopped?.waitMs ?? 0) >= 30_000 && (stopped?.waitMs ?? 0) <= 60_000)
  assert.equal(admit(0.01, 500)?.booked, false)
})

test('those who were sent away count, and those whose turn was kept go first', () => {
  let deferred = 40
  const admission = createAdmission(
    () => ({ waiting: 0, deferred, requestsPerMinute: 60, pausedMs: 0 }),
    () => 0,
  )
  const first = admission.admit(CHUNKS, null)
  assert.deepEqual(first, { waitMs: 10_000, chunks: CHUNKS, booked: true })
  const second = admission.admit(CHUNKS, null)
  assert.equal(second?.waitMs, 20_000)
  deferred = 25
  assert.notEqual(admission.admit(CHUNKS, null), null, 'a newcomer waits behind those who are booked')
  assert.equal(admission.admit(CHUNKS, first), null)
})
