/** Holds the body of each call with an idempotency key against the body with which the key was first used. */
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import { sha256 } from '../lib/sha256.ts'
import type { IdempotencyKeys } from '../store/idempotency/types.ts'
import { type Refusal, refusal } from './refusals.ts'
import type { HandlerCall } from './target.ts'

/** The longest idempotency key, in bytes. */
export const MAX_KEY_BYTES = 255
/** After a failure the database is left alone for this many milliseconds, so that an outage delays no call but a few. */
const REST_MS = 2_000
const DELETE_INTERVAL_MS = 600_000

export interface KeyCheck {
  /**
   * Resolves with the refusal where the key was used with another body, and with undefined where the call may pass. `bodyHash`
   * is the SHA-256 of the bytes of the body.
   */
  check(scope: string, bodyHash: string): Promise<Refusal | undefined>
  /** Calls that passed without a check because the database gave no answer. */
  readonly unchecked: number
  close(): void
}

/** The text that is the same for all calls that Restate takes for the same one: by call or send, at whichever node. */
export function scopeOf(call: HandlerCall, key: string): string {
  return JSON.stringify([call.service, ...call.rest, key])
}

/** A check that always passes where `keys` is null, because no database is configured. */
export function createKeyCheck(keys: IdempotencyKeys | null, log: Logger): KeyCheck {
  let unchecked = 0
  let restsUntilMs = 0

  const check = async (scope: string, bodyHash: string): Promise<Refusal | undefined> => {
    if (keys === null || performance.now() < restsUntilMs) {
      unchecked += 1
      return undefined
    }
    try {
      if (await keys.note({ scope: sha256(scope), body: bodyHash })) return undefined
    } catch (error) {
      unchecked += 1
      // Durable intake is worth more than the check, so the call passes.
      if (performance.now() >= restsUntilMs) {
        log.warn({ reason: messageOf(error) }, 'Idempotency keys are not checked for now')
      }
      restsUntilMs = performance.now() + REST_MS
      return undefined
    }
    return refusal('idempotency-key-reused', 'This idempotency key was used with another body: take a new key')
  }

  let isCleaning = false
  let isClosed = false
  const clean = async () => {
    if (keys === null || isCleaning) return
    isCleaning = true
    try {
      // One delete takes a few thousand rows, and a busy cluster leaves more of them between two times.
      while (!isClosed && (await keys.deleteOld()) > 0);
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'Old idempotency keys could not be deleted')
    }
    isCleaning = false
  }
  const timer = setInterval(() => void clean(), DELETE_INTERVAL_MS)
  timer.unref()
  return {
    check,
    get unchecked() {
      return unchecked
    },
    close: () => {
      isClosed = true
      clearInterval(timer)
    },
  }
}
