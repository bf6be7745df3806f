/** Tests that the codebook's values, definitions and rulings are complete. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import {
  AGGREGATION_DEFINITIONS,
  familyOf,
  ORIENTATION_DEFINITIONS,
  TYPE_DEFINITIONS,
  timeBasisOf,
  UNIT_KIND_DEFINITIONS,
} from '../../../src/classification/codebook/definitions.ts'
import { RULINGS } from '../../../src/classification/codebook/rulings.ts'
import { AGGREGATIONS, FAMILIES, ORIENTATIONS, TYPES, UNIT_KINDS } from '../../../src/classification/codebook.ts'

test('every value of the codebook is defined once, in the order of the lists', () => {
  assert.equal(TYPES.length, 26)
  assert.deepEqual(Object.keys(TYPE_DEFINITIONS), [...TYPES])
  assert.deepEqual(Object.keys(AGGREGATION_DEFINITIONS), [...AGGREGATIONS])
  assert.deepEqual(new Set(Object.keys(ORIENTATION_DEFINITIONS)), new Set(ORIENTATIONS))
  assert.deepEqual(Object.keys(UNIT_KIND_DEFINITIONS), [...UNIT_KINDS])
})

test('every family holds a type', () => {
  assert.deepEqual(new Set(TYPES.map(familyOf)), new Set(FAMILIES))
})

test('the time basis follows from the aggregation', () => {
  assert.deepEqual(
    AGGREGATIONS.map((aggregation) => [aggregation, timeBasisOf(aggregation)]),
    [
      ['period-rate', 'per-period'],
      ['period-cumulative', 'cumulative'],
      ['period-total', 'per-period'],
      ['period-average', 'per-period'],
      ['point-in-time', 'point-in-time'],
      ['not-applicable', 'not-applicable'],
    ],
  )
})

test('the rulings that matter to a model are all there', () => {
  assert.deepEqual(
    RULINGS.map(({ number }) => number),
    [1, 2, 3, 4, 5, 6, 7, 10, 11, 12],
  )
})

test('the module is data: it imports nothing', () => {
  const source = readFileSync(new URL('../../../src/classification/codebook.ts', import.meta.url), 'utf8')
  assert.doesNotMatch(source, /^import /m)
})
