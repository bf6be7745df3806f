/** The slots in which a replica starts requests, so that the starts of all replicas together are even. Pure.
 *
 * The whole budget of the cluster is a row of slots, one interval of the cluster's pace after the other by the database's
 * clock. Every replica computes from the parts of all leases which slots are its own, and they agree without a message.
 * The slot number n belongs to the replica in whose stretch of 0 to 1 the fraction of n times the golden ratio lies, the
 * stretches being the parts one after the other. No sequence of points on a line is more even than this one (three-distance
 * theorem), so each replica has its part of any stretch of slots, within one or two. A slot's owner depends on nothing before
 * it: replicas whose views of a part differ by a hundredth, as between two renewals, disagree about a hundredth of the slots.
 */
import type { StartSlots } from '../types.ts'

/** The fraction of the golden ratio. */
const GOLDEN = (Math.sqrt(5) - 1) / 2
/** Slots are numbered anew after so many, because fractions of large products are not exact. */
const ROW = 2 ** 24
/** A replica whose slots are further apart than this many milliseconds starts by its pace alone, since its few starts disturb nobody. */
const LONGEST_INTERVAL_MS = 5_000
/** The longest distance of two slots of a replica, as a multiple of the mean distance. */
const LONGEST_GAP = 3
/** Parts below this are none. */
const LEAST_PART = 1e-6

/**
 * The slots of a replica, `offsetMs` being the database's clock minus the clock by which the slots are told. Null where there is
 * nothing to take turns in. Parts that are more than the whole, as where the budget has just grown, are taken as less by the
 * same factor.
 */
export function slotsOf({ intervalMs, parts, own }: Omit<StartSlots, 'offsetMs'>, offsetMs: number): StartSlots | null {
  const whole = Math.max(
    1,
    parts.reduce((sum, one) => sum + one, 0),
  )
  const part = (parts[own] ?? 0) / whole
  if (parts.filter((one) => one > LEAST_PART).length < 2 || part <= LEAST_PART) return null
  if (!(intervalMs > 0 && intervalMs / part <= LONGEST_INTERVAL_MS)) return null
  return { intervalMs, parts: parts.map((one) => one / whole), own, offsetMs }
}

/** Whether two replicas' views, or two of one replica, give the same slots but for a difference of the clocks of at most a millisecond. */
export function areSameSlots(a: StartSlots | null, b: StartSlots | null): boolean {
  if (a === null || b === null) return a === b
  const isNear = (one: number, other: number | undefined) => Math.abs(one - (other ?? Number.NaN)) < 1e-9
  if (a.own !== b.own || a.parts.length !== b.parts.length || !isNear(a.intervalMs, b.intervalMs)) return false
  return Math.abs(a.offsetMs - b.offsetMs) <= 1 && a.parts.every((part, index) => isNear(part, b.parts[index]))
}

/** The first of the replica's own slots at or after `time`, by the clock of `slots`. */
export function nextSlot(slots: StartSlots, time: number): number {
  const { intervalMs, parts, own, offsetMs } = slots
  const part = parts[own] ?? 1
  const begin = parts.slice(0, own).reduce((sum, one) => sum + one, 0)
  const first = Math.ceil((time + offsetMs) / intervalMs)
  const last = first + Math.ceil(LONGEST_GAP / part)
  let slot = first
  while (slot < last && !isWithin(((slot % ROW) * GOLDEN) % 1, begin, begin + part)) slot += 1
  return slot * intervalMs - offsetMs
}

function isWithin(place: number, begin: number, end: number): boolean {
  return place >= begin && place < end
}
