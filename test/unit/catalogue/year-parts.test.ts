/** Tests of periods in two columns: what is a part of a year, and what only looks like one. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { isPartName, periodInYear } from '../../../src/catalogue/layout/year-parts.ts'
import { readWhole } from '../../helpers/catalogues/table-files.ts'

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'year-parts-'))
})
after(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('quarters, halves and months are read in many languages, and the whole year is no part', () => {
  const cases = [
    ['2023', 'Q3', 'period', '2023-07-01'],
    ['2023.0', '2', 'Quarter', '2023-04-01'],
    ['2023', 'T4', 'Trimestre', '2023-10-01'],
    ['2023', 'M02', 'period', '2023-02-01'],
    ['2023', '12', 'Month', '2023-12-01'],
    ['2023', 'février', 'Mois', '2023-02-01'],
    ['2023', 'März', 'Monat', '2023-03-01'],
    ['2023', 'Setiembre', 'Mes', undefined],
    ['2023', 'septiembre', 'Mes', '2023-09-01'],
    ['2023', 'grudzień', 'Miesiąc', '2023-12-01'],
    ['2023', '3.', 'Monat', '2023-03-01'],
    ['2023', '   Q2              ', 'period', '2023-04-01'],
    ['2023', '\uff13', '月', '2023-03-01'],
    ['2023', '3', 'Kwartał', '2023-07-01'],
    ['2023', '4', 'Negyedév', '2023-10-01'],
    ['2023', '11', 'Ay', '2023-11-01'],
    ['2023', 'KASIM', 'Ay', '2023-11-01'],
    ['2023', '2', 'Sector', undefined],
    ['2023', 'H2', 'period', '2023-07-01'],
    ['2023', 'M13', 'period', undefined],
    ['2023', '13', 'Quarter', undefined],
    ['23', 'Q1', 'Quarter', undefined],
  ] as const
  for (const [year, part, column, date] of cases) {
    assert.equal(periodInYear(year, part, column)?.date, date, `${year} ${part} below ${column}`)
  }
})

test('amounts of money, countries and names with "mes" in them are no parts of a year', async () => {
  for (const name of ['Aggregate', 'Country', 'Names', 'Sector', 'James', 'Payment', 'Day rate'])
    assert.equal(isPartName(name), false, name)
  const rows = ['M1', 'M2', 'M3'].flatMap((money) => [2021, 2022].map((year) => `MAR,${money},${year},1.5`))
  const path = join(folder, 'money.csv')
  await writeFile(path, `Country,Aggregate,Year,Value\n${rows.join('\n')}\n`)
  const { records, reading } = await readWhole(path)
  assert.equal(reading.mapping['sample_values'], '(Value by Year)')
  assert.deepEqual(
    records.map(({ name, periodicity, sample_values }) => [name, periodicity, sample_values.length]),
    ['M1', 'M2', 'M3'].map((money) => [money, 'Annual', 2]),
  )
})

test('names such as "GDP: Chain volume" are no codes in front of names, unless the whole table has them', async () => {
  const path = join(folder, 'titles.csv')
  await writeFile(path, 'Series ID,Title,Unit\nA1,GDP: Chain volume,USD\nA2,CPI: All groups,Index\n')
  const { records } = await readWhole(path)
  assert.deepEqual(
    records.map(({ name }) => name),
    ['GDP: Chain volume', 'CPI: All groups'],
  )
})
