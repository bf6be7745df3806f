/** The embedded stack: PostgreSQL, restate-server, the offline model where no other is set, and a replica, on one machine. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { type Config, childEnvironment } from '../config.ts'
import { ServiceError } from '../errors.ts'
import { claimDataDir } from './data-dir.ts'
import { endLeftovers } from './leftovers.ts'
import { assertPortsFree, freePort } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { startProcess } from './process.ts'
import { startRestateServer } from './restate-server.ts'
import { type StackState, stateFileOf } from './state.ts'
import { answers, type Supervisor, supervise, waitUntilReady } from './supervisor.ts'

export interface StackOptions {
  readonly config: Config
  readonly log: Logger
  /** One sentence for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

export interface Stack {
  readonly ingressUrl: string
  readonly adminUrl: string
  readonly replicaUrl: string
  /** Null where an outside model is asked. */
  readonly offlineModelUrl: string | null
  /** Holds the password: for children and adapters, not for print. */
  readonly databaseUrl: string
  readonly stateFile: string
  readonly logsDir: string
  readonly pids: () => Readonly<Record<string, number>>
  stop(): Promise<void>
}

const REPLICA_READY_MS = 60_000
const OFFLINE_READY_MS = 15_000
const STOP_MARGIN_MS = 5_000

/**
 * Starts everything in order and registers the replica. Rejects with port-taken, embedded-failed or admin-failed, and
 * has then stopped what had started. `stop` ends the parts in reverse; it never rejects for a part that is gone.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config, say, signal } = options
  const dataDir = resolve(config.dataDir)
  const logsDir = join(dataDir, 'logs')
  await mkdir(logsDir, { recursive: true, mode: 0o755 })
  const claim = await claimDataDir(dataDir, say)
  const parts: { readonly name: string; stop(): Promise<void> }[] = [{ name: 'claim', stop: claim.release }]
  const stop = async () => {
    for (const part of parts.splice(0).reverse()) await part.stop()
  }
  const begin = async (name: string, supervisor: Promise<Supervisor>): Promise<Supervisor> => {
    const started = await supervisor
    parts.push({ name, stop: () => started.stop() })
    signal.throwIfAborted()
    return started
  }

  try {
    await endLeftovers(dataDir, say)
    const usesOffline = config.openai.apiKey === undefined && config.openai.baseUrl === undefined
    await assertPortsFree([
      { port: config.restate.ingressPort, variable: 'INGRESS_PORT', purpose: 'Restate ingress' },
      { port: config.restate.adminPort, variable: 'ADMIN_PORT', purpose: 'Restate admin' },
      { port: config.port, variable: 'PORT', purpose: 'the replica' },
      ...(usesOffline
        ? [{ port: config.offlineModel.port, variable: 'OFFLINE_MODEL_PORT', purpose: 'the offline model' }]
        : []),
    ])

    const database = await startDatabase(options, dataDir, begin)
    const offlineModelUrl = usesOffline ? `http://127.0.0.1:${config.offlineModel.port}/v1` : null
    const offline =
      offlineModelUrl === null ? null : await begin('offline model', superviseOffline(options, dataDir, logsDir))
    const restate = await begin('restate-server', superviseRestate(options, dataDir, logsDir))
    const replica = await begin(
      'replica',
      superviseReplica(options, dataDir, logsDir, { databaseUrl: database.url, offlineModelUrl }),
    )
    const adminUrl = `http://127.0.0.1:${config.restate.adminPort}`
    const replicaUrl = `http://127.0.0.1:${config.port}`
    await register(adminUrl, replicaUrl)

    const pids = () => ({
      ...(database.supervisor === null ? {} : { postgres: database.supervisor.pid }),
      ...(offline === null ? {} : { 'offline-model': offline.pid }),
      'restate-server': restate.pid,
      replica: replica.pid,
    })
    const ingressUrl = `http://127.0.0.1:${config.restate.ingressPort}`
    const stateFile = stateFileOf(dataDir)
    const state: StackState = {
      pid: process.pid,
      ingress_url: ingressUrl,
      admin_url: adminUrl,
      database_url: database.url,
    }
    // The address holds the database's password: for the owner alone.
    await writeFile(stateFile, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
    parts.push({ name: 'state file', stop: () => rm(stateFile, { force: true }) })
    return {
      ingressUrl,
      adminUrl,
      replicaUrl,
      offlineModelUrl,
      databaseUrl: database.url,
      stateFile,
      logsDir,
      pids,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

type Begin = (name: string, supervisor: Promise<Supervisor>) => Promise<Supervisor>

async function startDatabase(
  { config, log, say }: StackOptions,
  dataDir: string,
  begin: Begin,
): Promise<{ readonly url: string; readonly supervisor: Supervisor | null }> {
  if (config.database.connection !== null) return { url: toUrl(config.database.connection), supervisor: null }
  // One port for the life of the stack: the replica finds the database again after a restart.
  const port = config.embeddedPostgresPort ?? (await freePort())
  let url = ''
  const start = async () => {
    const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port, log })
    url = postgres.url
    return postgres
  }
  const supervisor = await begin('PostgreSQL', supervise({ name: 'PostgreSQL', say, start }))
  return { url, supervisor }
}

function superviseRestate({ config, say }: StackOptions, dataDir: string, logsDir: string): Promise<Supervisor> {
  return supervise({
    name: 'restate-server',
    say,
    start: async () => {
      const server = await startRestateServer({
        dataDir: join(dataDir, 'restate'),
        ingressPort: config.restate.ingressPort,
        adminPort: config.restate.adminPort,
        recordIn: dataDir,
        logFile: join(logsDir, 'restate-server.log'),
        env: serverEnvironment(),
      })
      return { pid: server.pid, exited: server.exited, stop: () => server.stop(0) }
    },
  })
}

/** restate-server needs none of our secrets, and would take our own RESTATE_ variables for settings of its. */
function serverEnvironment(): Record<string, string> {
  return childEnvironment({
    OPENAI_API_KEY: null,
    DATABASE_URL: null,
    POSTGRES_PASSWORD: null,
    RESTATE_INGRESS_URL: null,
    RESTATE_IDENTITY_KEYS: null,
  })
}

function superviseOffline({ config, say }: StackOptions, dataDir: string, logsDir: string): Promise<Supervisor> {
  return superviseNode({
    name: 'offline model',
    dataDir,
    entry: new URL('../llm/offline/main.ts', import.meta.url).pathname,
    env: { OFFLINE_MODEL_HOST: '127.0.0.1', OFFLINE_MODEL_PORT: String(config.offlineModel.port) },
    logFile: join(logsDir, 'offline-model.log'),
    healthUrl: `http://127.0.0.1:${config.offlineModel.port}/health`,
    readyMs: OFFLINE_READY_MS,
    stopMs: STOP_MARGIN_MS,
    say,
  })
}

function superviseReplica(
  { config, say }: StackOptions,
  dataDir: string,
  logsDir: string,
  urls: { readonly databaseUrl: string; readonly offlineModelUrl: string | null },
): Promise<Supervisor> {
  const offline: Record<string, string> =
    urls.offlineModelUrl === null ? {} : { OPENAI_BASE_URL: urls.offlineModelUrl, OPENAI_MODEL: OFFLINE_MODEL }
  return superviseNode({
    name: 'replica',
    dataDir,
    entry: new URL('../server.ts', import.meta.url).pathname,
    env: {
      ...offline,
      DATABASE_URL: urls.databaseUrl,
      HOST: '127.0.0.1',
      PORT: String(config.port),
      RATE_REPLICAS: '1',
    },
    logFile: join(logsDir, 'replica.log'),
    healthUrl: `http://127.0.0.1:${config.port}/classify-api/health`,
    readyMs: REPLICA_READY_MS,
    stopMs: config.drainTimeoutMs + STOP_MARGIN_MS,
    say,
  })
}

/** What the offline model calls itself, so that nobody takes its answers for a real model's. */
const OFFLINE_MODEL = 'offline-rules'

interface NodeChild {
  readonly name: string
  readonly dataDir: string
  readonly entry: string
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
  readonly healthUrl: string
  readonly readyMs: number
  readonly stopMs: number
  readonly say: (line: string) => void
}

function superviseNode(child: NodeChild): Promise<Supervisor> {
  return supervise({
    name: child.name,
    say: child.say,
    start: async () => {
      const running = await startProcess({
        record: { dataDir: child.dataDir, name: child.name, mark: child.entry },
        file: process.execPath,
        args: [child.entry],
        env: childEnvironment(child.env),
        logFile: child.logFile,
        withChannel: true,
      })
      try {
        await waitUntilReady(child.name, running.exited, () => answers(child.healthUrl), child.readyMs)
      } catch (error) {
        await running.stop(STOP_MARGIN_MS)
        const message = error instanceof Error ? error.message : String(error)
        throw new ServiceError('embedded-failed', `${message}; see ${child.logFile}`)
      }
      return { pid: running.pid, exited: running.exited, stop: () => running.stop(child.stopMs) }
    },
  })
}

/** Tells Restate of the replica. With force, because the same address may have new handlers since the last start. */
async function register(adminUrl: string, uri: string): Promise<void> {
  const response = await fetch(`${adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri, force: true }),
    signal: AbortSignal.timeout(30_000),
  })
  const body = await response.text()
  if (!response.ok) {
    throw new ServiceError(
      'admin-failed',
      `Restate did not register ${uri} (${response.status}): ${body.slice(0, 300)}`,
    )
  }
}

function toUrl(connection: NonNullable<Config['database']['connection']>): string {
  if ('url' in connection) return connection.url
  const { host, port, user, password, database } = connection
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  return `postgres://${encodeURIComponent(user)}${secret}@${host}:${port}/${encodeURIComponent(database)}`
}
