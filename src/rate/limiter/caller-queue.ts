/** The callers that wait for a start permit, by their order, and in the order of their arrival where that is the same. Pure. */
import type { StartPermit } from './types.ts'

/** The order of callers that name none. */
export const FIRST = Number.NEGATIVE_INFINITY

export interface Caller {
  readonly askedAt: number
  /** The tokens that its request is expected to take. */
  readonly tokens: number
  /** Callers with a lower number go first. */
  readonly order: number
  readonly maxWaitMs: number
  readonly resolve: (permit: StartPermit) => void
  readonly reject: (error: unknown) => void
}

export interface CallerQueue {
  readonly length: number
  /** How many callers go before one that comes now with this order, and the tokens of these. */
  before(order: number): { readonly requests: number; readonly tokens: number }
  /** The time at which the first of the callers has waited as long as it may; Infinity without callers. */
  firstDeadline(): number
  first(): Caller | undefined
  add(caller: Caller): void
  takeFirst(): Caller | undefined
  /** Removes a caller. False where it is not in the queue any more. */
  remove(caller: Caller): boolean
  /**
   * Removes and returns the callers for which `isTooLate` is true, given the requests and tokens that stay before each.
   */
  removeLate(isTooLate: (caller: Caller, requests: number, tokens: number) => boolean): readonly Caller[]
}

export function createCallerQueue(): CallerQueue {
  let callers: Caller[] = []
  let tokens = 0

  /** The place of a caller that comes now. Most come last, so that it is sought from the end. */
  function placeOf(order: number): number {
    return callers.findLastIndex((caller) => caller.order <= order) + 1
  }

  return {
    get length() {
      return callers.length
    },
    before(order) {
      const requests = placeOf(order)
      const behind = callers.slice(requests).reduce((sum, caller) => sum + caller.tokens, 0)
      return { requests, tokens: tokens - behind }
    },
    firstDeadline: () =>
      callers.reduce((at, { askedAt, maxWaitMs }) => Math.min(at, askedAt + maxWaitMs), Number.POSITIVE_INFINITY),
    first: () => callers[0],
    add(caller) {
      callers.splice(placeOf(caller.order), 0, caller)
      tokens += caller.tokens
    },
    takeFirst() {
      const first = callers.shift()
      tokens -= first?.tokens ?? 0
      return first
    },
    remove(caller) {
      const index = callers.indexOf(caller)
      if (index === -1) return false
      callers.splice(index, 1)
      tokens -= caller.tokens
      return true
    },
    removeLate(isTooLate) {
      const staying: Caller[] = []
      const late: Caller[] = []
      let tokensBefore = 0
      for (const caller of callers) {
        if (isTooLate(caller, staying.length, tokensBefore)) {
          late.push(caller)
          continue
        }
        staying.push(caller)
        tokensBefore += caller.tokens
      }
      callers = staying
      tokens = tokensBefore
      return late
    },
  }
}
