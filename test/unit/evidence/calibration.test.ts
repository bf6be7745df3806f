/** Calibrated confidence: that it meets the truth, shrinks where labels are few, and keeps a row below its fields and conflicts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  calibrationSchema,
  fieldConfidence,
  fitCalibration,
  type RowOutcome,
  rising,
  rowConfidence,
} from '../../../src/evidence/calibration.ts'
import { createRandom } from '../../../src/evidence/random.ts'
import { brierScore, calibrationError, reliabilityBins } from '../../../src/evidence/reliability.ts'

/** Rows whose rules state 0.98 or 0.75 and are right in 0.9 or 0.6, and whose model states 0.9 and is right in 0.98. */
function labelled(count: number, seed: number): RowOutcome[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => {
    const stated = random() < 0.5 ? 0.98 : 0.75
    return {
      fields: [
        { field: 'type', source: 'rule', stated, right: random() < (stated > 0.9 ? 0.9 : 0.6) },
        { field: 'unit', source: 'model', stated: 0.9, right: random() < 0.98 },
      ],
    }
  })
}

test('confidence fitted on some rows meets the truth of others, for fields and rows, where the stated one did not', () => {
  const calibration = fitCalibration(labelled(600, 1))
  const others = labelled(4_000, 2)
  const stated = others.flatMap(({ fields }) => fields.map(({ stated: confidence, right }) => ({ confidence, right })))
  const fitted = others.flatMap(({ fields }) =>
    fields.map(({ source, field, stated: said, right }) => ({
      confidence: fieldConfidence(calibration, source, field, said),
      right,
    })),
  )
  const rows = others.map(({ fields }) => ({
    confidence: rowConfidence(
      calibration,
      fields.map(({ source, field, stated: said }) => fieldConfidence(calibration, source, field, said)),
    ),
    right: fields.every(({ right }) => right),
  }))
  assert.ok((brierScore(fitted) ?? 1) < (brierScore(stated) ?? 0))
  assert.ok((calibrationError(reliabilityBins(fitted)) ?? 1) < 0.03)
  assert.ok((calibrationError(reliabilityBins(rows)) ?? 1) < 0.03)
  assert.ok((calibrationError(reliabilityBins(stated)) ?? 0) > 0.05)
})

test('few labels move little, none leave 0.8, and a source without labels of a field has the rate of the source', () => {
  const none = fitCalibration([])
  assert.equal(fieldConfidence(none, 'rule', 'type', 0.98), 0.8)
  const one = fitCalibration([{ fields: [{ field: 'type', source: 'rule', stated: 0.98, right: false }] }])
  const low = fieldConfidence(one, 'rule', 'type', 0.98)
  assert.ok(low > 0.3 && low < 0.6, `${low}`)
  assert.equal(fieldConfidence(one, 'rule', 'unit', 0.98), one.sources['rule'])
  assert.equal(fieldConfidence(one, 'model', 'type', 0.98), 0.8)
})

test('a higher stated confidence never has the lower calibrated one', () => {
  const calibration = fitCalibration(labelled(60, 3))
  for (const bands of Object.values(calibration.fields))
    assert.deepEqual(
      [...bands].sort((a, b) => a - b),
      bands,
    )
  assert.deepEqual(rising([0.9, 0.5, 0.7], [1, 1, 2]), [0.7, 0.7, 0.7])
  assert.deepEqual(rising([0.1, 0.5, 0.25, 0.9], [1, 1, 1, 1]), [0.1, 0.375, 0.375, 0.9])
})

test('a row is never above the least of its fields, nor above the least of those in conflict', () => {
  const random = createRandom(4)
  for (let round = 0; round < 2_000; round++) {
    const fields = Array.from({ length: 1 + Math.floor(6 * random()) }, random)
    const conflict = [random(), random()]
    const spread = random()
    const row = rowConfidence({ spread }, fields, [conflict])
    assert.ok(row <= Math.min(...fields) && row <= Math.min(...conflict) && row >= 0)
  }
  assert.equal(rowConfidence({ spread: 0 }, [0.9, 0.95]), 0.9)
  assert.ok(Math.abs(rowConfidence({ spread: 1 }, [0.9, 0.95]) - 0.85) < 1e-12)
  assert.equal(rowConfidence({ spread: 1 }, [0.9], [[0.4, 0.95]]), 0.4)
})

test('fields that always miss together leave the row at its least field', () => {
  const rows = Array.from({ length: 400 }, (_, index): RowOutcome => {
    const right = index % 5 > 0
    return { fields: ['a', 'b', 'c'].map((field) => ({ field, source: 'rule', stated: 0.9, right })) }
  })
  const calibration = fitCalibration(rows)
  assert.ok(calibration.spread < 0.02)
  assert.deepEqual(calibrationSchema.parse(JSON.parse(JSON.stringify(calibration))), calibration)
})

test('reliability tables count every prediction once, and Brier scores are those of the definition', () => {
  const predictions = [0, 0.5, 0.799, 0.95, 1].map((confidence, index) => ({ confidence, right: index > 1 }))
  const bins = reliabilityBins(predictions)
  assert.deepEqual(
    bins.map(({ from, to, n }) => [from, to, n]),
    [
      [0, 0.5, 1],
      [0.5, 0.7, 1],
      [0.7, 0.8, 1],
      [0.95, 0.98, 1],
      [0.98, 1, 1],
    ],
  )
  assert.equal(brierScore([{ confidence: 0.5, right: true }]), 0.25)
  assert.equal(brierScore([]), null)
  assert.equal(calibrationError([]), null)
})
