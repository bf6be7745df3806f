/** The bound that stays valid however often one looks: against the exact bound, against enumeration, and at its edges. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildLimits, expectedMissShare, lookAhead } from '../../../src/evidence/gate/outlook.ts'
import { hypergeometricLower, hypergeometricUpper } from '../../../src/evidence/statistics/bounds.ts'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { createSequentialTest, mostBelow } from '../../../src/evidence/statistics/sequential.ts'

const target = 0.97
const delta = 0.05

test('it never claims more than the exact hypergeometric bound, and little less where it is looked at once', () => {
  for (const population of [200, 1_000, 5_000]) {
    const sequential = createSequentialTest({ target, delta, population })
    for (const n of [50, 120, 150, 200])
      for (let wrong = 0; wrong <= 12; wrong++) {
        const right = n - wrong
        const exact = hypergeometricLower(right, n, population, delta) / population
        const lower = sequential.lowerBound(right, wrong)
        assert.ok(lower <= exact + 1e-12, `${lower} above ${exact} after ${right} right and ${wrong} wrong`)
        // Bets on shares above the target leave the bound of a population that is far below it wider.
        const most = wrong <= 3 ? 0.05 : 0.1
        if (n >= 120)
          assert.ok(exact - lower < most, `${lower} far below ${exact} after ${right} right, ${wrong} wrong`)
        assert.ok(sequential.upperBound(right, wrong) >= hypergeometricUpper(right, n, population, delta) / population)
      }
  }
})

test('its probability of ever exceeding the truth, enumerated over all orders of a small population, is at most delta', () => {
  const population = 60
  for (const alpha of [0.05, 0.2])
    for (let inside = 30; inside < population; inside++) {
      const sequential = createSequentialTest({ target: 0.8, delta: alpha, population })
      // The probability of each count of right members so far, as long as the bound has not exceeded the truth.
      let open = new Map([[0, 1]])
      let ever = 0
      for (let n = 1; n <= population; n++) {
        const next = new Map<number, number>()
        for (const [right, probability] of open) {
          const rise = (inside - right) / (population - n + 1)
          next.set(right + 1, (next.get(right + 1) ?? 0) + probability * rise)
          next.set(right, (next.get(right) ?? 0) + probability * (1 - rise))
        }
        for (const [right, probability] of next) {
          if (probability === 0 || sequential.lowerBound(right, n - right) * population > inside + 1e-9) {
            ever += probability
            next.delete(right)
          }
        }
        open = next
      }
      assert.ok(ever <= alpha + 1e-9, `${ever} for ${inside} of ${population} at ${alpha}`)
    }
})

test('a claim is shown exactly where the lower bound reaches the target, and missed where the upper one does not', () => {
  for (const population of [null, 300, 5_000]) {
    const sequential = createSequentialTest({ target, delta, population })
    const edge = population === null ? target : (mostBelow(population, target) + 1) / population
    for (let n = 20; n <= 300; n += 7)
      for (let wrong = 0; wrong <= Math.min(n, 30); wrong++) {
        const lower = sequential.lowerBound(n - wrong, wrong)
        if (Math.abs(lower - edge) > 1e-9)
          assert.equal(sequential.isShown(n - wrong, wrong), lower >= edge, `${n} ${wrong}`)
        assert.equal(sequential.isMissed(n - wrong, wrong), sequential.upperBound(n - wrong, wrong) < edge)
      }
  }
})

test('a population that was drawn as a whole is known exactly, on both sides of the target', () => {
  const sequential = createSequentialTest({ target, delta, population: 1_000 })
  for (const right of [0, 500, 969, 970, 1_000]) {
    assert.equal(sequential.lowerBound(right, 1_000 - right), right / 1_000)
    assert.equal(sequential.upperBound(right, 1_000 - right), right / 1_000)
    assert.equal(sequential.isShown(right, 1_000 - right), right >= 970)
    assert.equal(sequential.isMissed(right, 1_000 - right), right < 970)
  }
})

test('the labels that are needed without a miss and with few are the documented ones', () => {
  const firsts = (population: number | null) => {
    const limits = buildLimits(createSequentialTest({ target, delta, population }), 600)
    return [0, 1, 2, 3].map((misses) => limits.findIndex((limit) => limit >= misses))
  }
  assert.deepEqual(firsts(null), [120, 217, 285, 346])
  assert.deepEqual(firsts(5_000), [118, 210, 277, 335])
})

test('the outlook agrees with simulation', () => {
  const limits = buildLimits(createSequentialTest({ target, delta, population: null }), 600)
  const { chance, more } = lookAhead(limits, 50, 1, 0.01)
  const random = createRandom(7)
  const runs = Array.from({ length: 4_000 }, () => {
    let wrong = 1
    for (let n = 51; n <= 600; n++) {
      if (random() < 0.01) wrong++
      if (wrong <= (limits[n] ?? -1)) return n - 50
    }
    return Infinity
  })
  const within = runs.filter((run) => run !== Infinity).length / runs.length
  assert.ok(Math.abs(chance - within) < 0.03, `${chance}, simulated ${within}`)
  const median = runs.sort((a, b) => a - b)[2_000] ?? 0
  assert.ok(more !== null && Math.abs(more - median) <= 15, `${more}, simulated ${median}`)
  assert.deepEqual(lookAhead(limits, 120, 0, 0.01), { chance: 1, more: 0 })
  assert.deepEqual(lookAhead(limits, 120, 40, 0.01), { chance: 0, more: null })
  assert.equal(expectedMissShare(0, 0), 0.01)
})

test('a target or population out of range is refused', () => {
  assert.throws(() => createSequentialTest({ target: 1, delta, population: null }), /target is 1/)
  assert.throws(() => createSequentialTest({ target, delta, population: 0 }), /population is 0/)
})
