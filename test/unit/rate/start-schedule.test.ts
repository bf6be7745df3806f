/** When the starts of one replica are due: in its slots, late, and after a refusal. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nextSlot } from '../../../src/rate/lease/start-slots.ts'
import { createStartSchedule, type StartSchedule } from '../../../src/rate/limiter/start-schedule.ts'
import type { StartSlots } from '../../../src/rate/types.ts'

/** Twenty starts a second of a hundred over five replicas. */
const RPM = 1_200
const SLOTS: StartSlots = { intervalMs: 10, parts: [0.2, 0.2, 0.2, 0.2, 0.2], own: 3, offsetMs: 0 }
const BEGIN = 1_000_000_000

/** Starts whatever is due from `from` to `to`, looking every millisecond, as a replica with work does. */
function run(schedule: StartSchedule, from: number, to: number): number[] {
  const starts: number[] = []
  for (let now = from; now < to; now += 1) {
    while (schedule.dueAt(now) <= now) {
      schedule.take(now)
      starts.push(now)
    }
  }
  return starts
}

function make(slots: StartSlots | null): StartSchedule {
  const schedule = createStartSchedule(RPM)
  schedule.setSlots(BEGIN, slots)
  return schedule
}

const lateness = (starts: readonly number[]) => starts.map((at) => at - nextSlot(SLOTS, at - SLOTS.intervalMs))

describe('createStartSchedule', () => {
  it('has the first start due at once, and all others in the slots', () => {
    const [first, ...others] = run(make(SLOTS), BEGIN, BEGIN + 10_000)
    assert.equal(first, BEGIN)
    assert.ok(others.length >= 198 && others.length <= 201, `${others.length}`)
    assert.ok(
      lateness(others).every((late) => late < 1),
      `${lateness(others)}`,
    )
  })

  it('makes up for a stall by a pace that is faster by a quarter, and goes back to the slots', () => {
    const schedule = make(SLOTS)
    run(schedule, BEGIN, BEGIN + 2_000)
    const after = run(schedule, BEGIN + 3_000, BEGIN + 10_000)
    // A stall of a second has cost 20 starts, of which three are made up for at once.
    assert.ok(after.filter((at) => at < BEGIN + 3_005).length <= 4)
    assert.ok(after.length >= 157 && after.length <= 161, `${after.length}`)
    assert.ok(after.filter((at) => at < BEGIN + 4_000).length <= 28, 'a burst')
    const late = lateness(after.filter((at) => at > BEGIN + 8_500))
    assert.ok(
      late.every((one) => one < 1),
      `${late}`,
    )
  })

  it('makes up for nothing but one start in the minute after a refusal', () => {
    const schedule = make(SLOTS)
    run(schedule, BEGIN, BEGIN + 2_000)
    schedule.noteRefusal(BEGIN + 2_000)
    const after = run(schedule, BEGIN + 3_000, BEGIN + 13_000)
    assert.ok(after.length >= 199 && after.length <= 202, `${after.length}`)
    const late = lateness(after.slice(1))
    assert.ok(
      late.every((one) => one < 1),
      `${late}`,
    )
    const later = run(schedule, BEGIN + 13_000, BEGIN + 63_000)
    assert.ok(later.length >= 998 && later.length <= 1_002, `${later.length}`)
    const again = run(schedule, BEGIN + 64_000, BEGIN + 69_000)
    assert.ok(again.length >= 116, `${again.length}`)
  })

  it('makes up for nothing faster while the budget of the last minute is nearly used', () => {
    for (const slots of [SLOTS, null]) {
      let isNearlyUsed = true
      const schedule = createStartSchedule(RPM, () => isNearlyUsed)
      schedule.setSlots(BEGIN, slots)
      run(schedule, BEGIN, BEGIN + 2_000)
      const slow = run(schedule, BEGIN + 4_000, BEGIN + 8_000)
      assert.ok(slow.length >= 79 && slow.length <= 85, `${slow.length}`)
      isNearlyUsed = false
      const fast = run(schedule, BEGIN + 8_000, BEGIN + 12_000)
      assert.ok(fast.length >= 97, `${fast.length}`)
    }
  })

  it('makes up for no time without work', () => {
    for (const slots of [SLOTS, null]) {
      const schedule = make(slots)
      run(schedule, BEGIN, BEGIN + 1_000)
      schedule.wake(BEGIN + 5_000)
      const after = run(schedule, BEGIN + 5_000, BEGIN + 10_000)
      assert.equal(after[0], BEGIN + 5_000)
      assert.ok(after.length >= 99 && after.length <= 102, `${after.length}`)
    }
  })

  it('starts no more than the pace allows where slots come more often', () => {
    const schedule = make(SLOTS)
    schedule.setPace(BEGIN, RPM / 2)
    schedule.noteRefusal(BEGIN)
    const starts = run(schedule, BEGIN, BEGIN + 10_000)
    assert.ok(starts.length >= 98 && starts.length <= 103, `${starts.length}`)
    assert.ok(lateness(starts.slice(1)).every((late) => late < 1))
  })

  it('keeps what a lease move leaves of a slot, and starts none that has passed', () => {
    const schedule = make(SLOTS)
    schedule.noteRefusal(BEGIN)
    run(schedule, BEGIN, BEGIN + 1_000)
    let count = 0
    for (let round = 0; round < 100; round += 1) {
      const from = BEGIN + 1_000 + round * 100
      schedule.setSlots(from, { ...SLOTS, own: round % 5 })
      count += run(schedule, from, from + 100).length
    }
    assert.ok(count >= 190 && count <= 205, `${count} starts in 10 s at 20 a second`)
  })
})
