/** Why runs wait, by the rate budget of the cluster: it lets no request start now that is ready to. */
import { type BudgetResponse, budgetResponseSchema } from '../../restate/contract/budget.ts'
import type { Ingress } from '../ingress.ts'

/** The budget is asked for at most this often, however many watch. */
const EVERY_MS = 3_000
/** A page does not wait longer for the answer, which the next look then shows. */
const PATIENCE_MS = 1_000

/** Says what runs that are under way wait for; null where nothing is known that holds them up. Never rejects. */
export function createWaits(ingress: Ingress, now: () => number = Date.now): () => Promise<string | null> {
  let at = Number.NEGATIVE_INFINITY
  let known: string | null = null
  let asking: Promise<void> | undefined
  const ask = () => {
    at = now()
    asking ??= ingress
      .ask('budget', {}, budgetResponseSchema)
      .then(waitOf, () => null)
      .then((found) => {
        known = found
        asking = undefined
      })
    return asking
  }
  return async () => {
    if (asking === undefined && now() - at < EVERY_MS) return known
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, PATIENCE_MS)
    await Promise.race([ask(), late])
    clearTimeout(timer)
    return known
  }
}

/**
 * What the budget says of requests that are ready to start. Fewer in flight than are allowed at any pace means that they wait for their
 * start, and not for answers.
 */
export function waitOf({ paused_ms: pausedMs, pause, rpm, tpm, replicas, account }: BudgetResponse): string | null {
  if (pausedMs > 0) {
    const reason = pause?.reason ? ` (${pause.reason})` : ''
    return `waits for the end of a pause of ${Math.ceil(pausedMs / 1_000)} s that the model's endpoint asked for${reason}`
  }
  const isWaiting = replicas.some(
    ({ demand, in_flight: inFlight }) => demand - inFlight >= 1 && inFlight < FEW_IN_FLIGHT,
  )
  if (!isWaiting) return null
  const requests = Math.min(rpm, account.rpm ?? Number.POSITIVE_INFINITY)
  const tokens = Math.min(tpm ?? Number.POSITIVE_INFINITY, account.tpm ?? Number.POSITIVE_INFINITY)
  const ofTokens = tokens === Number.POSITIVE_INFINITY ? '' : ` and ${tokens.toLocaleString('en')} tokens`
  return `waits for the rate budget of ${requests.toLocaleString('en')} requests${ofTokens} a minute`
}

/** A replica always lets this many requests be in flight, however slowly the model answers. */
const FEW_IN_FLIGHT = 8
