/** What a replica learns of an endpoint's slices, and a simulated cluster whose starts are late and meet them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '../../../src/offline-model/random.ts'
import { createRateLimits } from '../../../src/offline-model/rate-limits.ts'
import { slotsOf } from '../../../src/rate/lease/start-slots.ts'
import { createSliceClock, crowd, sliceOf, uncrowd } from '../../../src/rate/limiter/slice-clock.ts'
import { createStartSchedule } from '../../../src/rate/limiter/start-schedule.ts'

/** The clock after requests that start every `everyMs` and learn the reset that `resetOf` gives. */
function clockAfter(everyMs: number, requests: number, resetOf: (at: number) => number) {
  const clock = createSliceClock()
  for (let n = 0; n < requests; n += 1) clock.note(n * everyMs, resetOf(n * everyMs))
  return clock
}

describe('createSliceClock', () => {
  it('finds length and begin of slices, whatever the way of a request takes', () => {
    const anyLength = fc.constantFrom(100, 200, 250, 500, 1_000)
    const anyPhase = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })
    fc.assert(
      fc.property(anyLength, anyPhase, fc.integer(), (length, phase, seed) => {
        const random = createRandom(seed)
        const begin = phase * length
        const wayMs = () => 3 + random() * 12
        const clock = clockAfter(51.7, 400, (at) => {
          const arrival = at + wayMs()
          return Math.ceil(length - ((((arrival - begin) % length) + length) % length))
        })
        const slices = clock.slices(400 * 51.7)
        assert.equal(slices?.lengthMs, length)
        // A request that starts at the begin of a slice arrives in it after the mean of all ways, 9 ms.
        const found = (slices?.beginMs ?? Number.NaN) - (begin - 9)
        const off = Math.abs(found - Math.round(found / length) * length)
        assert.ok(off < 4, `${off}`)
      }),
      { numRuns: 100 },
    )
  })

  it('finds none in a sliding minute, in a bucket that fills steadily, and in waits that are always the same', () => {
    const ways = createRandom(7)
    const bucket = (at: number) => 20 + ((at * 0.37) % 400) + ways() * 20
    for (const resetOf of [() => 60_000, () => 1_000, () => 100, bucket, () => ways() * 100, () => ways() * 1_000]) {
      assert.equal(clockAfter(100, 200, resetOf).slices(20_000), null)
    }
  })

  it('finds them by ten ends where these agree, and by more where ways differ', () => {
    const resetOf = (at: number) => 100 - ((at + 3) % 100)
    const found = [9, 10].map((requests) => clockAfter(47, requests, resetOf).slices(500)?.lengthMs ?? null)
    assert.deepEqual(found, [null, 100])
  })

  it('forgets them when nothing is heard for half a minute', () => {
    const clock = clockAfter(97, 100, (at) => 100 - (at % 100))
    assert.notEqual(clock.slices(9_700), null)
    assert.equal(clock.slices(9_700 + 31_000), null)
  })
})

describe('crowd', () => {
  it('keeps the order and the slice of starts, and leaves room after them', () => {
    const anyTime = fc.integer({ min: 0, max: 1e8 }).map((tenths) => tenths / 10)
    const anyLength = fc.constantFrom(100, 250, 1_000)
    fc.assert(
      fc.property(anyLength, anyTime, anyTime, anyTime, (lengthMs, beginMs, one, other) => {
        const slices = { lengthMs, beginMs }
        const [early, late] = [Math.min(one, other), Math.max(one, other)]
        assert.ok(crowd(slices, early) <= crowd(slices, late) + 1e-6)
        const into = crowd(slices, one) - sliceOf(slices, one)
        assert.ok(into >= 8 - 1e-6 && into <= Math.max(lengthMs / 3 + 8, lengthMs - 55) + 1e-6, `${into}`)
        assert.ok(Math.abs(uncrowd(slices, crowd(slices, one)) - one) < 1e-3)
        assert.ok(crowd(slices, uncrowd(slices, other)) >= other - 1e-3)
      }),
      { numRuns: 2_000 },
    )
    assert.equal(crowd(null, 17), 17)
    assert.equal(uncrowd(null, 17), 17)
  })
})

const RPM = 6_000

interface Meeting {
  readonly lengthMs: number
  readonly replicas: number
  /** Each start is late by up to so much. */
  readonly lateMs: number
  /** Every 1.7 seconds each replica stalls for so long. */
  readonly stallMs?: number
}

/** Starts of replicas in virtual time that are late and meet an endpoint's slices. */
function meetSlices({ lengthMs, replicas: count, lateMs, stallMs = 0 }: Meeting, tellsReset: boolean) {
  const random = createRandom(11)
  const limits = createRateLimits({ rpm: RPM, tpm: 0, sliceMs: lengthMs })
  const parts = Array.from({ length: count }, () => 1 / count)
  const replicas = parts.map((_, own) => {
    const schedule = createStartSchedule((RPM * 0.99) / count)
    schedule.setSlots(0, slotsOf({ intervalMs: 60_000 / (RPM * 0.99), parts, own }, 0))
    return { schedule, blockedUntil: 0 }
  })
  const counts = { let_in: 0, refused: 0 }
  for (let now = 0; now < 60_000; now += 1) {
    for (const [own, replica] of replicas.entries()) {
      if ((now + own * 300) % 1_700 === 0) replica.blockedUntil = now + stallMs
      if (now < replica.blockedUntil || replica.schedule.dueAt(now) > now) continue
      replica.schedule.take(now)
      const admission = limits.admit(now, 0)
      const resetMs = (Math.floor(now / lengthMs) + 1) * lengthMs - now
      if (tellsReset) replica.schedule.noteReset(now, admission.retryAfterMs || resetMs)
      if (admission.exceeded !== null) replica.schedule.noteRefusal(now)
      if (now >= 10_000) counts[admission.exceeded === null ? 'let_in' : 'refused'] += 1
      // Something else has the thread of the replica for a while after most starts.
      replica.blockedUntil = now + random() * lateMs
    }
  }
  return counts
}

describe('starts that are late, in slices that are known', () => {
  const budget = RPM * (50 / 60)

  it('are hardly refused and use the budget where they are late by up to 40 ms in slices of a tenth of a second', () => {
    const meeting = { lengthMs: 100, replicas: 5, lateMs: 40 }
    const known = meetSlices(meeting, true)
    const unknown = meetSlices(meeting, false)
    assert.ok(known.refused < budget * 0.005, `${JSON.stringify({ known, unknown })}`)
    assert.ok(known.let_in > budget * 0.96, `${JSON.stringify({ known, unknown })}`)
    assert.ok(unknown.refused > known.refused * 3, `${JSON.stringify({ known, unknown })}`)
  })

  for (const replicas of [1, 5]) {
    it(`are made up for in the same slice of a second, with ${replicas} replicas that stall for a quarter of a second`, () => {
      const { let_in: letIn, refused } = meetSlices({ lengthMs: 1_000, replicas, lateMs: 4, stallMs: 250 }, true)
      assert.ok(refused < budget * 0.01, `${refused}`)
      assert.ok(letIn > budget * 0.93, `${letIn}`)
    })
  }
})
