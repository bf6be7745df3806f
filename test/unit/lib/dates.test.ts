/** Tests of the parser of dates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseDate } from '../../../src/lib/dates.ts'

const READ: readonly (readonly [string, string])[] = [
  ['2024', '2024-01-01'],
  [' 2024 ', '2024-01-01'],
  ['FY2024', '2024-01-01'],
  ['2023-Q1', '2023-01-01'],
  ['2023Q4', '2023-10-01'],
  ['2023 q2', '2023-04-01'],
  ['Q3 2023', '2023-07-01'],
  ['2024H1', '2024-01-01'],
  ['2024-H2', '2024-07-01'],
  ['H2 2024', '2024-07-01'],
  ['2024-S1', '2024-01-01'],
  ['2024-W05', '2024-01-29'],
  ['2024W01', '2024-01-01'],
  ['2021-W01', '2021-01-04'],
  ['2020-W53', '2020-12-28'],
  ['2024-05', '2024-05-01'],
  ['2024/5', '2024-05-01'],
  ['2024M05', '2024-05-01'],
  ['2024-M12', '2024-12-01'],
  ['May 2024', '2024-05-01'],
  ['september 2024', '2024-09-01'],
  ['Sept. 2024', '2024-09-01'],
  ['Dec-2024', '2024-12-01'],
  ['2024 Mar', '2024-03-01'],
  ['31 May 2024', '2024-05-31'],
  ['May 31, 2024', '2024-05-31'],
  ['2024-05-31', '2024-05-31'],
  ['2024-5-1', '2024-05-01'],
  ['2024/05/31', '2024-05-31'],
  ['31.12.2024', '2024-12-31'],
  ['1.2.2024', '2024-02-01'],
  ['2024-05-31T00:00:00Z', '2024-05-31'],
  ['2024-05-31 23:59', '2024-05-31'],
  ['2024-05-31T00:00:00.000+02:00', '2024-05-31'],
  ['2024-02-29', '2024-02-29'],
  ['1500', '1500-01-01'],
  ['2200-12-31', '2200-12-31'],
]

for (const [text, date] of READ) test(`reads ${JSON.stringify(text)}`, () => assert.equal(parseDate(text), date))

const REFUSED: readonly string[] = [
  '',
  ' ',
  'last10YearsAvg',
  'n/a',
  '2024-13',
  '2024-00',
  '2024-02-30',
  '2023-02-29',
  '2024-04-31',
  '2024-05-00',
  '2024-05-31x',
  '2024-05-31T',
  '2024-05-31T9',
  '2023-Q5',
  'Q0 2023',
  '2024H3',
  '2024-W00',
  '2024-W53',
  '2021-W54',
  '1499',
  '2201',
  '0000-01-01',
  '31/12/2024',
  '05/06/2024',
  '32.01.2024',
  'Foo 2024',
  'mayhem 2024',
  '20240531',
  '202405',
  '-2024',
  '1e3',
  '２０２４',
  `${' '.repeat(40)}2024`,
]

for (const text of REFUSED) test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseDate(text), undefined))

test('anything read is a date of the calendar that reads as itself', () => {
  const day = fc.integer({ min: 0, max: 31 })
  const written = fc
    .tuple(fc.integer({ min: 1400, max: 2300 }), day, day, fc.constantFrom('-', '/', '.', ' ', 'Q', 'M', 'W', 'H', ''))
    .map(([year, month, date, separator]) => `${year}${separator}${month}${separator}${date}`)
  fc.assert(
    fc.property(fc.oneof(written, fc.string({ maxLength: 50 })), (text) => {
      const date = parseDate(text)
      if (date === undefined) return
      assert.equal(new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10), date)
      assert.equal(parseDate(date), date)
    }),
  )
})

test('every day of the calendar is read back', () => {
  const days = fc.date({ min: new Date('1500-01-01'), max: new Date('2200-12-31'), noInvalidDate: true })
  fc.assert(
    fc.property(days, (day) => {
      assert.equal(parseDate(day.toISOString()), day.toISOString().slice(0, 10))
    }),
  )
})
