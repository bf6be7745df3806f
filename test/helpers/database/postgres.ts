/** A real PostgreSQL for one test file, with a database for each test, and a PgBouncer before it where the machine has one. */
import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { freePort } from '../../../src/embedded/ports.ts'
import { type EmbeddedPostgres, startPostgres } from '../../../src/embedded/postgres.ts'
import { createPool, type DatabasePool } from '../../../src/store/pool.ts'
import { temporaryDirectory } from '../temporary-directory.ts'
import { copyPostgres, MIGRATED } from './postgres-template.ts'

export const silent = pino({ level: 'silent' })

/** Loses what was committed last where the server is killed, which no test of these does. */
const FAST = { synchronous_commit: 'off' }

export interface TestDatabase {
  readonly pool: DatabasePool
  readonly url: string
  /** Ends the pool and drops the database. */
  drop(): Promise<void>
}

export interface SharedPostgres {
  server(): Promise<EmbeddedPostgres>
  /** Creates a database: a clone of one with all migrations, or an empty one. */
  fresh(options?: { readonly empty?: boolean }): Promise<TestDatabase>
}

/**
 * One server for all tests of this file; started on first use, stopped and removed when the file ends. Call it at the
 * top level of the test file.
 */
export function sharedPostgres(): SharedPostgres {
  let starting: Promise<{ server: EmbeddedPostgres; dir: string }> | undefined
  const started = () => (starting ??= start())

  after(async () => {
    if (starting === undefined) return
    const { server, dir } = await starting
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  })

  const fresh = async ({ empty = false }: { readonly empty?: boolean } = {}): Promise<TestDatabase> => {
    const { server } = await started()
    const name = `test_${randomUUID().replaceAll('-', '')}`
    await administer(server, `create database ${name} template ${empty ? 'template0' : MIGRATED}`)
    const url = urlOf(server, name)
    const pool = createPool({ connectionString: url, log: silent })
    return {
      pool,
      url,
      drop: async () => {
        await pool.end()
        await administer(server, `drop database ${name} with (force)`)
      },
    }
  }
  return { server: async () => (await started()).server, fresh }
}

async function start(): Promise<{ server: EmbeddedPostgres; dir: string }> {
  const dir = await temporaryDirectory()
  const dataDir = join(dir, 'postgres')
  await copyPostgres(dataDir)
  const server = await startPostgres({ dataDir, log: silent, settings: FAST })
  stopWithProcess(server)
  return { server, dir }
}

/** Ends the server with the test process. The server is in a process group of its own, so signals of the terminal miss it. */
function stopWithProcess(server: EmbeddedPostgres): void {
  const end = () => process.kill(server.pid, 'SIGQUIT')
  const leave = () => process.exit(1)
  process.once('exit', end).once('SIGINT', leave).once('SIGTERM', leave)
  void server.exited.then(() => process.off('exit', end).off('SIGINT', leave).off('SIGTERM', leave))
}

async function administer(server: EmbeddedPostgres, statement: string): Promise<void> {
  const pool = createPool({ connectionString: server.url, max: 1, log: silent })
  try {
    await pool.query(statement)
  } finally {
    await pool.end()
  }
}

function urlOf(server: EmbeddedPostgres, database: string): string {
  const url = new URL(server.url)
  url.pathname = database
  return url.href
}

/** The `skip` option of a suite that needs PgBouncer: the reason where this machine lacks the program, else false. */
export async function pgBouncerSkip(): Promise<string | false> {
  return promisify(execFile)('pgbouncer', ['--version']).then(
    () => false,
    () => 'skipped: PgBouncer is not installed here (apt-get install pgbouncer)',
  )
}

export interface PgBouncer {
  /** The same database, reached in transaction mode with few server connections. */
  urlFor(databaseUrl: string): string
  stop(): Promise<void>
}

export async function startPgBouncer(
  server: Pick<EmbeddedPostgres, 'url' | 'host' | 'port' | 'user' | 'password'>,
): Promise<PgBouncer> {
  const dir = await temporaryDirectory()
  const port = await freePort()
  const ini = join(dir, 'pgbouncer.ini')
  const users = join(dir, 'users.txt')
  const settings = [
    '[databases]',
    `* = host=${server.host} port=${server.port}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = trust',
    `auth_file = ${users}`,
    'pool_mode = transaction',
    'default_pool_size = 4',
    ...(process.getuid?.() === 0 ? ['user = postgres'] : []),
  ]
  await writeFile(users, `"${server.user}" "${server.password}"\n`, { mode: 0o644 })
  await writeFile(ini, `${settings.join('\n')}\n`)
  const child = spawn('pgbouncer', ['-q', ini], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGKILL')
    await ended
    await rm(dir, { recursive: true, force: true })
  }
  const urlFor = (databaseUrl: string) => {
    const url = new URL(databaseUrl)
    url.port = String(port)
    return url.href
  }
  for (const deadline = Date.now() + 60_000; ; await sleep(50)) {
    const pool = createPool({ connectionString: urlFor(server.url), max: 1, log: silent })
    const answered = await pool.query('select 1').then(
      () => true,
      () => false,
    )
    await pool.end()
    if (answered) return { urlFor, stop }
    if (Date.now() > deadline || child.exitCode !== null) {
      await stop()
      throw new Error('PgBouncer did not start')
    }
  }
}
