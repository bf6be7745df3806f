/** Tests of opening catalogues: refusals and their messages, formats, warnings, standard input. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { batchesOf, openCatalogue } from '../../../src/catalogue/open-catalogue.ts'
import type { CatalogueEntry, CatalogueOptions, InvalidRecord } from '../../../src/catalogue/types.ts'
import { isServiceError } from '../../../src/errors.ts'

const FIXTURES = fileURLToPath(new URL('../../fixtures/catalogue/', import.meta.url))
let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalogue-test-'))
})
after(async () => {
  await rm(folder, { recursive: true, force: true })
})

const fixture = (name: string) => join(FIXTURES, name)

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

async function readAll(path: string, options: CatalogueOptions = {}) {
  const catalogue = await openCatalogue(path, options)
  try {
    const entries: CatalogueEntry[] = []
    for await (const entry of catalogue.indicators()) entries.push(entry)
    assert.equal(entries.length, catalogue.count)
    return { entries, warnings: catalogue.warnings, label: catalogue.label, format: catalogue.format }
  } finally {
    await catalogue.close()
  }
}

/** The message with which the file is refused. Any other error fails the test. */
async function refusalOf(path: string, options: CatalogueOptions = {}): Promise<string> {
  let catalogue: Awaited<ReturnType<typeof openCatalogue>>
  try {
    catalogue = await openCatalogue(path, options)
  } catch (error) {
    assert.ok(isServiceError(error), String(error))
    assert.equal(error.code, 'input-invalid')
    assert.ok(error.message.length < 6_000)
    return error.message
  }
  await catalogue.close()
  return assert.fail('the file was accepted')
}

const REFUSED: readonly (readonly [string, readonly RegExp[]])[] = [
  ['empty.csv', [/empty\.csv: the file is empty$/]],
  ['only-header.csv', [/holds no row below the header; a catalogue needs at least one indicator/]],
  ['blank.jsonl', [/holds no record, only blank lines/]],
  ['malformed.jsonl', [/1 problem; nothing was sent/, /line 2: not valid JSON: Unexpected token '}'; got "\{"ind/]],
  ['pretty.json', [/line 1, field name: is missing; the record has "indicator_id"/]],
  ['no-name.jsonl', [/line 1, field name: is missing; the record has "indicator_id", "colour"/]],
  [
    'no-name.csv',
    [/line 1, header row: no column name; it has "indicator_id", "colour"\. Say which .*--map name=COLUMN/],
  ],
  ['no-header.csv', [/no column indicator_id and no column name; it has "X1", "GDP"/]],
  [
    'wrong-type.jsonl',
    [
      /3 problems/,
      /line 1, field units: must be of type string, got 12/,
      /line 2: must be one JSON object, got a list of 2/,
      /line 3: must be one JSON object, got "text"/,
    ],
  ],
  ['duplicates.csv', [/1 problem;/, /line 5, field indicator_id: "X2" is already used on line 3, with other content/]],
  ['open-quote.csv', [/line 3: a quote is opened and not closed.*"X2,"CPI"/, /Reading stopped at the quote/]],
  [
    'stray-quote.csv',
    [
      /line 2, field name: a quote inside text without quotes, at "5" pipe"/,
      /line 3, field name: text after a closing/,
    ],
  ],
  [
    'ragged.csv',
    [
      /line 2: 3 cells where the header has 2; the first extra cell is "real"\. A text with a comma/,
      /line 3: 1 cell where the header has 2; the last cell is "X2"/,
    ],
  ],
  [
    'bad-samples.csv',
    [
      /line 2, field sample_values: must be a JSON array such as .*Unexpected token.*got "\[\{"date":\]"/,
      /line 3, field sample_values: must be of type array, got 12/,
    ],
  ],
]

for (const [name, expected] of REFUSED) {
  test(`${name} is refused with file, line, field, value and what to do`, async () => {
    const message = await refusalOf(fixture(name))
    assert.ok(message.startsWith(fixture(name)), message)
    for (const pattern of expected) assert.match(message, pattern)
  })
}

/** Files that earlier releases refused, each with what is read of it. */
const MENDED: readonly (readonly [name: string, expected: string])[] = [
  ['array.jsonl', 'X1 GDP'],
  ['json-inside.csv', 'X1 GDP'],
  ['no-id.csv', 'GDP.USD GDP'],
  ['title.csv', 'X1 GDP'],
  ['title.jsonl', 'X1 GDP'],
  ['doubled-header.csv', 'X1 GDP'],
  ['latin1.csv', 'X1 Déficit'],
  ['latin1.jsonl', 'X1 Déficit'],
  ['old-mac.csv', 'X1 GDP'],
  ['utf16le.csv', 'X1 GDP'],
  ['utf16be.csv', 'X1 GDP'],
]

for (const [name, expected] of MENDED) {
  test(`${name} is read as it comes`, async () => {
    const [first] = (await readAll(fixture(name))).entries
    assert.equal(`${first?.indicator.indicator_id} ${first?.indicator.name}`, expected)
  })
}

test('a column that is left over is named with what it may be, and the first one counts', async () => {
  const catalogue = await openCatalogue(fixture('doubled-header.csv'))
  await catalogue.close()
  assert.deepEqual(catalogue.reading.unused, [{ column: 'UNITS', guess: 'units' }])
  assert.match(
    catalogue.reading.problems.join('\n'),
    /column "UNITS" is not used; it may be units: --map units="UNITS"/,
  )
})

test('every fixture is in a test', async () => {
  const accepted = ['bom-crlf.csv', 'bom-crlf.jsonl', 'quotes.csv', 'same-duplicates.csv', 'semicolon.csv', 'tabs.tsv']
  const mended = MENDED.map(([name]) => name)
  const known = [...REFUSED.map(([name]) => name), ...mended, ...accepted, 'unknown.csv']
  const found = await readdir(FIXTURES, { withFileTypes: true })
  assert.deepEqual(found.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort(), known.sort())
})

test('quotes and line breaks inside cells keep the text and the line on which a record starts', async () => {
  const { entries, format } = await readAll(fixture('quotes.csv'))
  assert.equal(format, 'csv')
  assert.deepEqual(
    entries.map(({ line, indicator }) => [line, indicator.indicator_id]),
    [
      [2, 'X1'],
      [5, 'X2'],
    ],
  )
  assert.match(entries[0]?.indicator.name ?? '', /^GDP, "real"\s+at 2015 prices$/)
  assert.deepEqual(entries[0]?.indicator.sample_values, [{ date: '2024-01-01', value: 1.5 }])
  assert.equal(entries[1]?.indicator.name, '=SUM(A1)')
  assert.equal(entries[1]?.indicator.units, undefined)
})

for (const name of ['bom-crlf.csv', 'bom-crlf.jsonl']) {
  test(`${name}: a UTF-8 byte order mark and CRLF are accepted`, async () => {
    const { entries } = await readAll(fixture(name))
    assert.deepEqual(
      entries.map(({ indicator }) => `${indicator.indicator_id} ${indicator.name}`),
      ['X1 GDP', 'X2 CPI'],
    )
    assert.deepEqual(
      entries.map(({ line }) => line),
      name.endsWith('csv') ? [2, 3] : [1, 3],
    )
  })
}

test('semicolons and tabs are found from the header', async () => {
  assert.equal((await readAll(fixture('semicolon.csv'))).entries[0]?.indicator.units, 'USD, Million')
  assert.equal((await readAll(fixture('tabs.tsv'))).entries[0]?.indicator.name, 'GDP')
})

test('duplicates with the same content are dropped with one counted warning', async () => {
  const { entries, warnings } = await readAll(fixture('same-duplicates.csv'))
  assert.deepEqual(
    entries.map(({ line }) => line),
    [2],
  )
  assert.deepEqual(
    warnings.map(({ code, count }) => [code, count]),
    [['duplicate-indicators', 1]],
  )
})

test('unknown fields are left out with one counted warning', async () => {
  const { entries, warnings } = await readAll(fixture('unknown.csv'))
  assert.deepEqual(Object.keys(entries[0]?.indicator ?? {}), ['indicator_id', 'name', 'sample_values'])
  assert.deepEqual(warnings, [
    { code: 'unknown-fields', count: 2, message: 'unknown fields left out: "color", "flag"' },
  ])
})

test('the labels of a gold file are no unknown field, and it is said once that they are not read', async () => {
  const row = (id: string) =>
    JSON.stringify({ indicator_id: id, name: 'GDP', labels: { type: 'flow' }, first_reading: {} })
  const { warnings } = await readAll(await written('gold.jsonl', `${row('A')}\n${row('B')}\n`))
  assert.deepEqual(warnings, [
    { code: 'gold-labels', count: 2, message: 'labels of a gold file are not read: the service decides by itself' },
  ])
})

test('unreadable sample points are left out and counted, never fatal', async () => {
  const points = '[{"date":"2024","value":1},{"date":"last10YearsAvg","value":2},{"date":"2023-Q1","value":"x"}]'
  const path = await written('dirty.jsonl', `{"indicator_id":"X1","name":"GDP","sample_values":${points}}\n`)
  const { entries, warnings } = await readAll(path)
  assert.deepEqual(entries[0]?.indicator.sample_values, [{ date: '2024-01-01', value: 1 }])
  assert.deepEqual(
    warnings.map(({ code, count }) => [code, count]),
    [['dropped-points', 2]],
  )
})

test('a directory, a missing file and an empty name are refused with what to do', async () => {
  assert.match(await refusalOf(folder), /is a directory; name one file in it \(EISDIR\)/)
  assert.match(await refusalOf(join(folder, 'nothing.csv')), /nothing\.csv: there is no such file; check the name/)
  assert.match(await refusalOf(''), /name of the catalogue is empty/)
  assert.match(await refusalOf('a\u0000b'), /cannot be read/)
  assert.match(await refusalOf(join(folder, 'evil\u001b[2J.csv')), /evil\\u\{1b\}\[2J\.csv: there is no such file/)
})

test('a file that this user may not read is refused with what to do', async () => {
  const open = join(folder, 'open')
  await mkdir(open)
  const path = join(open, 'secret.csv')
  await writeFile(path, 'indicator_id,name\nX1,GDP\n')
  await chmod(path, 0)
  await chmod(folder, 0o755)
  // The user root may read every file, so a test that runs as root becomes the user nobody for a moment.
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    assert.match(await refusalOf(path), /secret\.csv: may not be read by this user; allow it: chmod u\+r/)
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
})

for (const name of ['long.jsonl', 'long.csv']) {
  test(`a 5 MB line is refused with its line number and the limit: ${name}`, async () => {
    const text = 'a'.repeat(5_000_000)
    const long = name.endsWith('csv')
      ? `indicator_id,name,description\nX1,GDP,ok\nX2,CPI,${text}\nX3,Debt,ok\n`
      : `{"indicator_id":"X1","name":"GDP"}\n\n{"indicator_id":"X2","name":"CPI","description":"${text}"}\n{"bad":1}\n`
    const message = await refusalOf(await written(name, long))
    const isCsv = name.endsWith('csv')
    if (isCsv) assert.match(message, /line 3: longer than the limit of 1,048,576 bytes; it begins with ".{70,}…"/)
    else assert.match(message, /line 3, field description: must take at most 60002 bytes, got 5000002/)
    // The record behind the long line is still read, with the right line number.
    if (name.endsWith('jsonl')) assert.match(message, /line 4, field indicator_id: is missing/)
  })
}

test('the bound on a record counts bytes, not characters', async () => {
  const recordOf = (characters: number, points: number) => {
    const samples = Array.from({ length: points }, () => ({ date: '年'.repeat(characters), value: 1 }))
    return `${JSON.stringify({ indicator_id: 'X1', name: 'GDP', sample_values: samples })}\n`
  }
  const message = await refusalOf(await written('wide.jsonl', recordOf(100, 4_000)))
  assert.match(message, /line 1: longer than the limit of 1,048,576 bytes/)
  assert.equal((await readAll(await written('less-wide.jsonl', recordOf(50, 4_000)))).entries.length, 1)
})

test('a field that nobody reads costs no record, however large and deep it is', async () => {
  const nested = `${'['.repeat(2_500_000)}${']'.repeat(2_500_000)}`
  const hostile = `{"indicator_id":"X1","name":"GDP","evil":${nested},"units":"USD"}\n{"indicator_id":"X2","name":"CPI"}\n`
  const { entries, warnings } = await readAll(await written('evil.jsonl', hostile))
  assert.deepEqual(
    entries.map(({ indicator: { name, units } }) => [name, units]),
    [
      ['GDP', 'USD'],
      ['CPI', undefined],
    ],
  )
  assert.match(warnings[0]?.message ?? '', /unknown fields left out: "evil"$/)
  for (const [name, record] of [
    ['name', `{"indicator_id":"X1","name":${nested}}`],
    ['sample_values', `{"indicator_id":"X1","name":"GDP","sample_values":[${'0,'.repeat(6_000)}0]}`],
  ] as const) {
    const path = await written('deep.jsonl', `${record}\n{"indicator_id":"X2","name":"CPI"}\n`)
    assert.match(await refusalOf(path), new RegExp(`line 1, field ${name}: must (?:take|hold) at most`))
    assert.equal((await readAll(path, { skipInvalid: true })).entries.length, 1)
  }
  const long = await written('longer.jsonl', `{"a":"${'x'.repeat(34_000_000)}"}\n{"indicator_id":"X2","name":"CPI"}\n`)
  assert.match(await refusalOf(long), /line 1: longer than the limit of 33,554,432 bytes/)
  assert.equal((await readAll(long, { skipInvalid: true })).entries.length, 1)
})

test('fields that nobody reads hide no column, however large they are together and however many there are', async () => {
  const large = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [name, 'words '.repeat(40_000)]))
  const many = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`x${index}`, index]))
  for (const others of [large, many]) {
    const record = { ...others, indicator_id: 'X1', name: 'GDP', units: 'USD' }
    const { entries } = await readAll(await written('others.jsonl', `${JSON.stringify(record)}\n`))
    assert.deepEqual(
      entries.map(({ indicator: { name, units } }) => [name, units]),
      [['GDP', 'USD']],
    )
  }
})

test('control characters and half characters cost their place in a text and nothing else', async () => {
  const lines =
    '{"indicator_id":"X1","name":"G\u0000D\u0007P"}\n\u0000{"indicator_id":"X2","name":"C\\ud800P\\u0000I"}\n'
  const json = await readAll(await written('nul.jsonl', lines))
  const csv = await readAll(await written('nul.csv', 'indicator_id,name\nX1,G\u0000D\u0007P\nX2,C\u0000P\u0000I\n'))
  for (const { entries, warnings } of [json, csv]) {
    assert.deepEqual(
      entries.map(({ indicator }) => indicator.name),
      ['G D P', 'C P I'],
    )
    assert.deepEqual(
      warnings.map(({ code, count }) => [code, count]),
      [['control-characters', 2]],
    )
  }
})

test('a row of commas and a quote that is never closed are refused at the longest record', async () => {
  const commas = await written('commas.csv', `indicator_id,name\nX1,GDP\n${','.repeat(5_000_000)}x\n`)
  assert.match(await refusalOf(commas), /line 3: longer than the limit/)
  const swallowed = `indicator_id,name\nX0,"a\n${'X1,GDP\n'.repeat(300_000)}`
  assert.match(await refusalOf(await written('swallowed.csv', swallowed)), /line 2: a quote is opened and not closed/)
})

test('a field that is too long is named with its limit and its value cut', async () => {
  const path = await written('field.jsonl', `{"indicator_id":"X1","name":"${'b'.repeat(2_000)}"}\n`)
  const message = await refusalOf(path)
  assert.match(message, /line 1, field name: must be at most 1000 characters, got 2000; the value is "b{80}…"/)
})

test('100 columns are fine, 20,001 are refused', async () => {
  const columns = (count: number) => Array.from({ length: count }, (_, index) => `c${index}`).join(',')
  const hundred = await written('hundred.csv', `indicator_id,name,${columns(98)}\nX1,GDP,${columns(98)}\n`)
  const { warnings } = await readAll(hundred)
  assert.deepEqual([warnings[0]?.code, warnings[0]?.count], ['unknown-fields', 98])
  assert.match(warnings[0]?.message ?? '', /"c9" and 88 more$/)
  const many = await written('many.csv', `indicator_id,name,${columns(19_999)}\nX1,GDP\n`)
  assert.match(await refusalOf(many), /line 1, header row: more than 20,000 columns, which is the limit/)
})

test('20 problems are listed, the rest is counted', async () => {
  const message = await refusalOf(await written('bad.jsonl', '{"indicator_id":"X"}\n'.repeat(1_234)))
  assert.match(message, /1,234 problems/)
  assert.equal(message.match(/^ {2}line \d+/gm)?.length, 20)
  assert.match(message, /and 1,214 more/)
})

test('control and bidirectional characters never reach the terminal', async () => {
  const path = await written('escape.jsonl', '{"indicator_id":"X1","na\\u001b[31mme":1,"name":{}}\n\u001b[2J\u202e\n')
  const message = await refusalOf(path)
  assert.match(message, /\\u\{1b\}\[2J\\u\{202e\}/)
  assert.doesNotMatch(message.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
})

test('broken and binary files are named with what to do', async () => {
  assert.match(
    await refusalOf(await written('x.gz', Buffer.from('1f8b0800', 'hex'))),
    /gzip data is broken .*pack it anew/,
  )
  assert.match(await refusalOf(await written('x.zst', Buffer.from('28b52ffd', 'hex'))), /zstd data is broken/)
  assert.match(
    await refusalOf(await written('x.zip', 'PK\u0003\u0004')),
    /ZIP archive, and no Excel workbook\. Unpack it/,
  )
  assert.match(await refusalOf(await written('x.xlsx', 'PK\u0003\u0004[Content_Types].xml')), /workbook cannot be read/)
  assert.match(await refusalOf(await written('x.parquet', 'PAR1abc')), /Parquet file cannot be read/)
  assert.match(await refusalOf(await written('x.xls', Buffer.from('d0cf11e0a1b1', 'hex'))), /old or an encrypted Excel/)
  assert.match(await refusalOf(await written('zeros.csv', Buffer.alloc(1_000))), /is binary, not text/)
  const unmarked = Buffer.from('indicator_id,name\nX1,GDP\n', 'utf16le')
  assert.equal((await readAll(await written('unmarked.csv', unmarked))).entries[0]?.indicator.name, 'GDP')
})

for (const name of ['junk.csv', 'junk.jsonl']) {
  test(`3 MB of random bytes as ${name} give one message and no stack`, async () => {
    const { randomBytes } = await import('node:crypto')
    const message = await refusalOf(await written(name, randomBytes(3_000_000)))
    assert.match(message, /is binary, not text|not text\./)
    assert.doesNotMatch(message, /\n|at .*\.ts/)
  })
}

test('an endless device is refused before the disk is full', async () => {
  assert.match(await refusalOf('/dev/zero', { tmpDir: folder }), /\/dev\/zero: the file is binary/)
})

test('the format comes from the content where the name has no known extension', async () => {
  const path = await written('catalogue', '{"indicator_id":"X1","name":"GDP"}\n')
  assert.equal((await readAll(path)).format, 'jsonl')
  assert.equal((await readAll(await written('other', 'indicator_id,name\nX1,GDP'))).format, 'csv')
  assert.equal(
    (await readAll(await written('forced.csv', '{"indicator_id":"X","name":"G"}'), { format: 'jsonl' })).format,
    'jsonl',
  )
})

test('limit counts the records that are used, and the whole file is checked all the same', async () => {
  const lines = [
    '{"indicator_id":"A","name":"A"}',
    '{"indicator_id":"A","name":"A"}',
    '{"indicator_id":"B","name":"B"}',
  ]
  const path = await written('limit.jsonl', `${lines.join('\n')}\n{"indicator_id":"C","name":"C"}\n`)
  const { entries } = await readAll(path, { limit: 2 })
  assert.deepEqual(
    entries.map(({ line }) => line),
    [1, 3],
  )
  assert.match(await refusalOf(await written('limit-bad.jsonl', `${lines.join('\n')}\n{}\n`), { limit: 1 }), /line 4/)
})

test('standard input is stored in a private file that is gone after close', async () => {
  const tmpDir = join(folder, 'spool')
  await mkdir(tmpDir)
  const stdin = Readable.from([Buffer.from('indicator_id,na'), Buffer.from('me\nX1,GDP\n')])
  const catalogue = await openCatalogue('-', { stdin, tmpDir })
  assert.equal(catalogue.label, 'standard input')
  for (let pass = 0; pass < 2; pass += 1) {
    const names: string[] = []
    for await (const { indicator } of catalogue.indicators()) names.push(indicator.name)
    assert.deepEqual(names, ['GDP'])
  }
  await catalogue.close()
  await catalogue.close()
  assert.deepEqual(await readdir(tmpDir), [])
})

test('a refused standard input leaves nothing behind and names itself', async () => {
  const tmpDir = join(folder, 'spool-bad')
  await mkdir(tmpDir)
  const message = await refusalOf('-', { stdin: Readable.from([Buffer.from('{"indicator_id":"X1"}\n')]), tmpDir })
  assert.match(message, /^standard input: 1 problem/)
  assert.match(await refusalOf('-', { stdin: Readable.from([]), tmpDir }), /^standard input: the file is empty/)
  assert.deepEqual(await readdir(tmpDir), [])
  const nowhere = join(folder, 'nowhere')
  const full = await refusalOf('-', { stdin: Readable.from([Buffer.from('x')]), tmpDir: nowhere })
  assert.match(full, /standard input: could not be stored in .*nowhere: ENOENT/)
  await assert.rejects(stat(nowhere))
})

test('a standard input that breaks off is a refusal', async () => {
  const stdin = new Readable({
    read() {
      this.destroy(new Error('the pipe broke'))
    },
  })
  assert.match(await refusalOf('-', { stdin, tmpDir: folder }), /could not be stored in .*the pipe broke/)
})

test('a file that changes between the passes is noticed, not sent', async () => {
  const path = await written('changing.jsonl', '{"indicator_id":"A","name":"A"}\n{"indicator_id":"B","name":"B"}\n')
  const catalogue = await openCatalogue(path)
  await writeFile(path, '{"indicator_id":"A","name":"A"}\n{"indicator_id":"B","name":"C"}\n')
  const given: string[] = []
  const read = async () => {
    for await (const { indicator } of catalogue.indicators()) given.push(indicator.name)
  }
  await assert.rejects(read, /has changed since it was checked: 1 indicator of 2 were read/)
  assert.deepEqual(given, ['A'])
  await catalogue.close()
})

test('of the records that are not wanted none is given, unless the wish would miss one of the first of a limit', async () => {
  const lines = ['A', 'B', 'A', ' C ', 'D'].map((id) =>
    JSON.stringify({ indicator_id: id, name: `name of ${id.trim()}` }),
  )
  const path = await written('wanted.jsonl', `${lines.join('\n')}\n`)
  const idsOf = async (options: CatalogueOptions, wanted?: (id: string) => boolean) => {
    const catalogue = await openCatalogue(path, options)
    const ids: string[] = []
    for await (const { indicator } of catalogue.indicators(wanted)) ids.push(indicator.indicator_id)
    await catalogue.close()
    return ids
  }
  assert.deepEqual(await idsOf({}), ['A', 'B', 'C', 'D'])
  assert.deepEqual(await idsOf({}, (id) => id === 'A' || id === 'C'), ['A', 'C'])
  assert.deepEqual(await idsOf({}, () => false), [])
  assert.deepEqual(
    await idsOf({ limit: 2 }, (id) => id === 'D'),
    ['A', 'B'],
    'whoever wants some leaves the others out',
  )
})

test('a wanted record that changes between the passes is noticed, not given', async () => {
  const path = await written('changed.jsonl', '{"indicator_id":"A","name":"A"}\n{"indicator_id":"B","name":"B"}\n')
  const catalogue = await openCatalogue(path)
  await writeFile(path, '{"indicator_id":"A","name":"A"}\n{"indicator_id":"B","name":"C"}\n')
  const read = async () => {
    for await (const _ of catalogue.indicators((id) => id === 'B')) assert.fail('it is given')
  }
  await assert.rejects(read, /has changed since it was checked/)
  await catalogue.close()
})

test('skipInvalid leaves invalid records out and reports each with its bytes', async () => {
  const rows = ['X1,GDP', 'X2,5" pipe', 'X3,', 'X1,Other', 'X4,"CPI', 'X5,Debt']
  const path = await written('skip.csv', `indicator_id,name\n${rows.join('\n')}\n`)
  const skipped: InvalidRecord[] = []
  const { entries, warnings } = await readAll(path, { skipInvalid: true, onInvalid: (one) => void skipped.push(one) })
  assert.deepEqual(
    entries.map(({ indicator }) => indicator.indicator_id),
    ['X1', 'X5'],
  )
  assert.deepEqual(
    skipped.map(({ line, bytes }) => [line, bytes.toString()]),
    [
      [3, 'X2,5" pipe'],
      [4, 'X3,'],
      [5, 'X1,Other'],
      [6, 'X4,"CPI'],
    ],
  )
  assert.equal(skipped[0]?.header?.toString(), 'indicator_id,name')
  assert.deepEqual(
    warnings.map(({ code, count }) => [code, count]),
    [['skipped-records', 4]],
  )
  assert.match(
    await refusalOf(fixture('malformed.jsonl').replace('malformed', 'no-name'), { skipInvalid: true }),
    /line 1/,
  )
})

test('batchesOf yields groups of at most `size`, in order, and reads no further than it yields', async () => {
  let asked = 0
  async function* numbers() {
    for (asked = 1; asked <= 7; asked += 1) yield asked
  }
  const batches = batchesOf(numbers(), 3)
  assert.deepEqual((await batches.next()).value, [1, 2, 3])
  assert.equal(asked, 3)
  assert.deepEqual((await batches.next()).value, [4, 5, 6])
  assert.deepEqual((await batches.next()).value, [7])
  assert.equal((await batches.next()).done, true)
  await assert.rejects(batchesOf(numbers(), 0).next(), RangeError)
})
