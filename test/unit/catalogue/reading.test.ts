/** Tests of how catalogue files are read: packed, encoded, as workbooks and Parquet, by options and mapping files. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { SourceRow } from '../../../src/catalogue/formats/types.ts'
import { planReading } from '../../../src/catalogue/plan.ts'
import { formatMappingFile, readReading } from '../../../src/catalogue/reading-options.ts'
import { readWhole, writeParquet, writeWorkbook } from '../../helpers/catalogues/table-files.ts'

let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reading-test-'))
})
after(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const TABLE =
  'Series Code,Indicator Name,Unit,Region,Owner\nA1,Gross output,USD,North,Ann\nA2,"Net, output",EUR,South,Bob\n'

test('a file is read the same packed and unpacked, from a file and from a pipe', async () => {
  const plain = await readWhole(await written('plain.csv', TABLE))
  for (const [name, bytes] of [
    ['packed.csv.gz', gzipSync(TABLE)],
    ['packed.csv.zst', zstdCompressSync(TABLE)],
  ] as const) {
    const path = await written(name, bytes)
    assert.deepEqual((await readWhole(path)).records, plain.records)
    const piped = await readWhole('-', { stdin: Readable.from([bytes]) })
    assert.deepEqual(piped.records, plain.records)
  }
  assert.equal((await readWhole(await written('b.csv.gz', gzipSync(TABLE)))).reading.compression, 'gzip')
})

test('what unpacks to far more than a table does is refused before it fills the disk', async () => {
  const bomb = gzipSync(Buffer.alloc(300_000_000, 'a,'))
  await assert.rejects(readWhole(await written('bomb.csv.gz', bomb)), /unpacks to more than 400 times its size/)
  await assert.rejects(readWhole(await written('twice.gz', gzipSync(gzipSync(TABLE)))), /packed twice/)
})

test('encodings are found by the bytes, and named where they are not found', async () => {
  const text = 'id,name\nA1,Déficit público\nA2,Año\n'
  const latin = await readWhole(await written('latin.csv', Buffer.from(text, 'latin1')))
  assert.equal(latin.records[0]?.name, 'Déficit público')
  assert.equal(latin.reading.encoding, 'windows-1252')
  assert.match(latin.reading.problems.join('\n'), /read as Windows-1252.*--encoding NAME/)
  const cyrillic = Buffer.concat([Buffer.from('id,name\nA1,'), Buffer.from('cdeecff0', 'hex'), Buffer.from('\n')])
  const path = await written('cyrillic.csv', cyrillic)
  assert.equal((await readWhole(path, { reading: { encoding: 'windows-1251' } })).records[0]?.name, 'НоПр')
  await assert.rejects(
    readWhole(path, { reading: { encoding: 'klingon' } }),
    /--encoding "klingon" is unknown; examples/,
  )
  const mixed = Buffer.concat([
    Buffer.from('id,name\nA1,Größe über alles\nA2,b'),
    Buffer.from([0xff]),
    Buffer.from('d\n'),
  ])
  await assert.rejects(
    readWhole(await written('mixed.csv', mixed)),
    /line 3, field name: byte 0xFF is not UTF-8[\s\S]*--encoding/,
  )
})

test('a workbook: title rows, merged header cells, sections, the sheet with the most rows, and --sheet', async () => {
  const path = join(folder, 'book.xlsx')
  await writeWorkbook(path, {
    Notes: { rows: [['Made by hand'], ['for a test']] },
    Data: {
      rows: [
        ['Indicators of the office', null, null, null],
        [null, null, null, null],
        ['Indicator', 'Unit', 'Values', null],
        [null, null, '2019', '2020'],
        ['1. Prices', null, null, null],
        ['Consumer prices', 'Index', 101.5, 102],
        ['2. Output', null, null, null],
        ['Gross output', 'USD', 7, 8],
      ],
      merges: [
        { startRow: 0, endRow: 0, startCol: 0, endCol: 3 },
        { startRow: 2, endRow: 2, startCol: 2, endCol: 3 },
        { startRow: 4, endRow: 4, startCol: 0, endCol: 3 },
        { startRow: 6, endRow: 6, startCol: 0, endCol: 3 },
      ],
    },
  })
  const { records, reading } = await readWhole(path)
  assert.deepEqual([reading.format, reading.layout], ['xlsx', 'wide'])
  assert.deepEqual(
    records.map(({ name, units, category_group, sample_values }) => [
      name,
      units,
      category_group,
      sample_values.length,
    ]),
    [
      ['Consumer prices', 'Index', '1. Prices', 2],
      ['Gross output', 'USD', '2. Output', 2],
    ],
  )
  assert.deepEqual(records[0]?.sample_values[0], { date: '2019-01-01', value: 101.5 })
  assert.match(reading.problems.join('\n'), /sheet "Data" read; others: Notes \(--sheet NAME\)/)
  await assert.rejects(
    readWhole(path, { reading: { sheet: 'Sums' } }),
    /--sheet "Sums" is not in the workbook; it has "Notes", "Data"/,
  )
})

test('Parquet: the columns of several row groups, in order', async () => {
  const path = join(folder, 'table.parquet')
  const places = Array.from({ length: 25 }, (_, place) => place)
  await writeParquet(
    path,
    {
      code: places.map((n) => `C${n}`),
      title: places.map((n) => `Output ${n}`),
      unit: places.map((n) => (n % 2 ? 'USD' : null)),
    },
    10,
  )
  const { records, reading } = await readWhole(path)
  assert.deepEqual([reading.format, records.length, reading.mapping['indicator_id']], ['parquet', 25, 'code'])
  assert.deepEqual([records[11]?.name, records[11]?.units, records[12]?.units], ['Output 11', 'USD', undefined])
  assert.match(reading.problems.join('\n'), /3 row groups, the largest of/)
})

test('JSON documents: the list with the records is found, chosen by --records, or asked for', async () => {
  const records = [
    { id: 1, name: 'Output' },
    { id: 2, name: 'Input' },
  ]
  const one = await written('one.json', JSON.stringify({ meta: { page: 1 }, payload: { list: records } }))
  assert.deepEqual(
    (await readWhole(one)).records.map(({ indicator_id: id }) => id),
    ['1', '2'],
  )
  const two = await written('two.json', JSON.stringify({ first: records, second: records }, null, 1))
  await assert.rejects(
    readWhole(two),
    /several lists .*: first \(2 objects\), second \(2 objects\)\. Say which: --records first/,
  )
  assert.equal((await readWhole(two, { reading: { records: '$.second' } })).count, 2)
  await assert.rejects(
    readWhole(two, { reading: { records: 'third' } }),
    /--records "third" names no list of records; there are first/,
  )
  const broken =
    '{"rows": [\n {"id": "A", "name": "Output"},\n {"id": "B", "name": Input"},\n {"id": "C", "name": "Sum"}\n]}\n'
  await assert.rejects(readWhole(await written('broken.json', broken)), /1 problem;[\s\S]*line 3: not valid JSON/)
})

test('--map names columns, joins them, and refuses what is no field and no column', async () => {
  const path = await written('map.csv', 'a,b,c+d,e\nA1,Output,first,second\nA2,Input,third,fourth\n')
  await assert.rejects(
    readWhole(path),
    /line 1, header row: no column indicator_id and no column name; it has "a", "b".*--map id=COLUMN,name=COLUMN/,
  )
  const reading = await readReading({ map: 'id=a,name="b",description="c+d"+e,units=' })
  const { records, reading: report } = await readWhole(path, { reading })
  assert.equal(records[0]?.description, 'first\nsecond')
  assert.equal(report.mapping['description'], 'c+d+e')
  const common = await readReading({ map: 'id=a,title=b,frequency=e' })
  assert.deepEqual(common.map, { indicator_id: ['a'], name: ['b'], periodicity: ['e'] })
  await assert.rejects(
    readReading({ map: 'colour=a' }),
    /--map: "colour" is no field of an indicator; the fields are indicator_id, name/,
  )
  await assert.rejects(readReading({ map: 'name' }), /names no field and column; write FIELD=COLUMN/)
  await assert.rejects(readReading({ map: 'name=a,name=b' }), /the field name is given twice/)
  const wrong = await readReading({ map: 'id=a,name=bb' })
  await assert.rejects(
    readWhole(path, { reading: wrong }),
    /there is no column "bb"; did you mean "b"\? The columns are "a", "b", "c\+d", "e"/,
  )
})

test('a name that may be several columns is asked for, with the choices', async () => {
  const path = await written(
    'open.csv',
    'code,first text,second text\nA1,Gross output,in the north\nA2,Net output,in the south\n',
  )
  await assert.rejects(
    readWhole(path),
    /name may be "first text" or "second text"\. Say which: --map name="first text"/,
  )
})

test('a word for a thing is a name and a code is an id, whatever the column is called', async () => {
  const words = await readWhole(
    await written(
      'w.csv',
      'Variable,Definition,Unit\nGross output,All that is made.,USD\nNet output,What is left.,USD\n',
    ),
  )
  assert.deepEqual([words.records[0]?.indicator_id, words.records[0]?.name], ['Gross output | USD', 'Gross output'])
  assert.equal(words.records[0]?.description, 'All that is made.')
  const codes = await readWhole(
    await written('c.csv', 'Variable,Definition,Unit\nGO_1,Gross output,USD\nNO_1,Net output,USD\nDE_1,Debt,USD\n'),
  )
  assert.deepEqual([codes.records[0]?.indicator_id, codes.records[0]?.name], ['GO_1', 'Gross output'])
})

test('what is kept comes back as it stands, and only --context reaches the indicator', async () => {
  const path = await written('kept.csv', TABLE)
  const kept = await readWhole(path, { reading: { keep: ['region', 'Owner'] } })
  assert.deepEqual(kept.entries[0]?.kept, { Region: 'North', Owner: 'Ann' })
  assert.doesNotMatch(JSON.stringify(kept.records), /North|Ann/)
  const shown = await readWhole(path, { reading: { keep: ['Owner'], context: ['Region'] } })
  assert.equal(shown.records[1]?.description, 'Region: South')
  assert.doesNotMatch(JSON.stringify(shown.records), /Bob/)
  await assert.rejects(
    readWhole(path, { reading: { keep: ['Ragion'] } }),
    /--keep: there is no column "Ragion"; did you mean "Region"/,
  )
})

test('rows come back in the order of the file with the id that each became, also those that are left out', async () => {
  const path = await written('rows.csv', 'id,name,region\nB,Output,1\nA,Input,2\nB,Output,1\nC,,4\n')
  const { rows, count } = await readWhole(path, { skipInvalid: true })
  assert.equal(count, 2)
  assert.deepEqual(
    rows.map(({ line, indicator_id, cells }) => [line, indicator_id, cells?.[2]]),
    [
      [2, 'B', '1'],
      [3, 'A', '2'],
      [4, 'B', '1'],
      [5, undefined, '4'],
    ],
  )
})

test('a mapping file says the same again, and what is typed counts more', async () => {
  const data = await written('data.csv', 'a,b,c\nA1,Output,USD\nA2,Input,EUR\n')
  const first = await readWhole(data, { reading: { map: { indicator_id: ['a'], name: ['b'], units: ['c'] } } })
  const saved = await written('mapping.yaml', formatMappingFile(first.reading.fieldColumns, { keep: ['c'] }))
  const again = await readReading({ mapping: saved })
  assert.deepEqual((await readWhole(data, { reading: again })).records, first.records)
  assert.deepEqual(again.keep, ['c'])
  const typed = await readReading({ mapping: saved, map: 'units=', keep: 'a' })
  assert.deepEqual([typed.map?.units, typed.keep], [[], ['a']])
  await assert.rejects(
    readReading({ mapping: await written('odd.yaml', 'maps: {}\n') }),
    /--mapping .*odd\.yaml: .*maps/,
  )
  await assert.rejects(readReading({ mapping: join(folder, 'none.yaml') }), /there is no such file; .* \(ENOENT\)/)
})

test('of large rows fewer are looked at, because all that are looked at are held at once', async () => {
  let given = 0
  const text = 'x'.repeat(250_000)
  async function* rows(): AsyncGenerator<SourceRow> {
    for (; given < 3_000; given += 1) {
      const cells = [`X${given}`, `Output ${given}`, text]
      yield { kind: 'row', line: given + 1, cells, bytes: undefined, hasControls: false }
    }
  }
  const columns = ['indicator_id', 'name', 'raw']
  const table = { format: 'parquet', columns, keys: columns, repeated: new Map(), header: undefined } as const
  const plan = await planReading({ ...table, headerLine: undefined, isJson: false, notes: [], rows }, 'large', {})
  assert.deepEqual(
    plan.mapping.fields.map(({ field }) => field),
    ['indicator_id', 'name'],
  )
  assert.ok(given >= 20 && given * text.length < 40_000_000, `${given} rows`)
})

test('--layout long reads rows as they are, and --layout wide refuses a list', async () => {
  const wide = await written('wide.csv', 'code,name,2019,2020\nA,Output,1,2\nB,Input,3,4\n')
  assert.equal((await readWhole(wide)).records[0]?.sample_values.length, 2)
  assert.equal((await readWhole(wide, { reading: { layout: 'long' } })).records[0]?.sample_values.length, 0)
  await assert.rejects(
    readWhole(await written('list.csv', TABLE), { reading: { layout: 'wide' } }),
    /--layout wide has nothing to turn/,
  )
})

test('the rows of a series may stand together or be scattered, and give the same', async () => {
  const rows = ['A,2019,1', 'A,2020,2', 'B,2019,3', 'B,2020,4 b', 'C,2019,:', 'C,2020,"1,5"']
  const together = await readWhole(await written('together.csv', `indicator,year,value\n${rows.join('\n')}\n`))
  const scattered = [0, 2, 4, 1, 3, 5].map((place) => rows[place]).join('\n')
  const apart = await readWhole(await written('apart.csv', `indicator,year,value\n${scattered}\n`))
  assert.deepEqual(apart.records, together.records)
  assert.deepEqual(
    together.records.map(({ name, sample_values: points }) => [name, points.map(({ value }) => value)]),
    [
      ['A', [1, 2]],
      ['B', [3, 4]],
      ['C', [1.5]],
    ],
  )
})

test('where years, quarters and months stand side by side, the samples are of one frequency', async () => {
  const header = 'code,name,2020,2020Q1,2020Q2,2020M1,2020M2,2020M3'
  const { records } = await readWhole(
    await written('mixed.csv', `${header}\nA,Output,10,3,4,1,1,1\nB,Input,9,2,7,,,\n`),
  )
  assert.deepEqual(
    records.map(({ periodicity, sample_values: points }) => [periodicity, points.length]),
    [
      ['Monthly', 3],
      ['Quarterly', 2],
    ],
  )
})

test('a text below the table is no record, and a broken row is one problem with its line', async () => {
  const table = 'code,name,unit\nA,Output,USD\nB,Input,EUR\n'
  const footers = await readWhole(await written('footer.csv', `${table}\nSource: the office\nUpdated: today,,\n`))
  assert.equal(footers.count, 2)
  for (const line of [
    'Sources: the office',
    'Fuente: the office',
    'Źródło: the office',
    'Anmerkungen : none',
    'Last updated: today',
  ])
    assert.equal((await readWhole(await written('source.csv', `${table}${line}\n`))).count, 2, line)
  await assert.rejects(readWhole(await written('row.csv', `${table}Imports: all\n`)), /line 4: 1 cell where/)
  const broken = await written('middle.csv', `${table}\nC\nD,Sum,USD\n`)
  await assert.rejects(readWhole(broken), /1 problem;[\s\S]*line 5: 1 cell where the header has 3/)
})
