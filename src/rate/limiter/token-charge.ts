/** Estimates what a request takes of a provider's token budget, corrected by what earlier answers were billed. Pure. */
import type { RequestSize } from '../types.ts'

/** The number of latest answers whose billed tokens correct the estimate of the next prompt. */
const REMEMBERED_ANSWERS = 32
/**
 * The estimate of a prompt is multiplied by at least this factor, so that an answer with an odd usage does not make
 * requests look free.
 */
const SMALLEST_FACTOR = 0.25
/**
 * The estimate of a prompt is multiplied by at most this factor, so that an answer with an odd usage does not make
 * requests too large to start.
 */
const LARGEST_FACTOR = 4
/** After repeated refusals for tokens, prompt and completion are both charged for this many milliseconds. */
const STRICT_MS = 600_000
/** This many refusals for tokens within `REFUSALS_WITHIN_MS` show that the provider charges more than is reserved. */
const REFUSALS = 3
/** Refusals for tokens within this many milliseconds are counted together. */
const REFUSALS_WITHIN_MS = 60_000

export interface TokenCharge {
  /** The tokens to reserve for a request. */
  reserve(now: number, size: RequestSize): number
  /**
   * The tokens that an answered request took, by the input tokens that were billed; null where the endpoint named none
   * (0).
   */
  spent(now: number, size: RequestSize, inputTokens: number): number | null
  /** Notes that the endpoint refused a request for tokens although the reservation fitted the budget. */
  noteRefusal(now: number): void
}

/**
 * Providers charge the larger of the completion bound and the prompt when a request starts, whatever its answer takes.
 * Some charge the sum of both, which is reserved for ten minutes after repeated refusals for tokens. The estimate of a
 * prompt is multiplied by the highest factor between billed and estimated tokens among the last answers.
 */
export function createTokenCharge(): TokenCharge {
  const factors: number[] = []
  let refusedAt: number[] = []
  let strictUntil = Number.NEGATIVE_INFINITY

  function charge(now: number, promptTokens: number, { maxCompletionTokens }: RequestSize): number {
    if (now < strictUntil) return promptTokens + maxCompletionTokens
    return Math.max(promptTokens, maxCompletionTokens)
  }

  return {
    reserve(now, size) {
      const factor = factors.length === 0 ? 1 : Math.max(...factors)
      return charge(now, Math.ceil(size.promptTokens * factor), size)
    },
    spent(now, size, inputTokens) {
      if (inputTokens === 0) return null
      if (size.promptTokens > 0) {
        const factor = inputTokens / size.promptTokens
        factors.push(Math.min(LARGEST_FACTOR, Math.max(SMALLEST_FACTOR, factor)))
        if (factors.length > REMEMBERED_ANSWERS) factors.shift()
      }
      return charge(now, inputTokens, size)
    },
    noteRefusal(now) {
      refusedAt = [...refusedAt.filter((at) => now - at < REFUSALS_WITHIN_MS), now].slice(-REFUSALS)
      if (refusedAt.length === REFUSALS) strictUntil = now + STRICT_MS
    },
  }
}
