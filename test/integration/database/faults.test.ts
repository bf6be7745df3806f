/** What the store says when the database is away, silent or full, and that it recovers by itself. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { freePort } from '../../../src/embedded/ports.ts'
import { startPostgres } from '../../../src/embedded/postgres.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { createPool } from '../../../src/store/pool.ts'
import { ping } from '../../../src/store/query.ts'
import { createStore } from '../../../src/store/store.ts'
import { sharedPostgres, silent } from '../../helpers/database/postgres.ts'
import { batch, result, SCOPE } from '../../helpers/store/batches.ts'
import { temporaryDirectory } from '../../helpers/temporary-directory.ts'
import { waitUntil } from '../../helpers/wait.ts'

const postgres = sharedPostgres()
const away = { code: 'database-unavailable' }

/** A TCP proxy that can fall silent, so that connections stay open and nothing passes through them. */
async function startProxy(port: number): Promise<{ port: number; silence(): void; close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  let isSilent = false
  const server: Server = createServer((client) => {
    sockets.add(client.on('error', () => {}))
    if (isSilent) return
    const upstream = connect(port, '127.0.0.1').on('error', () => {})
    sockets.add(upstream)
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return {
    port: address.port,
    silence: () => {
      isSilent = true
      for (const socket of sockets) socket.unpipe().pause()
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('the store without its database', () => {
  it('rejects with database-unavailable while the server is stopped, and works again after it', async () => {
    const dir = await temporaryDirectory()
    const dataDir = join(dir, 'postgres')
    const first = await startPostgres({ dataDir, port: await freePort(), log: silent })
    const pool = createPool({ connectionString: first.url, log: silent })
    const store = createStore(pool)
    try {
      await migrate(pool, silent)
      const { startedAt } = await store.openRun('run-1')
      await Promise.all(Array.from({ length: 5 }, () => ping(pool, 60_000)))
      await first.stop()

      await assert.rejects(store.openRun('run-1'), away)
      await assert.rejects(store.findLatest(SCOPE, ['a']), away)
      await assert.rejects(store.saveBatch(batch(startedAt, [result('a')])), away)
      await assert.rejects(ping(pool, 60_000), away)
      await assert.rejects(migrate(pool, silent), away)

      const second = await startPostgres({ dataDir, port: first.port, log: silent })
      try {
        await store.saveBatch(batch(startedAt, [result('a')]))
        assert.equal((await store.openRun('run-1')).startedAt, startedAt)
        assert.equal((await store.findLatest(SCOPE, ['a'])).size, 1)
      } finally {
        await second.stop()
      }
    } finally {
      await pool.end()
      await first.stop()
      await rm(dir, { recursive: true, force: true })
    }
  })

  it('rejects with database-unavailable when its session is ended in the middle of a statement', async () => {
    const { pool, drop } = await postgres.fresh()
    try {
      const store = createStore(pool)
      const blocker = await pool.connect()
      await blocker.query('begin; lock table runs in access exclusive mode')
      const waiting = assert.rejects(store.openRun('run-cut'), away)
      // Asked outside the transaction, because within a transaction pg_stat_activity never changes.
      const end = `select pg_terminate_backend(pid) from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()`
      await waitUntil('the statement waits', async () => (await pool.query(end)).rowCount !== 0)
      await waiting
      await blocker.query('rollback')
      blocker.release()
      assert.ok(await store.openRun('run-cut'))
    } finally {
      await drop()
    }
  })

  it('does not hang on a server that falls silent', async () => {
    const { url, drop } = await postgres.fresh()
    const { port: serverPort } = await postgres.server()
    const proxy = await startProxy(serverPort)
    const through = new URL(url)
    through.port = String(proxy.port)
    const options = {
      connectionString: through.href,
      connectionTimeoutMs: 3_000,
      statementTimeoutMs: 3_000,
      log: silent,
    }
    const pool = createPool({ ...options, max: 1 })
    try {
      const store = createStore(pool)
      await ping(pool, 60_000)
      proxy.silence()
      // The first statement uses the connection that was open; the second opens one and gets no answer.
      await assert.rejects(store.openRun('run-1'), { ...away, message: /Query read timeout/ })
      await assert.rejects(store.openRun('run-1'), { ...away, message: /Connection terminated/ })
      await assert.rejects(ping(pool, 50), { ...away, message: /did not answer a ping in 50 ms/ })
    } finally {
      await pool.end()
      await proxy.close()
      await drop()
    }
  })

  it('is unavailable, not broken, when the server has no connection left', async () => {
    const { pool, url, drop } = await postgres.fresh()
    const name = new URL(url).pathname.slice(1)
    const { hostname, port } = new URL(url)
    const role = `few_${name.slice(-12)}`
    await pool.query(`create role ${role} login password 'x' connection limit 0`)
    const address = { host: hostname, port: Number(port), user: role, password: 'x', database: name }
    const limited = createPool({ ...address, log: silent })
    try {
      await assert.rejects(ping(limited, 60_000), { ...away, message: /53300/ })
    } finally {
      await limited.end()
      await pool.query(`drop role ${role}`)
      await drop()
    }
  })

  it('takes a wrong password for a defect and does not repeat it', async () => {
    const { url, drop } = await postgres.fresh()
    const wrong = new URL(url)
    wrong.password = 'sk-wrong-password'
    const pool = createPool({ connectionString: wrong.href, log: silent })
    try {
      await assert.rejects(ping(pool, 60_000), (error: Error) => {
        assert.equal('code' in error && error.code, 'database-failed')
        assert.match(error.message, /28P01/)
        assert.doesNotMatch(`${error.message}${error.stack}${JSON.stringify(error)}`, /sk-wrong/)
        return true
      })
    } finally {
      await pool.end()
      await drop()
    }
  })
})
