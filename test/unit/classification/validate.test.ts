/** Tests of the validation of results. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BLOCKING_CODES, type CheckedFields, isBlocked, validate } from '../../../src/classification/validate.ts'

function fields(parts: Partial<CheckedFields>, kind: CheckedFields['unit']['kind'] = 'currency'): CheckedFields {
  return {
    type: 'flow',
    temporal_aggregation: 'period-total',
    orientation: 'neutral',
    unit: { kind, scale: 1, currency: kind === 'currency' ? 'USD' : null, per: null },
    frequency: 'monthly',
    cumulative: { pattern: 'none', reset_month: null },
    ...parts,
  }
}

const YTD = { pattern: 'year-to-date', reset_month: 1 } as const

const FOUND: readonly (readonly [string, CheckedFields, readonly string[]])[] = [
  ['a flow in money', fields({}), []],
  ['growth in %', fields({ type: 'growth-rate', temporal_aggregation: 'period-rate' }, 'percentage'), []],
  ['growth of persons', fields({ type: 'growth-rate', temporal_aggregation: 'period-rate' }, 'count'), []],
  ['growth, averaged', fields({ type: 'growth-rate' }, 'percentage'), ['growth-rate-not-period-rate']],
  ['a flow as a rate', fields({ temporal_aggregation: 'period-rate' }), ['period-rate-not-growth-rate']],
  ['persons in USD', fields({ type: 'count' }), ['count-in-currency']],
  ['a flow in %', fields({}, 'percentage'), ['amount-in-percentage']],
  ['a balance in %', fields({ type: 'balance' }, 'percentage'), ['amount-in-percentage']],
  ['a ratio in %', fields({ type: 'ratio' }, 'percentage'), []],
  ['a flow in points', fields({}, 'index'), ['flow-in-index']],
  ['a flow at a date', fields({ temporal_aggregation: 'point-in-time' }), ['period-type-at-a-point']],
  ['a stock at a date', fields({ type: 'stock', temporal_aggregation: 'point-in-time' }), []],
  ['a stock, summed', fields({ type: 'stock' }), ['stock-summed-over-period']],
  ['a YTD flow, summed', fields({ cumulative: YTD }), ['year-to-date-not-cumulative']],
  ['a YTD flow', fields({ cumulative: YTD, temporal_aggregation: 'period-cumulative' }), []],
  ['a ratio that looks YTD', fields({ type: 'ratio', cumulative: YTD }), []],
  [
    'a flow said to accumulate that does not',
    fields({ temporal_aggregation: 'period-cumulative' }),
    ['cumulative-without-pattern'],
  ],
  [
    'a flow said to accumulate without samples',
    fields({ temporal_aggregation: 'period-cumulative', cumulative: { pattern: 'unknown', reset_month: null } }),
    [],
  ],
  ['a percentage in USD', fields({ type: 'percentage' }), ['money-units-for-type']],
  ['a price in %', fields({ type: 'price' }, 'percentage'), ['price-not-in-money']],
  ['a count of flags', fields({ type: 'count' }, 'flag'), ['flag-not-other']],
  ['a target, summed', fields({ type: 'threshold' }, 'percentage'), ['threshold-over-period']],
]

for (const [what, given, codes] of FOUND) {
  test(`${what}: ${codes.join(', ') || 'nothing'}`, () => {
    const issues = validate(given)
    assert.deepEqual(
      issues.map(({ code }) => code),
      codes,
    )
    assert.equal(
      isBlocked(issues),
      codes.some((code) => BLOCKING_CODES.has(code)),
    )
  })
}

test('every blocking code is one that a check gives', () => {
  const given = new Set(FOUND.flatMap(([, checked]) => validate(checked).map(({ code }) => code)))
  assert.deepEqual(
    [...BLOCKING_CODES].filter((code) => !given.has(code)),
    [],
  )
})
