/** Learns how many more tokens an endpoint bills for a prompt than are estimated, so that reservations are not too low. */

export interface PromptScale {
  /** The factor, at least 1, by which an estimate of prompt tokens may fall short for this model. */
  of(model: string): number
  /** Notes what an answer was billed. */
  learn(model: string, estimatedTokens: number, billedTokens: number): void
}

/** Other prompts may fall short by a little more than those that were seen. */
const MARGIN = 1.02

export function createPromptScale(): PromptScale {
  const factors = new Map<string, number>()
  const of = (model: string) => factors.get(model) ?? 1
  return {
    of,
    learn(model, estimatedTokens, billedTokens) {
      if (billedTokens <= estimatedTokens * of(model)) return
      factors.set(model, (billedTokens / Math.max(1, estimatedTokens)) * MARGIN)
    },
  }
}
