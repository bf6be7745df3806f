/** What a request takes of a provider's token budget. Pure. */
import type { RequestSize } from '../types.ts'

/** The last answers that say how far the estimate of a prompt is off. */
const REMEMBERED = 32
/** An odd usage must not make requests look free, or so large that none starts. */
const SMALLEST_FACTOR = 0.25
const LARGEST_FACTOR = 4
/** How long the stricter rule holds after a provider was found to charge more. */
const STRICT_MS = 600_000
/** One refusal may be a matter of when requests arrive; a provider that charges more refuses again and again. */
const REFUSALS = 3
const REFUSALS_WITHIN_MS = 60_000

export interface TokenCharge {
  /** What to reserve for a request. */
  reserve(now: number, size: RequestSize): number
  /** What it took, by the input tokens that were billed; null for 0: the endpoint told no usage. */
  spent(now: number, size: RequestSize, inputTokens: number): number | null
  /** The endpoint had no tokens left for a request that fitted into our books. */
  exceeded(now: number): void
}

/**
 * Providers charge the larger of the completion bound and the prompt at the start of a request, whatever the answer
 * then takes (see facts on the model side). Some charge their sum: repeated refusals for tokens turn to that for a while.
 * The prompt is estimated a little high; what the last answers were billed corrects it, the highest of them counts.
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
        if (factors.length > REMEMBERED) factors.shift()
      }
      return charge(now, inputTokens, size)
    },
    exceeded(now) {
      refusedAt = [...refusedAt.filter((at) => now - at < REFUSALS_WITHIN_MS), now].slice(-REFUSALS)
      if (refusedAt.length === REFUSALS) strictUntil = now + STRICT_MS
    },
  }
}
