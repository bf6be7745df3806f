/** When the starts of a replica are due: in its slots among the starts of the cluster, or else by its pace alone. Pure.
 *
 * The pace is kept as a debt either way, so that slots give no more starts than the lease. What a stall has cost is made up for
 * by a higher pace outside the slots, but only while the endpoint refuses nothing: one that enforces its limit in slices of a
 * second has no room for what is late. Where its slices are known, starts are due in their first parts, and one that is late for its
 * slice is left out.
 */
import { areSameSlots, nextSlot } from '../lease/start-slots.ts'
import type { StartSlots } from '../types.ts'
import { MINUTE_MS } from './minute-window.ts'
import { CATCH_UP_MS, createPaceDebt } from './pace-debt.ts'
import { createSliceClock, crowd, type Slices, sliceOf, uncrowd } from './slice-clock.ts'

/** The pace is higher by this factor while what was missed is made up for. */
const CATCH_UP_FACTOR = 1.25
/** The pace where nothing may be made up for faster, because the budget of the last minute is nearly used. */
const STEADY_FACTOR = 1.01
/** At most this many milliseconds of the pace are made up for, since a longer time without starts is no stall. */
const REMEMBERED_MS = 5_000
/** After a refusal nothing is made up for in this many milliseconds. */
const STRICT_MS = 60_000
/**
 * In its slots a replica may be ahead of its even pace by this many starts, or behind, because slots are even over the cluster
 * only.
 */
const UNEVEN = 3

export interface StartSchedule {
  setPace(now: number, perMinute: number): void
  /** Returns whether the slots are others than before. */
  setSlots(now: number, slots: StartSlots | null): boolean
  /** There is work again after a time without any, which was no stall. */
  wake(now: number): void
  /** The endpoint has refused a request or asked for a pause. */
  noteRefusal(now: number): void
  /** The endpoint told a request that started at `startedAt` that all of the limit is available again after `resetMs`. */
  noteReset(startedAt: number, resetMs: number): void
  /** The time at which the next start is due, which may have passed; Infinity at a pace of 0. */
  dueAt(now: number): number
  /** The time after `now` at which the start after those that are due by then is due, `due` being the first of these. */
  dueAfter(now: number, due: number): number
  take(now: number): void
}

/**
 * `now`, in every call, is the milliseconds of one clock that never goes back, by which the slots are told as well.
 * `isNearlyUsed` says whether the budget of the last minute is, so that what is made up for now would be missing soon.
 */
export function createStartSchedule(pace: number, isNearlyUsed: (now: number) => boolean = () => false): StartSchedule {
  const debt = createPaceDebt(pace)
  const sliceClock = createSliceClock()
  let perMinute = pace
  let slots: StartSlots | null = null
  let strictUntil = Number.NEGATIVE_INFINITY
  let isStrict = false
  let isSteady = false
  /** The begin of the slice of the endpoint that was last seen; null while no slices are known. */
  let slice: number | null = null
  /** The first start after a time without callers waits for no slot, as it disturbs nobody. */
  let isOutOfTurn = true
  /** Slots at or before this time are used, as their times are before slices move them. */
  let usedUntil = Number.NEGATIVE_INFINITY

  function setManner(now: number): void {
    const slices = sliceClock.slices(now)
    isStrict = now < strictUntil || slices !== null
    isSteady = isNearlyUsed(now)
    slice = slices === null ? null : sliceOf(slices, now)
    const most = slots === null ? 1 : UNEVEN
    const manner = {
      factor: isStrict ? 1 : isSteady ? STEADY_FACTOR : CATCH_UP_FACTOR,
      leastAtOnce: slots === null ? 0 : UNEVEN,
      mostAtOnce: isStrict ? most : Number.POSITIVE_INFINITY,
      rememberedMs: REMEMBERED_MS,
    }
    debt.setCatchUp(now, manner)
    if (slices === null) return
    // What a slice has missed so far may start in the rest of it, and nothing more of it in the next one.
    const atOnce = Math.max(most, (perMinute * slices.lengthMs) / MINUTE_MS)
    debt.setCatchUp(now, { ...manner, leastAtOnce: atOnce, mostAtOnce: atOnce })
  }

  function look(now: number): void {
    const slices = sliceClock.slices(now)
    const isStill = isSlice(slices, now) && isStrict === (now < strictUntil || slices !== null)
    if (!isStill || (!isStrict && isSteady !== isNearlyUsed(now))) setManner(now)
  }

  /** Whether `now` is in the slice that was last seen. The begin of a slice is known within some milliseconds. */
  function isSlice(slices: Slices | null, now: number): boolean {
    if (slices === null || slice === null) return slices === slice
    return Math.abs(sliceOf(slices, now) - slice) < slices.lengthMs / 2
  }

  /** Whether the next start is due by the pace alone. */
  function isFree(now: number): boolean {
    return isOutOfTurn || (!isSteady && debt.isBehind(now))
  }

  setManner(Number.NEGATIVE_INFINITY)

  function dueAt(now: number): number {
    look(now)
    const waitMs = debt.waitMs(now)
    if (slots === null || waitMs === Number.POSITIVE_INFINITY || isFree(now)) return now + waitMs
    const slices = sliceClock.slices(now)
    return crowd(slices, nextOwn(slots, slices, now))
  }

  /** The next slot of the replica, before slices move it. A slot for which the pace had not paid yet is no start that is late later. */
  function nextOwn(own: StartSlots, slices: Slices | null, now: number): number {
    const earliest = slices === null ? now - CATCH_UP_MS : sliceOf(slices, now)
    const paidAt = uncrowd(slices, debt.owesUntil(now, UNEVEN))
    return nextSlot(own, Math.max(earliest, usedUntil + own.intervalMs / 2, paidAt))
  }

  return {
    setPace(now, next) {
      perMinute = next
      debt.setPace(now, next)
    },
    setSlots(now, next) {
      if (areSameSlots(slots, next)) return false
      slots = next
      // Slots of the new view that have passed are no starts that are late: those of the old one stood for them.
      usedUntil = Math.max(usedUntil, uncrowd(sliceClock.slices(now), now) - (next?.intervalMs ?? 0) / 2)
      setManner(now)
      return true
    },
    wake(now) {
      debt.forget(now)
      isOutOfTurn = true
    },
    noteRefusal(now) {
      strictUntil = now + STRICT_MS
      setManner(now)
    },
    noteReset: sliceClock.note,
    dueAt,
    dueAfter(now, due) {
      if (perMinute === 0) return Number.POSITIVE_INFINITY
      const isBehind = !isSteady && debt.isBehind(now)
      if (slots !== null && !isBehind) {
        const slices = sliceClock.slices(now)
        const after = Math.max(uncrowd(slices, due) + slots.intervalMs / 2, uncrowd(slices, now))
        return crowd(slices, nextSlot(slots, after))
      }
      const intervalMs = MINUTE_MS / (isBehind ? perMinute * CATCH_UP_FACTOR : perMinute)
      return due + intervalMs * Math.max(1, Math.ceil((now - due) / intervalMs))
    },
    take(now) {
      const slices = sliceClock.slices(now)
      if (slots !== null)
        usedUntil = Math.max(usedUntil, isFree(now) ? uncrowd(slices, now) : nextOwn(slots, slices, now))
      isOutOfTurn = false
      debt.take(now, 1)
    },
  }
}
