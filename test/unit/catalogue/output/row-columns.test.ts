/** The columns of a file that come back beside the labels: all that belongs to a record, also what no field is read from. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { openJsonTable } from '../../../../src/catalogue/formats/json-table.ts'
import { openCatalogue } from '../../../../src/catalogue/open-catalogue.ts'
import type { CatalogueOptions, CatalogueRow } from '../../../../src/catalogue/types.ts'

let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'classify-rows-'))
})

after(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function rowsOf(name: string, text: string, options: CatalogueOptions = {}) {
  const path = join(folder, name)
  await writeFile(path, text)
  const catalogue = await openCatalogue(path, options)
  try {
    const rows: CatalogueRow[] = []
    for await (const row of catalogue.rows()) rows.push(row)
    return { columns: catalogue.rowColumns, rows, count: catalogue.count }
  } finally {
    await catalogue.close()
  }
}

test('a JSON record keeps what nobody reads, also lists, objects and a large text', async () => {
  const note = 'x'.repeat(5_000)
  const records = [
    { id: 'A', name: 'Imports', extra: { deep: [1, 2] }, tags: ['a'], note, flag: true, nothing: null },
    { id: 'B', name: 'Exports', extra: { deep: [] }, tags: [], note: '', flag: false, nothing: null },
  ]
  const { columns, rows } = await rowsOf('a.json', JSON.stringify(records))
  assert.deepEqual(columns, ['id', 'name', 'extra.deep', 'tags', 'note', 'flag', 'nothing'])
  assert.deepEqual(rows[0]?.cells, ['A', 'Imports', [1, 2], ['a'], note, true, null])
  assert.deepEqual(
    rows.map((row) => row.indicator_id),
    ['A', 'B'],
  )
})

test('a record whose unread values are larger than a record may be keeps its row and its id', async () => {
  const wide = Object.fromEntries(Array.from({ length: 8 }, (_, place) => [`note${place}`, 'y'.repeat(200_000)]))
  const text = [
    { id: 'A', name: 'Imports', ...wide },
    { id: 'B', name: 'Exports', note0: 'short' },
  ]
    .map((record) => JSON.stringify(record))
    .join('\n')
  const { columns, rows } = await rowsOf('b.jsonl', text)
  assert.deepEqual(
    rows.map((row) => row.indicator_id),
    ['A', 'B'],
  )
  assert.equal(rows[1]?.cells?.[columns.indexOf('note0')], 'short')
})

test('of a table of observations each series keeps the columns of its key', async () => {
  const lines = ['Country,Indicator,Unit,Year,Value']
  for (const country of ['DE', 'FR']) {
    for (let year = 2010; year < 2022; year += 1)
      lines.push(`${country},Imports of goods,USD million,${year},${year - 2000}`)
  }
  const { columns, rows, count } = await rowsOf('tall.csv', `${lines.join('\n')}\n`)
  assert.deepEqual(columns, ['Country', 'Indicator', 'Unit'])
  assert.equal(rows.length, count)
  assert.deepEqual(
    rows.map((row) => row.cells?.[0]),
    ['DE', 'FR'],
  )
})

test('of a table whose rows are periods each column is a row without columns of its own', async () => {
  const lines = [
    'Year,Imports of goods,Exports of goods',
    ...Array.from({ length: 12 }, (_, year) => `${2010 + year},1,2`),
  ]
  const { columns, rows } = await rowsOf('wide-rows.csv', `${lines.join('\n')}\n`)
  assert.deepEqual([columns, rows.map((row) => row.cells)], [[], [[], []]])
})

test('a stream is read in place of the file, by the ending of its path and under its own name', async () => {
  const stream = { readable: Readable.from(['{"id":1,"name":"Imports"}\n']), label: 'postgres://h:5432/d, table t' }
  const catalogue = await openCatalogue('t.jsonl', { stream })
  assert.deepEqual([catalogue.label, catalogue.count, catalogue.format], [stream.label, 1, 'jsonl'])
  await catalogue.close()
  const broken = { readable: Readable.from(['{"id":1}\n']), label: 'the table' }
  await assert.rejects(openCatalogue('t.jsonl', { stream: broken }), {
    code: 'input-invalid',
    message: /^the table: no column name/,
  })
})

test('a key that only late records have is a column, and the field that it names', async () => {
  const lines = Array.from({ length: 4_000 }, (_, row) => {
    const late = row < 3_900 ? {} : { units: '%', owner: { team: 'prices' } }
    return JSON.stringify({ indicator_id: `I${row}`, name: `Rate ${row}`, ...late })
  })
  const { columns, rows } = await rowsOf('late.jsonl', lines.join('\n'))
  assert.deepEqual(columns, ['indicator_id', 'name', 'units', 'owner.team'])
  assert.deepEqual(rows.at(-1)?.cells, ['I3999', 'Rate 3999', '%', 'prices'])
  const catalogue = await openCatalogue(join(folder, 'late.jsonl'))
  try {
    const units: unknown[] = []
    for await (const { indicator } of catalogue.indicators()) units.push(indicator.units)
    assert.deepEqual([units[0], units.at(-1)], [undefined, '%'])
  } finally {
    await catalogue.close()
  }
})

test('keys beyond those that can be columns are said', async () => {
  const lines = Array.from({ length: 2_100 }, (_, row) => {
    return JSON.stringify({ indicator_id: `I${row}`, name: `Rate ${row}`, [`key${row}`]: row })
  })
  const path = join(folder, 'many.jsonl')
  await writeFile(path, lines.join('\n'))
  const catalogue = await openCatalogue(path)
  await catalogue.close()
  assert.equal(catalogue.rowColumns.length, 2_000)
  assert.match(catalogue.reading.problems.join('\n'), /more than 2,000 different keys/)
})

test('an abort ends the look for keys', async () => {
  const stop = new AbortController()
  async function* endless() {
    for (let line = 1; ; line += 1) {
      if (line === 3) stop.abort(new Error('Ctrl+C'))
      yield { line, bytes: Buffer.from('{"indicator_id":"A","name":"Imports"}'), fault: undefined }
    }
  }
  await assert.rejects(openJsonTable('jsonl', endless, { signal: stop.signal }), /Ctrl\+C/)
})
