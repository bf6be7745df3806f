/** What an operator uses beside the service: `move`, which copies every row that is kept, and the script that `helm test` runs. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { sha256 } from '../../../src/lib/sha256.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { freePorts } from '../../helpers/ports.ts'
import { callIngress, startTestStack } from '../../helpers/stack/stack.ts'

const SCRIPT = fileURLToPath(new URL('../../../kubernetes/classify-service/files/post-batch.mjs', import.meta.url))
/** The rights of each token. */
const TOKENS = { submit: 'submit+read', read: 'read' }

const folder = await mkdtemp(join(tmpdir(), 'classify-operators-'))
const lines = Object.entries(TOKENS).map(([token, rights]) => `of-${token}:${sha256(token)}:${rights}`)
await writeFile(join(folder, 'tokens'), `${lines.join('\n')}\n`, { mode: 0o600 })
for (const token of Object.keys(TOKENS)) await writeFile(join(folder, token), `${token}\n`)
const stack = await startTestStack({ API_TOKENS_FILE: join(folder, 'tokens') })
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
  const authorization = 'Bearer submit'
  const indicators = Array.from({ length: 60 }, (_, index) => ({
    indicator_id: `id-${index}`,
    name: index % 2 === 0 ? `Gross domestic product of region ${index}` : `Würfel "${index}", \\ 数量 ${index * 13}`,
    sample_values: [index + 0.1, -index],
  }))
  for (const mode of ['hybrid', 'model'])
    assert.equal(
      (
        await callIngress(
          stack,
          'classify-api/batch',
          { indicators, catalogue: mode, options: { mode } },
          { authorization },
        )
      ).status,
      200,
    )

  const { url, file } = await newDatabase('target')
  const moved = await runCli(['move', file], { env: stack.env, ownProcess: true })
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

async function helmTest(token: string, closed: string): Promise<{ readonly code: number; readonly said: string }> {
  const env = {
    PATH: process.env.PATH,
    GUARD_URL: stack.ingressUrl,
    API_TOKEN_FILE: join(folder, token),
    CLOSED: closed,
  }
  return await new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT], { env }, (error, stdout) => {
      resolve({ code: error === null ? 0 : 1, said: stdout })
    })
  })
}

test('helm test passes: a batch is classified, a call without a token is refused, and closed ports are closed', async () => {
  const [free] = await freePorts(1)
  const { code, said } = await helmTest('submit', `127.0.0.1:${free}`)
  assert.equal(code, 0, said)
  assert.deepEqual(
    said
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 4)),
    ['ok: ', 'ok: ', 'ok: '],
  )
})

test('helm test fails where the batch is refused', async () => {
  const { code, said } = await helmTest('read', '')
  assert.equal(code, 1)
  assert.match(said, /FAILED: a batch of two indicators is classified \(403/)
})

test('helm test fails where a port is open that policies should close', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const { code, said } = await helmTest('submit', `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  server.close()
  assert.equal(code, 1)
  assert.match(said, /FAILED: .* is closed to other pods \(the network does not enforce NetworkPolicies\)/)
})
