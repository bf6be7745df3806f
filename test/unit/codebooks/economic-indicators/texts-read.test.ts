/** Tests of what makes a reading sure: every word of the texts in the vocabulary, and heads that agree with the rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AGGREGATIONS, ORIENTATIONS, TYPES } from '../../../../src/codebooks/economic-indicators/labels.ts'
import { readIndicator } from '../../../../src/codebooks/economic-indicators/rules.ts'
import type { Indicator } from '../../../../src/codebooks/economic-indicators/types.ts'
import { FORMS } from '../../../../src/codebooks/economic-indicators/vocabulary/forms.ts'
import { MONEY_HEADS } from '../../../../src/codebooks/economic-indicators/vocabulary/heads-money.ts'
import { PEOPLE_HEADS } from '../../../../src/codebooks/economic-indicators/vocabulary/heads-people.ts'
import { PHYSICAL_HEADS } from '../../../../src/codebooks/economic-indicators/vocabulary/heads-physical.ts'
import { PRICE_HEADS } from '../../../../src/codebooks/economic-indicators/vocabulary/heads-prices.ts'
import { isKnownStem, phraseAt } from '../../../../src/codebooks/economic-indicators/vocabulary/lexicon.ts'
import {
  parseAnswers,
  splitPhrases,
  stemsOf,
} from '../../../../src/codebooks/economic-indicators/vocabulary/notation.ts'

function read(name: string, units = '', more: Partial<Indicator> = {}) {
  return readIndicator({ indicator_id: 'x', name, sample_values: [], ...(units === '' ? {} : { units }), ...more })
}

function isSure(name: string, units = '', more: Partial<Indicator> = {}): boolean {
  const { type, temporal_aggregation, orientation } = read(name, units, more)
  return type.sure && temporal_aggregation.sure && orientation.sure
}

type Row = readonly [name: string, units: string]

/** Names whose words and heads the vocabulary knows. */
const READ: readonly Row[] = [
  ['Imports of cocoa from Ghana', 'EUR Million'],
  ['Exports of steel', 'Tonnes'],
  ['Unemployment rate, young women', '%'],
  ['Consumer price index: transport', 'Index 2020=100'],
  ['Household debt (% of GDP)', '% of GDP'],
  ['Forestry, value added (% of GDP)', '% of GDP'],
  ['Nominal effective exchange rate', 'Index'],
  ['Treasury bill rate, 6-month', 'Percent'],
  ['Access to electricity, urban men (% of men)', '% of men'],
  ['Natural gas production', 'Million m3'],
  ['Public debt', 'NOK Billion'],
]

/** Names of which something was not read. */
const UNREAD: Readonly<Record<string, readonly Row[]>> = {
  'an unknown head': [
    ['Remembrance', 'EUR Million'],
    ['Clearing of banks', 'EUR Million'],
    ['Hectolitres bottled', 'Thousand'],
  ],
  'an unknown qualifier': [
    ['Exports of widgets to Ghana', 'EUR Million'],
    ['Unadvised public debt', 'EUR Million'],
    ['Unemployment rate among jugglers', '%'],
  ],
  'a misspelling': [
    ['Unemploymnet rate', '%'],
    ['Consumer prcie index', 'Index 2020=100'],
    ['Expots', 'EUR Million'],
  ],
  'another language': [
    ['Taux de chômage', '%'],
    ['Verbraucherpreisindex', 'Index 2020=100'],
    ['Exportaciones de bienes', 'EUR Million'],
    ['Безработица', '%'],
    ['失业率', '%'],
    ['Inflation annuelle', '%'],
  ],
  'an unread unit': [
    ['Exports of steel', 'zorbs'],
    ['Public debt', 'Million zorbs'],
    ['Natural gas production', 'Million m3 of zorb'],
  ],
  'heads that disagree': [
    ['Exports and imports', 'EUR Million'],
    ['Debt of the unemployed', 'EUR Million'],
    ['Consumption of exports', 'EUR Million'],
  ],
  'a form that the type does not have': [
    ['Exports per capita ratio index', 'EUR Million'],
    ['Net exports target', 'EUR Million'],
    ['Exports, number', 'EUR Million'],
  ],
  'a phrase that only looks like a head': [
    ['Government budget for education', 'EUR Million'],
    ['Contribution of exports to GDP growth', '%'],
    ['Housing vacancy rate', '%'],
  ],
}

test('a name whose every word is known is sure', () => {
  for (const [name, units] of READ) assert.equal(isSure(name, units), true, `${name} | ${units}`)
})

for (const [fault, rows] of Object.entries(UNREAD)) {
  test(`nothing is sure beside ${fault}`, () => {
    for (const [name, units] of rows) {
      const reading = read(name, units)
      assert.equal(isSure(name, units), false, `${name} | ${units} says ${reading.type.value}`)
    }
  })
}

test('a description that contradicts the type takes the certainty', () => {
  const cases: readonly (readonly [Row, string])[] = [
    [['Public debt', 'EUR Million'], 'Debt of the state per person, in euros.'],
    [['Natural gas production', 'Million m3'], 'Annual percentage change of gas that was produced.'],
    [['Exports of steel', 'Tonnes'], 'The difference between what is sold and bought.'],
    [['Imports of cocoa from Ghana', 'EUR Million'], 'Share of all goods that come from Ghana.'],
  ]
  for (const [[name, units], description] of cases) {
    assert.equal(isSure(name, units), true, name)
    assert.equal(isSure(name, units, { description }), false, description)
    assert.equal(read(name, units, { description }).type.value, read(name, units).type.value, description)
  }
  assert.equal(isSure('Public debt', 'EUR Million', { description: 'Debt of the state at the end of the year.' }), true)
  const yearToDate = read('Imports of cocoa', 'EUR Million', { description: 'Figures are year-to-date.' })
  assert.deepEqual([yearToDate.type.sure, yearToDate.temporal_aggregation.sure], [true, false])
})

test('a word that nobody knows makes any name unsure, wherever it stands', () => {
  const word = fc.stringMatching(/^zx[a-z]{3,8}$/)
  fc.assert(
    fc.property(fc.constantFrom(...READ), word, fc.nat({ max: 8 }), ([name, units], unknown, place) => {
      const parts = name.split(' ')
      parts.splice(Math.min(place, parts.length), 0, unknown)
      assert.equal(isSure(parts.join(' '), units), false, parts.join(' '))
    }),
    { numRuns: 500 },
  )
})

test('the gate changes no value, rule or reason', () => {
  for (const [name, units] of READ) {
    const [whole, strange] = [read(name, units), read(`${name}, in Zxland`, units)]
    for (const field of ['type', 'temporal_aggregation', 'orientation'] as const) {
      const { sure: _, ...said } = strange[field]
      const { sure: __, ...expected } = whole[field]
      assert.deepEqual(said, expected, `${field} of ${name}`)
    }
  }
})

test('a name of very many words is not read', () => {
  assert.equal(isSure(`Exports of ${'steel, '.repeat(45)}cement`, 'EUR Million'), false)
})

const TABLES = { MONEY_HEADS, PRICE_HEADS, PEOPLE_HEADS, PHYSICAL_HEADS, FORMS }

test('every answer of the vocabulary is one that the codebook has', () => {
  for (const [table, rows] of Object.entries(TABLES)) {
    for (const [written, phrases] of rows) {
      const { answers } = parseAnswers(written)
      assert.ok(answers.length > 0 && splitPhrases(phrases).length > 0, written)
      for (const { type, orientation, aggregation } of answers) {
        assert.ok(TYPES.includes(type), `${table}: ${written}`)
        assert.ok(orientation === undefined || ORIENTATIONS.includes(orientation), written)
        assert.ok(aggregation === undefined || AGGREGATIONS.includes(aggregation), written)
      }
      // A head without a sign would make any orientation sure.
      if (table !== 'FORMS')
        assert.ok(
          answers.every(({ orientation }) => orientation !== undefined),
          written,
        )
    }
  }
})

test('every phrase of the tables is found in a text', () => {
  for (const rows of Object.values(TABLES)) {
    for (const phrase of rows.flatMap(([, phrases]) => splitPhrases(phrases))) {
      const stems = stemsOf(phrase.toLowerCase())
      assert.equal(phraseAt(stems, 0)?.length, stems.length, phrase)
      assert.ok(stems.every(isKnownStem), phrase)
    }
  }
})

test('spellings and plurals of one word are one stem', () => {
  for (const [one, other] of [
    ['labour forces', 'labor force'],
    ['women and children', 'woman and child'],
    ['Utilisation of capacities'.toLowerCase(), 'utilization of capacity'],
    ["women's taxes", 'woman tax'],
  ]) {
    assert.deepEqual(stemsOf(one ?? ''), stemsOf(other ?? ''))
  }
  assert.deepEqual(stemsOf('gdp (% of u.s. gas), 2010=100'), ['gdp', '%', 'of', 'u.s', 'gas', '2010', '100'])
})
