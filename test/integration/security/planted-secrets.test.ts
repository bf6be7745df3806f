/** Every secret of a running stack is planted by its file, and then looked for in all that the stack says, keeps and starts. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { fileNameOf, NAMES_WITH_FILE } from '../../../src/config/secret-files.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { sharedPostgres } from '../../helpers/database/postgres.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

const postgres = sharedPostgres()
const plant = () => `planted${randomBytes(16).toString('hex')}`
const planted: Record<string, string> = Object.fromEntries(NAMES_WITH_FILE.map((name) => [name, plant()]))

let directory: string
let endpoint: Server
let stack: TestStack
let databaseUrl: string
/** The variables that name the files of the secrets. */
let files: Record<string, string>
let said = ''

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-planted-'))
  // The endpoint refuses the key and repeats all that it was sent, as careless gateways do.
  endpoint = createServer((request, response) => {
    request.resume()
    const message = `Incorrect API key provided. Headers: ${JSON.stringify(request.headers)}`
    response.writeHead(401, { 'content-type': 'application/json', 'x-echo': request.headers['x-team'] ?? '' })
    response.end(JSON.stringify({ error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } }))
  })
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))

  const { url } = await postgres.fresh({ empty: true })
  const admin = new pg.Client({ connectionString: url })
  await admin.connect()
  await admin.query(`create role planted superuser login password '${planted.DATABASE_URL}'`)
  await admin.end()
  const withPassword = new URL(url)
  withPassword.username = 'planted'
  withPassword.password = planted.DATABASE_URL ?? ''
  databaseUrl = withPassword.href

  const values: Record<string, string> = {
    ...planted,
    OPENAI_HEADERS: JSON.stringify({ 'X-Team': planted.OPENAI_HEADERS }),
    DATABASE_URL: databaseUrl,
    HTTPS_PROXY: `http://u:${planted.HTTPS_PROXY}@127.0.0.1:1`,
    HTTP_PROXY: `http://u:${planted.HTTP_PROXY}@127.0.0.1:1`,
  }
  files = {}
  for (const [name, value] of Object.entries(values)) {
    const path = join(directory, name)
    await writeFile(path, `${value}\n`, { mode: 0o600 })
    files[fileNameOf(name)] = path
  }
  stack = await startTestStack({
    ...files,
    OPENAI_BASE_URL: `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/v1`,
    USE_ENV_PROXY: '1',
    LOG_LEVEL: 'trace',
    RATE_RPM: '100000',
  })
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
  await new Promise((resolve) => endpoint.close(resolve))
})

test('a run whose key is refused, and commands whose database refuses them, show no secret', async () => {
  const file = join(directory, 'catalogue.jsonl')
  await writeFile(file, JSON.stringify({ indicator_id: 'A.1', name: 'Thing one' }))
  const env = { ...stack.env, RESTATE_INGRESS_URL: stack.ingressUrl, LOG_LEVEL: 'trace' }
  const wrongPassword = join(directory, 'wrong-password')
  const wrong = databaseUrl.replace(planted.DATABASE_URL ?? '', `${planted.DATABASE_URL}x`)
  await writeFile(wrongPassword, wrong, { mode: 0o600 })
  const away = databaseUrl.replace(/:\d+\//, ':1/')
  const runs: [args: string[], env: Record<string, string>, code: number, says: RegExp][] = [
    [['classify', file, '--mode', 'model'], env, 1, /OPENAI_API_KEY/],
    [['status', 'A.1'], env, 1, /A\.1/],
    [['export', '--format', 'jsonl'], env, 1, /0 classifications/],
    [['export', '--format', 'jsonl'], { ...env, DATABASE_URL_FILE: wrongPassword }, 1, /28P01/],
    [['export', '--format', 'jsonl'], without(env, 'DATABASE_URL_FILE', { DATABASE_URL: away }), 1, /ECONNREFUSED/],
    [
      ['export', '--format', 'jsonl'],
      without(env, 'DATABASE_URL_FILE', { DATABASE_URL: `${databaseUrl}?sslmode=require` }),
      1,
      /no TLS/,
    ],
    [
      ['export', '--format', 'jsonl'],
      { ...env, DATABASE_URL: databaseUrl },
      2,
      /DATABASE_URL and DATABASE_URL_FILE are both set/,
    ],
    [['classify', file, '--ingress', `http://u:${planted.API_TOKEN}@127.0.0.1:1`], env, 2, /user name or password/],
  ]
  for (const [args, variables, code, says] of runs) {
    const cli = await runCli(args, { env: variables, ownProcess: true })
    assert.equal(cli.code, code, `${args.join(' ')}: ${cli.stderr}`)
    assert.match(cli.stdout + cli.stderr, says)
    said += cli.stdout + cli.stderr
  }
  const batch = { indicators: [{ indicator_id: 'A.2', name: 'Thing two' }], options: { mode: 'model' } }
  said += (await callIngress(stack, 'classify-api/batch', batch)).text
  said += await (await fetch(`${stack.replicaUrl}/classify-api/health`)).text()
  assertNone('the commands and answers', said)
})

test('logs, metrics, journal, database and the files of the stack hold no secret', async () => {
  assertNone('the lines for the person at the terminal', stack.said.join('\n'))
  assertNone('the metrics', await (await fetch(`${stack.replicaUrl}/metrics`)).text())
  for (const table of ['sys_journal', 'sys_invocation', 'sys_deployment']) {
    const response = await fetch(`${stack.adminUrl}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: `select * from ${table}` }),
    })
    const text = await response.text()
    assert.equal(response.status, 200, text)
    assert.ok(text.length > 100, `${table} is empty`)
    assertNone(table, text)
  }
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = 'public'`,
    )
    assert.ok(tables.rows.length > 10)
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ text: string | null }>(`select json_agg(t)::text as text from ${name} t`)
      assertNone(`the table ${name}`, rows[0]?.text ?? '')
    }
  } finally {
    await client.end()
  }
  let count = 0
  for (const entry of await readdir(stack.dataDir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    // The state file tells commands on this machine the address of the database, and only its owner can open it.
    if (!entry.isFile() || path === stack.stateFile) continue
    count += 1
    assertNone(path, await readFile(path, 'latin1').catch(() => ''))
  }
  assert.ok(count > 5, `${count} files`)
})

test('the parts get no secret that they do not use', {
  skip: process.platform !== 'linux' && 'only Linux shows the environment of a process',
}, async () => {
  for (const [name, pid] of Object.entries(stack.pids())) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1')
    // The parts get the address of their database as a variable, and the console its token; the files give them the other secrets.
    const { DATABASE_URL, CONSOLE_TOKEN, ...others } = planted
    const unused = {
      ...others,
      ...(name === 'restate-server' ? { DATABASE_URL } : {}),
      ...(name === 'console' ? {} : { CONSOLE_TOKEN }),
    }
    for (const [setting, value] of Object.entries(unused))
      assert.ok(!environment.includes(value ?? ''), `${setting} stands in the environment of ${name}`)
    const path = files[fileNameOf('OPENAI_API_KEY')] ?? ''
    if (name === 'restate-server') assert.ok(!environment.includes(path), 'it is told where the key is')
  }
})

function assertNone(place: string, text: string): void {
  for (const [name, value] of Object.entries(planted)) assert.ok(!text.includes(value), `${name} stands in ${place}`)
}

function without(env: Record<string, string>, name: string, more: Record<string, string>): Record<string, string> {
  return { ...Object.fromEntries(Object.entries(env).filter(([key]) => key !== name)), ...more }
}
