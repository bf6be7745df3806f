/** Exact bounds: against published values, against enumeration in whole numbers, and at a million outcomes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clopperPearson,
  clopperPearsonLower,
  clopperPearsonUpper,
  hypergeometricLower,
  hypergeometricTail,
  hypergeometricUpper,
} from '../../../src/evidence/statistics/bounds.ts'
import { logGamma, normalQuantile, regularisedBeta } from '../../../src/evidence/statistics/special-functions.ts'

function near(actual: number, expected: number, tolerance = 1e-9): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`)
}

function choose(n: number, k: number): bigint {
  let product = 1n
  for (let i = 1; i <= k; i++) product = (product * BigInt(n - k + i)) / BigInt(i)
  return k < 0 || k > n ? 0n : product
}

/** The hypergeometric tail by whole numbers. */
function exactTail(right: number, n: number, population: number, inside: number): number {
  let ways = 0n
  for (let k = right; k <= n; k++) ways += choose(inside, k) * choose(population - inside, n - k)
  return Number((ways * 10n ** 18n) / choose(population, n)) / 1e18
}

test('the special functions meet known values', () => {
  near(logGamma(10), Math.log(362_880), 1e-12)
  near(logGamma(0.5), Math.log(Math.sqrt(Math.PI)), 1e-12)
  near(logGamma(20), Math.log(121_645_100_408_832_000), 1e-11)
  near(logGamma(12.5) - logGamma(11.5), Math.log(11.5), 1e-12)
  near(regularisedBeta(0.3, 2, 3), 0.3483, 1e-12)
  near(regularisedBeta(0.5, 5_000, 5_000), 0.5, 1e-9)
  near(normalQuantile(0.975), 1.959963984540054, 1e-9)
})

test('Clopper and Pearson bounds meet closed forms and published values', () => {
  near(clopperPearsonLower(99, 99, 0.05), 0.05 ** (1 / 99))
  near(clopperPearsonUpper(0, 99, 0.05), 1 - 0.05 ** (1 / 99))
  const [low, high] = clopperPearson(81, 263, 0.05)
  // Newcombe (1998), table I: 81 of 263.
  near(low, 0.2527, 5e-5)
  near(high, 0.3676, 5e-5)
  assert.equal(clopperPearsonLower(0, 10, 0.05), 0)
  assert.equal(clopperPearsonUpper(10, 10, 0.05), 1)
})

test('bounds of a million outcomes are sound', () => {
  near(clopperPearsonLower(1_000_000, 1_000_000, 0.05), 0.05 ** 1e-6, 1e-12)
  const lower = clopperPearsonLower(990_000, 1_000_000, 0.05)
  near(lower, 0.99 - 1.644854 * Math.sqrt((0.99 * 0.01) / 1e6), 2e-6)
  near(regularisedBeta(lower, 990_000, 10_001), 0.05, 1e-8)
  const count = hypergeometricLower(9_900, 10_000, 1_000_000, 0.05)
  assert.ok(hypergeometricTail(9_900, 10_000, 1_000_000, count) > 0.05)
  assert.ok(hypergeometricTail(9_900, 10_000, 1_000_000, count - 1) <= 0.05)
  // Drawing 1 % of a population is close to drawing with replacement.
  near(count / 1_000_000, clopperPearsonLower(9_900, 10_000, 0.05), 2e-4)
})

test('the hypergeometric tail is the enumerated one', () => {
  for (const [population, inside, n] of [
    [30, 25, 12],
    [80, 78, 40],
    [200, 100, 60],
    [50, 3, 20],
  ] as const)
    for (let right = 0; right <= n; right++)
      near(hypergeometricTail(right, n, population, inside), exactTail(right, n, population, inside), 1e-11)
})

test('the hypergeometric bound covers the truth in every population of 40, for every sample size', () => {
  const population = 40
  for (const delta of [0.05, 0.2])
    for (let inside = 0; inside <= population; inside++)
      for (let n = 1; n <= population; n++) {
        let wrongly = 0
        for (let right = Math.max(0, n - population + inside); right <= Math.min(n, inside); right++) {
          if (hypergeometricLower(right, n, population, delta) <= inside) continue
          wrongly += exactTail(right, n, population, inside) - exactTail(right + 1, n, population, inside)
        }
        assert.ok(wrongly <= delta + 1e-9, `${wrongly} at ${inside} of ${population}, n ${n}`)
      }
})

test('a population that was drawn as a whole is known exactly', () => {
  assert.equal(hypergeometricLower(970, 1_000, 1_000, 0.05), 970)
  assert.equal(hypergeometricUpper(970, 1_000, 1_000, 0.05), 970)
})

test('counts that cannot be are refused with their name and value', () => {
  assert.throws(() => clopperPearsonLower(11, 10, 0.05), /right is 11; it must be at most n, which is 10/)
  assert.throws(() => hypergeometricLower(5, 10, 8, 0.05), /n is 10; it must be at most the population, which is 8/)
  assert.throws(() => clopperPearsonLower(1, 10, 1), /delta is 1; it must lie between 0 and 1/)
  assert.throws(() => clopperPearsonLower(1.5, 10, 0.1), /right is 1.5; it must be a whole number/)
})
