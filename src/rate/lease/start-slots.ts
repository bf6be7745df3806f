/** The slots in which a replica starts requests, so that the starts of all replicas together are even. Pure.
 *
 * The whole budget of the cluster is a row of slots, one interval of the cluster's pace after the other by the database's
 * clock. Every replica computes from the parts of all leases which slots are its own, and they agree without a message. A
 * replica's starts would be even by themselves at the places (j + ½) / part of the row, and the slots are given out in the
 * order of these places, so that every slot has one replica and each replica has its part of any stretch of slots.
 */
import type { StartSlots } from '../types.ts'

/**
 * The row begins anew every so many milliseconds since 1970, at the same moments for all replicas. A change of parts moves no
 * slot that is counted from before.
 */
const ROW_MS = 2 ** 20
/** A replica whose slots are further apart than this many milliseconds starts by its pace alone, since its few starts disturb nobody. */
const LONGEST_INTERVAL_MS = 5_000
/** Places that differ by less than this part of a slot are the same, because quotients of fractions are not exact. */
const SAME_PLACE = 1e-6
/** Parts below this are none. */
const LEAST_PART = 1e-6

/**
 * The slots of a replica, `offsetMs` being the database's clock minus the clock by which the slots are told. Null where there is
 * nothing to take turns in.
 */
export function slotsOf({ intervalMs, parts, own }: Omit<StartSlots, 'offsetMs'>, offsetMs: number): StartSlots | null {
  const part = parts[own] ?? 0
  if (parts.filter((one) => one > LEAST_PART).length < 2 || part <= LEAST_PART) return null
  if (!(intervalMs > 0 && intervalMs / part <= LONGEST_INTERVAL_MS)) return null
  const free = 1 - parts.reduce((sum, one) => sum + one, 0)
  return { intervalMs, parts: free > LEAST_PART ? [...parts, free] : parts, own, offsetMs }
}

/** Whether two replicas' views, or two of one replica, give the same slots but for a difference of the clocks of at most a millisecond. */
export function areSameSlots(a: StartSlots | null, b: StartSlots | null): boolean {
  if (a === null || b === null) return a === b
  const isNear = (one: number, other: number | undefined) => Math.abs(one - (other ?? Number.NaN)) < 1e-9
  if (a.own !== b.own || a.parts.length !== b.parts.length || !isNear(a.intervalMs, b.intervalMs)) return false
  return Math.abs(a.offsetMs - b.offsetMs) <= 1 && a.parts.every((part, index) => isNear(part, b.parts[index]))
}

/** Milliseconds between two slots of the replica on average. */
export function ownIntervalMs({ intervalMs, parts, own }: StartSlots): number {
  return intervalMs / (parts[own] ?? 1)
}

/** The first of the replica's own slots at or after `time`, by the clock of `slots`. */
export function nextSlot(slots: StartSlots, time: number): number {
  const { intervalMs, parts, own, offsetMs } = slots
  const part = parts[own] ?? 1
  const at = time + offsetMs
  let begin = Math.floor(at / ROW_MS) * ROW_MS
  const passed = (at - begin) / intervalMs
  // A slot lies at most one slot a replica before or after its place.
  let turn = Math.max(0, Math.floor((passed - parts.length) * part) - 1)
  for (;;) {
    const slotAt = begin + rankOf(parts, own, turn) * intervalMs
    if (slotAt >= begin + ROW_MS) {
      begin += ROW_MS
      turn = 0
      continue
    }
    if (slotAt >= at) return slotAt - offsetMs
    turn += 1
  }
}

/** How many slots of the row come before the replica's slot number `turn`. */
function rankOf(parts: readonly number[], own: number, turn: number): number {
  const part = parts[own] ?? 1
  let rank = 0
  for (const [index, other] of parts.entries()) {
    if (index === own) rank += turn
    else if (other > LEAST_PART) rank += placesBefore((turn + 0.5) / part, other, index < own)
  }
  return rank
}

/** How many of the places (j + ½) / part lie before `place`; one at the same place counts where its replica `isFirst`. */
function placesBefore(place: number, part: number, isFirst: boolean): number {
  const before = place * part - 0.5
  const nearest = Math.round(before)
  const isSame = Math.abs(before - nearest) < SAME_PLACE * part
  return Math.max(0, isSame ? nearest + (isFirst ? 1 : 0) : Math.ceil(before))
}
