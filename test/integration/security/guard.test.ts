/** The guard as a process of its own before a real Restate node and a real database. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Context, handlers, serde, service } from '@restatedev/restate-sdk'
import { freePort } from '../../../src/embedded/ports.ts'
import { createIdempotencyKeys } from '../../../src/store/idempotency/idempotency-keys.ts'
import { childEnvironment } from '../../helpers/child-environment.ts'
import { sharedPostgres, type TestDatabase } from '../../helpers/database/postgres.ts'
import { type Answer, call } from '../../helpers/servers/guard-port.ts'
import { type RestateNode, startRestateNode } from '../../helpers/servers/restate-node.ts'
import { waitUntil } from '../../helpers/wait.ts'

const MAX_CALLS = 4
/** Restate takes bodies of 32 MiB, and gives its services messages of less than that. */
const LARGE = 24_000_000

/** How often each body has begun to run. */
const runs = new Map<string, number>()
let release = Promise.withResolvers<void>()

/** A stand-in for the service, so that the test decides how long a batch takes. */
const classifyApi = service({
  name: 'classify-api',
  handlers: {
    batch: async (
      ctx: Context,
      { run_id: id, force: waits }: { readonly run_id: string; readonly force?: boolean },
    ) => {
      runs.set(id, (runs.get(id) ?? 0) + 1)
      if (waits) await release.promise
      return { id, headers: Object.fromEntries(ctx.request().headers) }
    },
    status: async () => ({ status: 'ok' }),
  },
})
const other = service({
  name: 'other',
  handlers: {
    length: handlers.handler({ input: serde.binary }, async (_ctx: Context, body: Uint8Array) => body.length),
    large: handlers.handler({ output: serde.binary }, async (_ctx: Context) => new Uint8Array(LARGE).fill(120)),
  },
})

const postgres = sharedPostgres()
let database: TestDatabase
let node: RestateNode
let ingress: string
let bySocket: string
let admin: string
let guard: ChildProcess

before(async () => {
  ;[database, node] = await Promise.all([postgres.fresh(), startRestateNode([classifyApi, other])])
  ;[ingress, bySocket, admin] = [await freeUrl(), await freeUrl(), await freeUrl()]
  guard = await startGuard()
})

after(async () => {
  await end(guard, 'SIGTERM')
  await Promise.all([node?.stop(), database?.pool.end()])
})

async function freeUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

async function startGuard(): Promise<ChildProcess> {
  const portOf = (url: string) => new URL(url).port
  const started = spawn(process.execPath, [fileURLToPath(new URL('../../../src/guard/main.ts', import.meta.url))], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: childEnvironment({
      LOG_LEVEL: 'error',
      DATABASE_URL: database.url,
      GUARD_INGRESS: `${portOf(ingress)}=${node.ingressUrl},${portOf(bySocket)}=unix:${node.ingressSocket}`,
      GUARD_ADMIN: `${portOf(admin)}=${node.adminUrl}`,
      GUARD_MAX_CALLS: String(MAX_CALLS),
    }),
  })
  await waitUntil('the guard answers', () =>
    fetch(`${admin}/guard/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  return started
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

/** Calls or sends a batch, by default at the first port. */
async function batch(
  body: { readonly id?: string; readonly waits?: boolean },
  key?: string,
  path = '/classify-api/batch',
  url = ingress,
): Promise<Answer> {
  return await call(url, path, {
    headers: {
      ...{ 'content-type': 'application/json', authorization: 'Bearer planted-secret', cookie: 'a=planted-secret' },
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    // The guard passes on the fields of a batch alone.
    body: JSON.stringify({ run_id: body.id, force: body.waits }),
  })
}

test('calls, sends, answers and their outputs pass over a port and over a socket, without the secrets of the caller', async () => {
  const called = await batch({ id: 'a' })
  assert.equal(called.status, 200)
  assert.equal(JSON.parse(called.text).id, 'a')
  assert.ok(!called.text.includes('planted-secret'))
  const sent = await batch({ id: 'b' }, 'key-b', '/classify-api/batch/send', bySocket)
  assert.equal(sent.status, 202)
  const ofKey = '/restate/invocation/classify-api/batch/key-b'
  assert.equal(JSON.parse((await call(ingress, `${ofKey}/attach`, { method: 'GET' })).text).id, 'b')
  const { invocationId } = JSON.parse(sent.text)
  const output = await call(bySocket, `/restate/invocation/${invocationId}/output`, { method: 'GET' })
  assert.equal(JSON.parse(output.text).id, 'b')
  const query = { query: 'select raw from sys_journal' }
  const journal = await call(admin, '/query', {
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(query),
  })
  assert.equal(journal.status, 200)
  assert.ok(JSON.parse(journal.text).rows.length > 0)
  assert.ok(
    !journal.text.includes('planted-secret') && !journal.text.includes(Buffer.from('planted-secret').toString('hex')),
  )
})

test('a key is good for one body at every port, and after a new start of the guard', async () => {
  assert.equal((await batch({ id: 'k' }, 'key-k')).status, 200)
  assert.equal((await batch({ id: 'k' }, 'key-k', undefined, bySocket)).status, 200)
  assert.equal(runs.get('k'), 1)
  for (const path of ['/classify-api/batch', '/classify-api/batch/send', '/restate/call/classify-api/batch']) {
    const reused = await batch({ id: 'other' }, 'key-k', path, bySocket)
    assert.deepEqual([reused.status, reused.code], [409, 'idempotency-key-reused'])
  }
  const long = await batch({ id: 'long' }, 'k'.repeat(60_000))
  assert.deepEqual([long.status, long.code], [400, 'idempotency-key-too-long'])
  await end(guard, 'SIGTERM')
  assert.equal(guard.exitCode, 0)
  guard = await startGuard()
  assert.equal((await batch({ id: 'other' }, 'key-k')).status, 409)
  assert.equal((await batch({ id: 'k' }, 'key-k')).status, 200)
  assert.equal(runs.get('other'), undefined)
})

test('a key may be used anew after its row is old, and old rows are deleted', async () => {
  const keys = createIdempotencyKeys(database.pool)
  const use = (scope: string, body: string) => keys.note({ scope: scope.repeat(64), body: body.repeat(64) })
  assert.deepEqual(
    [await use('a', '1'), await use('a', '1'), await use('a', '2'), await use('b', '2')],
    [true, true, false, true],
  )
  await database.pool.query("update idempotency_keys set seen_at = seen_at - interval '73 hours'")
  assert.deepEqual([await use('a', '2'), await use('a', '1')], [true, false])
  assert.ok((await keys.deleteOld()) >= 1)
  assert.deepEqual([await keys.deleteOld(), await use('b', '3')], [0, true])
})

test('beyond the bound calls are told to wait, and pass when there is room', async () => {
  const waiting = Array.from({ length: MAX_CALLS }, (_, index) => batch({ id: `w${index}`, waits: true }))
  await waitUntil('the calls run', () =>
    Array.from({ length: MAX_CALLS }, (_, index) => runs.get(`w${index}`)).every(Boolean),
  )
  const refused = await batch({ id: 'beyond' })
  assert.deepEqual([refused.status, refused.code], [429, 'too-many-calls'])
  assert.match(refused.headers['retry-after'] ?? '', /^\d+$/)
  assert.equal((await batch({}, undefined, '/classify-api/status')).status, 200)
  release.resolve()
  assert.deepEqual(
    (await Promise.all(waiting)).map(({ status }) => status),
    Array(MAX_CALLS).fill(200),
  )
  release = Promise.withResolvers()
  assert.equal((await batch({ id: 'beyond' })).status, 200)
})

test('large bodies and answers pass', async () => {
  const body = Buffer.alloc(LARGE, 97)
  for (const url of [ingress, bySocket]) {
    const counted = await call(url, '/other/length', { headers: { 'content-type': 'application/octet-stream' }, body })
    assert.deepEqual([counted.status, counted.text], [200, String(body.length)])
    assert.equal((await call(url, '/other/large')).text.length, LARGE)
  }
})

test('while the node is away its callers are told so, and the next call after its return passes', async () => {
  await node.end('SIGKILL')
  for (const url of [ingress, bySocket]) {
    const away = await batch({ id: 'n' }, 'key-n', undefined, url)
    assert.deepEqual([away.status, away.code], [502, 'node-away'])
  }
  await node.start()
  assert.equal((await batch({ id: 'n' }, 'key-n')).status, 200)
})

test('kill -9 of the guard under load loses nothing: every caller who comes again with its key gets its answer', async () => {
  const until = async (index: number) => {
    const body = { id: `load-${index}`, waits: index < MAX_CALLS }
    for (;;) {
      const answer = await batch(body, `key-load-${index}`, undefined, index % 2 === 0 ? ingress : bySocket).catch(
        () => undefined,
      )
      if (answer?.status === 200) return JSON.parse(answer.text).id as string
      assert.ok(answer === undefined || answer.status === 429, answer?.text)
      await sleep(20)
    }
  }
  const callers = Array.from({ length: 40 }, (_, index) => until(index))
  await waitUntil('calls are in flight', () => runs.get('load-0') === 1 && runs.get('load-1') === 1)
  await end(guard, 'SIGKILL')
  guard = await startGuard()
  release.resolve()
  const ids = await Promise.all(callers)
  assert.deepEqual(
    ids,
    Array.from({ length: 40 }, (_, index) => `load-${index}`),
  )
  assert.deepEqual(new Set(ids.map((id) => runs.get(id))), new Set([1]))
})
