/** Readings that are kept by their texts are those that the rules give anew. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ECONOMIC_INDICATORS } from '../../../../src/codebooks/economic-indicators/code.ts'
import { flattenReading } from '../../../../src/codebooks/economic-indicators/flat-reading.ts'
import { createKnownTexts } from '../../../../src/codebooks/economic-indicators/known-texts.ts'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'
import type { Indicator } from '../../../../src/codebooks/types.ts'

const MONTHS = Array.from({ length: 24 }, (_, month) => {
  return `${2023 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-28`
})
const rising = MONTHS.map((date, month) => ({ date, value: ((month % 12) + 1) * 100 }))
const level = MONTHS.map((date, month) => ({ date, value: 100 + (month % 3) }))
const yearly = [2021, 2022, 2023, 2024].map((year) => ({ date: `${year}-12-31`, value: year }))

function record(more: Partial<Indicator>): Indicator {
  return { indicator_id: 'a', name: 'Exports of goods', units: 'USD million', sample_values: [], ...more }
}

/** Whether the kept reading and its explanation are those that the rules give to a record that was never read. */
function agrees(one: Indicator): void {
  const reading = ECONOMIC_INDICATORS.read(one)
  assert.deepEqual(reading, flattenReading(readIndicator({ ...one })), JSON.stringify(one))
  const kept = ECONOMIC_INDICATORS.explain(one, reading)
  // A finding that the record does not have is explained anew, with the same words for the others.
  const { reading: _, ...anew } = ECONOMIC_INDICATORS.explain({ ...one }, { ...reading, reading: OTHER })
  assert.deepEqual(kept, anew, JSON.stringify(one))
}

const OTHER = { value: null, sure: false, rule: 'no-such-rule', because: '' }

test('records of the same texts have the reading of their own values, country and periodicity', () => {
  const texts = [
    { name: 'Exports of goods', units: 'USD million' },
    { name: 'Exports of goods', units: 'pesos' },
    { name: 'Exports of goods', units: 'dollars' },
    { name: 'Government revenue', units: 'million' },
    { name: 'Average wage, per worker' },
    { name: 'Exports (cumulative since January)', units: 'National currency' },
    { name: 'Unemployment rate', units: '%', description: 'Share of the labour force.' },
    { name: 'Unemployment rate', units: '%', long_name: 'Number of persons out of work' },
  ]
  for (let round = 0; round < 2; round += 1) {
    for (const text of texts) {
      for (const sample_values of [[], rising, level, yearly]) {
        for (const place of [
          { country: 'MEX' },
          { country: 'Canada' },
          { currency_code: 'CLP' },
          { source_name: 'RBI' },
        ]) {
          for (const periodicity of ['Monthly', 'Q', undefined]) {
            agrees(record({ ...text, ...place, sample_values, ...(periodicity === undefined ? {} : { periodicity }) }))
          }
        }
      }
    }
  }
})

test('a text that says the same as another one in other fields is another text', () => {
  agrees(record({ name: 'Loans', units: 'USD', scale: 'Millions' }))
  agrees(record({ name: 'Loans', units: 'USD' }))
  agrees(record({ name: 'Loans', units: 'USD', scale: 'Billions' }))
  agrees(record({ name: 'Loans', units: 'USD', long_name: 'Billions' }))
  agrees(record({ name: 'Loans', units: 'USD', description: 'Billions' }))
})

test('no more texts are kept than were asked for, and those that came last are found', () => {
  const known = createKnownTexts(10)
  const read = (name: string) => {
    const one = record({ name })
    return known.keep(one, readIndicator(one), false)
  }
  for (let index = 0; index < 100; index += 1) read(`Exports ${index}`)
  const isFound = (index: number) => known.find(record({ name: `Exports ${index}` })) !== undefined
  const found = Array.from({ length: 100 }, (_, index) => index).filter(isFound)
  assert.ok(found.length >= 10 && found.length <= 20, `${found.length} are kept`)
  assert.ok(isFound(99))
})
