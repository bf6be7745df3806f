/** A real PostgreSQL beside the CLI, for the embedded stack and the tests. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../errors.ts'
import { freePort, isFree } from './ports.ts'
import { CLUSTER_USER, type Cluster, commandAs, prepareCluster, SERVER_ENV } from './postgres-cluster.ts'
import { stopOrphan } from './postgres-orphan.ts'

const HOST = '127.0.0.1'
const DATABASE = 'classify'
const READY_POLL_MS = 25

/** A small server for one machine. What is written stays written: synchronous_commit and fsync are left on. */
const SETTINGS: Readonly<Record<string, string | number>> = {
  listen_addresses: HOST,
  // No socket file: its path is bounded to about 100 bytes, and TCP does.
  unix_socket_directories: '',
  max_connections: 50,
  shared_buffers: '64MB',
  huge_pages: 'off',
  max_wal_size: '256MB',
  wal_level: 'minimal',
  max_wal_senders: 0,
  // Three processes fewer than io_method=worker.
  io_method: 'sync',
  max_parallel_workers_per_gather: 0,
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_checkpoints: 'off',
  // Neither statements nor details: they quote rows.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

export interface PostgresOptions {
  /** A directory of its own. Made where it is missing; handed to the user `postgres` where we run as root. */
  readonly dataDir: string
  /** A free port is taken where none is given. */
  readonly port?: number
  readonly log: Logger
  /** Bound on the start, recovery after a crash included, the first initialisation not. Default 60,000 ms. */
  readonly startTimeoutMs?: number
  /** After it a stop becomes SIGKILL. Default 15,000 ms. */
  readonly stopTimeoutMs?: number
  /** More server settings, such as `{ fsync: 'off' }` for tests. */
  readonly settings?: Readonly<Record<string, string | number>>
}

export interface PostgresExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface EmbeddedPostgres {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** Holds the password: not for logs. */
  readonly url: string
  readonly pid: number
  /** Ends the server by fast shutdown and waits for its end. Safe to call twice; never rejects. */
  stop(): Promise<void>
  /** Resolves when the server has ended, whoever ended it. */
  readonly exited: Promise<PostgresExit>
}

/**
 * Starts PostgreSQL on `dataDir`, initialised on first use, with a database `classify`; resolves when it answers a
 * query. A server that a killed CLI left on the same directory is stopped first. The server runs in a process group
 * of its own: a signal to ours does not reach it, so the caller must `stop()` it. Rejects with `ServiceError`
 * embedded-failed or port-taken, and has then left no process.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const { log, startTimeoutMs = 60_000, stopTimeoutMs = 15_000 } = options
  const cluster = await prepareCluster(options.dataDir, log)
  const ownerFile = join(dirname(cluster.directory), 'owner.pid')
  const owner = Number.parseInt(await readFile(ownerFile, 'utf8').catch(() => ''), 10)
  await stopOrphan(cluster.directory, owner, stopTimeoutMs, log)
  await writeFile(ownerFile, `${process.pid}\n`)

  const deadline = performance.now() + startTimeoutMs
  for (;;) {
    const port = options.port ?? (await freePort())
    if (options.port !== undefined && !(await isFree(port))) throw portTaken(port)
    const server = spawnServer(cluster, port, options)
    try {
      await untilReady(server, cluster.password, port, deadline)
    } catch (error) {
      await stopServer(server, stopTimeoutMs)
      if (error instanceof StartAgain && performance.now() < deadline) {
        // Another took the free port first, or the children of a server that was killed are still going.
        if (options.port === undefined || !error.portTaken) {
          await sleep(READY_POLL_MS * 4)
          continue
        }
        throw portTaken(port)
      }
      throw error
    }
    log.info({ port, pid: server.pid, directory: cluster.directory }, 'PostgreSQL is ready')
    let stopping: Promise<void> | undefined
    return {
      host: HOST,
      port,
      user: CLUSTER_USER,
      password: cluster.password,
      database: DATABASE,
      url: `postgres://${CLUSTER_USER}:${cluster.password}@${HOST}:${port}/${DATABASE}`,
      pid: server.pid,
      exited: server.exited,
      stop: () => (stopping ??= stopServer(server, stopTimeoutMs)),
    }
  }
}

interface Server {
  readonly child: ChildProcess
  readonly pid: number
  readonly exited: Promise<PostgresExit>
  /** What it said last, for the message when it does not start. */
  readonly said: () => string
}

/** A start that failed for a reason that passes. */
class StartAgain extends Error {
  readonly portTaken: boolean

  constructor(portTaken: boolean) {
    super('PostgreSQL must be started again')
    this.portTaken = portTaken
  }
}

function spawnServer(cluster: Cluster, port: number, options: PostgresOptions): Server {
  const settings = Object.entries({ ...SETTINGS, ...options.settings, port })
  const args = ['-D', cluster.directory, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const command = commandAs(cluster.runAs, cluster.postgresBinary, args)
  const child = spawn(command.file, command.args, {
    cwd: cluster.directory,
    env: SERVER_ENV,
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...command.ids,
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
    for (const line of text.split('\n')) if (line.trim() !== '') options.log.debug({ line }, 'PostgreSQL says')
  })
  const { promise: exited, resolve } = Promise.withResolvers<PostgresExit>()
  child.on('exit', (code, signal) => resolve({ code, signal }))
  child.on('error', (error) => {
    said += messageOf(error)
    if (child.pid === undefined) resolve({ code: null, signal: null })
  })
  return { child, pid: child.pid ?? 0, exited, said: () => said.trim() }
}

/** Connects until a query is answered, then makes the database where it is missing. */
async function untilReady(server: Server, password: string, port: number, deadline: number): Promise<void> {
  let exit: PostgresExit | undefined
  void server.exited.then((how) => {
    exit = how
  })
  for (;;) {
    if (exit !== undefined) throw endedEarly(server, exit)
    try {
      await makeDatabase(password, port)
      return
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === '28P01') {
        throw new ServiceError('embedded-failed', `The PostgreSQL on ${HOST}:${port} does not take our password`)
      }
      if (performance.now() > deadline) {
        throw new ServiceError('embedded-failed', `PostgreSQL did not answer in time: ${messageOf(error)}`, {
          cause: error,
        })
      }
    }
    await sleep(READY_POLL_MS)
  }
}

async function makeDatabase(password: string, port: number): Promise<void> {
  const client = new pg.Client({
    host: HOST,
    port,
    user: CLUSTER_USER,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
  })
  // The server may go away at any moment here; the statements below say so.
  client.on('error', () => {})
  try {
    await client.connect()
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end().catch(() => {})
  }
}

function endedEarly(server: Server, exit: PostgresExit): Error {
  const said = server.said()
  if (/could not bind IPv4 address/.test(said)) return new StartAgain(true)
  if (/pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(said))
    return new StartAgain(false)
  return new ServiceError('embedded-failed', `PostgreSQL ended at start with ${exit.signal ?? exit.code}: ${said}`)
}

async function stopServer(server: Server, timeoutMs: number): Promise<void> {
  server.child.kill('SIGINT')
  const killer = setTimeout(() => server.child.kill('SIGKILL'), timeoutMs)
  await server.exited
  clearTimeout(killer)
}

function portTaken(port: number): ServiceError {
  return new ServiceError('port-taken', `Port ${port} on ${HOST}, wanted for PostgreSQL, is taken`)
}
