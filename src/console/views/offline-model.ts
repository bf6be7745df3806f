/** Says where the offline model answers in the place of a language model, so that nobody takes its guesses and its costs for real ones. */
import { z } from 'zod'
import { isOfflineGuess, NOTIONAL_MODEL } from '../../lib/model-names.ts'
import type { Ingress } from '../ingress.ts'

const COSTS = `costs are what ${NOTIONAL_MODEL} would cost, and nothing is paid`
const GUESSES = "the rules' guesses, which nothing has checked"

/** What a page says of results that these models gave; '' where a language model gave them. */
export function offlineOf(models: readonly string[]): string {
  return models.some(isOfflineGuess) ? `Offline model: the answers are ${GUESSES}; ${COSTS}.` : ''
}

const healthSchema = z.object({ model: z.string() })
const EVERY_MS = 30_000
const AGAIN_MS = 5_000
/** A page does not wait longer for a service that hangs. */
const PATIENCE_MS = 1_500

/** What a page says before a run of the model that the service asks now; '' for a language model, and where none is known. */
export function offlineHere(model: string): string {
  const sentence = `The offline model answers here: ${GUESSES}; ${COSTS}. With OPENAI_API_KEY a language model does.`
  return isOfflineGuess(model) ? sentence : ''
}

/** Looks up the name of the model that the service asks now; '' until the service has answered. */
export function createModelLook(ingress: Ingress): () => Promise<string> {
  let known = ''
  let looking: Promise<void> | undefined
  let nextAt = Number.NEGATIVE_INFINITY
  const look = async (): Promise<void> => {
    try {
      const { model } = await ingress.ask('health', undefined, healthSchema)
      known = model
      nextAt = performance.now() + EVERY_MS
    } catch {
      // The page of the cluster says what is away.
      nextAt = performance.now() + AGAIN_MS
    } finally {
      looking = undefined
    }
  }
  return async () => {
    if (performance.now() < nextAt) return known
    looking ??= look()
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, PATIENCE_MS)
    await Promise.race([looking, patience.promise])
    clearTimeout(timer)
    return known
  }
}
