/** Results beside the columns of a file, from and to a database, on a running stack. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { readXlsx } from 'hucre/xlsx'
import { parquetReadObjects } from 'hyparquet'
import { readObject, writeObject } from '../../../src/catalogue/remote/objects.ts'
import { readObjectStore } from '../../../src/config/object-store.ts'
import { runCli, startCli } from '../../helpers/cli/cli.ts'
import { startUserDatabase, type UserDatabase } from '../../helpers/database/outside-database.ts'
import { startObjectServer } from '../../helpers/servers/object-server.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

let stack: TestStack
let user: UserDatabase
let folder: string
let env: Record<string, string>

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000', OFFLINE_MODEL_LATENCY_MS: '20' })
  user = await startUserDatabase(stack, 'stats')
  folder = await mkdtemp(join(tmpdir(), 'classify-outputs-'))
  env = { ...stack.env }
})

after(async () => {
  await user?.stop()
  await stack?.stop()
  await rm(folder, { recursive: true, force: true })
})

type Row = Record<string, string>

const CSV = [
  'Series Code,Indicator Name,Unit,Source,Weight,Since,Open',
  'B.2,"Imports of goods, total",USD million,IMF,1.5,2020-01-31,true',
  'A.1,Unemployment Rate,%,=1+1,2,2021-02-28,false',
  'B.2,"Imports of goods, total",USD million,IMF,1.5,2020-01-31,true',
  'C.3,,%,OECD,,,',
  'D.4,Consumer Price Index,index 2015=100,OECD,-3,,',
  '',
].join('\n')

async function written(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const outAt = (name: string) => join(folder, name)
const csvAt = async (path: string) => parse(await readFile(path, 'utf8'), { columns: true }) as Row[]

async function classify(...args: string[]) {
  const { code, stdout, stderr } = await runCli(['classify', ...args, '--json'], { env, cwd: folder })
  assert.equal(code, 0, stderr)
  return { report: JSON.parse(stdout), stderr }
}

test('--out gives the rows of the file back in their order, with the labels beside them', async () => {
  const path = await written('series.csv', CSV)
  const { report } = await classify(path, '--mode', 'rules', '--skip-invalid', '--out', outAt('labelled.csv'))
  assert.deepEqual(report.out, { file: outAt('labelled.csv'), format: 'csv', rows: 5, without_result: 1 })
  const rows = await csvAt(outAt('labelled.csv'))
  assert.deepEqual(
    rows.map((row) => row['Series Code']),
    ['B.2', 'A.1', 'B.2', 'C.3', 'D.4'],
  )
  const [first = {}, second = {}, third, fourth = {}] = rows
  assert.deepEqual(
    [first['Indicator Name'], first['Weight'], first['Source']],
    ['Imports of goods, total', '1.5', 'IMF'],
  )
  assert.deepEqual([first['indicator_id'], first['type'], first['result_source']], ['B.2', 'flow', 'rules'])
  assert.equal(second['Source'], "'=1+1")
  assert.deepEqual(third, first)
  assert.deepEqual([fourth['Indicator Name'], fourth['status'], fourth['type']], ['', '', ''])
  assert.deepEqual(
    (await readdir(join(stack.dataDir, 'runs'))).filter((name) => name.includes(report.run_id)),
    [],
  )
})

test('Parquet, Excel and JSON Lines have the same rows, with numbers, days and truth as such', async () => {
  const path = await written('typed.csv', CSV)
  for (const ending of ['parquet', 'xlsx', 'jsonl']) {
    await classify(path, '--mode', 'rules', '--skip-invalid', '--out', outAt(`typed.${ending}`))
  }
  const file = new Uint8Array(await readFile(outAt('typed.parquet'))).buffer
  const parquet = (await parquetReadObjects({ file })) as Record<string, unknown>[]
  const { rows = [] } = (await readXlsx(await readFile(outAt('typed.xlsx')))).sheets[0] ?? {}
  const [header = [], ...others] = rows
  const sheet = others.map((row) => Object.fromEntries(header.map((name, place) => [String(name), row[place] ?? null])))
  const lines = (await readFile(outAt('typed.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const table of [parquet, sheet]) {
    const [first = {}] = table
    assert.equal(table.length, 5)
    assert.deepEqual(
      ['Series Code', 'Source', 'Weight', 'Since', 'Open', 'indicator_id', 'type'].map((name) => first[name]),
      ['B.2', 'IMF', 1.5, new Date('2020-01-31'), true, 'B.2', 'flow'],
    )
    assert.deepEqual([typeof first['confidence'], table[1]?.['Source']], ['number', '=1+1'])
    assert.ok(first['classified_at'] instanceof Date)
  }
  assert.deepEqual([lines.length, lines[0].Weight, lines[0].type, lines[3].status], [5, '1.5', 'flow', null])
})

test('a catalogue of S3 is classified to an object of S3, and an interrupt while it is sent leaves none', async () => {
  const server = await startObjectServer('stats')
  const inS3 = { ...env, ...server.env }
  const store = readObjectStore(server.env)
  const never = new AbortController().signal
  const rowsAt = async (url: string) => {
    const parts: Buffer[] = []
    for await (const part of await readObject(url, store, never)) parts.push(Buffer.from(part))
    return parse(Buffer.concat(parts).toString(), { columns: true }) as Row[]
  }
  try {
    await writeObject('s3://stats/series.csv', (append) => append(CSV), store)
    const args = ['classify', 's3://stats/series.csv', '--mode', 'rules', '--skip-invalid', '--json']
    const out = 's3://stats/labelled.csv'
    const first = await runCli([...args, '--out', out], { env: inS3, cwd: folder })
    assert.equal(first.code, 0, first.stderr)
    assert.deepEqual(JSON.parse(first.stdout).out, { file: out, format: 'csv', rows: 5, without_result: 1 })
    const rows = await rowsAt(out)
    assert.deepEqual(
      rows.map((row) => [row['Series Code'], row['type']]),
      [
        ['B.2', 'flow'],
        ['A.1', 'percentage'],
        ['B.2', 'flow'],
        ['C.3', ''],
        ['D.4', 'index'],
      ],
    )
    const held = 's3://stats/held.csv'
    const cli = startCli([...args, '--force', '--out', held], {
      env: { ...inS3, AWS_ENDPOINT_URL: server.holdingWrites },
      cwd: folder,
    })
    await waitUntil('the object is being sent', () => server.heldWrites() > 0)
    cli.child.kill('SIGINT')
    const { code, stderr } = await cli.result
    assert.equal(code, 130, stderr)
    const [, run = ''] = /--resume (run-[\w-]+)/.exec(stderr) ?? []
    await assert.rejects(readObject(held, store, never), /NoSuchKey/)
    const resumed = await runCli(['classify', '--resume', run, '--skip-invalid', '--json'], { env: inS3, cwd: folder })
    assert.equal(resumed.code, 0, resumed.stderr)
    assert.equal((await rowsAt(held)).length, 5)
  } finally {
    await server.stop()
  }
})

test('an output that cannot be written, or is the catalogue itself, is refused before anything is sent', async () => {
  const path = await written('refused.csv', CSV)
  for (const [out, reason] of [
    [path, /is the catalogue itself/],
    [outAt('no/such/folder.csv'), /does not exist: make it/],
    [outAt('a.pdf'), /its ending must say the format: \.csv, /],
    ['s3://bucket', /s3:\/\/bucket\/folder\/file\.csv/],
  ] as const) {
    const { code, stderr } = await runCli(['classify', path, '--skip-invalid', '--out', out], { env, cwd: folder })
    assert.equal(code, 2, stderr)
    assert.match(stderr, reason)
    assert.doesNotMatch(stderr, /Run run-/)
  }
  assert.equal(await readFile(path, 'utf8'), CSV)
})

test('--out - leaves standard output to the results, and the report goes to stderr', async () => {
  const path = await written('stdout.csv', CSV)
  const { code, stdout, stderr } = await runCli(
    ['classify', path, '--mode', 'rules', '--skip-invalid', '--out', '/dev/stdout', '--json'],
    { env, cwd: folder },
  )
  assert.equal(code, 0, stderr)
  assert.equal((parse(stdout, { columns: true }) as Row[]).length, 5)
  assert.match(stderr, /"run_id":"run-/)
})

test('export --join makes the same file of what is stored, for a run and for a catalogue', async () => {
  const path = await written('joined.csv', CSV)
  const { report } = await classify(path, '--mode', 'rules', '--skip-invalid', '--out', outAt('first.csv'))
  for (const which of [[], ['--run', report.run_id]]) {
    const { code, stderr } = await runCli(['export', '--join', path, '--out', outAt('again.csv'), ...which], { env })
    assert.equal(code, 0, stderr)
    assert.deepEqual(await csvAt(outAt('again.csv')), await csvAt(outAt('first.csv')))
  }
  const { code, stderr } = await runCli(['export', '--catalogue', 'joined', '--out', outAt('plain.parquet')], { env })
  assert.equal(code, 0, stderr)
  const file = new Uint8Array(await readFile(outAt('plain.parquet'))).buffer
  assert.deepEqual(
    (await parquetReadObjects({ file })).map((row) => row['indicator_id']),
    ['A.1', 'B.2', 'D.4'],
  )
  const without = await runCli(['export'], { env })
  assert.deepEqual([without.code, /--format with one of csv, jsonl/.test(without.stderr)], [2, true])
})

const ROWS = 300

async function fillSeries(table: string): Promise<void> {
  await user.pool.query(`create table ${table} (
    id bigint primary key, series_name text not null, unit text, region text, weight numeric, since date, seen timestamptz,
    tags text[], note text)`)
  await user.pool.query(`insert into ${table}
    select n, 'Imports of goods ' || n, case when n % 2 = 0 then 'USD million' else '%' end, 'R' || n % 7, n / 4.0,
      date '2020-01-01' + n, timestamptz '2024-01-01 12:00+02' + n * interval '1 hour', array['a', 'b'], null
    from generate_series(1, ${ROWS}) n`)
}

const labelsOf = async (table: string) =>
  (await user.pool.query<Record<string, unknown>>(`select * from ${table}`)).rows

/** The transactions that wrote the rows, which change with every write. */
async function writersOf(table: string): Promise<string> {
  const { rows } = await user.pool.query<{ writers: string }>(
    `select string_agg(xmin::text || '/' || xmax::text || ctid::text, ',' order by indicator_id) as writers from ${table}`,
  )
  return rows[0]?.writers ?? ''
}

test('a table becomes labels in another one, and a second run asks nothing and writes nothing', async () => {
  await fillSeries('series')
  const from = ['--from', user.url, '--table', 'series', '--map', 'name=series_name']
  const to = ['--to', user.url, '--table', 'public.labels', '--keep', 'region,weight,since,note']
  const { report, stderr } = await classify(...from, ...to, '--trust', 'shipped')
  assert.deepEqual([report.catalogue, report.classified, report.to.rows_written], ['series', ROWS, ROWS])
  const rows = await labelsOf('labels')
  assert.equal(rows.length, ROWS)
  const one = rows.find((row) => row['indicator_id'] === '8') ?? {}
  assert.deepEqual([one['region'], one['weight'], one['note'], one['type']], ['R1', 2, null, 'flow'])
  const { rows: types } = await user.pool.query<{ column_name: string; data_type: string }>(
    `select column_name, data_type from information_schema.columns where table_name = 'labels'`,
  )
  const typeOf = Object.fromEntries(types.map(({ column_name: name, data_type: type }) => [name, type]))
  assert.deepEqual(
    ['indicator_id', 'confidence', 'unit_scale', 'classified_at', 'field_source', 'weight', 'since'].map(
      (name) => typeOf[name],
    ),
    ['text', 'double precision', 'double precision', 'timestamp with time zone', 'jsonb', 'double precision', 'date'],
  )
  const before = await writersOf('labels')
  const again = await classify(...from, ...to, '--trust', 'shipped')
  assert.deepEqual([again.report.unchanged, again.report.model_requests, again.report.to.rows_written], [ROWS, 0, 0])
  assert.equal(await writersOf('labels'), before)
  await user.pool.query(`update series set series_name = 'Exports of services' where id = 8`)
  const changed = await classify(...from, ...to, '--trust', 'shipped')
  assert.deepEqual([changed.report.classified, changed.report.to.rows_written], [1, 1])
  for (const said of [stderr, again.stderr]) assert.ok(!said.includes(user.password))
})

test('a query is read in its order, through --out and inspect as well, and the password may stand in the environment', async () => {
  const query = `select id, series_name as name, unit, weight, seen, tags from series where id <= 40 order by id desc; -- all`
  const args = ['--from', user.openUrl, '--query', query]
  const passed = { ...env, PGPASSWORD: user.password }
  const inspected = await runCli(['inspect', ...args, '--json', '--no-estimate'], { env: passed, ownProcess: true })
  assert.equal(inspected.code, 0, inspected.stderr)
  const report = JSON.parse(inspected.stdout)
  assert.deepEqual([report.records, report.mapping.name, report.mapping.units], [40, 'name', 'unit'])
  const { code, stderr } = await runCli(['classify', ...args, '--mode', 'rules', '--out', outAt('query.jsonl')], {
    env: passed,
    cwd: folder,
    ownProcess: true,
  })
  assert.equal(code, 0, stderr)
  const rows = (await readFile(outAt('query.jsonl'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(
    rows.map(({ id }) => id),
    Array.from({ length: 40 }, (_, index) => 40 - index),
  )
  assert.deepEqual([rows[0].weight, rows[0].tags, rows[0].seen], [10, ['a', 'b'], '2024-01-03T02:00:00.000Z'])
  assert.equal(rows[0].catalogue, 'stats')
})

test('what the database refuses is said in one sentence without the password', async () => {
  const url = user.url
  for (const [args, reason] of [
    [['--query', 'select nothing from series'], /column "nothing" does not exist/],
    [['--query', 'delete from series returning *'], /syntax error|read-only|SQLSTATE/],
    [['--query', 'select 1 as id; drop table series'], /cannot insert multiple commands/],
    [['--table', 'no_such'], /"no_such" does not exist/],
    [['--table', 'a.b.c'], /SCHEMA\.TABLE/],
  ] as const) {
    const { code, stderr } = await runCli(['inspect', '--from', url, ...args], { env })
    assert.equal(code, 2, stderr)
    assert.match(stderr, reason)
    assert.ok(!stderr.includes(user.password) && !/^\s+at /m.test(stderr), stderr)
  }
  const away = `postgres://me:${user.password}@127.0.0.1:1/stats`
  const { code, stderr } = await runCli(['inspect', '--from', away, '--table', 'series'], { env })
  assert.deepEqual([code, stderr.includes(user.password)], [1, false], stderr)
  assert.match(stderr, /ECONNREFUSED/)
  await user.pool.query('create table plain (indicator_id text, catalogue text)')
  const path = await written('to.csv', CSV)
  const to = await runCli(['classify', path, '--skip-invalid', '--to', url, '--table', 'plain'], { env, cwd: folder })
  assert.equal(to.code, 2, to.stderr)
  assert.match(to.stderr, /needs a primary key or a unique index on \(catalogue, indicator_id\)/)
})

test('the list of processes, the journal and the log show no password', async () => {
  const args = [
    'classify',
    '--from',
    user.url,
    '--table',
    'series',
    '--map',
    'name=series_name',
    '--force',
    '--mode',
    'model',
  ]
  const cli = startCli([...args, '--to', user.url, '--table', 'labels', '--batch-size', '5'], { env, cwd: folder })
  await cli.untilSaid(/Run run-/)
  const shown = await readFile(`/proc/${cli.child.pid}/cmdline`, 'utf8')
  const runs = await readdir(join(stack.dataDir, 'runs'))
  const journals = await Promise.all(runs.map((name) => readFile(join(stack.dataDir, 'runs', name), 'utf8')))
  assert.ok(!shown.includes(user.password), shown)
  assert.ok(journals.length > 0 && journals.every((text) => !text.includes(user.password)))
  cli.child.kill('SIGINT')
  const { stderr } = await cli.result
  assert.ok(!stderr.includes(user.password))
})

test('kill -9 in the middle loses nothing and doubles nothing, in the table and in the file', async () => {
  const args = ['--from', user.url, '--table', 'series', '--map', 'name=series_name', '--catalogue', 'killed']
  const to = ['--to', user.url, '--table', 'survived', '--out', outAt('survived.csv')]
  const cli = startCli(['classify', ...args, ...to, '--mode', 'model', '--no-reuse', '--batch-size', '5'], {
    env,
    cwd: folder,
  })
  await cli.untilSaid(/To resume it/)
  const runId = /--resume (run-\S+)/.exec(cli.said())?.[1] ?? ''
  await waitUntil('the first rows are written', async () => (await countOf('survived')) >= 20)
  cli.child.kill('SIGKILL')
  await cli.result
  const half = await countOf('survived')
  assert.ok(half < ROWS, 'the run was killed in the middle')
  await assert.rejects(stat(outAt('survived.csv')), { code: 'ENOENT' })
  const passed = { ...env, PGPASSWORD: user.password }
  const { code, stderr } = await runCli(['classify', '--resume', runId], { env: passed, cwd: folder, ownProcess: true })
  assert.equal(code, 0, stderr)
  const rows = await labelsOf('survived')
  assert.deepEqual([rows.length, new Set(rows.map((row) => row['indicator_id'])).size], [ROWS, ROWS])
  assert.deepEqual(new Set(rows.map((row) => row['run_id'])), new Set([runId]))
  const file = await csvAt(outAt('survived.csv'))
  assert.deepEqual(
    file.map((row) => row['id']),
    Array.from({ length: ROWS }, (_, index) => String(index + 1)),
  )
  assert.ok(file.every((row) => row['indicator_id'] === row['id'] && row['run_id'] === runId))
})

async function countOf(table: string): Promise<number> {
  const { rows } = await user.pool.query<{ count: number }>(
    `select count(*) as count from pg_tables where tablename = $1`,
    [table],
  )
  if (Number(rows[0]?.count) === 0) return 0
  return (await labelsOf(table)).length
}

test('a run that is resumed with --out for the first time brings the results of its earlier part again', async () => {
  const args = ['--from', user.url, '--table', 'series', '--map', 'name=series_name', '--catalogue', 'later']
  const cli = startCli(['classify', ...args, '--mode', 'model', '--no-reuse', '--batch-size', '5'], {
    env,
    cwd: folder,
  })
  await cli.untilSaid(/To resume it/)
  const runId = /--resume (run-\S+)/.exec(cli.said())?.[1] ?? ''
  const journal = join(stack.dataDir, 'runs', `${runId}.jsonl`)
  await waitUntil('some batches are done', async () => (await readFile(journal, 'utf8')).split('"done"').length > 4)
  cli.child.kill('SIGINT')
  await cli.result
  const out = ['--out', outAt('later.csv')]
  const { code, stderr } = await runCli(['classify', '--resume', runId, '--from', user.url, ...out], {
    env,
    cwd: folder,
  })
  assert.equal(code, 0, stderr)
  const rows = await csvAt(outAt('later.csv'))
  assert.deepEqual([rows.length, rows.filter((row) => row['status'] === '').length], [ROWS, 0])
})
