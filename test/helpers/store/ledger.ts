/** A ledger in memory, for chunks that run without a database: every booking is written at once, and no run has spent anything unless a store says so. */
import type { RequestLedger, RequestToBook, Store, StoredAnswer } from '../../../src/store/types.ts'

export interface MemoryLedger extends RequestLedger {
  /** Every booking in order, starts among them. */
  readonly booked: readonly RequestToBook[]
  readonly kept: readonly StoredAnswer[]
}

/** With a `store` the answers are kept there as well. */
export function createMemoryLedger(store?: Pick<Store, 'requests'>): MemoryLedger {
  const booked: RequestToBook[] = []
  const kept: StoredAnswer[] = []
  return {
    booked,
    kept,
    start: (sent) => void booked.push(sent),
    reserve: async (sent) => {
      const decided = (await store?.requests.reserve([sent]))?.get(sent.request.requestId)
      if (decided?.isGranted !== false) booked.push(sent)
      return decided ?? { isGranted: true, spentUsd: 0, inFlightUsd: 0 }
    },
    book: async (ended, answers) => {
      booked.push(ended)
      kept.push(...answers)
      await store?.requests.book([ended], answers, ended.request.requestedAt)
      return true
    },
  }
}

/** What a chunk needs beside a model to book its requests: a ledger in memory, no price, no experience with prompts, and a run that nobody stops. */
export function freeBooking(store?: Pick<Store, 'requests'>) {
  return {
    ledger: createMemoryLedger(store),
    priceOf: () => null,
    promptScale: { of: () => 1, learn: () => undefined },
    refusals: { find: () => null, note: async () => undefined },
    stops: { isStopped: async () => false },
  }
}
