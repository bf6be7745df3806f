/** Tests that the codebook of economic indicators is complete, and that its readers and rules know the same labels. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { builtInFile, loadCodebook } from '../../../../src/catalogue/codebook-files.ts'
import { isValueOf } from '../../../../src/codebooks/codebook.ts'
import { CURRENCY_CODES } from '../../../../src/codebooks/economic-indicators/currency-codes.ts'
import {
  AGGREGATIONS,
  CUMULATIVE_PATTERNS,
  FAMILIES,
  FREQUENCIES,
  ORIENTATIONS,
  TIME_BASES,
  TYPES,
  UNIT_KINDS,
  UNIT_SCALES,
} from '../../../../src/codebooks/economic-indicators/labels.ts'

const { codebook } = await loadCodebook(builtInFile('economic-indicators') ?? '')

function fieldOf(name: string) {
  const field = codebook.field.get(name)
  assert.ok(field, name)
  return field
}

/** The values that a field is derived to, by the value of the field from which they follow. */
function derivedOf(name: string): ReadonlyMap<string | number, string> {
  const { type } = fieldOf(name)
  assert.equal(type.kind, 'derived')
  return type.kind === 'derived' ? type.valueOf : new Map()
}

test('the fields stand in the order of results, and only the cumulative pattern and derived fields are never asked', () => {
  assert.deepEqual(
    codebook.fields.map(({ name, asked }) => [name, asked]),
    [
      ['type', true],
      ['family', false],
      ['temporal_aggregation', true],
      ['time_basis', false],
      ['orientation', true],
      ['unit_kind', true],
      ['unit_scale', true],
      ['unit_currency', true],
      ['unit_per', true],
      ['frequency', true],
      ['cumulative_pattern', false],
      ['cumulative_reset_month', false],
    ],
  )
})

const LABELS: Readonly<Record<string, readonly (string | number)[]>> = {
  type: TYPES,
  temporal_aggregation: AGGREGATIONS,
  orientation: ORIENTATIONS,
  unit_kind: UNIT_KINDS,
  unit_scale: UNIT_SCALES,
  frequency: FREQUENCIES,
  cumulative_pattern: CUMULATIVE_PATTERNS,
}

for (const [name, labels] of Object.entries(LABELS)) {
  test(`the readers know the values of ${name}, each defined once, in the same order`, () => {
    const { type } = fieldOf(name)
    assert.equal(type.kind, 'values')
    const values = type.kind === 'values' ? type.values : []
    assert.deepEqual(
      values.map(({ value }) => value),
      [...labels],
    )
    for (const { value, definition } of values) assert.notEqual(definition.trim(), '', String(value))
  })
}

test('there are 26 types, and every family holds one', () => {
  const families = derivedOf('family')
  assert.equal(TYPES.length, 26)
  assert.deepEqual(new Set(families.keys()), new Set(TYPES))
  assert.deepEqual(new Set(families.values()), new Set(FAMILIES))
})

test('the time basis follows from the aggregation', () => {
  const bases = derivedOf('time_basis')
  assert.deepEqual(
    AGGREGATIONS.map((aggregation) => [aggregation, bases.get(aggregation)]),
    [
      ['period-rate', 'per-period'],
      ['period-cumulative', 'cumulative'],
      ['period-total', 'per-period'],
      ['period-average', 'per-period'],
      ['point-in-time', 'point-in-time'],
      ['not-applicable', 'not-applicable'],
    ],
  )
  assert.deepEqual(new Set(bases.values()), new Set(TIME_BASES))
})

test('every currency that the reader knows is a label, and no other spelling is', () => {
  const field = fieldOf('unit_currency')
  for (const code of [...CURRENCY_CODES, 'LCU', 'INTL', null]) assert.ok(isValueOf(field, code), String(code))
  for (const other of ['usd', 'US$', 'USDX', '', 1]) assert.equal(isValueOf(field, other), false, String(other))
})

/** A clause of each ruling of version 1 that a model decides by, and of rulings that version 2 brought. */
const CLAUSES: readonly string[] = [
  'capacity utilisation are period-average',
  'measured in a bare "%" (no "of ..."): growth-rate',
  'is share; "a condition, experience or achievement" is percentage',
  'disbursements minus repayments, transfers net: balance',
  'Minimum wage: price, not-applicable, higher-is-positive',
  'a rating by survey on a fixed scale is index, not-applicable',
  'A forecast chance: point-in-time; a life-table chance: not-applicable',
  'Unit kind of a score scale or a rank: index, scale 1 (never flag)',
  'An exchange-rate series in "PKR" has currency PKR and no divisor',
  '"(cumulative)" levels of schooling is not-applicable',
  'Procedures, lead times: not-applicable',
  'growth takes the orientation of what grows',
  'whatever else the name is ("Consumer Price Index" in "Growth Rate Previous Period")',
  'spread, point-in-time, neutral',
  'Net debt: stock, lower-is-positive',
  'Alcohol and tobacco, disaster losses (a flow): lower-is-positive',
  'A separate scale text ("Billions") sets the scale',
  'Concentrations in air or water: ratio, period-average, lower-is-positive, unit kind physical',
  'A unit that stands only in the description does not count: unknown',
  'The category or dataset never overrides a plain name',
]

for (const clause of CLAUSES) {
  test(`one ruling says: ${clause}`, () => {
    assert.equal(codebook.rulings.filter((ruling) => ruling.includes(clause)).length, 1)
  })
}

test('the lists of labels are data: they import nothing', () => {
  const file = new URL('../../../../src/codebooks/economic-indicators/labels.ts', import.meta.url)
  assert.doesNotMatch(readFileSync(file, 'utf8'), /^import /m)
})
