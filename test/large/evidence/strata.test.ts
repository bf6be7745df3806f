/** Bets by stratum against one random order, in simulation: the reason why certificates draw rows in one random order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { createSequentialTest } from '../../../src/evidence/statistics/sequential.ts'
import { logSumExp, timesLog } from '../../../src/evidence/statistics/special-functions.ts'

const ALLOWED = 0.03
const LOG_NEEDED = Math.log(20)
const RUNS = 1_000
const LABELS = [150, 200, 300, 600]

interface Counts {
  right: number
  wrong: number
}

/** Two strata: the share of rows in the one of low confidence, and the share of misses in both. */
interface Strata {
  readonly lowShare: number
  readonly missHigh: number
  readonly missLow: number
}

const logLikelihood = ({ right, wrong }: Counts, miss: number) => timesLog(wrong, miss) + timesLog(right, 1 - miss)

/** The greatest likelihood of both strata where the target is just missed: the worst way to spread the misses allowed. */
function worst(lowShare: number, high: Counts, low: Counts): number {
  const at = (missHigh: number) => {
    const missLow = (ALLOWED - (1 - lowShare) * missHigh) / lowShare
    return logLikelihood(high, missHigh) + logLikelihood(low, missLow)
  }
  let from = Math.max(0, (ALLOWED - lowShare) / (1 - lowShare)) + 1e-12
  let to = ALLOWED / (1 - lowShare) - 1e-12
  // The likelihood is concave along the boundary.
  for (let round = 0; round < 45; round++) {
    const [left, right] = [from + (to - from) / 3, to - (to - from) / 3]
    if (at(left) < at(right)) from = left
    else to = right
  }
  return at((from + to) / 2)
}

/** Bets on how many rows miss, and on how far the misses lie among those of low confidence. */
function alternatives(lowShare: number): readonly (readonly [number, number, number])[] {
  const amounts = [
    [0, 0.2],
    [1 / 15, 0.3],
    [1 / 3, 0.35],
    [0.6, 0.15],
  ] as const
  const places = [
    [lowShare, 0.3],
    [0.6, 0.35],
    [0.9, 0.35],
  ] as const
  return amounts.flatMap(([amount, weight]) =>
    places.map(([inLow, part]) => {
      const miss = amount * ALLOWED
      return [(miss * (1 - inLow)) / (1 - lowShare), Math.min(0.9, (miss * inLow) / lowShare), weight * part] as const
    }),
  )
}

/** The power at each number of labels of bets by stratum, where the stratum of low confidence is drawn `over` times too often. */
function stratifiedPower({ lowShare, missHigh, missLow }: Strata, over: number, seed: number): number[] {
  const random = createRandom(seed)
  const bets = alternatives(lowShare)
  const shown = Array.from({ length: RUNS }, () => {
    const high = { right: 0, wrong: 0 }
    const low = { right: 0, wrong: 0 }
    for (let n = 1; n <= 600; n++) {
      const isLow = random() < over * lowShare
      const isMiss = random() < (isLow ? missLow : missHigh)
      const counts = isLow ? low : high
      if (isMiss) counts.wrong++
      else counts.right++
      if (isMiss || n < 90) continue
      const mixed = bets.map(([a, b, weight]) => Math.log(weight) + logLikelihood(high, a) + logLikelihood(low, b))
      if (logSumExp(mixed) - worst(lowShare, high, low) >= LOG_NEEDED) return n
    }
    return Infinity
  })
  return LABELS.map((most) => shown.filter((n) => n <= most).length / RUNS)
}

function pooledPower({ lowShare, missHigh, missLow }: Strata, seed: number): number[] {
  const random = createRandom(seed)
  const claim = createSequentialTest({ target: 1 - ALLOWED, delta: 0.05, population: null })
  const shown = Array.from({ length: RUNS }, () => {
    let wrong = 0
    for (let n = 1; n <= 600; n++) {
      const isMiss = random() < (random() < lowShare ? missLow : missHigh)
      if (isMiss) wrong++
      else if (n > 90 && claim.isShown(n - wrong, wrong)) return n
    }
    return Infinity
  })
  return LABELS.map((most) => shown.filter((n) => n <= most).length / RUNS)
}

const CASES: readonly (Strata & { readonly name: string })[] = [
  { name: 'true 0.99, misses where confidence is low', lowShare: 0.2, missHigh: 0.001, missLow: 0.046 },
  { name: 'true 0.99, all misses in a tenth of low confidence', lowShare: 0.1, missHigh: 0, missLow: 0.1 },
  { name: 'true 0.99, confidence says nothing', lowShare: 0.2, missHigh: 0.01, missLow: 0.01 },
  { name: 'true 0.998, misses where confidence is low', lowShare: 0.2, missHigh: 0.0005, missLow: 0.008 },
  { name: 'true 0.998, confidence says nothing', lowShare: 0.2, missHigh: 0.002, missLow: 0.002 },
]

for (const strata of CASES)
  test(`${strata.name}: bets by stratum have no more power at 300 labels than one random order`, (t) => {
    const pooled = pooledPower(strata, 1)
    t.diagnostic(`power at ${LABELS.join(', ')} labels: one order ${pooled.join(', ')}`)
    for (const over of [1, 1.3, 1.6]) {
      const stratified = stratifiedPower(strata, over, 2)
      t.diagnostic(`by stratum, low confidence drawn ${over} times as often: ${stratified.join(', ')}`)
      // Both powers have a standard error of at most 0.016.
      assert.ok((stratified[2] ?? 1) <= (pooled[2] ?? 0) + 0.05)
    }
  })
