/** Batches of a run with more sample points than the service takes: in which parts they are sent, by which numbers, and when as a whole. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Indicator } from '../../../../src/classification/types.ts'
import { FIRST_AUDIT_BATCH, type PlannedBatch } from '../../../../src/cli/audits/audit-stages.ts'
import { FIRST_PART, partsOfBatch } from '../../../../src/cli/audits/batch-parts.ts'
import type { BatchSummary } from '../../../../src/restate/contract.ts'

const indicator = (id: string, points: number): Indicator => ({
  indicator_id: id,
  name: 'x',
  sample_values: Array.from({ length: points }, (_, value) => ({ date: '2024', value })),
})
const batch = (index: number, points: readonly number[], isAudit = false): PlannedBatch => {
  return { index, indicators: points.map((count, place) => indicator(`i${place}`, count)), isAudit }
}
const NEW_RUN = { header: { max_points: 10 }, done: () => undefined }
const seen = (parts: Iterable<PlannedBatch>) =>
  [...parts].map(({ index, indicators }) => [index, indicators.map(({ indicator_id: id }) => id).join()])

test('a batch within the bound is sent as it is', () => {
  const planned = batch(7, [5, 0, 5])
  assert.deepEqual([...partsOfBatch(planned, NEW_RUN)], [planned])
})

test('one beyond the bound is sent in parts, whose numbers stand for the batch and the part alone', () => {
  const parts = seen(partsOfBatch(batch(7, [5, 5, 5, 0, 9]), NEW_RUN))
  assert.deepEqual(parts, [
    [FIRST_PART + 700, 'i0,i1'],
    [FIRST_PART + 701, 'i2,i3'],
    [FIRST_PART + 702, 'i4'],
  ])
  const audits = [...partsOfBatch(batch(FIRST_AUDIT_BATCH, [5, 6], true), NEW_RUN)]
  assert.deepEqual(
    audits.map(({ index, isAudit }) => [index, isAudit]),
    [0, 1].map((part) => [FIRST_PART + FIRST_AUDIT_BATCH * 100 + part, true]),
  )
  assert.ok(audits.every(({ index }) => Number.isSafeInteger(index)))
})

test('a run of an earlier release, which names no bound, sends such batches in parts too, but not those that were done', () => {
  const points = Array.from({ length: 100 }, () => 5_000)
  const earlier = { header: {}, done: (index: number) => (index === 3 ? ({} as BatchSummary) : undefined) }
  const parts = [...partsOfBatch(batch(2, points), earlier)]
  assert.deepEqual(
    parts.map(({ indicators }) => indicators.length),
    [20, 20, 20, 20, 20],
  )
  assert.deepEqual(seen(partsOfBatch(batch(3, [5_000, 5_000]), earlier)).length, 1)
  assert.deepEqual(
    [...partsOfBatch(batch(3, points), earlier)].map(({ index }) => index),
    [3],
  )
})
