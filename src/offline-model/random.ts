/** A seeded generator of random numbers, so that latencies, faults and wrong answers of the offline model can be repeated. */

/** Numbers from 0 to 1 (exclusive), the same sequence for the same seed (the generator Mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** One number of the standard normal distribution (the method of Box and Muller). */
export function drawNormal(random: () => number): number {
  // 1 - u is never 0, so that the logarithm stays finite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
