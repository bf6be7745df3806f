/** The slots in which replicas start, and the starts of a whole simulated cluster that go by them, in virtual time. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { LEASE_MS } from '../../../src/rate/lease/lease-decision.ts'
import { nextSlot, slotsOf } from '../../../src/rate/lease/start-slots.ts'
import { createStartSchedule } from '../../../src/rate/limiter/start-schedule.ts'
import type { StartSlots } from '../../../src/rate/types.ts'
import { createWorld, plainBudget } from '../../helpers/lease-world.ts'

const INTERVAL_MS = 10

function slotsBetween(slots: StartSlots, from: number, to: number): number[] {
  const found: number[] = []
  for (let at = nextSlot(slots, from); at < to; at = nextSlot(slots, at + slots.intervalMs / 2)) found.push(at)
  return found
}

/** The views of all replicas, each by a clock that is behind the database's by its offset. */
function viewsOf(parts: readonly number[], offsets: readonly number[] = []): (StartSlots | null)[] {
  return parts.map((_, own) => slotsOf({ intervalMs: INTERVAL_MS, parts, own }, offsets[own] ?? 0))
}

const weights = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 2, maxLength: 12 })
const beginning = fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 })

function partsOf(weights: readonly number[]): number[] {
  const all = weights.reduce((sum, one) => sum + one, 0)
  return weights.map((one) => one / all)
}

describe('the slots of a replica', () => {
  it('are those of the others in turn, so that all starts are even, whatever the parts and the clocks', () => {
    fc.assert(
      fc.property(weights, beginning, fc.infiniteStream(fc.integer({ min: -1e6, max: 1e6 })), (all, from, skews) => {
        const parts = partsOf(all)
        const offsets = parts.map(() => skews.next().value ?? 0)
        const starts = viewsOf(parts, offsets)
          .flatMap((slots, own) => {
            assert.ok(slots !== null)
            const skew = offsets[own] ?? 0
            return slotsBetween(slots, from - skew, from + 3_000 - skew).map((at) => at + skew)
          })
          .sort((a, b) => a - b)
        const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0))
        // At the moment at which the row begins anew, one gap may be another.
        const odd = gaps.filter((gap) => Math.abs(gap - INTERVAL_MS) > 0.1)
        const isNewRow = Math.floor(from / 2 ** 20) !== Math.floor((from + 3_000) / 2 ** 20)
        assert.ok(odd.length <= (isNewRow ? parts.length : 0), `${odd}`)
        assert.ok(Math.abs(starts.length - 3_000 / INTERVAL_MS) <= (isNewRow ? parts.length : 1), `${starts.length}`)
      }),
      { numRuns: 200 },
    )
  })

  it('are its part of any stretch of slots, within a few', () => {
    fc.assert(
      fc.property(weights, beginning, fc.integer({ min: 100, max: 20_000 }), (all, from, ms) => {
        const parts = partsOf(all)
        for (const [own, slots] of viewsOf(parts).entries()) {
          assert.ok(slots !== null)
          const wanted = (ms / INTERVAL_MS) * (parts[own] ?? 0)
          const count = slotsBetween(slots, from, from + ms).length
          assert.ok(Math.abs(count - wanted) <= 4, `${count} of ${wanted}`)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('are at distances of a third to twice the mean where all parts are equal', () => {
    for (let replicas = 3; replicas <= 12; replicas += 1) {
      const [slots] = viewsOf(Array.from({ length: replicas }, () => 1 / replicas))
      assert.ok(slots)
      const own = slotsBetween(slots, 0, 10_000)
      const gaps = own.slice(1).map((at, index) => (at - (own[index] ?? 0)) / (replicas * INTERVAL_MS))
      assert.ok(Math.min(...gaps) > 0.33 && Math.max(...gaps) < 2, `${gaps}`)
    }
  })

  it('are nearly the same where the views of the parts are', () => {
    fc.assert(
      fc.property(weights, beginning, fc.integer({ min: -3, max: 3 }), (all, from, percent) => {
        const whole = partsOf(all)
        const [first = 0, ...others] = whole
        const shifted = partsOf([first * (1 + percent / 100), ...others])
        const counts = new Map<number, number>()
        const views = whole.map((_, own) =>
          slotsOf({ intervalMs: INTERVAL_MS, parts: own === 0 ? shifted : whole, own }, 0),
        )
        for (const view of views) {
          for (const at of view === null ? [] : slotsBetween(view, from, from + 10_000)) {
            counts.set(Math.round(at), (counts.get(Math.round(at)) ?? 0) + 1)
          }
        }
        const doubled = [...counts.values()].filter((count) => count > 1).length
        const unused = 1_000 - counts.size
        assert.ok(doubled <= 40 && unused <= 40, `${doubled} doubled, ${unused} unused of 1,000`)
      }),
      { numRuns: 100 },
    )
  })

  it('are those of parts that are less where the parts are more than the whole', () => {
    const more = slotsOf({ intervalMs: INTERVAL_MS, parts: [0.5, 0.55], own: 1 }, 0)
    const whole = slotsOf({ intervalMs: INTERVAL_MS, parts: [0.5 / 1.05, 0.55 / 1.05], own: 1 }, 0)
    assert.deepEqual(more, whole)
  })

  it('leave free what no lease has', () => {
    const starts = viewsOf([0.4, 0.3, 0.1])
      .flatMap((slots) => (slots === null ? [] : slotsBetween(slots, 0, 20_000)))
      .sort((a, b) => a - b)
    assert.ok(Math.abs(starts.length - 1_600) <= 2, `${starts.length}`)
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0))
    assert.ok(
      gaps.every((gap) => gap > INTERVAL_MS - 0.1 && gap < 2 * INTERVAL_MS + 0.1),
      `${gaps}`,
    )
  })

  it('are none where a replica is alone, has nothing, or starts so seldom that it disturbs nobody', () => {
    const of = (parts: readonly number[], intervalMs = INTERVAL_MS) => slotsOf({ intervalMs, parts, own: 0 }, 0)
    assert.equal(of([1]), null)
    assert.equal(of([1, 0]), null)
    assert.equal(of([0, 0.5, 0.5]), null)
    assert.equal(of([0.5, 0.5], 10_000), null)
    assert.notEqual(of([0.5, 0.5]), null)
  })
})

/** A cluster that starts 100 requests a second. */
const RPM = 6_000

type World = ReturnType<typeof createWorld>

/** The starts of all living replicas in the next `ms`, all with work, each by its own lease, slots and clock. */
function startsOf(world: World, ms: number): number[] {
  const workers = new Map<string, { schedule: ReturnType<typeof createStartSchedule>; rpm: number }>()
  const starts: number[] = []
  world.run(ms, () => {
    for (const replica of world.replicas.filter(({ isAlive }) => isAlive)) {
      const local = world.now() + replica.skewMs
      const { requestsPerMinute } = world.pace(replica)
      let worker = workers.get(replica.id)
      if (worker === undefined) {
        worker = { schedule: createStartSchedule(requestsPerMinute), rpm: requestsPerMinute }
        workers.set(replica.id, worker)
        worker.schedule.noteRefusal(local - 10)
        worker.schedule.take(local - 10)
      }
      if (worker.rpm !== requestsPerMinute) worker.schedule.setPace(local - 10, requestsPerMinute)
      worker.rpm = requestsPerMinute
      worker.schedule.setSlots(local - 10, replica.slots)
      // The world goes in steps of 10 ms, in which a start may be due at any moment.
      for (let due = worker.schedule.dueAt(local - 10); due <= local; due = worker.schedule.dueAt(due)) {
        const at = Math.max(due, local - 10)
        worker.schedule.take(at)
        starts.push(at - replica.skewMs)
        if (starts.length > 100_000) throw new Error('starts without end')
      }
    }
  })
  return starts.sort((a, b) => a - b)
}

describe('the starts of a cluster', () => {
  const change = fc.oneof(
    fc.record({
      kind: fc.constant('join' as const),
      skewMs: fc.integer({ min: -1e7, max: 1e7 }),
      demand: fc.integer({ min: 2_000, max: 9_000 }),
    }),
    fc.record({ kind: fc.constantFrom('leave' as const, 'kill' as const), chosen: fc.nat() }),
    fc.record({
      kind: fc.constant('demand' as const),
      chosen: fc.nat(),
      demand: fc.integer({ min: 2_000, max: 9_000 }),
    }),
  )
  const story = fc.record({
    first: fc.array(
      fc.record({ skewMs: fc.integer({ min: -1e7, max: 1e7 }), demand: fc.integer({ min: 2_000, max: 9_000 }) }),
      {
        minLength: 2,
        maxLength: 12,
      },
    ),
    changes: fc.array(change, { minLength: 1, maxLength: 3 }),
    delayMs: fc.integer({ min: 1, max: 8 }),
  })

  it('are even within a tenth, for 2 to 12 replicas that come and go, with unequal shares and clocks hours apart', () => {
    fc.assert(
      fc.property(story, ({ first, changes, delayMs }) => {
        const world = createWorld({ delay: () => delayMs }, plainBudget({ rpm: RPM }))
        for (const { skewMs, demand } of first) world.join(skewMs, demand)
        for (const each of changes) {
          const living = world.replicas.filter(({ isAlive }) => isAlive)
          const chosen = 'chosen' in each ? living[each.chosen % living.length] : undefined
          if (each.kind === 'join' && living.length < 12) world.join(each.skewMs, each.demand)
          else if (each.kind === 'demand' && chosen !== undefined) chosen.demand = each.demand
          else if (chosen !== undefined && living.length > 2) world[each.kind === 'kill' ? 'kill' : 'leave'](chosen)
          // Leases follow demand in a few renewals, and a dead replica's ends first. Then the slots are the same for all.
          world.run(LEASE_MS + 16_000)
          startsOf(world, 1_000)
          const starts = startsOf(world, 3_000).slice(30)
          const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0))
          const interval = 60_000 / RPM
          const odd = gaps.filter((gap) => Math.abs(gap - interval) > interval / 10)
          assert.ok(odd.length <= 0.02 * gaps.length, `${odd.length} of ${gaps.length} gaps are ${odd.slice(0, 20)}`)
        }
      }),
      { numRuns: 25 },
    )
  })
})
