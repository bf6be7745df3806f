/** Waiting in tests for an event that has to come: with a bound, and with a message that says what did not come. */
import assert from 'node:assert/strict'
import { retryFor } from '../../src/lib/timing.ts'

interface WaitOptions {
  /** Milliseconds after which the test fails. Far longer than the event takes, since a slow machine is no failure. */
  readonly patienceMs?: number
  /** Milliseconds between two looks, for what passes quickly. By default a tenth of the time waited so far, from 25 to 250. */
  readonly pollMs?: number
}

/** A look may cost a service far more than the test, and what has taken long is not seen much later for being looked at less often. */
const pauseAfter = (looks: number) => Math.min(250, 25 * 1.1 ** looks)

type Found<T> = Exclude<T, false | undefined>

/**
 * Looks until `look` gives something other than false or undefined, and resolves with that. `event` completes the
 * sentence "waited until …" in the message of the failure, such as "the chunk is asked again".
 */
export async function waitUntil<T>(
  event: string,
  look: () => T | Promise<T>,
  { patienceMs = 120_000, pollMs }: WaitOptions = {},
): Promise<Found<T>> {
  const isFound = (seen: T): seen is Found<T> => seen !== false && seen !== undefined
  const found = await retryFor(
    async () => {
      const seen = await look()
      return isFound(seen) ? { seen } : undefined
    },
    { delayMs: pollMs ?? pauseAfter, patienceMs, signal: new AbortController().signal },
  )
  assert.ok(found !== undefined, `waited ${patienceMs / 1_000} s in vain until ${event}`)
  return found.seen
}
