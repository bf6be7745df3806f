/** Tests of the unit reader. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { CURRENCY_CODES } from '../../../../src/codebooks/economic-indicators/currency-codes.ts'
import { UNIT_KINDS, UNIT_SCALES } from '../../../../src/codebooks/economic-indicators/labels.ts'
import { parseUnits } from '../../../../src/codebooks/economic-indicators/readers/units.ts'
import type { UnitKind } from '../../../../src/codebooks/economic-indicators/types.ts'
import { anyText } from '../../../helpers/any-text.ts'
import { isQuick } from '../../../helpers/ends-soon.ts'

type Row = readonly [units: string, kind: UnitKind, scale: number, currency: string | null, per?: string | null]

/** The rows of the units table in the codebook. */
const CODEBOOK: readonly Row[] = [
  ['USD Million', 'currency', 1e6, 'USD', null],
  ['US$ mn', 'currency', 1e6, 'USD', null],
  ['USD Bn', 'currency', 1e9, 'USD', null],
  ['EUR mn', 'currency', 1e6, 'EUR', null],
  ['$ billion', 'currency', 1e9, 'USD', null],
  ['USD Hundred Million', 'currency', 1e8, 'USD', null],
  ['JPY 100 Million', 'currency', 1e8, 'JPY', null],
  ['Hundred Million CNY', 'currency', 1e8, 'CNY', null],
  ['Crore INR', 'currency', 1e7, 'INR', null],
  ['Lakh', 'count', 1e5, null, null],
  ['Tens of Million', 'count', 1e7, null, null],
  ['National currency', 'currency', 1, 'LCU', null],
  ['LCU', 'currency', 1, 'LCU', null],
  ['constant LCU', 'currency', 1, 'LCU', null],
  ['current LCU', 'currency', 1, 'LCU', null],
  ['PPP (current international $)', 'currency', 1, 'INTL', null],
  ['constant 2011 international $', 'currency', 1, 'INTL', null],
  ['Percent of all loans', 'percentage', 1, null, null],
  ['National currency, all sectors', 'currency', 1, 'LCU', null],
  ['% per annum', 'percentage', 1, null, null],
  ['percent', 'percentage', 1, null, null],
  ['% YoY', 'percentage', 1, null, null],
  ['% of GDP', 'percentage', 1, null, null],
  ['Index, 2010=100', 'index', 1, null, null],
  ['2010=100', 'index', 1, null, null],
  ['points', 'index', 1, null, null],
  ['Index Points', 'index', 1, null, null],
  ['USD/bbl', 'currency', 1, 'USD', 'barrel'],
  ['EUR/MWh', 'currency', 1, 'EUR', 'MWh'],
  ['USD per litre', 'currency', 1, 'USD', 'litre'],
  ['US$ per liter', 'currency', 1, 'USD', 'litre'],
  ['TRY/USD', 'currency', 1, 'TRY', 'USD'],
  ['KZT per USD', 'currency', 1, 'KZT', 'USD'],
  ['BBL/D/1K', 'physical', 1e3, null, 'day'],
  ['BBL/1Million', 'physical', 1e6, null, null],
  ['per 1000 people', 'rate', 1, null, '1000 people'],
  ['per 100,000', 'rate', 1, null, '100000 people'],
  ['Thousand', 'count', 1e3, null, null],
  ['Persons', 'count', 1, null, null],
  ['Thousand units', 'count', 1e3, null, null],
  ['rigs', 'count', 1, null, null],
  ['Hundreds', 'count', 1e2, null, null],
  ['10 thousand', 'count', 1e4, null, null],
  ['万', 'count', 1e4, null, null],
  ['number', 'count', 1, null, null],
  ['ratio', 'ratio', 1, null, null],
  ['elasticity coefficient', 'ratio', 1, null, null],
  ['days', 'duration', 1, null, null],
  ['hours', 'duration', 1, null, null],
  ['years', 'duration', 1, null, null],
  ['celsius', 'temperature', 1, null, null],
  ['mm', 'physical', 1, null, null],
  ['Terajoule', 'physical', 1, null, null],
  ['kt', 'physical', 1, null, null],
  ['GWh', 'physical', 1, null, null],
  ['1=yes; 0=no', 'flag', 1, null, null],
  ['', 'unknown', 1, null, null],
  ['-', 'unknown', 1, null, null],
  ['n/a', 'unknown', 1, null, null],
]

const BEYOND: readonly Row[] = [
  ['Mds €', 'currency', 1e9, 'EUR'],
  ['T€', 'currency', 1e3, 'EUR'],
  ['TEUR', 'currency', 1e3, 'EUR'],
  ['kUSD', 'currency', 1e3, 'USD'],
  ['MMUSD', 'currency', 1e6, 'USD'],
  ['mia. kr.', 'currency', 1e9, 'LCU'],
  ['mkr', 'currency', 1e6, 'SEK'],
  ['milj. EUR', 'currency', 1e6, 'EUR'],
  ['tūkst. EUR', 'currency', 1e3, 'EUR'],
  ['mrd. Ft', 'currency', 1e9, 'HUF'],
  ['δισ. ευρώ', 'currency', 1e9, 'EUR'],
  ['хил. лв.', 'currency', 1e3, 'BGN'],
  ['mii lei', 'currency', 1e3, 'LCU'],
  ['ล้านบาท', 'currency', 1e6, 'THB'],
  ['日元', 'currency', 1, 'JPY'],
  ['亿港元', 'currency', 1e8, 'HKD'],
  ['亿元人民币', 'currency', 1e8, 'CNY'],
  ['亿千瓦时', 'physical', 1e8, null],
  ['亿立方米', 'physical', 1e8, null],
  ['万台', 'count', 1e4, null],
  ['천대', 'count', 1e3, null],
  ['千人', 'count', 1e3, null],
  ['J$ million', 'currency', 1e6, 'JMD'],
  ['B$ mn', 'currency', 1e6, 'LCU'],
  ['$U', 'currency', 1, 'UYU'],
  ['E£ bn', 'currency', 1e9, 'EGP'],
  ['CN¥ bn', 'currency', 1e9, 'CNY'],
  ['GH¢ million', 'currency', 1e6, 'GHS'],
  ['₸ bn', 'currency', 1e9, 'KZT'],
  ['₾ thousand', 'currency', 1e3, 'GEL'],
  ['₠ million', 'currency', 1e6, 'LCU'],
  ['S/ millones', 'currency', 1e6, 'PEN'],
  ['Ksh bn', 'currency', 1e9, 'KES'],
  ['Rp triliun', 'currency', 1e12, 'IDR'],
  ['10,00,000 INR', 'currency', 1e6, 'INR'],
  ['10^6 EUR', 'currency', 1e6, 'EUR'],
  ['10³ tonnes', 'physical', 1e3, null],
  ['1e6 USD', 'currency', 1e6, 'USD'],
  ['M persons', 'count', 1e6, null],
  ['M tonnes', 'physical', 1e6, null],
  ['bin ton', 'physical', 1e3, null],
  ['bin kişi', 'count', 1e3, null],
  ['tys. osób', 'count', 1e3, null],
  ['GBp/therm', 'currency', 1, 'GBP', 'therm'],
  ['USc/lb', 'currency', 1, 'USD', 'pound'],
  ['ZAc/kg', 'currency', 1, 'ZAR', 'kg'],
  ['Eurocent/kWh', 'currency', 1, 'EUR', 'kWh'],
  ['ct/kWh', 'currency', 1, 'LCU', 'kWh'],
  ['p/kWh', 'currency', 1, 'GBP', 'kWh'],
  ['cents/kg', 'currency', 1, 'LCU', 'kg'],
  ['п.п.', 'percentage', 1, null],
  ['1=low to 6=high', 'index', 1, null],
  ['risk score (0-100)', 'index', 1, null],
  ['2004-2006 = 100', 'index', 1, null],
  ['percentage points', 'percentage', 1, null],
  ['BoP, current US$', 'currency', 1, 'USD'],
  ['DOD, current US$', 'currency', 1, 'USD'],
  ['constant 2011 PPP $', 'currency', 1, 'INTL'],
  ['LCU per international $', 'currency', 1, 'LCU', 'INTL'],
  ['NZD millions per year', 'currency', 1e6, 'NZD', 'year'],
  ['MKD/Month', 'currency', 1, 'MKD', 'month'],
  ['USD per troy ounce', 'currency', 1, 'USD', 'troy ounce'],
  ['ALL Million', 'currency', 1e6, 'ALL'],
  ['USDm', 'currency', 1e6, 'USD'],
  ['EURbn', 'currency', 1e9, 'EUR'],
  ['£m', 'currency', 1e6, 'GBP'],
  ['€ Mrd.', 'currency', 1e9, 'EUR'],
  ['Mio. EUR', 'currency', 1e6, 'EUR'],
  ['millones de dólares', 'currency', 1e6, 'USD'],
  ['miles de millones de pesos', 'currency', 1e9, 'LCU'],
  ['R$ milhões', 'currency', 1e6, 'BRL'],
  ['млрд руб.', 'currency', 1e9, 'RUB'],
  ['тыс. человек', 'count', 1e3, null],
  ['億円', 'currency', 1e8, 'JPY'],
  ['₹ lakh crore', 'currency', 1e12, 'INR'],
  ['1 000 tonnes', 'physical', 1e3, null],
  ['1.000 t', 'physical', 1e3, null],
  ["'000 tonnes", 'physical', 1e3, null],
  ['million barrels', 'physical', 1e6, null],
  ['thousand barrels per day', 'physical', 1e3, null, 'day'],
  ['billion cubic meters', 'physical', 1e9, null],
  ['millions of shares', 'count', 1e6, null],
  ['thousands of persons', 'count', 1e3, null],
  ['per 1,000 live births', 'rate', 1, null, '1000 live births'],
  ['births per woman', 'rate', 1, null, 'woman'],
  ['hours per week', 'duration', 1, null, 'week'],
  ['thousand metric tons of CO2 equivalent', 'physical', 1e3, null],
  ['Rs. in crore', 'currency', 1e7, 'INR'],
  ['RM million', 'currency', 1e6, 'MYR'],
  ['Mkr', 'currency', 1e6, 'SEK'],
  ['MDKK', 'currency', 1e6, 'DKK'],
  ['miles de personas', 'count', 1e3, null],
  ['Mrd. €', 'currency', 1e9, 'EUR'],
  ["milliards d'euros", 'currency', 1e9, 'EUR'],
  ['tys. zł', 'currency', 1e3, 'PLN'],
  ['兆円', 'currency', 1e12, 'JPY'],
  ['万人', 'count', 1e4, null],
  ['Ten Million INR', 'currency', 1e7, 'INR'],
  ['Thousand Carats', 'physical', 1e3, null],
  ['0-8', 'index', 1, null],
  ['1 to 7 (best)', 'index', 1, null],
  ['0/1', 'flag', 1, null],
  ['percentile rank', 'index', 1, null],
  ['EUR/100kg', 'currency', 1, 'EUR', '100kg'],
  ['LCU per US$, period average', 'currency', 1, 'LCU', 'USD'],
]

for (const [units, kind, scale, currency, per] of [...CODEBOOK, ...BEYOND]) {
  test(`units "${units}" are ${kind} ${scale} ${currency ?? ''}`, () => {
    const { value } = parseUnits({ units, name: 'Something' })
    assert.deepEqual({ kind: value.kind, scale: value.scale, currency: value.currency }, { kind, scale, currency })
    if (per !== undefined) assert.equal(value.per, per)
  })
}

for (const units of [
  'Percent of all loans',
  'TOP 10',
  'Try again',
  'PERCENT OF ALL LOANS',
  'all sectors',
  'ALL SECTORS',
]) {
  test(`no word of "${units}" is read as a currency code`, () => {
    assert.equal(parseUnits({ units, name: 'Something' }).value.currency, null)
  })
}

test('notes on method count as empty and the bracket of the name is read', () => {
  const ilo = parseUnits({ units: 'modeled ILO estimate', name: 'Employers, female (% of female employment)' })
  assert.equal(ilo.value.kind, 'percentage')
  const schooling = parseUnits({ units: 'cumulative', name: 'Educational attainment, population 25+ (%) (cumulative)' })
  assert.equal(schooling.value.kind, 'percentage')
  assert.equal(parseUnits({ name: 'GDP (constant 2010 US$), Preliminary' }).value.currency, 'USD')
})

test('empty units are read from names that count things or people, rank, or divide X by Y, and from no others (ruling 8)', () => {
  const kind = (name: string) => parseUnits({ name }).value.kind
  assert.equal(kind('Population in largest city'), 'count')
  assert.equal(kind('Number of people pushed below the $1.90 ($ 2011 PPP) poverty line by health care'), 'count')
  assert.equal(kind('Corruption Rank'), 'index')
  assert.equal(kind('Broad money to total reserves ratio'), 'ratio')
  assert.equal(kind('Pupil-teacher ratio, primary'), 'ratio')
  assert.equal(kind('GDP'), 'unknown')
  assert.equal(kind('Population growth'), 'unknown')
})

test('the denominator comes from the units, and from the name only where the units are empty or repeat its bracket (ruling 9)', () => {
  assert.equal(parseUnits({ units: 'PKR', name: 'Pakistan Parallel FX Rate (PKR)' }).value.per, null)
  assert.equal(parseUnits({ units: 'current US$', name: 'GDP per capita (current US$)' }).value.per, 'person')
  assert.equal(parseUnits({ units: 'USD', name: 'GDP per Capita' }).value.per, null)
})

test('scale and currency code of the indicator count where the units name none', () => {
  const scaled = parseUnits({ units: 'National currency', name: 'GDP', scale: 'Billions', currency_code: 'KES' })
  assert.deepEqual([scaled.value.scale, scaled.value.currency], [1e9, 'LCU'])
  const bare = parseUnits({ units: 'Million', name: 'Imports', currency_code: 'XOF' })
  assert.deepEqual([bare.value.kind, bare.value.currency], ['currency', 'XOF'])
  assert.equal(parseUnits({ units: 'Million', name: 'Population', currency_code: 'XOF' }).value.kind, 'count')
})

test('any text gives a unit of the codebook', () => {
  const text = fc.oneof(
    anyText(),
    fc.string(),
    fc
      .array(fc.constantFrom('USD', 'ALL', '%', '100', ',', ' ', '/', 'per', 'million', '億', '(', ')', '=', 'm'), {
        maxLength: 40,
      })
      .map((parts) => parts.join('')),
  )
  const option = fc.option(text, { nil: undefined })
  fc.assert(
    fc.property(option, text, option, option, (units, name, scale, currency_code) => {
      const { value } = parseUnits({ units, name, scale, currency_code })
      assert.ok(UNIT_KINDS.includes(value.kind))
      assert.ok((UNIT_SCALES as readonly number[]).includes(value.scale))
      const { currency } = value
      assert.ok(currency === null || currency === 'LCU' || currency === 'INTL' || CURRENCY_CODES.has(currency))
      assert.equal(value.kind === 'currency', currency !== null)
    }),
    { numRuns: 2000 },
  )
})

test('hostile units of 20,000 characters are read in linear time', () => {
  for (const piece of ['a ', '1,', ' ', '(', '%', 'per ', '1 000 ', 'million ', 'USD/', '$', '\u0000', '億']) {
    const long = piece.repeat(20_000 / piece.length)
    const parse = () => parseUnits({ units: long, name: long, scale: long, currency_code: long })
    assert.ok(isQuick(parse, 250), `slow on ${JSON.stringify(piece)}`)
  }
})
