/** Agreement of people: Krippendorff's published example, edges, and the coverage of the interval. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { krippendorffAlpha, type LabelledUnit } from '../../../src/evidence/agreement.ts'
import { createRandom } from '../../../src/evidence/statistics/random.ts'

/** Krippendorff (2011), "Computing Krippendorff's alpha-reliability", part C: four observers, twelve units, missing labels. */
const PUBLISHED = ['123321412...', '1233224125.3', '.3332342251.', '123324412 51.'.replace(' ', '')]

function units(rows: readonly string[]): LabelledUnit[] {
  const length = rows[0]?.length ?? 0
  return Array.from({ length }, (_, index) => ({
    id: `unit-${index + 1}`,
    labels: Object.fromEntries(
      rows.map((row, person) => [`person-${person}`, row[index] ?? '.']).filter(([, label]) => label !== '.'),
    ),
  }))
}

test('the published example has its published alpha', () => {
  const agreement = krippendorffAlpha(units(PUBLISHED), { seed: 1 })
  assert.equal(agreement.units, 11)
  assert.ok(Math.abs((agreement.alpha ?? 0) - 0.743) < 5e-4, `${agreement.alpha}`)
  assert.deepEqual(agreement.disagreements, ['unit-2', 'unit-6', 'unit-8'])
})

test('perfect agreement is 1, labels at random are about 0, and one label alone says nothing', () => {
  assert.equal(krippendorffAlpha(units(['abcabc', 'abcabc']), { seed: 1 }).alpha, 1)
  const random = createRandom(5)
  const rows = [0, 1].map(() => Array.from({ length: 2_000 }, () => 'abcd'[Math.floor(4 * random())]).join(''))
  const chance = krippendorffAlpha(units(rows), { seed: 1, resamples: 200 })
  assert.ok(Math.abs(chance.alpha ?? 1) < 0.05)
  const [low, high] = chance.interval ?? [1, -1]
  assert.ok(low < 0 && high > 0)
  const single = krippendorffAlpha(units(['aaaa', 'aaaa']), { seed: 1 })
  assert.deepEqual([single.alpha, single.interval, single.observed], [null, null, 1])
  assert.deepEqual(krippendorffAlpha([], { seed: 1 }), {
    units: 0,
    observed: null,
    alpha: null,
    interval: null,
    disagreements: [],
  })
})

test('the interval is the same for the same seed, and holds the true alpha about as often as it says', () => {
  const random = createRandom(6)
  let covered = 0
  const rounds = 200
  for (let round = 0; round < rounds; round++) {
    // Two people who each give the true one of two equally frequent labels with probability 0.9: alpha = 0.64.
    const truths = Array.from({ length: 150 }, () => random() < 0.5)
    const rows = [0, 1].map(() => truths.map((truth) => (truth === random() < 0.9 ? 'y' : 'n')).join(''))
    const [low, high] = krippendorffAlpha(units(rows), { seed: round, resamples: 300 }).interval ?? [1, 0]
    if (low <= 0.64 && high >= 0.64) covered++
  }
  assert.ok(covered / rounds > 0.89, `${covered} of ${rounds}`)
  const once = krippendorffAlpha(units(PUBLISHED), { seed: 9 })
  assert.deepEqual(krippendorffAlpha(units(PUBLISHED), { seed: 9 }), once)
})
