/** Timeouts, retention and retries of the services, each with its reason. */
import type { ServiceOptions } from '@restatedev/restate-sdk'
import { asTerminalError } from './terminal-errors.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export interface Durations {
  /** Longest wait for a start permit, milliseconds. */
  readonly maxWaitMs: number
  /** Longest request to the model, milliseconds. */
  readonly modelTimeoutMs: number
}

const retryPolicy: NonNullable<ServiceOptions['retryPolicy']> = {
  initialInterval: 200,
  exponentiationFactor: 2,
  // A replica that comes back finds its work within seconds.
  maxInterval: 10 * SECOND,
  // Attempts are spent on replicas that are away, which says nothing of the work: patience must outlast any outage.
  // (What no retry mends is terminal, see terminal-errors.ts.) Restate's default of 70 would pause work after an hour.
  maxAttempts: 1_000_000,
  onMaxAttempts: 'pause',
}

export function batchOptions(): ServiceOptions {
  return {
    retryPolicy,
    asTerminalError,
    // A batch that waits for its chunks gives its slot back soon: the chunks need it.
    inactivityTimeout: 2 * SECOND,
    // Its steps are database calls with a bound of their own; this ends one that hangs all the same.
    abortTimeout: 2 * MINUTE,
    // How long a client may come back with the same key for the same answer: longer than any outage it waits out.
    idempotencyRetention: 6 * HOUR,
    // Long enough to look at what went wrong, short enough that a million rows do not fill the disk.
    journalRetention: 10 * MINUTE,
  }
}

export function chunkOptions(durations: Durations): ServiceOptions {
  const longestStep = durations.maxWaitMs + durations.modelTimeoutMs
  return {
    retryPolicy,
    asTerminalError,
    ingressPrivate: true,
    // A chunk that sleeps gives its slot back. One that is in the middle of its step is asked to and goes on.
    inactivityTimeout: 5 * SECOND,
    // A step is silent while it waits for a permit and an answer, and must not be cut off: it would be paid twice.
    abortTimeout: longestStep + MINUTE,
    // The batch keeps what came of it.
    journalRetention: 0,
  }
}

/** Steps that need the database: ride out an outage in the same attempt's pace, for as long as it takes. */
export const databaseStep = { initialRetryInterval: 200, retryIntervalFactor: 2, maxRetryInterval: 5 * SECOND }
