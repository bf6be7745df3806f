/** The embedded stack on one machine: PostgreSQL, restate-server behind its guard, a replica, the console, and the offline model where no real model is configured. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config/config.ts'
import { connectionFromThisHost, connectionUrl } from '../config/database-connection.ts'
import { consoleLink, createToken } from '../lib/network/console-link.ts'
import { claimDataDir, makeDataDir, tightenDataDir } from './data-dir.ts'
import { ensureIdentity } from './identity.ts'
import { endLeftovers } from './leftovers.ts'
import { waitForDatabase } from './outside-database.ts'
import {
  type PartOptions,
  superviseConsole,
  superviseGuard,
  superviseOfflineModel,
  superviseReplica,
  superviseRestate,
} from './parts.ts'
import { freePort, type HeldPorts, holdPorts } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { writePrivateFile } from './private-files.ts'
import { registerReplica } from './restate-server.ts'
import { openSockets } from './sockets.ts'
import { type StackState, stateFileOf } from './state.ts'
import { type Supervisor, supervise } from './supervisor.ts'

export interface StackOptions {
  readonly config: Config
  readonly log: Logger
  /** Prints one sentence for the person at the terminal. */
  readonly say: (line: string) => void
  /** When this signal aborts, the start is given up and `startStack` rejects with the reason of the signal. */
  readonly signal: AbortSignal
  /** When this signal aborts, a stop that is under way kills the parts; only PostgreSQL still ends by fast shutdown. */
  readonly kill: AbortSignal
  /** Variables of the replica that differ from those of this process; a variable with null is left out. */
  readonly replicaEnv?: Readonly<Record<string, string | null>> | undefined
  /** Whether the console is started as well. */
  readonly withConsole?: boolean
}

export interface Stack {
  readonly ingressUrl: string
  readonly adminUrl: string
  readonly replicaUrl: string
  /** The address of the offline model; null where the configured model answers instead. */
  readonly offlineModelUrl: string | null
  /** The link that opens the console signed in; null where the console was not started. */
  readonly consoleLink: string | null
  /** The address of the database with the password in it: for child processes and adapters, never for output. */
  readonly databaseUrl: string
  readonly stateFile: string
  readonly logsDir: string
  /** The current process numbers by the names of the parts. */
  readonly pids: () => Readonly<Record<string, number>>
  stop(): Promise<void>
}

/**
 * Starts the parts in order and registers the replica with Restate. Rejects with `ServiceError` port-taken,
 * embedded-failed or admin-failed after it has stopped the parts that ran. `stop` ends the parts in reverse order; a
 * part that is gone already is no error.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config, say, signal } = options
  const dataDir = await makeDataDir(config.dataDir)
  const logsDir = await makeDataDir(config.dataDir, 'logs')
  const { replicaEnv, withConsole = false } = options
  const claim = await claimDataDir(dataDir, say)
  const parts: { readonly name: string; stop(): Promise<void> }[] = [{ name: 'claim', stop: claim.release }]
  const stop = async () => {
    const failures: unknown[] = []
    // A part that cannot be stopped does not keep the others running.
    for (const { stop } of parts.splice(0).reverse()) await stop().catch((error: unknown) => failures.push(error))
    if (failures.length > 0) throw failures[0]
  }
  const begin = async (name: string, supervisor: Promise<Supervisor>): Promise<Supervisor> => {
    const started = await supervisor
    parts.push({ name, stop: () => started.stop() })
    signal.throwIfAborted()
    return started
  }

  try {
    await endLeftovers(dataDir, say)
    await tightenDataDir(dataDir, say)
    const usesOffline = config.openai.apiKey === undefined && config.openai.baseUrl === undefined
    const wanted = [
      { port: config.restate.ingressPort, variable: 'INGRESS_PORT', purpose: 'Restate ingress' },
      { port: config.restate.adminPort, variable: 'ADMIN_PORT', purpose: 'Restate admin' },
      { port: config.port, variable: 'PORT', purpose: 'the replica' },
      ...(withConsole ? [{ port: config.console.port, variable: 'CONSOLE_PORT', purpose: 'the console' }] : []),
      ...(usesOffline
        ? [{ port: config.offlineModel.port, variable: 'OFFLINE_MODEL_PORT', purpose: 'the offline model' }]
        : []),
      ...(config.database.connection === null && config.embeddedPostgresPort !== undefined
        ? [{ port: config.embeddedPostgresPort, variable: 'POSTGRES_PORT', purpose: 'PostgreSQL' }]
        : []),
    ]
    const ports = await holdPorts(wanted, { say, signal })
    parts.push({ name: 'ports', stop: ports.releaseAll })
    const part: PartOptions = { config, dataDir, logsDir, say, signal, kill: options.kill, replicaEnv, ports }

    const database = await startDatabase(options, dataDir, ports, begin)
    const offlineModelUrl = usesOffline ? `http://127.0.0.1:${config.offlineModel.port}/v1` : null
    const offline = offlineModelUrl === null ? null : await begin('offline model', superviseOfflineModel(part))
    const identity = await ensureIdentity({
      ...{ directory: join(dataDir, 'identity'), variable: 'DATA_DIR', value: config.dataDir },
      isMounted: false,
    })
    const sockets = await openSockets(join(dataDir, 'restate'))
    parts.push({ name: 'sockets', stop: sockets.close })
    const restate = await begin('restate-server', superviseRestate(part, sockets, identity))
    if (database.supervisor === null) await waitForDatabase(database.url, say, signal)
    const urls = { databaseUrl: database.url, offlineModelUrl }
    const [replica, guard] = await bothOf(
      begin('replica', superviseReplica(part, urls, identity)),
      begin('guard', superviseGuard(part, sockets, database.url)),
    )
    const adminUrl = `http://127.0.0.1:${config.restate.adminPort}`
    const replicaUrl = `http://127.0.0.1:${config.port}`
    await registerReplica({ adminSocket: sockets.admin, uri: replicaUrl, signal })
    const token = config.console.token ?? createToken()
    const page = withConsole
      ? await begin('console', superviseConsole(part, { databaseUrl: database.url, token }))
      : null
    const ownToken = config.guard.tokensFile === undefined ? token : undefined

    const pids = () => ({
      ...(database.supervisor === null ? {} : { postgres: database.supervisor.pid }),
      ...(offline === null ? {} : { 'offline-model': offline.pid }),
      'restate-server': restate.pid,
      replica: replica.pid,
      guard: guard.pid,
      ...(page === null ? {} : { console: page.pid }),
    })
    const ingressUrl = `http://127.0.0.1:${config.restate.ingressPort}`
    const stateFile = stateFileOf(dataDir)
    const state: StackState = { pid: process.pid, database_url: database.url }
    // The address holds the password of the database, so only the owner may read the file.
    await writePrivateFile(stateFile, `${JSON.stringify(state, null, 2)}\n`)
    parts.push({ name: 'state file', stop: () => rm(stateFile, { force: true }) })
    return {
      ingressUrl,
      adminUrl,
      replicaUrl,
      offlineModelUrl,
      consoleLink: page === null ? null : consoleLink(config.console.url, ownToken),
      databaseUrl: database.url,
      stateFile,
      logsDir,
      pids,
      stop,
    }
  } catch (error) {
    // The caller learns why the start failed; a failed stop is only logged.
    await stop().catch((failure: unknown) => options.log.error({ err: failure }, 'A part could not be stopped'))
    // A Ctrl+C reaches the programs of the start as well, such as initdb, whose end is no failure then.
    signal.throwIfAborted()
    throw error
  }
}

/** Waits for both starts to end before it rejects with the failure of one, so that the other is known and can be stopped. */
async function bothOf<T>(first: Promise<T>, second: Promise<T>): Promise<[T, T]> {
  await Promise.allSettled([first, second])
  return await Promise.all([first, second])
}

type Begin = (name: string, supervisor: Promise<Supervisor>) => Promise<Supervisor>

async function startDatabase(
  { config, log, say, signal }: StackOptions,
  dataDir: string,
  ports: HeldPorts,
  begin: Begin,
): Promise<{ readonly url: string; readonly supervisor: Supervisor | null }> {
  if (config.database.connection !== null)
    return { url: connectionUrl(connectionFromThisHost(config.database.connection)), supervisor: null }
  // The port of the database is chosen once, so that the replica finds a restarted database at the same address.
  const port = config.embeddedPostgresPort ?? (await freePort())
  let url = ''
  const start = async () => {
    await ports.release(port)
    const postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port, log })
    url = connectionUrl({ url: postgres.url })
    return postgres
  }
  const supervisor = await begin('PostgreSQL', supervise({ name: 'PostgreSQL', say, signal, start }))
  return { url, supervisor }
}
