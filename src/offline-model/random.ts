/** A seeded generator of random numbers, so that latencies, faults and wrong answers of the offline model can be repeated. */

/** Returns a generator of numbers from 0 to 1 (exclusive) that yields the same sequence for the same seed (Mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Draws one number of the standard normal distribution by the method of Box and Muller. */
export function drawNormal(random: () => number): number {
  // The difference 1 - random() is never 0, so that the logarithm stays finite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
