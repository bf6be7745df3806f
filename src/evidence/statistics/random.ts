/** A seeded generator of random numbers, for bootstraps and simulations that anyone can repeat. */

/**
 * Returns a generator of numbers from 0 to 1 (exclusive) with 32 random bits, which yields the same sequence for the same
 * seed: sfc32 (Doty-Humphrey 2010), seeded through splitmix32. `seed` is any whole number; its lowest 32 bits count.
 */
export function createRandom(seed: number): () => number {
  let state = seed | 0
  const next = () => {
    state = (state + 0x9e3779b9) | 0
    return mix32(state)
  }
  let a = next()
  let b = next()
  let c = next()
  let counter = 1
  const draw = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return (sum >>> 0) / 4_294_967_296
  }
  // The first draws still show the pattern of a small seed.
  for (let round = 0; round < 12; round++) draw()
  return draw
}

/** Mixes 32 bits so that each bit of the result depends on all bits of `value` (the finaliser of MurmurHash3, Appleby 2011). */
export function mix32(value: number): number {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
