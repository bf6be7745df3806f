/** Books the requests of a replica: gathers what starts and ends meanwhile, and writes it in one statement at a time.
 *
 * A request is noted when it starts and booked when it ends. While a statement is under way, and for a moment after it began, everything
 * else is gathered for the next one, so that the number of statements does not grow with the number of requests.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { isServiceError, messageOf } from '../../errors.ts'
import type { AnswerToStore, RequestLedger, Store } from '../types.ts'
import type { CostReservation, CostToReserve, RequestToBook } from './types.ts'

/**
 * Milliseconds after which a start is written, because a request that ends sooner needs no row for its start. A replica that is killed
 * loses the starts of that time.
 */
const START_DELAY_MS = 1_000
/**
 * Milliseconds from the begin of one statement to that of the next: much less than a model takes, and long enough that a busy replica
 * writes many requests at once.
 */
const SPACING_MS = 30
/**
 * Where so many requests are under way, others end soon, and an end waits for them up to so many milliseconds after the begin of the last
 * statement: a replica at 20 requests a second writes three at once, and what follows from them in Restate goes together as well.
 */
const BUSY_REQUESTS = 4
const BUSY_SPACING_MS = 150
/** Milliseconds that a caller waits for a booking; it is written later all the same. */
const PATIENCE_MS = 5_000
/** Milliseconds before a statement that failed is sent again; each further pause is twice as long. */
const FIRST_RETRY_MS = 200
const MAX_RETRY_MS = 5_000
/** Bookings that wait for a database that is away; beyond, starts are no longer noted, so that memory stays bounded. */
const MOST_GATHERED = 50_000

interface Entry {
  readonly booked: RequestToBook
  readonly answers: readonly AnswerToStore[]
  /** Called once with whether the entry is written. */
  readonly settle: (isWritten: boolean) => void
}

interface Waiting {
  readonly reservation: CostToReserve
  readonly resolve: (decided: CostReservation) => void
  readonly reject: (error: unknown) => void
}

export interface LedgerOptions {
  readonly store: Pick<Store, 'requests'>
  readonly log: Logger
  /** The database's clock, in milliseconds since 1970, by which answers are given. Default: `Date.now`. */
  readonly now?: () => number
  readonly startDelayMs?: number
  readonly spacingMs?: number
  readonly patienceMs?: number
}

/** Creates the ledger without writing anything. */
export function createRequestLedger(options: LedgerOptions): RequestLedger & { close(): Promise<void> } {
  const {
    store,
    log,
    now = Date.now,
    startDelayMs = START_DELAY_MS,
    spacingMs = SPACING_MS,
    patienceMs = PATIENCE_MS,
  } = options
  /** Requests that have started and not ended, until they are written, the oldest first. */
  const started = new Map<string, { readonly sent: RequestToBook; readonly at: number }>()
  let gathered = new Map<string, Entry>()
  let waiting: Waiting[] = []
  let timer: NodeJS.Timeout | undefined
  /** When the timer is due; Infinity without one. */
  let timerAt = Number.POSITIVE_INFINITY
  let isWriting = false
  let retryMs = FIRST_RETRY_MS
  let beganAt = Number.NEGATIVE_INFINITY
  let isClosed = false
  const idle: (() => void)[] = []

  /** Writes the entries; those that the database refuses are written one by one, so that one of them does not lose the others. */
  async function write(entries: readonly Entry[]): Promise<readonly Entry[]> {
    const answers = entries.flatMap(({ booked: { sequence }, answers: given }) =>
      given.map((one) => ({ ...one, sequence })),
    )
    try {
      const requests = entries.map(({ booked }) => booked)
      const uses = entries.flatMap(({ booked: { runId }, answers: given }) => {
        return given.map(({ shapeHash }) => ({ runId, shapeHash }))
      })
      await store.requests.book(requests, answers, new Date(now()).toISOString(), uses)
      for (const entry of entries) entry.settle(true)
      retryMs = FIRST_RETRY_MS
      return []
    } catch (error) {
      const isAway = isServiceError(error) && error.code === 'database-unavailable'
      if (isAway) {
        log.debug({ reason: messageOf(error), requests: entries.length }, 'Requests cannot be booked now')
        return entries
      }
      const [only, ...more] = entries
      if (only !== undefined && more.length === 0) {
        log.error({ err: error, request: only.booked.request.requestId }, 'A request cannot be booked')
        only.settle(false)
        return []
      }
      const left: Entry[] = []
      for (const entry of entries) left.push(...(await write([entry])))
      return left
    }
  }

  async function reserve(all: readonly Waiting[]): Promise<void> {
    try {
      const decided = await store.requests.reserve(all.map(({ reservation }) => reservation))
      for (const { reservation, resolve, reject } of all) {
        const found = decided.get(reservation.request.requestId)
        if (found === undefined) reject(new TypeError('the store decided nothing about a reservation'))
        else resolve(found)
      }
    } catch (error) {
      for (const { reject } of all) reject(error)
    }
  }

  /** Gathers the starts of requests that have not ended for a while. */
  function gatherStarts(): void {
    const until = isClosed ? Number.POSITIVE_INFINITY : performance.now() - startDelayMs
    for (const [key, { sent, at }] of started) {
      if (at > until) return
      started.delete(key)
      gathered.set(key, { booked: sent, answers: [], settle: () => undefined })
    }
  }

  async function drain(): Promise<void> {
    if (isWriting) return
    isWriting = true
    clearTimer()
    let hasFailed = false
    gatherStarts()
    while (!hasFailed && (gathered.size > 0 || waiting.length > 0)) {
      const earlyMs = beganAt + spacingMs - performance.now()
      if (earlyMs > 0 && !isClosed) await sleep(earlyMs)
      beganAt = performance.now()
      gatherStarts()
      const entries = [...gathered]
      const toReserve = waiting
      gathered = new Map()
      waiting = []
      // What has ended is booked first, because it may free a part of the limit.
      const left = entries.length === 0 ? [] : await write(entries.map(([, entry]) => entry))
      for (const entry of left) {
        const key = keyOf(entry.booked)
        if (!gathered.has(key)) gathered.set(key, entry)
      }
      hasFailed = left.length > 0
      if (toReserve.length > 0) await reserve(toReserve)
    }
    isWriting = false
    if (hasFailed && !isClosed) {
      schedule(retryMs)
      retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)
    } else if (started.size > 0) schedule(startDelayMs)
    for (const done of idle.splice(0)) done()
  }

  function clearTimer(): void {
    clearTimeout(timer)
    timerAt = Number.POSITIVE_INFINITY
  }

  function schedule(ms: number): void {
    const at = performance.now() + ms
    if (isWriting || at >= timerAt) return
    clearTimer()
    timer = setTimeout(() => void drain(), ms)
    timer.unref()
    timerAt = at
  }

  return {
    start(sent) {
      if (started.size >= MOST_GATHERED) return
      started.set(keyOf(sent), { sent, at: performance.now() })
      schedule(startDelayMs)
    },
    reserve: (reservation) =>
      new Promise((resolve, reject) => {
        waiting.push({ reservation, resolve, reject })
        void drain()
      }),
    book: (booked, answers) =>
      new Promise((resolve) => {
        const late = setTimeout(() => resolve(false), patienceMs)
        const settle = (isWritten: boolean) => {
          clearTimeout(late)
          resolve(isWritten)
        }
        started.delete(keyOf(booked))
        gathered.set(keyOf(booked), { booked, answers, settle })
        const waitMs = started.size < BUSY_REQUESTS ? 0 : beganAt + BUSY_SPACING_MS - performance.now()
        if (waitMs > 0) schedule(waitMs)
        else void drain()
      }),
    async close() {
      isClosed = true
      if (isWriting) await new Promise<void>((resolve) => idle.push(resolve))
      await drain()
      clearTimer()
      if (gathered.size > 0)
        log.error({ requests: gathered.size }, 'Requests were not booked, because the database is away')
    },
  }
}

function keyOf({ request }: RequestToBook): string {
  return `${request.requestId} ${request.requestedAt}`
}
