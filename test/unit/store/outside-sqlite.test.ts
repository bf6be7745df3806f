/** Rows of a SQLite file, and results in one: what differs is written, and nothing else. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import type { TableColumn } from '../../../src/store/outside/result-table.ts'
import { openSqliteTable, readSqliteRows } from '../../../src/store/outside/sqlite.ts'
import { quoteTable } from '../../../src/store/outside/table-name.ts'

let folder: string
let path: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'classify-sqlite-'))
  path = join(folder, 'stats.db')
  const database = new DatabaseSync(path)
  database.exec('create table "my series" (id integer primary key, name text, share real, bytes blob)')
  database.exec(`insert into "my series" values (2, 'Exports', 0.5, x'00'), (9007199254740993, 'Imports', null, null)`)
  database.close()
})

after(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function linesOf(source: Parameters<typeof readSqliteRows>[1]): Promise<unknown[]> {
  const lines: unknown[] = []
  for await (const line of readSqliteRows(path, source, 'read')) lines.push(JSON.parse(line))
  return lines
}

test('a table and a query are read; a number that a double does not hold is a text', async () => {
  const rows = [
    { id: 2, name: 'Exports', share: 0.5, bytes: null },
    { id: '9007199254740993', name: 'Imports', share: null, bytes: null },
  ]
  assert.deepEqual(await linesOf({ table: '"my series"' }), rows)
  assert.deepEqual(await linesOf({ query: 'select name from "my series" order by id desc' }), [
    { name: 'Imports' },
    { name: 'Exports' },
  ])
})

test('what SQLite refuses is an error of the input, and reading writes nothing', async () => {
  for (const [source, reason] of [
    [{ query: 'select id from nowhere' }, /no such table: nowhere/],
    [{ query: 'delete from "my series"' }, /readonly/],
    [{ table: 'a.b.c' }, /--table: the name must be/],
  ] as const) {
    await assert.rejects(linesOf(source), { code: 'input-invalid', message: reason })
  }
  const missing = readSqliteRows(join(folder, 'none.db'), { table: 't' }, 'read')
  await assert.rejects(missing.next(), { code: 'input-invalid', message: /unable to open/ })
})

const COLUMNS: readonly TableColumn[] = [
  { name: 'catalogue', type: 'text' },
  { name: 'indicator_id', type: 'text' },
  { name: 'confidence', type: 'double precision' },
  { name: 'uses', type: 'text[]' },
  { name: 'field_source', type: 'jsonb' },
]
const OPTIONS = {
  table: 'labels',
  key: ['catalogue', 'indicator_id'],
  label: 'sqlite',
  signal: new AbortController().signal,
}
const ROW = { catalogue: 'c', indicator_id: 'A', confidence: 0.9, uses: ['a', 'b'], field_source: { x: 'model' } }

test('results are written once, changed where they differ, and columns that are missing are added', async () => {
  const out = join(folder, 'out.db')
  const first = openSqliteTable(out, { ...OPTIONS, columns: COLUMNS })
  assert.equal(await first.upsert([ROW, { ...ROW, indicator_id: 'B', confidence: null }]), 2)
  assert.equal(await first.upsert([ROW, { ...ROW, indicator_id: 'B', confidence: null }]), 0)
  assert.equal(await first.upsert([ROW, { ...ROW, indicator_id: 'B', confidence: 0.5 }]), 1)
  first.close()
  const second = openSqliteTable(out, { ...OPTIONS, columns: [...COLUMNS, { name: 'region', type: 'text' }] })
  assert.equal(await second.upsert([{ ...ROW, region: 'R' }]), 1)
  second.close()
  const database = new DatabaseSync(out)
  const rows = database
    .prepare('select * from labels order by indicator_id')
    .all()
    .map((row) => ({ ...row }))
  database.close()
  assert.deepEqual(rows[0], { ...ROW, uses: '["a","b"]', field_source: '{"x":"model"}', region: 'R' })
  assert.deepEqual([rows.length, rows[1]?.['confidence'], rows[1]?.['region']], [2, 0.5, null])
})

test('names of tables are quoted, whatever stands in them', () => {
  assert.deepEqual(
    ['results', 'public.results', '"my.table"', 'a"b', 's."x""; drop table t"'].map((name) => {
      try {
        return quoteTable(name)
      } catch {
        return 'refused'
      }
    }),
    ['"results"', '"public"."results"', '"my.table"', 'refused', '"s"."x""; drop table t"'],
  )
  for (const wrong of ['', 'a.', '.a', 'a.b.c', `"${'x'.repeat(64)}"`, 'a\0b']) {
    assert.throws(() => quoteTable(wrong), { code: 'input-invalid' }, JSON.stringify(wrong))
  }
})
