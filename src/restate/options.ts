/** Timeouts, retention and retries of the Restate services and of their database steps, each with its reason. */
import type { ServiceOptions } from '@restatedev/restate-sdk'
import { asTerminalError } from './terminal-errors.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

/**
 * An attempt that only waits suspends by itself (see attempts/suspension.ts). Restate ends one that it has heard nothing from for this
 * long, which must be longer than an attempt waits for its turn on a busy replica: whatever is ended before it began comes again with its
 * whole journal.
 */
const SILENCE_MS = MINUTE

export interface Durations {
  /** Milliseconds that a chunk may wait for a permit to start. */
  readonly maxWaitMs: number
  /** Milliseconds that one request to the model may take. */
  readonly modelTimeoutMs: number
  /** The same in the flex tier, which any run may ask for. */
  readonly flexTimeoutMs: number
}

const retryPolicy: NonNullable<ServiceOptions['retryPolicy']> = {
  initialInterval: 200,
  exponentiationFactor: 2,
  // The longest interval between two attempts, so that a replica that comes back gets its work again within this time.
  maxInterval: 10 * SECOND,
  // Every attempt on a replica that is away counts, though the work is not at fault, so the attempts must outlast any
  // outage: Restate's default of 70 would pause the work after an hour. Failures that no attempt can mend end the
  // invocation by asTerminalError and by the bound on defects in hooks.ts.
  maxAttempts: 1_000_000,
  onMaxAttempts: 'pause',
}

export function batchOptions(): ServiceOptions {
  return {
    retryPolicy,
    asTerminalError,
    inactivityTimeout: SILENCE_MS,
    // A step of a batch that hangs is ended after this time more. Its database calls have shorter timeouts of their own.
    abortTimeout: MINUTE,
    // Under the same idempotency key a client gets the same answer for this time, longer than any outage that the
    // client waits out.
    idempotencyRetention: 6 * HOUR,
    // The journal of an ended batch is kept long enough for a person to see why it failed, and so short that a million
    // rows do not fill the disk.
    journalRetention: 10 * MINUTE,
  }
}

/** A run's lease is renewed every few seconds, and nobody looks at what became of one renewal. */
export const leaseOptions = { journalRetention: 0 }

/** The `ctx.run` options of a renewal: a later one follows, so that an outage of the database must not pile them up. */
export const leaseStep = { initialRetryInterval: 200, retryIntervalFactor: 2, maxRetryDuration: 3 * SECOND }

export function chunkOptions(durations: Durations): ServiceOptions {
  const longestStep = durations.maxWaitMs + Math.max(durations.modelTimeoutMs, durations.flexTimeoutMs)
  return {
    retryPolicy,
    asTerminalError,
    ingressPrivate: true,
    // A step of a chunk is silent while it waits for a permit and for the model's answer, and an attempt that Restate lets suspend
    // meanwhile needs another one for its reply.
    inactivityTimeout: longestStep + SILENCE_MS,
    // Where Restate aborts the step, the answer is paid for twice.
    abortTimeout: MINUTE,
    // The journal of an ended chunk is not kept, because the journal of its batch holds the reply.
    journalRetention: 0,
  }
}

/** The `ctx.run` options of steps that need the database, which are retried for as long as the database is away. */
export const databaseStep = { initialRetryInterval: 200, retryIntervalFactor: 2, maxRetryInterval: 5 * SECOND }
