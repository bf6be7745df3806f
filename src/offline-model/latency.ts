/** How long the offline model takes: lognormal, from a seeded generator, so that a run can be repeated. */

/** Milliseconds of the next request. The sequence depends on the seed alone. */
export type LatencySource = () => number

/** `medianMs` 0 is no latency; `sigma` is the spread of the logarithm, 0 is none. */
export function createLatency(medianMs: number, sigma: number, seed: number): LatencySource {
  const random = createRandom(seed)
  return () => (medianMs === 0 ? 0 : medianMs * Math.exp(sigma * normal(random)))
}

/** Mulberry32: numbers from 0 to 1 (exclusive), the same for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Box-Muller; 1 - u keeps the logarithm finite. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
