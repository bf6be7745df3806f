/** The catalogue of `npm run bench -- --rows`, and what the benchmark makes of the CPU time that its rows took. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { catalogueLines, goldLines, shapesOf } from '../bench/rows/generator.ts'
import { costBetween, watchRows } from '../bench/rows/watch.ts'
import { waitUntil } from '../helpers/wait.ts'

const ROWS = 5_000

interface Row {
  readonly indicator_id: string
  readonly name: string
  readonly units?: string
}

function readRows(seed?: number): Row[] {
  return [...catalogueLines(ROWS, seed)].map((line) => JSON.parse(line) as Row)
}

test('a catalogue has the rows that were asked for, each with an id of its own, and no more shapes than were said', () => {
  const rows = readRows()
  assert.equal(rows.length, ROWS)
  assert.equal(new Set(rows.map((row) => row.indicator_id)).size, ROWS)
  const shapes = new Set(rows.map(({ name, units }) => `${name}|${units ?? ''}`))
  assert.ok(shapes.size <= shapesOf(ROWS) && shapes.size > 0.9 * shapesOf(ROWS), `${shapes.size} shapes`)
})

test('no catalogue has more than 300,000 shapes, and each size has as many rows for each of them', () => {
  assert.equal(shapesOf(10_000_000), 300_000)
  assert.equal(shapesOf(20_000_000), 300_000)
  assert.equal(shapesOf(100_000), 3_000)
  assert.equal(shapesOf(1), 1)
})

test('the same seed makes the same catalogue, and another seed another one', () => {
  assert.deepEqual(readRows(), readRows(1))
  assert.notDeepEqual(readRows(), readRows(2))
})

test('the gold file has an answer to every name and unit of the catalogue', async () => {
  const known = new Set([...(await goldLines(ROWS))].map((line) => nameOf(JSON.parse(line) as Row)))
  for (const row of readRows()) assert.ok(known.has(nameOf(row)), row.name)
})

test('the cost of a row is counted between two shares of the rows, and is not known without two samples there', () => {
  const samples = [0, 1, 2, 3, 4].map((tenth) => ({ rows: tenth * 10, cpuMs: tenth * tenth * 10 }))
  assert.equal(costBetween(samples, 40, 0.5, 1), 6)
  assert.equal(costBetween(samples, 40, 0.3, 0.4), null)
})

test('a run whose files pass the bound is told so, with the sizes of its parts', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'bench-rows-test-'))
  await mkdir(join(directory, 'restate'))
  await writeFile(join(directory, 'restate', 'log'), Buffer.alloc(300_000, 1))
  const none = { replicas: [], restate: [], guard: [], postgres: [], model: [], balancer: [] }
  const cpu = { replicas: 0, restate: 0, guard: 0, postgres: 0, model: 0, balancer: 0 }
  // Nothing listens at this port, as while the database is started again.
  const databaseUrl = 'postgres://nobody@127.0.0.1:1/none'
  const messages: string[] = []
  const watch = watchRows({
    world: { directory, databaseUrl, cpu: () => cpu, pids: () => none },
    commandCpuMs: () => 0,
    directories: [],
    mostBytes: 200_000,
    onFull: (message) => messages.push(message),
  })
  await waitUntil('the bound is passed', () => messages.length > 0)
  await watch.stop()
  assert.match(
    messages[0] ?? '',
    /^stopped, because its files passed .* \(Restate 0\.0 GB, PostgreSQL 0\.0 GB, other files 0\.0 GB\) after 0 rows$/,
  )
  assert.ok(watch.peaks.restateBytes >= 300_000)
  await rm(directory, { recursive: true })
})

function nameOf({ name, units }: Row): string {
  return JSON.stringify([name, units?.trim() ?? null])
}
