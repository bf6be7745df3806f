/** Timeouts, retention and retries of the Restate services and of their database steps, each with its reason. */
import type { ServiceOptions } from '@restatedev/restate-sdk'
import { asTerminalError } from './terminal-errors.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export interface Durations {
  /** Milliseconds that a chunk may wait for a permit to start. */
  readonly maxWaitMs: number
  /** Milliseconds that one request to the model may take. */
  readonly modelTimeoutMs: number
}

const retryPolicy: NonNullable<ServiceOptions['retryPolicy']> = {
  initialInterval: 200,
  exponentiationFactor: 2,
  // A replica that comes back gets its work again within this time.
  maxInterval: 10 * SECOND,
  // Attempts are used up by replicas that are away, which says nothing about the work, so that they must outlast any
  // outage: Restate's default of 70 would pause the work after an hour. Failures that no attempt can mend end the
  // invocation by asTerminalError and by the bound on defects in hooks.ts.
  maxAttempts: 1_000_000,
  onMaxAttempts: 'pause',
}

export function batchOptions(): ServiceOptions {
  return {
    retryPolicy,
    asTerminalError,
    // A batch that waits for its chunks gives its slot of the node back soon, because the chunks need slots.
    inactivityTimeout: 2 * SECOND,
    // The steps of a batch are database calls with a timeout of their own. This bound ends a step that hangs nevertheless.
    abortTimeout: 2 * MINUTE,
    // A client gets the same answer under the same key for longer than any outage that it waits out.
    idempotencyRetention: 6 * HOUR,
    // Long enough for a person to see why a batch failed, short enough that a million rows do not fill the disk.
    journalRetention: 10 * MINUTE,
  }
}

export function chunkOptions(durations: Durations): ServiceOptions {
  const longestStep = durations.maxWaitMs + durations.modelTimeoutMs
  return {
    retryPolicy,
    asTerminalError,
    ingressPrivate: true,
    // A sleeping chunk gives its slot of the node back. A chunk in the middle of its step finishes the step first.
    inactivityTimeout: 5 * SECOND,
    // A step is silent while it waits for a permit and for the model's answer. Where Restate aborts it, the answer is paid
    // for twice.
    abortTimeout: longestStep + MINUTE,
    // The journal of the batch holds the chunk's reply.
    journalRetention: 0,
  }
}

/** The `ctx.run` options of steps that need the database: they are retried for as long as an outage lasts. */
export const databaseStep = { initialRetryInterval: 200, retryIntervalFactor: 2, maxRetryInterval: 5 * SECOND }
