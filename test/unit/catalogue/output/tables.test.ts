/** Tables of results beside the columns of a file: what stands in CSV, JSON Lines, Parquet and Excel, and with which types. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { readXlsx } from 'hucre/xlsx'
import { type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { createTypeFinder } from '../../../../src/catalogue/output/column-types.ts'
import { type JoinedRow, joinTable } from '../../../../src/catalogue/output/joined-table.ts'
import { formatOfName, type TableFormat, writeTable } from '../../../../src/catalogue/output/write-table.ts'
import { type ResultBody, toResultBody } from '../../../../src/classification/result-body.ts'
import type { PreparedScheme } from '../../../../src/classification/scheme.ts'
import type { Classification, Labels } from '../../../../src/classification/types.ts'
import { economic, RIGHT, shop } from '../../classification/schemes.ts'

const ONE: Classification = {
  indicator_id: 'X1',
  name: 'Trade balance',
  catalogue: 'wb',
  codebook: 'economic-indicators@2',
  codebook_hash: 'hash',
  labels: { type: 'balance', unit_scale: 1e12, cumulative_reset_month: 1 },
  field_confidence: { type: 0.9 },
  field_source: { type: 'model' },
  confidence: 1,
  source: 'model',
  status: 'needs-review',
  issues: [{ code: 'low-confidence', message: 'below 0.7' }],
  reason: '=HYPERLINK("http://evil.example")',
  model: null,
  prompt_version: 'p1',
  run_id: 'run-1',
  classified_at: '2026-11-22T12:00:00.000Z',
}
const RESULT = toResultBody(ONE, economic)

async function* rowsOf(rows: readonly JoinedRow[]): AsyncGenerator<JoinedRow> {
  yield* rows
}

async function written(
  format: TableFormat,
  own: Parameters<typeof joinTable>[0],
  rows: readonly JoinedRow[],
  scheme: PreparedScheme = economic,
): Promise<Buffer> {
  const parts: Buffer[] = []
  const count = await writeTable(format, joinTable(own, scheme), rowsOf(rows), async (part) => {
    parts.push(typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))
  })
  assert.equal(count, rows.length)
  return Buffer.concat(parts)
}

function bufferOf(bytes: Buffer) {
  return new Uint8Array(bytes).buffer
}

const OWN = [
  { name: 'Code', type: 'text' },
  { name: 'Note', type: 'text' },
  { name: 'source', type: 'text' },
  { name: 'Year', type: 'integer' },
  { name: 'Share', type: 'number' },
  { name: 'Since', type: 'date' },
  { name: 'Seen', type: 'timestamp' },
  { name: 'Open', type: 'boolean' },
] as const
const CELLS = ['007', 'two\nlines, "quoted"', 'IMF', '2024', '-1.5', '2024-02-29', '2024-02-29T12:00:00Z', 'TRUE']

test('CSV keeps the cells of the file as they came, but no formula, and puts the labels beside them', async () => {
  const rows = [
    { cells: CELLS, result: RESULT },
    { cells: ['=1+1', '@cmd', '-5', '', null, { a: 1 }, ['x', 2], true], result: undefined },
  ]
  const [first = {}, second = {}] = parse(await written('csv', OWN, rows), { columns: true }) as Record<
    string,
    string
  >[]
  assert.deepEqual(Object.keys(first).slice(0, 10), [...OWN.map(({ name }) => name), 'indicator_id', 'name'])
  assert.deepEqual(Object.values(first).slice(0, 8), CELLS)
  assert.deepEqual(
    [first['type'], first['confidence'], first['result_source'], first['reason'], first['issues'], first['model']],
    ['balance', '1', 'model', `'${ONE.reason}`, 'low-confidence', ''],
  )
  assert.deepEqual(Object.values(second).slice(0, 8), ["'=1+1", "'@cmd", '-5', '', '', '{"a":1}', '["x",2]', 'true'])
  assert.ok(
    Object.values(second)
      .slice(8)
      .every((cell) => cell === ''),
  )
  const header = parse(await written('csv', [{ name: '=cmd', type: 'text' }], []))[0] as string[]
  assert.equal(header[0], "'=cmd")
})

test('JSON Lines have the values of the file in their kinds, and the result as HTTP bodies have it', async () => {
  const text = (await written('jsonl', OWN, [{ cells: [1, ['a'], 'IMF', null, 2.5], result: RESULT }])).toString()
  const row = JSON.parse(text) as Record<string, unknown>
  assert.deepEqual([row['Code'], row['Note'], row['source'], row['Year'], row['Share']], [1, ['a'], 'IMF', null, 2.5])
  const { source, ...others } = RESULT
  for (const [key, value] of Object.entries(others)) assert.deepEqual(row[key], value, key)
  assert.equal(row['result_source'], source)
})

test('Parquet has texts, numbers, days, moments and truth in their types, and nothing where there is nothing', async () => {
  const rows = [
    { cells: CELLS, result: RESULT },
    { cells: ['008', null, '', '', '1e3', '', undefined, 'false'], result: undefined },
  ]
  const file = bufferOf(await written('parquet', OWN, rows))
  const [first = {}, second = {}] = (await parquetReadObjects({ file })) as Record<string, unknown>[]
  assert.deepEqual(
    OWN.map(({ name }) => first[name]),
    ['007', CELLS[1], 'IMF', 2024n, -1.5, new Date('2024-02-29'), new Date('2024-02-29T12:00:00Z'), true],
  )
  assert.deepEqual([first['type'], first['unit_scale'], first['confidence']], ['balance', 1e12, 1])
  assert.deepEqual([first['reason'], first['issues']], [ONE.reason, 'low-confidence'])
  assert.deepEqual(first['classified_at'], new Date(ONE.classified_at))
  assert.deepEqual(JSON.parse(String(first['field_confidence'])), ONE.field_confidence)
  assert.deepEqual(
    OWN.map(({ name }) => second[name] ?? null),
    ['008', null, null, null, 1000, null, null, false],
  )
  assert.equal(second['type'] ?? null, null)
  const kinds = kindsOf(await parquetMetadataAsync(file))
  assert.deepEqual(
    ['confidence', 'unit_scale', 'classified_at', 'Year', 'Since', 'Open', 'Code'].map((name) => kinds[name]),
    ['DOUBLE', 'DOUBLE', 'INT64 TIMESTAMP_MILLIS', 'INT64', 'INT32 DATE', 'BOOLEAN', 'BYTE_ARRAY UTF8'],
  )
})

function kindsOf({ schema }: FileMetaData): Record<string, string> {
  return Object.fromEntries(
    schema.map(({ name, type, converted_type: converted }) => [name, [type, converted].filter(Boolean).join(' ')]),
  )
}

test('a Parquet file of many rows has several row groups, and every row once', async () => {
  const rows = Array.from({ length: 20_001 }, (_, row) => ({ cells: [`C${row}`], result: RESULT }))
  const file = bufferOf(await written('parquet', [{ name: 'Code', type: 'text' }], rows))
  const { row_groups: groups, num_rows: count } = await parquetMetadataAsync(file)
  assert.ok(groups.length > 1 && count === 20_001n)
  const codes = (await parquetReadObjects({ file, columns: ['Code'] })).map((row) => row['Code'])
  assert.deepEqual(
    codes,
    rows.map(({ cells }) => cells[0]),
  )
  const empty = bufferOf(await written('parquet', [{ name: 'Code', type: 'text' }], []))
  assert.equal((await parquetMetadataAsync(empty)).num_rows, 0n)
})

test('a workbook has numbers, days and truth in their types, and texts that no program runs or refuses', async () => {
  const odd = '=1+1 _x0041_ \u0001\ufffe \ud800'
  const rows = [
    { cells: CELLS, result: RESULT },
    { cells: [odd, 'x'.repeat(40_000), '', '', '', '1850-01-02', '', ''], result: undefined },
  ]
  const { sheets } = await readXlsx(await written('xlsx', OWN, rows))
  const [header = [], first = [], second = []] = sheets[0]?.rows ?? []
  const at = (row: readonly unknown[], name: string) => row[header.indexOf(name)]
  assert.equal(at(first, 'Code'), '007')
  assert.deepEqual([at(first, 'Year'), at(first, 'Share'), at(first, 'Open')], [2024, -1.5, true])
  assert.deepEqual([at(first, 'Since'), at(first, 'Seen')], [new Date('2024-02-29'), new Date('2024-02-29T12:00:00Z')])
  assert.deepEqual([at(first, 'confidence'), at(first, 'unit_scale'), at(first, 'type')], [1, 1e12, 'balance'])
  assert.deepEqual(at(first, 'classified_at'), new Date(ONE.classified_at))
  assert.equal(at(first, 'reason'), ONE.reason)
  assert.equal(at(second, 'Code'), '=1+1 _x0041_ \u0001\ufffd \ufffd')
  assert.equal(String(at(second, 'Note')).length, 32_767)
  assert.equal(at(second, 'Since'), '1850-01-02')
  const wide = Array.from({ length: 16_400 }, (_, place) => ({ name: `c${place}`, type: 'text' as const }))
  await assert.rejects(written('xlsx', wide, []), { code: 'input-invalid', message: /16,384 columns.*\.parquet/ })
})

test('several labels are one text in tables, and a list in JSON Lines', async () => {
  const result = toResultBody(
    { ...ONE, codebook: 'shop-goods@3', labels: { ...RIGHT, uses: ['kitchen', 'garden'] } },
    shop,
  )
  const row = [{ cells: [], result }]
  const [first = {}] = await parquetReadObjects({ file: bufferOf(await written('parquet', [], row, shop)) })
  assert.deepEqual([first['uses'], first['weight']], ['kitchen; garden', 2.5])
  assert.deepEqual(JSON.parse((await written('jsonl', [], row, shop)).toString()).uses, ['kitchen', 'garden'])
})

test('codes that are asked for stand behind the columns of the results, in every format', async () => {
  const codes = { columns: ['sdmx_freq'], codesOf: (labels: Labels) => ({ sdmx_freq: `code of ${labels['type']}` }) }
  const table = joinTable([{ name: 'SDMX_FREQ', type: 'text' }], economic, { codes })
  const rows = () => rowsOf([{ cells: ['own'], result: RESULT }])
  for (const format of ['csv', 'jsonl'] as const) {
    let text = ''
    await writeTable(format, table, rows(), async (part) => {
      text += String(part)
    })
    const row = format === 'csv' ? (parse(text, { columns: true }) as Record<string, string>[])[0] : JSON.parse(text)
    assert.deepEqual([row?.['SDMX_FREQ'], row?.['result_sdmx_freq']], ['own', 'code of balance'], format)
  }
})

test('columns of results keep out of the way of those of the file, whatever their case', () => {
  const own = ['STATUS', 'result_status', 'name', 'indicator_id'].map((name) => ({ name, type: 'text' as const }))
  const names = joinTable(own, economic, { same: ['indicator_id', 'name'] }).results.map(({ name }) => name)
  assert.ok(names.includes('result_result_status') && !names.includes('status'))
  assert.ok(!names.some((name) => name.endsWith('indicator_id')))
  const all = [...own.map(({ name }) => name), ...names].map((name) => name.toLowerCase())
  assert.equal(new Set(all).size, all.length)
})

test('the type of a column is that of all of its cells', () => {
  const columns: readonly (readonly unknown[])[] = [
    ['1', '2', ''],
    ['1', '2.5', '-3e2'],
    ['007', '8'],
    ['12345678901234567890'],
    ['2024-01-01', '2024-12-31', null],
    ['2024-01-01', '2024-02-30'],
    ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.5+02:00'],
    ['true', 'FALSE'],
    ['1', 'n/a'],
    [undefined, ''],
    [1, 2.5],
    [true, 'x'],
  ]
  const finder = (isTextOnly: boolean) => {
    const found = createTypeFinder(columns.length, { isTextOnly })
    for (const row of [0, 1, 2]) found.add(columns.map((cells) => cells[row]))
    return found.types()
  }
  assert.deepEqual(finder(true), [
    ...['integer', 'number', 'text', 'text', 'date', 'text', 'timestamp', 'boolean', 'text', 'text', 'number', 'text'],
  ])
  // A format that has numbers of its own says by a text that it is none.
  assert.deepEqual(finder(false).slice(0, 2), ['text', 'text'])
  assert.equal(finder(false)[10], 'number')
})

test('the ending of a name says the format', () => {
  const names = ['a.csv', 'b.JSONL', 'c.ndjson', 's3://x/y.parquet', 'd.xlsx', 'e.txt', 'f']
  assert.deepEqual(names.map(formatOfName), ['csv', 'jsonl', 'jsonl', 'parquet', 'xlsx', undefined, undefined])
})

test('a failure of the rows is the failure of the table, in every format', async () => {
  async function* broken(): AsyncGenerator<JoinedRow> {
    yield { cells: [], result: RESULT as ResultBody }
    throw new Error('the file has changed')
  }
  for (const format of ['csv', 'jsonl', 'parquet', 'xlsx'] as const) {
    const writing = writeTable(format, joinTable([], economic), broken(), async () => undefined)
    await assert.rejects(writing, /the file has changed/, format)
  }
})
