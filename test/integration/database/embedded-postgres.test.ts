/** The embedded PostgreSQL with a real server: first start, restarts, kills, and the messages when it cannot start. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { pino } from 'pino'
import { z } from 'zod'
import { type EmbeddedPostgres, startPostgres } from '../../../src/embedded/postgres.ts'
import { silent } from '../../helpers/database/postgres.ts'
import { temporaryDirectory } from '../../helpers/temporary-directory.ts'

async function query(server: { readonly url: string }, statement: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** A process of its own that starts the server, prints its pid and port, and waits to be killed. */
async function startElsewhere(dataDir: string) {
  const script = `
    import { pino } from 'pino'
    import { startPostgres } from ${JSON.stringify(new URL('../../../src/embedded/postgres.ts', import.meta.url).href)}
    const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, log: pino({ level: 'silent' }) })
    console.log(JSON.stringify({ pid: server.pid, url: server.url }))
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout, 'data')
  return { child, left: z.object({ pid: z.int(), url: z.string() }).parse(JSON.parse(String(line))) }
}

describe('embedded PostgreSQL', () => {
  let dir: string
  let dataDir: string
  before(async () => {
    dir = await temporaryDirectory()
    dataDir = join(dir, 'below', 'postgres')
    // A killed initialisation leaves a directory of this name.
    await mkdir(join(dataDir, 'cluster.new-1', 'base'), { recursive: true })
    await writeFile(join(dataDir, 'cluster.new-1', 'PG_VERSION'), '18\n')
  })
  after(() => rm(dir, { recursive: true, force: true }))

  const withServer = async (use: (server: EmbeddedPostgres) => Promise<void>, log = silent) => {
    const server = await startPostgres({ dataDir, log })
    try {
      await use(server)
    } finally {
      await server.stop()
    }
  }

  it('makes a cluster after a killed initialisation, and only its owner may read it', () =>
    withServer(async (server) => {
      assert.deepEqual((await readdir(dataDir)).sort(), ['cluster', 'owner.pid', 'password'])
      assert.equal((await stat(join(dataDir, 'password'))).mode & 0o777, 0o600)
      assert.equal((await stat(join(dataDir, 'cluster'))).mode & 0o777, 0o700)
      assert.equal((await readFile(join(dataDir, 'password'), 'utf8')).trim(), server.password)
      const settings = `select current_setting('server_encoding') as encoding, current_setting('listen_addresses') as host,
        current_setting('synchronous_commit') as sync, current_setting('fsync') as fsync,
        current_setting('unix_socket_directories') as sockets, current_database() as database`
      assert.deepEqual(await query(server, settings), [
        { encoding: 'UTF8', host: '127.0.0.1', sync: 'on', fsync: 'on', sockets: '', database: 'classify' },
      ])
    }))

  it('keeps what was written over a stop and a start', async () => {
    await withServer(async (server) => {
      await query(server, 'create table kept as select 42 as n')
    })
    await withServer(async (server) => {
      assert.deepEqual(await query(server, 'select n from kept'), [{ n: 42 }])
    })
  })

  it('ends cleanly, once, and leaves no process', async () => {
    const server = await startPostgres({ dataDir, log: silent })
    await Promise.all([server.stop(), server.stop()])
    assert.deepEqual(await server.exited, { code: 0, signal: null })
    assert.equal(isAlive(server.pid), false)
    await server.stop()
  })

  it('runs in a process group of its own', () =>
    withServer(async ({ pid }) => {
      assert.doesNotThrow(() => process.kill(-pid, 0))
    }))

  it('starts again at once after SIGKILL', async () => {
    const server = await startPostgres({ dataDir, log: silent })
    await query(server, 'create table committed as select 1 as n')
    process.kill(server.pid, 'SIGKILL')
    assert.deepEqual(await server.exited, { code: null, signal: 'SIGKILL' })
    await withServer(async (again) => {
      assert.deepEqual(await query(again, 'select n from committed'), [{ n: 1 }])
    })
  })

  it('stops the server that a killed starter left running, and logs it', async () => {
    const { child, left } = await startElsewhere(dataDir)
    child.kill('SIGKILL')
    await once(child, 'exit')
    assert.equal((await query(left, 'select 1')).length, 1)
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: (line) => lines.push(line) })
    await withServer(async () => {
      await assert.rejects(query(left, 'select 1'), { code: 'ECONNREFUSED' })
    }, log)
    assert.equal(lines.filter((line) => line.includes(`"pid":${left.pid}`) && line.includes('earlier start')).length, 1)
  })

  it('leaves the server of a living starter alone', async () => {
    await withServer(async (server) => {
      await assert.rejects(startPostgres({ dataDir, log: silent }), {
        code: 'embedded-failed',
        message: /in use by process/,
      })
      assert.ok(isAlive(server.pid))
    })
  })

  it('starts although another program has the process number of an earlier server', async () => {
    await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n${join(dataDir, 'cluster')}\n`)
    await withServer(async (server) => {
      assert.equal((await query(server, 'select 1')).length, 1)
    })
  })

  it('says which port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    assert.ok(typeof address === 'object' && address !== null)
    const { port } = address
    await assert.rejects(startPostgres({ dataDir, port, log: silent }), {
      code: 'port-taken',
      message: new RegExp(`Port ${port} `),
    })
    other.close()
    await once(other, 'close')
  })

  it('says which file is missing when the password is gone', async () => {
    const file = join(dataDir, 'password')
    const password = await readFile(file)
    await rm(file)
    await assert.rejects(startPostgres({ dataDir, log: silent }), {
      code: 'embedded-failed',
      message: /password is missing/,
    })
    await writeFile(file, password, { mode: 0o600 })
  })

  it('quotes the output of a server that does not start', async () => {
    const broken = { dataDir, log: silent, settings: { shared_buffers: 'nonsense' } }
    await assert.rejects(startPostgres(broken), { code: 'embedded-failed', message: /shared_buffers.*nonsense/ })
  })

  it('names the path that cannot be a directory', async () => {
    const file = join(dir, 'a-file')
    await writeFile(file, '')
    await assert.rejects(startPostgres({ dataDir: join(file, 'x'), log: silent }), {
      code: 'embedded-failed',
      message: /a-file/,
    })
  })

  it('runs in a directory that only its owner may enter, such as a clone below /root or mktemp -d', async () => {
    const closed = join(dir, 'closed')
    await mkdir(closed, { mode: 0o700 })
    const postgres = await startPostgres({ dataDir: join(closed, 'x'), log: silent })
    await postgres.stop()
    // The second start must find the data of the first.
    const again = await startPostgres({ dataDir: join(closed, 'x'), log: silent })
    assert.equal(again.password, postgres.password)
    await again.stop()
  })
})
