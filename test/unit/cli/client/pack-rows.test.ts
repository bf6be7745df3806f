/** Batches of rows: never more rows or sample points than their bounds, and every row once and in order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_BATCH_POINTS } from '../../../../src/classification/indicator.ts'
import { packRows } from '../../../../src/cli/client/pack-rows.ts'

const row = (points: number, place = 0) => ({
  place,
  indicator: { sample_values: Array.from({ length: points }, (_, index) => ({ date: '2024', value: index })) },
})

test('batches keep both bounds, lose no row and change no order', () => {
  const bounds = fc.record({ size: fc.integer({ min: 1, max: 9 }), maxPoints: fc.integer({ min: 5, max: 20 }) })
  fc.assert(
    fc.property(fc.array(fc.nat(5), { maxLength: 60 }), bounds, (points, { size, maxPoints }) => {
      const rows = points.map(row)
      const batches = packRows(rows, { size, maxPoints })
      assert.deepEqual(batches.flat(), rows)
      for (const batch of batches) {
        const inAll = batch.reduce((sum, { indicator }) => sum + indicator.sample_values.length, 0)
        assert.ok(batch.length > 0 && batch.length <= size && inAll <= maxPoints)
      }
    }),
  )
})

test('rows without sample points fill batches by their size alone', () => {
  const sizes = packRows(
    Array.from({ length: 250 }, () => row(0)),
    { size: 100 },
  ).map(({ length }) => length)
  assert.deepEqual(sizes, [100, 100, 50])
  assert.deepEqual(packRows([], { size: 100 }), [])
})

test('without a bound of its own a batch takes what the service takes', () => {
  const sizes = packRows(
    Array.from({ length: 50 }, () => row(5_000)),
    { size: 100 },
  ).map(({ length }) => length)
  assert.deepEqual(sizes, [MAX_BATCH_POINTS / 5_000, MAX_BATCH_POINTS / 5_000, 10])
})
