/** What SDMX sources give as codes is read as facts, and results are written in SDMX's codes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createResultsWriter } from '../../../../src/catalogue/results-writer.ts'
import { defaultScheme } from '../../../../src/cli/codebook/codebook-option.ts'
import { UNIT_SCALES } from '../../../../src/codebooks/economic-indicators/labels.ts'
import { parseFrequency } from '../../../../src/codebooks/economic-indicators/readers/frequency.ts'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'
import { sdmxCodesOf } from '../../../../src/codebooks/economic-indicators/sdmx-codes.ts'
import { classification, LABELS } from '../../../helpers/store/batches.ts'

/** What a record whose units are codes of UNIT_MEASURE and UNIT_MULT is read as. */
function unitOf(units: string, scale?: string) {
  const record = { indicator_id: 'A', name: 'Imports of goods', units, sample_values: [] }
  const { unit } = readIndicator(scale === undefined ? record : { ...record, scale })
  const { kind, scale: factor, currency, per } = unit.value
  return [kind, factor, currency, per, unit.sure]
}

test('UNIT_MEASURE and UNIT_MULT are read, with codes in place of words', () => {
  const cases = [
    ['USD', '6', ['currency', 1e6, 'USD', null, true]],
    ['EUR', '0', ['currency', 1, 'EUR', null, true]],
    ['JPY', '9', ['currency', 1e9, 'JPY', null, true]],
    ['XDC', '3', ['currency', 1e3, 'LCU', null, true]],
    ['USD', '12', ['currency', 1e12, 'USD', null, true]],
    ['USD', 'Millions', ['currency', 1e6, 'USD', null, true]],
    ['PS', '3', ['count', 1e3, null, null, true]],
    ['PT', '0', ['percentage', 1, null, null, true]],
    ['PT_B1GQ', undefined, ['percentage', 1, null, null, true]],
    ['PC_ACT', undefined, ['percentage', 1, null, null, true]],
    ['IX', '0', ['index', 1, null, null, true]],
    ['I15', undefined, ['index', 1, null, null, true]],
    ['CP_MEUR', undefined, ['currency', 1e6, 'EUR', null, true]],
    ['CLV10_MNAC', undefined, ['currency', 1e6, 'LCU', null, true]],
    ['CP_EUR_HAB', undefined, ['currency', 1, 'EUR', 'person', true]],
    ['USD_PPP', '6', ['currency', 1e6, 'INTL', null, true]],
    ['THS_PER', undefined, ['count', 1e3, null, null, true]],
  ] as const
  for (const [units, scale, expected] of cases) assert.deepEqual(unitOf(units, scale), expected, `${units} ${scale}`)
})

test('a code that no list has, or that the codebook has no value for, is not read as a fact', () => {
  assert.equal(unitOf('XYZ_Q9').at(-1), false)
  assert.equal(unitOf('toString').at(-1), false)
  const quadrillions = unitOf('USD', '15')
  assert.equal(quadrillions.at(-1), false, 'a quadrillion is no scale of the codebook')
  // Outside SDMX a scale of 1 means that nothing is multiplied.
  assert.deepEqual(unitOf('USD', '1'), ['currency', 1, 'USD', null, true])
})

test('FREQ is read by the codes of CL_FREQ', () => {
  const frequencyOf = (periodicity: string) => parseFrequency({ periodicity, sample_values: [] })
  for (const [code, value] of [
    ...([
      ['A', 'annual'],
      ['S', 'semiannual'],
      ['Q', 'quarterly'],
      ['M', 'monthly'],
    ] as const),
    ...([
      ['W', 'weekly'],
      ['D', 'daily'],
      ['B', 'daily'],
      ['A5', 'irregular'],
      ['W2', 'irregular'],
    ] as const),
  ]) {
    const read = frequencyOf(code)
    assert.deepEqual([read.value, read.sure], [value, true], code)
  }
  assert.equal(frequencyOf('_Z').sure, false)
})

test('labels are written as codes; units of which the lists have none stay empty', () => {
  const codes = (labels: object) => Object.values(sdmxCodesOf({ ...LABELS, unit_per: null, ...labels }))
  const money = { unit_kind: 'currency', unit_scale: 1e6, frequency: 'quarterly' }
  assert.deepEqual(codes({ ...money, unit_currency: 'USD' }), ['Q', '6', 'USD'])
  assert.deepEqual(codes({ ...money, unit_currency: 'LCU' }), ['Q', '6', 'XDC'])
  assert.deepEqual(codes({ ...money, unit_currency: 'INTL' }), ['Q', '6', 'USD_PPP'])
  assert.deepEqual(codes({ ...money, unit_currency: 'USD', unit_per: 'barrel' }), ['Q', '6', ''])
  const plain = { unit_scale: 1, unit_currency: null }
  assert.deepEqual(codes({ ...plain, unit_kind: 'percentage', frequency: 'annual' }), ['A', '0', 'PT'])
  assert.deepEqual(codes({ ...plain, unit_kind: 'physical', frequency: 'unknown' }), ['_U', '0', ''])
  assert.deepEqual(codes({ unit_kind: null, unit_scale: null, unit_currency: null, frequency: null }), ['', '', ''])
})

test('what is written of a money unit is read back as the same unit', () => {
  for (const scale of UNIT_SCALES) {
    for (const currency of ['USD', 'EUR', 'LCU', 'INTL']) {
      const labels = { ...LABELS, unit_kind: 'currency', unit_scale: scale, unit_currency: currency, unit_per: null }
      const { sdmx_unit_measure: measure, sdmx_unit_mult: multiplier } = sdmxCodesOf(labels)
      assert.deepEqual(unitOf(measure, multiplier).slice(0, 3), ['currency', scale, currency], `${scale} ${currency}`)
    }
  }
})

test('an export with codes has their columns at the end, and one without has none', async () => {
  const scheme = await defaultScheme()
  const written = async (format: 'csv' | 'jsonl', withCodes: boolean) => {
    let text = ''
    const codes = withCodes ? scheme.code?.exportCodes : undefined
    const write = (part: string) => {
      text += part
    }
    const writer = createResultsWriter({ format, scheme, codes, write })
    await writer.write(classification('A', { labels: { ...LABELS, frequency: 'monthly' } }))
    await writer.end()
    return text
  }
  const [header = '', row = ''] = (await written('csv', true)).split('\n')
  assert.match(header, /,field_source,sdmx_freq,sdmx_unit_mult,sdmx_unit_measure$/)
  assert.match(row, /,M,\d*,[A-Z_]*$/)
  assert.match(await written('jsonl', true), /"sdmx_freq":"M"/)
  assert.doesNotMatch(`${await written('csv', false)}${await written('jsonl', false)}`, /sdmx/)
})
