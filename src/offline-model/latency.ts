/** Draws how long the offline model takes for a request, from a lognormal distribution with a seed. */
import { createRandom, drawNormal } from './random.ts'

/** Milliseconds that the next request takes. */
export type LatencySource = () => number

/**
 * Latencies around `medianMs`, where 0 means none. `sigma` is the standard deviation of their logarithm; 0 makes all
 * equal.
 */
export function createLatency(medianMs: number, sigma: number, seed: number): LatencySource {
  const random = createRandom(seed)
  return () => (medianMs === 0 ? 0 : medianMs * Math.exp(sigma * drawNormal(random)))
}
