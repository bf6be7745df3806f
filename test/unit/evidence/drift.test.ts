/** Drift: McNemar's exact test, the interval of a change, and the smallest change that a sentinel set shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  compareSentinels,
  mcnemarExact,
  pairedInterval,
  type SentinelPair,
  smallestDetectableFall,
} from '../../../src/evidence/drift.ts'
import { createRandom } from '../../../src/evidence/statistics/random.ts'

function pairs(rows: number, lost: number, gained: number, wrong = 0): SentinelPair[] {
  return Array.from({ length: rows }, (_, index) => {
    const isLost = index < lost
    const isGained = index >= lost && index < lost + gained
    const isWrong = index >= rows - wrong
    return { id: `row-${index}`, before: !isGained && !isWrong, after: !isLost && !isWrong }
  })
}

test('the exact test has the p-values of the binomial distribution', () => {
  assert.ok(Math.abs(mcnemarExact(8, 0) - 2 / 256) < 1e-12)
  assert.ok(Math.abs(mcnemarExact(5, 1) - (2 * 7) / 64) < 1e-12)
  assert.equal(mcnemarExact(0, 0), 1)
  assert.equal(mcnemarExact(4, 4), 1)
  assert.equal(mcnemarExact(1, 9), mcnemarExact(9, 1))
})

test('a fall, a rise and no change are told apart, with the rows behind them', () => {
  const fall = compareSentinels(pairs(150, 9, 1, 3))
  assert.equal(fall.verdict, 'worse')
  assert.deepEqual([fall.lost.length, fall.gained.length, fall.rows], [9, 1, 150])
  assert.ok(Math.abs(fall.change + 8 / 150) < 1e-12 && fall.interval[1] < 0)
  assert.equal(fall.before, 146 / 150)
  assert.equal(compareSentinels(pairs(150, 0, 8)).verdict, 'better')
  const same = compareSentinels(pairs(150, 2, 2))
  assert.equal(same.verdict, 'no-change-shown')
  assert.ok(same.interval[0] < 0 && same.interval[1] > 0)
  assert.throws(() => compareSentinels([]), /the number of sentinel rows is 0/)
})

test('the interval solves the score equation of Tango, mirrors itself, and covers the true change', () => {
  // Where nothing changed, the ends solve n d^2 = z^2 d (1 - d): d = z^2 / (n + z^2).
  const [, high] = pairedInterval(0, 0, 150, 0.05)
  assert.ok(Math.abs(high - 3.841459 / (150 + 3.841459)) < 1e-6)
  const [low, upper] = pairedInterval(7, 3, 200, 0.05)
  const [mirroredLow, mirroredHigh] = pairedInterval(3, 7, 200, 0.05)
  assert.ok(Math.abs(low + mirroredHigh) < 1e-9 && Math.abs(upper + mirroredLow) < 1e-9)
  const random = createRandom(3)
  let covered = 0
  for (let round = 0; round < 2_000; round++) {
    let [lost, gained] = [0, 0]
    for (let row = 0; row < 200; row++) {
      const drawn = random()
      if (drawn < 0.06) lost++
      else if (drawn < 0.08) gained++
    }
    const [from, to] = pairedInterval(lost, gained, 200, 0.05)
    if (from <= -0.04 && to >= -0.04) covered++
  }
  assert.ok(covered / 2_000 > 0.935, `${covered} of 2000`)
})

test('the smallest detectable fall is the documented one, is found as often as stated, and false alarms are rare', () => {
  assert.deepEqual(
    [150, 300, 500].map((rows) => smallestDetectableFall(rows)),
    [0.062, 0.035, 0.024],
  )
  assert.equal(smallestDetectableFall(5), null)
  const random = createRandom(4)
  const rounds = 3_000
  const found = (lostShare: number) => {
    let count = 0
    for (let round = 0; round < rounds; round++) {
      let [lost, gained] = [0, 0]
      for (let row = 0; row < 150; row++) {
        const drawn = random()
        if (drawn < lostShare) lost++
        else if (drawn < lostShare + 0.005) gained++
      }
      if (lost > gained && mcnemarExact(lost, gained) <= 0.05) count++
    }
    return count / rounds
  }
  const power = found(0.062 + 0.005)
  assert.ok(power > 0.77 && power < 0.85, `${power}`)
  assert.ok(found(0.005) < 0.025)
})
