/** Keeps the sitting of a page over reloads, in the storage of its tab. */
import type { Frame } from '../page/frame.ts'
import { newSitting } from './review-state.ts'
import type { Sitting } from './review-types.ts'

const keyOf = ({ base }: Frame) => `classify-sitting:${base}`
/** A tab that was left for longer begins anew. */
const KEPT_MS = 12 * 60 * 60_000

export function keptSitting(frame: Frame, random: () => string): Sitting {
  const fresh = newSitting(Date.now(), random)
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(frame)) ?? 'null') as Sitting | null
    return kept !== null && Date.now() - kept.begunAt < KEPT_MS ? { ...fresh, ...kept } : fresh
  } catch {
    return fresh
  }
}

export function keepSitting(frame: Frame, sitting: Sitting): void {
  try {
    sessionStorage.setItem(keyOf(frame), JSON.stringify(sitting))
  } catch {
    // A storage that is full costs the memory of this tab, and no decision: those have a storage of their own.
  }
}
