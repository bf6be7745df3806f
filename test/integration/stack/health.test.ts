/** Health and liveness of a replica whose database connections are all in use, and of one whose database falls silent. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../../src/app.ts'
import { readConfig } from '../../../src/config/config.ts'
import { createResources, type Resources } from '../../../src/resources.ts'
import {
  pgBouncerSkip,
  sharedPostgres,
  silent,
  startPgBouncer,
  type TestDatabase,
} from '../../helpers/database/postgres.ts'
import { waitUntil } from '../../helpers/wait.ts'

const postgres = sharedPostgres()
const POOL_SIZE = 3

interface Replica {
  readonly app: FastifyInstance
  readonly resources: Resources
}

async function startReplica(t: TestContext, url: string): Promise<Replica> {
  const config = readConfig({
    DATABASE_URL: url,
    OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
    POSTGRES_POOL_SIZE: String(POOL_SIZE),
  })
  const resources = createResources(config, 'test', silent)
  t.after(() => resources.close())
  const app = await buildApp({
    service: 'test',
    model: 'small',
    log: silent,
    metrics: resources.metrics,
    pingDatabase: resources.pingDatabase,
    writeRefusal: resources.writeRefusal,
    clock: resources.clock,
    nodeClocks: resources.nodeClocks,
    hosts: null,
    createRestateHandler: () => (_request, response) => void response.end(),
  })
  t.after(() => app.close())
  return { app, resources }
}

const statusOf = async ({ app }: Replica, path: string) => (await app.inject(path)).statusCode

async function withDatabase(t: TestContext): Promise<TestDatabase> {
  const database = await postgres.fresh()
  t.after(() => database.drop())
  return database
}

/** Asks for health while statements of the replica hold all connections of its pool and many more wait for one. */
async function askWhileBusy(replica: Replica, { pool }: TestDatabase): Promise<void> {
  const { store } = replica.resources
  assert.equal(await statusOf(replica, '/classify-api/health'), 200)
  const blocker = await pool.connect()
  await blocker.query('begin; lock table runs in access exclusive mode')
  const work = Array.from({ length: 50 }, (_, index) => store.openRun(`run-${index}`))
  const ended = Promise.allSettled(work)
  try {
    await waitUntil('all connections are in use', () => {
      const { total, idle, waiting } = store.stats()
      return total === POOL_SIZE && idle === 0 && waiting === work.length - POOL_SIZE
    })
    for (const path of ['/classify-api/health', '/health', '/classify-api/live', '/live'])
      assert.equal(await statusOf(replica, path), 200, path)
    assert.equal(store.stats().waiting, work.length - POOL_SIZE)
  } finally {
    await blocker.query('rollback')
    blocker.release()
    await ended
  }
}

test('health is 200 while all connections of the pool are in use, and its ping keeps one connection', async (t) => {
  const database = await withDatabase(t)
  const replica = await startReplica(t, database.url)
  await askWhileBusy(replica, database)
  await Promise.all(Array.from({ length: 200 }, () => statusOf(replica, '/health')))
  const { rows } = await database.pool.query(
    `select count(*)::int as sessions from pg_stat_activity where application_name = 'classify-health'`,
  )
  assert.deepEqual(rows, [{ sessions: 1 }])
})

test('the same through PgBouncer', { skip: await pgBouncerSkip() }, async (t) => {
  const database = await withDatabase(t)
  const bouncer = await startPgBouncer(await postgres.server())
  t.after(() => bouncer.stop())
  await askWhileBusy(await startReplica(t, bouncer.urlFor(database.url)), database)
})

test('without its database a replica is alive and not healthy', async (t) => {
  const database = await withDatabase(t)
  const nowhere = new URL(database.url)
  nowhere.port = '1'
  const replica = await startReplica(t, nowhere.href)
  const report = await replica.app.inject('/classify-api/health')
  assert.equal(report.statusCode, 503)
  assert.equal(report.json().failing, 'database')
  assert.equal(await statusOf(replica, '/classify-api/live'), 200)
})

test('health answers 503 for a database that takes no writes', async (t) => {
  const database = await withDatabase(t)
  const replica = await startReplica(t, database.url)
  assert.equal(await statusOf(replica, '/health'), 200)
  const name = new URL(database.url).pathname.slice(1)
  await database.pool.query(`alter database ${name} set default_transaction_read_only = on`)
  const { json, statusCode } = await (await startReplica(t, database.url)).app.inject('/health')
  assert.deepEqual([statusCode, json().failing], [503, 'database'])
  assert.match(json().message, /takes no writes.*SQLSTATE 25006/)
})

test('sessions of the role of the service end their idle transactions by themselves', async (t) => {
  const database = await withDatabase(t)
  const { rows } = await database.pool.query<{ idle: string }>(
    `select setting as idle from pg_settings where name = 'idle_in_transaction_session_timeout'`,
  )
  assert.deepEqual(rows, [{ idle: '60000' }])
})
