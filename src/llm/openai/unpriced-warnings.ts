/** Warns of models whose price is unknown, once for each name, and of a bounded number of names. */
import type { Logger } from 'pino'

/**
 * The most names that are warned of. An endpoint may put another invented name into each of its answers, and neither
 * the log nor the memory of the replica may grow with them.
 */
const MOST_NAMES = 20

/** Builds the function that is called with the name of every answering model that has no price. */
export function createUnpricedWarnings(log: Logger): (model: string) => void {
  const warned = new Set<string>()
  return (model) => {
    if (warned.size >= MOST_NAMES || warned.has(model)) return
    warned.add(model)
    const isLast = warned.size === MOST_NAMES
    const message = 'no price is known for this model: it counts as free, see OPENAI_PRICES'
    const silence = `; further models without a price are not logged after ${MOST_NAMES}`
    log.warn({ model, priceKnown: false }, isLast ? message + silence : message)
  }
}
