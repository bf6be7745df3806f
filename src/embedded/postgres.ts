/** A real PostgreSQL server on this machine, for the embedded stack and for tests. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import pg from 'pg'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../errors.ts'
import { retryFor } from '../lib/timing.ts'
import { freePort, waitUntilFree } from './ports.ts'
import { CLUSTER_USER, type Cluster, prepareCluster } from './postgres-cluster.ts'
import { stopOrphan } from './postgres-orphan.ts'
import { POSTGRES_HOST, type PostgresExit, type ServerProcess, spawnServer, stopServer } from './postgres-server.ts'
import { writePrivateFile } from './private-files.ts'
import { killGroup } from './process.ts'
import { isRefused } from './supervisor.ts'

const DATABASE = 'classify'
/** Milliseconds between two attempts to connect while the server starts. */
const READY_POLL_MS = 25
/** Milliseconds that a query may take which asks whether the server lives. */
const ASK_TIMEOUT_MS = 2_000
/** Milliseconds before a second start where the first one failed for a reason that passes, such as a taken port. */
const RESTART_DELAY_MS = 100

export interface PostgresOptions {
  /**
   * The data directory of this server alone, made where it is missing. Where this process is root, the directory is
   * given to the user `postgres`.
   */
  readonly dataDir: string
  /** The port to listen on; without it any free port is taken. */
  readonly port?: number
  readonly log: Logger
  /**
   * The most milliseconds for a start, with recovery after a crash and without the first initialisation. Default
   * 60,000.
   */
  readonly startTimeoutMs?: number
  /** A server that has not stopped after this many milliseconds is ended by SIGKILL. Default 15,000. */
  readonly stopTimeoutMs?: number
  /** Further settings of the server, such as `{ fsync: 'off' }` for tests. */
  readonly settings?: Readonly<Record<string, string | number>>
}

export interface EmbeddedPostgres {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** The address with the password in it, so it must not be logged. */
  readonly url: string
  readonly pid: number
  /** Ends the server by fast shutdown and waits for its end. Safe to call twice; never rejects. */
  stop(): Promise<void>
  /** Resolves when the server has ended, for whatever reason. */
  readonly exited: Promise<PostgresExit>
  /** Ends the server and all its processes by SIGKILL; the next start recovers the database. */
  kill(): void
  /** Resolves with whether the server takes a connection or refuses it before `signal` aborts. */
  isAnswering(signal: AbortSignal): Promise<boolean>
}

/**
 * Starts PostgreSQL on `dataDir`, initialised on first use, with a database `classify`; resolves when it answers a
 * query. A server that a killed process left on the same directory is stopped first. The server runs in a process group
 * of its own, so a signal to this process's group does not reach it and the caller must `stop()` it. Rejects with
 * `ServiceError` embedded-failed or port-taken, and then leaves no process.
 */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const { log, startTimeoutMs = 60_000, stopTimeoutMs = 15_000 } = options
  const cluster = await prepareCluster(options.dataDir, log)
  const ownerFile = join(dirname(cluster.directory), 'owner.pid')
  const owner = Number.parseInt(await readFile(ownerFile, 'utf8').catch(() => ''), 10)
  await stopOrphan(cluster.directory, owner, stopTimeoutMs, log)
  await writePrivateFile(ownerFile, `${process.pid}\n`)

  const deadline = performance.now() + startTimeoutMs
  const started = await retryUntil(deadline, RESTART_DELAY_MS, () => tryToStart(cluster, options, deadline))
  if (started === undefined) {
    throw new ServiceError('embedded-failed', `PostgreSQL did not start within ${startTimeoutMs / 1_000} s`)
  }
  const { server, port } = started
  log.info({ port, pid: server.pid, directory: cluster.directory }, 'PostgreSQL is ready')
  let stopping: Promise<void> | undefined
  return {
    host: POSTGRES_HOST,
    port,
    user: CLUSTER_USER,
    password: cluster.password,
    database: DATABASE,
    url: `postgres://${CLUSTER_USER}:${cluster.password}@${POSTGRES_HOST}:${port}/${DATABASE}`,
    pid: server.pid,
    exited: server.exited,
    stop: () => (stopping ??= stopServer(server, stopTimeoutMs)),
    kill: () => killGroup(server.pid),
    isAnswering: (signal) => isAnswering(cluster.password, port, signal),
  }
}

/**
 * Starts the server once; undefined where the start failed for a reason that passes, so that the caller tries again.
 */
async function tryToStart(
  cluster: Cluster,
  options: PostgresOptions,
  deadline: number,
): Promise<{ readonly server: ServerProcess; readonly port: number } | undefined> {
  const port = options.port ?? (await freePort())
  if (options.port !== undefined) await waitUntilFree(port, 'POSTGRES_PORT')
  const server = spawnServer(cluster, port, options)
  try {
    await waitUntilConnected(server, cluster.password, port, deadline)
    return { server, port }
  } catch (error) {
    await stopServer(server, options.stopTimeoutMs ?? 15_000)
    if (!(error instanceof PassingFailure)) throw error
    if (error.isPortTaken && options.port !== undefined) throw portTaken(port)
    return undefined
  }
}

/**
 * The failure of a start that may succeed later: another process took the port, or the children of a killed server
 * still run.
 */
class PassingFailure extends Error {
  readonly isPortTaken: boolean

  constructor(isPortTaken: boolean) {
    super('PostgreSQL must be started again')
    this.isPortTaken = isPortTaken
  }
}

/** Connects until the server answers a query, then makes the database where it is missing. */
async function waitUntilConnected(
  server: ServerProcess,
  password: string,
  port: number,
  deadline: number,
): Promise<void> {
  let exit: PostgresExit | undefined
  let lastError: unknown
  void server.exited.then((value) => {
    exit = value
  })
  const isConnected = await retryUntil(deadline, READY_POLL_MS, async () => {
    if (exit !== undefined) throw earlyEnd(server, exit)
    try {
      await makeDatabase(password, port)
      return true
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined
      if (code === '28P01') {
        const message = `The PostgreSQL on ${POSTGRES_HOST}:${port} refuses the password of its data directory`
        throw new ServiceError('embedded-failed', message)
      }
      lastError = error
      return undefined
    }
  })
  if (isConnected === true) return
  throw new ServiceError('embedded-failed', `PostgreSQL did not answer in time: ${messageOf(lastError)}`, {
    cause: lastError,
  })
}

async function makeDatabase(password: string, port: number): Promise<void> {
  const client = createClient(password, port)
  try {
    await client.connect()
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end().catch(() => {})
  }
}

async function isAnswering(password: string, port: number, signal: AbortSignal): Promise<boolean> {
  const client = createClient(password, port, { query_timeout: ASK_TIMEOUT_MS })
  const end = () => void client.end().catch(() => undefined)
  signal.addEventListener('abort', end, { once: true })
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch (error) {
    // A server that starts, ends or has no place left says so, which is an answer.
    return isRefused(error) || error instanceof pg.DatabaseError
  } finally {
    signal.removeEventListener('abort', end)
    // A frozen server would never answer the end, so that nobody waits for it.
    end()
  }
}

function createClient(password: string, port: number, more: pg.ClientConfig = {}): pg.Client {
  const client = new pg.Client({
    host: POSTGRES_HOST,
    port,
    user: CLUSTER_USER,
    password,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
    ...more,
  })
  // Without a listener the error event of a server that goes away would end this process; the statements reject as well.
  client.on('error', () => {})
  return client
}

function earlyEnd(server: ServerProcess, exit: PostgresExit): Error {
  const output = server.output()
  if (/could not bind IPv4 address/.test(output)) return new PassingFailure(true)
  if (/pre-existing shared memory block|lock file "postmaster.pid" already exists/.test(output)) {
    return new PassingFailure(false)
  }
  const said = `PostgreSQL ended at start with ${exit.signal ?? exit.code}: ${output}`
  return new ServiceError('embedded-failed', said.split('\n'))
}

/** Works as `retryFor` does, but takes the point in time, by `performance.now()`, after which no attempt begins. */
function retryUntil<T>(
  deadline: number,
  delayMs: number,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const patienceMs = deadline - performance.now()
  return retryFor(attempt, { delayMs, patienceMs, signal: new AbortController().signal })
}

function portTaken(port: number): ServiceError {
  return new ServiceError('port-taken', `Port ${port} on ${POSTGRES_HOST}, wanted for PostgreSQL, is taken`)
}
