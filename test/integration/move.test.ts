/** The command `move`: every row of every table that is kept arrives as it was, once, and nowhere else. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import pg from 'pg'
import { runCli } from '../helpers/cli.ts'
import { callIngress, startTestStack } from '../helpers/stack.ts'

const stack = await startTestStack()
const folder = await mkdtemp(join(tmpdir(), 'classify-move-'))
const source = new pg.Client({ connectionString: stack.databaseUrl })
await source.connect()
after(async () => {
  await source.end()
  await stack.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A new database beside that of the stack, and a file with its address. */
async function newDatabase(name: string): Promise<{ readonly url: string; readonly file: string }> {
  await source.query(`create database ${name}`)
  const url = new URL(stack.databaseUrl)
  url.pathname = `/${name}`
  const file = join(folder, name)
  await writeFile(file, `${url.href}\n`)
  return { url: url.href, file }
}

/** The number of rows and the hash of their contents, by table. */
async function contentsOf(client: pg.Client): Promise<Record<string, { rows: number; hash: string | null }>> {
  const { rows: tables } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')`,
  )
  const contents: Record<string, { rows: number; hash: string | null }> = {}
  for (const { name } of tables) {
    const { rows } = await client.query<{ rows: number; hash: string | null }>(
      `select count(*)::int as rows, md5(string_agg(own::text, '|' order by own::text)) as hash from ${name} own`,
    )
    if (rows[0] !== undefined) contents[name] = rows[0]
  }
  return contents
}

test('everything that is kept arrives as it was, and a used database is refused', async () => {
  const indicators = Array.from({ length: 60 }, (_, index) => ({
    indicator_id: `id-${index}`,
    name: index % 2 === 0 ? `Gross domestic product of region ${index}` : `Würfel "${index}", \\ 数量 ${index * 13}`,
    sample_values: [index + 0.1, -index],
  }))
  for (const mode of ['hybrid', 'model'])
    assert.equal(
      (await callIngress(stack, 'classify-api/batch', { indicators, catalogue: mode, options: { mode } })).status,
      200,
    )

  const { url, file } = await newDatabase('target')
  const moved = await runCli(['move', file], { env: stack.env })
  assert.equal(moved.code, 0, moved.stderr)
  assert.match(moved.stderr, /results: 120 rows/)

  const target = new pg.Client({ connectionString: url })
  await target.connect()
  const [theirs, own] = [await contentsOf(source), await contentsOf(target)]
  // What is not copied says what runs now, or belongs to earlier releases.
  const kept = Object.keys(theirs).filter(
    (name) => (own[name]?.rows ?? 0) > 0 && !['schema_migrations', 'rate_budget'].includes(name),
  )
  assert.ok(kept.length >= 8, kept.join(', '))
  for (const name of kept) assert.deepEqual(own[name], theirs[name], name)
  const lost = Object.keys(theirs).filter((name) => (theirs[name]?.rows ?? 0) > 0 && own[name]?.rows === 0)
  const meant = ['attempt_notes', 'claims', 'idempotency_keys', 'rate_budget', 'replicas']
  assert.deepEqual(
    lost.filter((name) => !meant.includes(name)),
    [],
  )

  // A row that is added later gets a number of its own.
  const { rows } = await target.query<{ next: string; most: string }>(
    `select nextval(pg_get_serial_sequence('audits', 'number')) as next, (select max(number) from audits) as most`,
  )
  assert.ok(Number(rows[0]?.next) > Number(rows[0]?.most))
  await target.end()

  const again = await runCli(['move', file], { env: stack.env })
  assert.equal(again.code, 2)
  assert.match(again.stderr, /The target holds results already: give a database that was not used yet/)
})

test('a file that holds no address is refused, without its text', async () => {
  const file = join(folder, 'wrong')
  await writeFile(file, 'hunter2\n')
  const refused = await runCli(['move', file], { env: stack.env })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /must hold one address/)
  assert.doesNotMatch(refused.stderr, /hunter2/)
  assert.match((await runCli(['move', join(folder, 'none')], { env: stack.env })).stderr, /cannot be read/)
})
