/** Draws how long the offline model takes for a request, from a lognormal distribution with a seed. */
import { createRandom, drawNormal } from './random.ts'

/** Returns the milliseconds that the next request takes. */
export type LatencySource = () => number

/**
 * Creates a source of latencies around `medianMs`; with 0 no request waits. `sigma` is the standard deviation of the
 * latencies' logarithm; with 0 all latencies are equal.
 */
export function createLatency(medianMs: number, sigma: number, seed: number): LatencySource {
  const random = createRandom(seed)
  return () => (medianMs === 0 ? 0 : medianMs * Math.exp(sigma * drawNormal(random)))
}
