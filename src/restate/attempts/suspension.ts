/** Lets a handler end its attempt while it only waits.
 *
 * Restate ends an attempt that has been silent for a while, but where a thousand batches come at once, most are silent because their turn
 * has not come, and each would be sent with its whole journal again and again. The replica knows better.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { Context, RestatePromise } from '@restatedev/restate-sdk'

/** The header of an attempt that this file sets; what a caller sends under this name is replaced. */
const ATTEMPT_HEADER = 'x-attempt-id'
/** An attempt that sleeps for no more milliseconds goes on, because another one costs as much as its slot. */
const SHORT_SLEEP_MS = 1_000
/** An attempt that waits for calls suspends after so many milliseconds, because it holds a slot of the Restate node, which they need. */
const WAIT_MS = 2_000
/**
 * So many attempts of a replica may wait for longer, because one that goes on costs a third less than another one with the journal. They
 * are few beside the 1,000 slots of a node.
 */
const PATIENT = 48
const PATIENT_MS = 30_000
/** Turns of the event loop within which the SDK passes on what the journal holds already; it takes three. */
const REPLAY_TURNS = 10

/** The input of an attempt as the SDK reads it. */
export interface AttemptInput {
  /** Reads on, or resolves with the end of the input once the attempt is to suspend. */
  next(read: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>>
  /** Forgets the attempt. */
  end(): void
}

export interface AttemptCalls {
  /** Called each time that the handler begins to wait. */
  waits(): void
  /** Whether it is small enough to stay in memory while it waits for long. */
  mayWaitLong(): boolean
  /** Called once, when the attempt is to suspend. */
  suspends(): void
}

const END: IteratorResult<unknown> = { done: true, value: undefined }

let lastAttempt = 0
const attempts = new Map<string, AttemptCalls>()
/** The attempts that may wait for PATIENT_MS. */
const patient = new Set<string>()

/** Gives the attempt with these headers an id by which its handler can say that it waits. */
export function beginAttempt(headers: IncomingHttpHeaders, calls: AttemptCalls): AttemptInput {
  lastAttempt += 1
  const id = String(lastAttempt)
  headers[ATTEMPT_HEADER] = id
  let isOver = false
  /** Ends the read that is under way. `Promise.race` with one promise for the whole attempt would keep all that was read alive. */
  let endRead: ((end: IteratorResult<unknown>) => void) | undefined
  const end = () => {
    attempts.delete(id)
    patient.delete(id)
  }
  const suspends = () => {
    end()
    isOver = true
    endRead?.(END)
    calls.suspends()
  }
  attempts.set(id, { ...calls, suspends })
  const next = (read: () => Promise<IteratorResult<unknown>>) => {
    if (isOver) return Promise.resolve(END)
    const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<unknown>>()
    endRead = resolve
    read().then(resolve, reject)
    return promise
  }
  return { next, end }
}

/** A durable sleep that holds no slot of a Restate node unless it is short. */
export async function sleepAway(ctx: Context, ms: number, why: string): Promise<void> {
  await waitAtMost(ctx, ms > SHORT_SLEEP_MS ? 0 : WAIT_MS, ctx.sleep(ms, why))
}

/** Waits for calls, and holds a slot of a Restate node while they are short or few other attempts wait. */
export async function awaitCalls<Value>(ctx: Context, calls: RestatePromise<Value>): Promise<Value> {
  const id = idOf(ctx)
  const isPatient = patient.size < PATIENT && attempts.get(id)?.mayWaitLong() === true
  if (isPatient) patient.add(id)
  try {
    return await waitAtMost(ctx, isPatient ? PATIENT_MS : WAIT_MS, calls)
  } finally {
    patient.delete(id)
  }
}

/**
 * Suspends the attempt where the promise is not settled within `ms` milliseconds: Restate makes a new attempt when it is. The handler must
 * do nothing else meanwhile.
 */
async function waitAtMost<Value>(ctx: Context, ms: number, promise: RestatePromise<Value>): Promise<Value> {
  const attempt = attempts.get(idOf(ctx))
  if (attempt === undefined) return await promise
  attempt.waits()
  let isSettled = false
  const suspend = (turns: number): void => {
    if (isSettled) return
    if (turns === 0) attempt.suspends()
    else setImmediate(suspend, turns - 1)
  }
  // What the journal holds comes a few turns of the event loop later, however long they take.
  const timer = setTimeout(suspend, ms, REPLAY_TURNS).unref()
  try {
    return await promise
  } finally {
    isSettled = true
    clearTimeout(timer)
  }
}

/** The id of the attempt; one that came without `beginAttempt` has an id that is nobody's. */
function idOf(ctx: Context): string {
  return String(ctx.request().attemptHeaders.get(ATTEMPT_HEADER))
}
