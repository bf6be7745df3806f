/** The claim of a certificate on simulated populations: how often it is false, and how soon a true one is shown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mostBelow } from '../../../src/evidence/statistics/sequential.ts'
import { mostFalse, shareWithin, simulateClaims } from './simulations.ts'

const TARGET = 0.97
const DELTA = 0.05
const POPULATIONS = 2_000
const base = {
  target: TARGET,
  delta: DELTA,
  sizes: [1_000, 5_000, 20_000, 100_000],
  populations: POPULATIONS,
  mostLabels: 2_000,
}

for (const noise of [0, 0.02])
  test(`of 2,000 populations just below the target at most delta and 2 standard errors are certified, with ${noise} label noise`, (t) => {
    const rightOf = (size: number) => mostBelow(size, TARGET)
    const certified = simulateClaims({ ...base, rightOf, noise, seed: 1 }).filter(
      (labels) => labels !== Infinity,
    ).length
    t.diagnostic(`false certificates at label noise ${noise}: ${certified} of ${POPULATIONS}`)
    assert.ok(certified / POPULATIONS <= mostFalse(DELTA, POPULATIONS))
  })

test('the power grows with labels and with the truth', (t) => {
  const powers = [0.98, 0.99, 0.998].map((truth) => {
    const rightOf = (size: number) => Math.round(truth * size)
    const clean = simulateClaims({ ...base, rightOf, noise: 0, seed: 2 })
    const noisy = simulateClaims({ ...base, rightOf, noise: 0.02, seed: 2 })
    const at = [150, 300, 600].map((labels) => shareWithin(clean, labels))
    const atNoise = [150, 300, 600].map((labels) => shareWithin(noisy, labels))
    t.diagnostic(
      `true ${truth}: power ${at.join(', ')} at 150, 300, 600 labels; with 2 % label noise ${atNoise.join(', ')}`,
    )
    return at
  })
  const [at98, at99, at998] = powers
  assert.ok((at998?.[1] ?? 0) > 0.96 && (at99?.[1] ?? 0) > 0.5 && (at99?.[2] ?? 0) > 0.82 && (at98?.[2] ?? 0) > 0.2)
})
