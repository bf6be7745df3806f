/** Tests of the constraints between labels. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Labels } from '../../../src/classification/types.ts'
import { isBlocked, validate } from '../../../src/classification/validate.ts'
import { builtIns } from './built-ins.ts'
import { economic, shop } from './schemes.ts'

function labels(parts: Labels, kind = 'currency'): Labels {
  return {
    type: 'flow',
    temporal_aggregation: 'period-total',
    orientation: 'neutral',
    unit_kind: kind,
    unit_scale: 1,
    unit_currency: kind === 'currency' ? 'USD' : null,
    unit_per: null,
    frequency: 'monthly',
    cumulative_pattern: 'none',
    cumulative_reset_month: null,
    ...parts,
  }
}

const YTD = { cumulative_pattern: 'year-to-date', cumulative_reset_month: 1 } as const

/** Labels of economic indicators with the constraints that they break, in the order of the codebook. */
const FOUND: readonly (readonly [string, Labels, readonly string[]])[] = [
  ['a flow in money', labels({}), []],
  ['growth in %', labels({ type: 'growth-rate', temporal_aggregation: 'period-rate' }, 'percentage'), []],
  ['growth of persons', labels({ type: 'growth-rate', temporal_aggregation: 'period-rate' }, 'count'), []],
  ['growth, averaged', labels({ type: 'growth-rate' }, 'percentage'), ['growth-rate-not-period-rate']],
  ['a flow as a rate', labels({ temporal_aggregation: 'period-rate' }), ['period-rate-not-growth-rate']],
  ['persons in USD', labels({ type: 'count' }), ['count-in-currency']],
  ['a flow in %', labels({}, 'percentage'), ['amount-in-percentage']],
  ['a balance in %', labels({ type: 'balance' }, 'percentage'), ['amount-in-percentage']],
  ['a ratio in %', labels({ type: 'ratio' }, 'percentage'), []],
  ['a flow in points', labels({}, 'index'), ['flow-in-index']],
  ['a flow at a date', labels({ temporal_aggregation: 'point-in-time' }), ['period-type-at-a-point']],
  ['a stock at a date', labels({ type: 'stock', temporal_aggregation: 'point-in-time' }), []],
  ['a stock, summed', labels({ type: 'stock' }), ['stock-summed-over-period']],
  ['a YTD flow, summed', labels({ ...YTD }), ['year-to-date-not-cumulative']],
  ['a YTD flow', labels({ ...YTD, temporal_aggregation: 'period-cumulative' }), []],
  ['a ratio that looks YTD', labels({ ...YTD, type: 'ratio' }), []],
  [
    'a flow said to accumulate that does not',
    labels({ temporal_aggregation: 'period-cumulative' }),
    ['cumulative-without-pattern'],
  ],
  [
    'a flow said to accumulate without samples',
    labels({ temporal_aggregation: 'period-cumulative', cumulative_pattern: 'unknown' }),
    [],
  ],
  ['a percentage in USD', labels({ type: 'percentage' }), ['money-units-for-type']],
  ['a price in %', labels({ type: 'price' }, 'percentage'), ['price-not-in-money']],
  ['a count of flags', labels({ type: 'count' }, 'flag'), ['flag-not-other']],
  ['a target, summed', labels({ type: 'threshold' }, 'percentage'), ['threshold-over-period']],
]

/** The constraints whose breach proves a label wrong. */
const BLOCKING = [
  'growth-rate-not-period-rate',
  'period-rate-not-growth-rate',
  'count-in-currency',
  'amount-in-percentage',
  'flow-in-index',
  'period-type-at-a-point',
  'stock-summed-over-period',
]

for (const [what, given, codes] of FOUND) {
  test(`${what}: ${codes.join(', ') || 'nothing'}`, () => {
    const issues = validate(economic.codebook, given)
    assert.deepEqual(
      issues.map(({ code }) => code),
      codes,
    )
    assert.equal(
      isBlocked(economic.codebook, issues),
      codes.some((code) => BLOCKING.includes(code)),
    )
  })
}

test('every constraint of economic indicators is broken by one of these labels, and those that block are known', () => {
  const given = new Set(FOUND.flatMap(([, of]) => validate(economic.codebook, of).map(({ code }) => code)))
  const { constraints } = economic.codebook
  assert.deepEqual(
    constraints.map(({ name }) => name).filter((name) => !given.has(name)),
    [],
  )
  assert.deepEqual(
    constraints.filter(({ blocks }) => blocks).map(({ name }) => name),
    BLOCKING,
  )
})

test('a message names the values of its fields, and keeps what names no field', () => {
  const broken = { shade: 'dark', tone: 'dim', uses: ['kitchen', 'office'], pack: 12 }
  assert.deepEqual(validate(shop.codebook, broken), [
    { code: 'dark-in-kitchen', message: 'dark things (dim, {nothing}) are not for the kitchen' },
  ])
  assert.deepEqual(validate(shop.codebook, { ...broken, shade: 'pale', uses: ['kitchen'] }), [
    { code: 'dozen-without-use', message: 'a dozen needs a use' },
  ])
})

test('a multi-label field meets a condition where one of its labels does, and an empty one meets none', () => {
  const codes = (given: Labels) => validate(shop.codebook, given).map(({ code }) => code)
  assert.deepEqual(codes({ shade: 'dark', uses: ['office', 'kitchen'] }), ['dark-in-kitchen'])
  assert.deepEqual(codes({ shade: 'dark', uses: ['office'] }), [])
  assert.deepEqual(codes({ shade: 'dark', uses: [], pack: 12 }), ['dozen-without-use'])
  assert.deepEqual(codes({}), [])
})

test('only constraints that block make a result impossible, and issues of another origin never do', () => {
  const both = validate(shop.codebook, { shade: 'dark', uses: ['kitchen'], pack: 12 })
  assert.deepEqual(
    both.map(({ code }) => code),
    ['dark-in-kitchen', 'dozen-without-use'],
  )
  assert.ok(isBlocked(shop.codebook, both) && !isBlocked(shop.codebook, both.slice(1)))
  assert.equal(isBlocked(shop.codebook, [{ code: 'low-confidence', message: '' }]), false)
})

for (const { codebook } of builtIns) {
  test(`${codebook.name}: no example of the codebook breaks a constraint`, () => {
    for (const { record, labels: given } of codebook.examples) {
      assert.deepEqual(validate(codebook, given), [], record.name)
    }
  })
}
