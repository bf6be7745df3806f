/** The checks of arguments that the statistics share: each throws RangeError with the name and the value of what is wrong. */

/** Throws RangeError unless `value` lies strictly between 0 and 1. */
export function assertShare(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new RangeError(`${name} is ${value}; it must lie between 0 and 1, such as 0.97`)
}

/** Throws RangeError unless `value` is a whole number of at least `least`. */
export function assertCount(name: string, value: number, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new RangeError(`${name} is ${value}; it must be a whole number of at least ${least}`)
}

/** Throws RangeError unless `right` of `n` outcomes can be a count, and `n` fits into `population`. */
export function assertCounts(right: number, n: number, population: number | null): void {
  assertCount('n', n)
  assertCount('right', right)
  if (right > n) throw new RangeError(`right is ${right}; it must be at most n, which is ${n}`)
  if (population === null) return
  assertCount('population', population, 1)
  if (n > population) throw new RangeError(`n is ${n}; it must be at most the population, which is ${population}`)
}
