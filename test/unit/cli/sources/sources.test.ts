/** What a command reads from and writes to: databases and objects by their URLs, without secrets in any message. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { parseObjectUrl } from '../../../../src/catalogue/remote/objects.ts'
import { coversTargets } from '../../../../src/cli/delivery/targets.ts'
import { settleSource } from '../../../../src/cli/sources/input-source.ts'
import { addSourceFlags, type SourceFlags, type TableFlags } from '../../../../src/cli/sources/source-flags.ts'
import { withoutUrlCredentials } from '../../../../src/cli/ui/process-title.ts'
import { readObjectStore } from '../../../../src/config/object-store.ts'

const SECRET = 'hunter2'

function parsed(...args: string[]): SourceFlags & TableFlags {
  let options: SourceFlags & TableFlags = {}
  const command = addSourceFlags(new Command('classify').argument('[file]'), { hasTo: true })
  command.exitOverride().action((_file: unknown, given: SourceFlags & TableFlags) => {
    options = given
  })
  command.parse(args, { from: 'user' })
  return options
}

test('--table belongs to the --from or --to that it follows', () => {
  const both = parsed('--from', 'a', '--table', 'in', '--to', 'b', '--table', 'out')
  assert.deepEqual([both.fromTable, both.toTable], ['in', 'out'])
  const turned = parsed('--to', 'b', '--table', 'out', '--from', 'a', '--query', 'select 1')
  assert.deepEqual([turned.fromTable, turned.toTable, turned.query], [undefined, 'out', 'select 1'])
  const before = parsed('--table', 'out', '--to', 'b')
  assert.deepEqual([before.fromTable, before.toTable], [undefined, 'out'])
  assert.equal(parsed('postgres://h/d', '--table', 'in').fromTable, 'in')
  assert.throws(() => parsed('--from', 'a', '--table', 'x', '--table', 'y'), { code: 'input-invalid' })
})

test('a database is read by a query or a table, and its password stands neither in the path nor in a message', () => {
  const url = `postgres://me:${SECRET}@db.example:6432/stats?sslmode=disable&password=${SECRET}`
  const source = settleSource(undefined, { from: url, fromTable: 'public."my.series"' })
  assert.deepEqual([source.name, source.rows], ['my.series', { table: 'public."my.series"' }])
  assert.ok(!source.path.includes(SECRET) && source.path.startsWith('postgres://me@db.example:6432/stats'))
  assert.equal(source.database?.label, 'postgres://db.example:6432/stats')
  assert.equal(settleSource(url, { query: 'select 1' }).name, 'stats')
  for (const flags of [{}, { query: 'select 1', fromTable: 't' }]) {
    assert.throws(
      () => settleSource(url, flags),
      (error: Error) => !error.message.includes(SECRET) && /--table|--query/.test(error.message),
    )
  }
  for (const wrong of [`postgres://me:${SECRET}@h:99999/d`, `postgres://me:${SECRET}@h`]) {
    assert.throws(
      () => settleSource(undefined, { from: wrong, query: 'select 1' }),
      (error: Error) => !error.message.includes(SECRET) && error.message.startsWith('--from: '),
    )
  }
})

test('a run that is resumed reads what it began with', () => {
  const header = { run_id: 'run-1', file: 'postgres://me@h/d', source: { query: 'select 1' } }
  assert.deepEqual(settleSource(undefined, {}, { header }).rows, { query: 'select 1' })
  assert.deepEqual(settleSource(undefined, { from: `postgres://me:${SECRET}@h/d` }, { header }).rows, {
    query: 'select 1',
  })
  for (const flags of [{ query: 'select 2' }, { from: 'postgres://me@other/d' }]) {
    assert.throws(() => settleSource(undefined, flags, { header }), /The run run-1 began with another source/)
  }
  assert.equal(settleSource(undefined, {}, { header: { run_id: 'r', file: '/x.csv' } }).path, '/x.csv')
})

test('what is no source is refused with the way out', () => {
  assert.throws(() => settleSource('a.csv', { from: 's3://b/k' }), /FILE and --from/)
  assert.throws(() => settleSource('a.csv', { query: 'select 1' }), /--query is for a database/)
  assert.throws(() => settleSource('https://example.org/a.csv', {}), /curl URL/)
  assert.throws(() => settleSource(undefined, {}), /Name a catalogue: FILE/)
  assert.throws(() => settleSource('s3://bucket', {}), /s3:\/\/bucket\/folder\/file\.csv/)
  assert.throws(
    () => parseObjectUrl(`s3://key:${SECRET}@bucket/x`, '--out'),
    (error: Error) => !error.message.includes(SECRET) && /AWS_ACCESS_KEY_ID/.test(error.message),
  )
  assert.deepEqual(parseObjectUrl('s3://bucket/a/b c.csv', 'FILE'), { bucket: 'bucket', key: 'a/b c.csv' })
})

test('an access key has two parts, and the address no password', () => {
  const key = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: SECRET }
  const store = readObjectStore({
    ...key,
    AWS_ENDPOINT_URL: 'http://x',
    AWS_ENDPOINT_URL_S3: 'http://y',
    AWS_REGION: 'r',
  })
  assert.deepEqual([store.endpoint, store.region, store.secretKey], ['http://y', 'r', SECRET])
  assert.deepEqual(readObjectStore({}).region, 'us-east-1')
  assert.throws(() => readObjectStore({ AWS_ACCESS_KEY_ID: 'id' }), /AWS_SECRET_ACCESS_KEY is not set/)
  assert.throws(
    () => readObjectStore({ ...key, AWS_ENDPOINT_URL: `http://u:${SECRET}@x` }),
    (error: Error) => !error.message.includes(SECRET),
  )
})

test('the list of processes shows no password of a URL', () => {
  const shown = withoutUrlCredentials(`--from postgres://me:${SECRET}@ss/x@h/d --to=postgresql://me:${SECRET}@h/d`)
  assert.ok(!shown.includes(SECRET) && shown.includes('@h/d'))
})

test('a table that was delivered to covers only itself, a file any other file', () => {
  const file = { out: '/a.csv', format: 'csv' } as const
  assert.equal(coversTargets(file, { out: '/b.parquet', format: 'parquet' }), true)
  assert.equal(coversTargets(undefined, file), false)
  assert.equal(coversTargets({ to: 'u', table: 't' }, { to: 'u', table: 't' }), true)
  assert.equal(coversTargets({ to: 'u', table: 't' }, { to: 'u', table: 'other' }), false)
  assert.equal(coversTargets({ to: 'u', table: 't' }, { ...file, to: 'u', table: 't' }), false)
})
