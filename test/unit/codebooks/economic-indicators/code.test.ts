/** Tests of what the codebook of economic indicators gives the engine: flat findings, and how far they can be relied on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInFile, loadCodebook } from '../../../../src/catalogue/codebook-files.ts'
import { ECONOMIC_INDICATORS } from '../../../../src/codebooks/economic-indicators/code.ts'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'
import { indicatorOf } from '../../../helpers/codebooks/readings.ts'

const { codebook } = await loadCodebook(builtInFile('economic-indicators') ?? '')
const { read, calibration, perRecord } = ECONOMIC_INDICATORS

test('an indicator is read field by field, and derived fields have no finding', () => {
  const record = indicatorOf({ name: 'Diesel Prices', units: 'KES Thousand per litre', periodicity: 'Weekly' })
  const reading = read(record)
  assert.deepEqual(Object.fromEntries(Object.entries(reading).map(([field, { value }]) => [field, value])), {
    type: 'price',
    temporal_aggregation: 'period-average',
    orientation: 'neutral',
    unit_kind: 'currency',
    unit_scale: 1000,
    unit_currency: 'KES',
    unit_per: 'litre',
    frequency: 'weekly',
    cumulative_pattern: 'none',
    cumulative_reset_month: null,
  })
  assert.deepEqual(
    Object.keys(reading),
    codebook.fields.filter(({ type }) => type.kind !== 'derived').map(({ name }) => name),
  )
})

test('each part of a unit and of a cumulative pattern has the rule, reason and certainty of the whole', () => {
  const sample_values = Array.from({ length: 30 }, (_, at) => ({
    date: `${2022 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}-28`,
    value: ((at % 12) + 1) * 10,
  }))
  for (const record of [
    indicatorOf({ name: 'Government Revenues', sample_values }),
    indicatorOf({ name: 'Zorblax', units: 'zorbs', periodicity: 'now and then' }),
  ]) {
    const { unit, cumulative, ...others } = readIndicator(record)
    const reading = read(record)
    const { value: unitValue, ...unitWhy } = unit
    assert.deepEqual(reading.unit_kind, { value: unitValue.kind, ...unitWhy })
    assert.deepEqual(reading.unit_scale, { value: unitValue.scale, ...unitWhy })
    assert.deepEqual(reading.unit_currency, { value: unitValue.currency, ...unitWhy })
    assert.deepEqual(reading.unit_per, { value: unitValue.per, ...unitWhy })
    const { value: cumulativeValue, ...cumulativeWhy } = cumulative
    assert.deepEqual(reading.cumulative_pattern, { value: cumulativeValue.pattern, ...cumulativeWhy })
    assert.deepEqual(reading.cumulative_reset_month, { value: cumulativeValue.reset_month, ...cumulativeWhy })
    for (const [field, whole] of Object.entries(others)) assert.deepEqual(reading[field], whole)
  }
  assert.equal(read(indicatorOf({ name: 'Government Revenues', sample_values })).cumulative_reset_month?.value, 1)
})

test('every field that a model may be asked for is calibrated, and a guess is never surer than a sure finding', () => {
  const asked = codebook.fields.filter((field) => field.asked).map(({ name }) => name)
  assert.deepEqual(Object.keys(calibration.rules), asked)
  for (const [field, { sure, guess }] of Object.entries(calibration.rules))
    assert.ok(guess > 0 && guess <= sure && sure < 1, field)
  for (const [field, factor] of Object.entries(calibration.model))
    assert.ok(asked.includes(field) && factor > 0 && factor <= 1, field)
})

test('what is a matter of the single record is asked of a model, or read', () => {
  for (const field of perRecord) assert.ok(codebook.field.get(field)?.asked, field)
})
