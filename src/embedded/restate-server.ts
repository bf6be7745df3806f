/** Starts the real restate-server on this machine, from the binary that npm installed, and registers the replica with it. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'
import { retryFor } from '../lib/timing.ts'
import { type RunningProcess, startProcess } from './process.ts'
import { NODE_NAME, requestSocket, type Sockets } from './sockets.ts'
import { isRefused, waitUntilReady } from './supervisor.ts'

export interface RestateServerOptions {
  /** The sockets on which the server listens, and the directory of its own files. */
  readonly sockets: Sockets
  /** The file of the private key with which the server signs its calls. */
  readonly signingKeyFile: string
  /** The data directory of the stack, in which the running process is recorded. */
  readonly recordIn: string
  readonly logFile: string
  readonly env: Readonly<Record<string, string>>
  /** When this signal aborts, the start is given up. */
  readonly signal: AbortSignal
  /** When this signal aborts, a stop that is under way ends its process by SIGKILL at once. */
  readonly kill: AbortSignal
}

/** The number of partitions. Few are enough for one node, and each of them costs memory and a leader of its own. */
const PARTITIONS = 4
const READY_TIMEOUT_MS = 60_000
const ANSWER_TIMEOUT_MS = 2_000
/** Restate's own filter, but for the lines of its ingress about each call that failed, which quote what the failure says. */
const LOG_FILTER = 'warn,restate=info,restate_ingress_http=warn'
/**
 * The server gets this many milliseconds to write its data to disk after SIGTERM; a server that takes longer hangs and
 * is killed.
 */
const STOP_TIMEOUT_MS = 15_000

/** The milliseconds that the whole registration of the replica may take, and one attempt of it. */
const REGISTRATION_PATIENCE_MS = 60_000
const REGISTRATION_TIMEOUT_MS = 15_000
const REGISTER_AGAIN_MS = 500
const MAX_MESSAGE_LENGTH = 300

/** Starts restate-server and resolves when its health, ingress and query engine all answer. Rejects with `ServiceError` embedded-failed. */
export async function startRestateServer(options: RestateServerOptions): Promise<RunningProcess> {
  const { sockets, logFile } = options
  const server = await startProcess({
    record: { dataDir: options.recordIn, name: 'restate-server', mark: sockets.baseDir },
    file: findBinary(),
    args: ['--base-dir', sockets.baseDir, '--node-name', NODE_NAME, '--cluster-name', 'classify-embedded', '--no-logo'],
    env: {
      RESTATE_LOG_FILTER: LOG_FILTER,
      ...options.env,
      RESTATE_DISABLE_TELEMETRY: 'true',
      // On a TCP port any program of this machine and any web page could call the server past the guard.
      RESTATE_LISTEN_MODE: 'unix',
      // By itself the server would advertise the path without links, which may be too long for a socket.
      RESTATE_ADVERTISED_ADDRESS: `unix:${sockets.fabric}`,
      RESTATE_INGRESS__ADVERTISED_ADDRESS: `unix:${sockets.ingress}`,
      RESTATE_ADMIN__ADVERTISED_ADDRESS: `unix:${sockets.admin}`,
      RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE: options.signingKeyFile,
      RESTATE_DEFAULT_NUM_PARTITIONS: String(PARTITIONS),
      RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '256MB',
      RESTATE_LOG_DISABLE_ANSI_CODES: 'true',
    },
    logFile,
    withChannel: false,
    kill: options.kill,
  })
  try {
    await waitUntilReady({
      name: 'restate-server',
      exited: server.exited,
      isReady: () => isReady(sockets),
      timeoutMs: READY_TIMEOUT_MS,
      signal: options.signal,
    })
  } catch (error) {
    await server.stop(STOP_TIMEOUT_MS)
    options.signal.throwIfAborted()
    throw new ServiceError('embedded-failed', `${messageOf(error)}. ${server.describeOutput()}`.split('\n'))
  }
  return { ...server, stop: () => server.stop(STOP_TIMEOUT_MS) }
}

/**
 * Whether the server can take calls, which need leaders of the partitions. The health routes answer before there are
 * leaders, so a query, which needs the leaders too, is tried as well.
 */
async function isReady({ ingress, admin }: Sockets): Promise<boolean> {
  const query = { query: 'select id from sys_invocation limit 1' }
  return (
    (await isAnswering(admin, '/health')) &&
    (await isAnswering(ingress, '/restate/health')) &&
    (await isAnswering(admin, '/query', query))
  )
}

async function isAnswering(socketPath: string, path: string, body?: unknown): Promise<boolean> {
  const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
  return await requestSocket({ socketPath, path, body, signal }).then(
    ({ status }) => status < 300,
    () => false,
  )
}

/** Whether ingress and admin answer before `signal` aborts, with whatever status. */
export async function isServerTalking({ ingress, admin }: Sockets, signal: AbortSignal): Promise<boolean> {
  const ask = (socketPath: string, path: string) =>
    requestSocket({ socketPath, path, signal }).then(
      () => true,
      (error: unknown) => isRefused(error),
    )
  const answers = await Promise.all([ask(admin, '/health'), ask(ingress, '/restate/health')])
  return answers.every((isAnswered) => isAnswered)
}

export interface Registration {
  /** The path of the admin API's socket. */
  readonly adminSocket: string
  /** The URL at which restate-server calls the replica. */
  readonly uri: string
  readonly signal: AbortSignal
  /** Milliseconds after which no further attempt is made; a minute by default. */
  readonly patienceMs?: number
}

/**
 * Registers the replica, and tries again while Restate does not reach it, because a replica that ended at its start is started
 * again. `force` makes Restate discover its handlers anew, because a new release may have other ones. Rejects with ServiceError
 * admin-failed, which has the last answer.
 */
export async function registerReplica({
  adminSocket,
  uri,
  signal,
  patienceMs = REGISTRATION_PATIENCE_MS,
}: Registration): Promise<void> {
  let failure = ''
  let cause: unknown
  const attempt = async () => {
    try {
      const { status, text } = await requestSocket({
        ...{ socketPath: adminSocket, path: '/deployments', body: { uri, force: true } },
        signal: AbortSignal.any([signal, AbortSignal.timeout(REGISTRATION_TIMEOUT_MS)]),
      })
      if (status < 300) return true
      failure = ` (${status}): ${text.slice(0, MAX_MESSAGE_LENGTH)}`
      cause = undefined
    } catch (error) {
      signal.throwIfAborted()
      failure = `: ${messageOf(error)}`
      cause = error
    }
    return undefined
  }
  if ((await retryFor(attempt, { delayMs: REGISTER_AGAIN_MS, patienceMs, signal })) === true) return
  throw new ServiceError('admin-failed', `Restate did not register ${uri}${failure}`, { cause })
}

/**
 * Finds the binary in the npm package for this platform. The Node.js wrapper of the main package is not used, because
 * the server would live on when the wrapper is killed.
 */
function findBinary(): string {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`
  try {
    const wrapper = createRequire(import.meta.url).resolve('@restatedev/restate-server/package.json')
    const manifest = createRequire(wrapper).resolve(`${name}/package.json`)
    return join(dirname(manifest), 'bin', 'restate-server')
  } catch (error) {
    const hint = 'npm install brings it, where the platform has one; the Compose cluster runs everywhere'
    throw new ServiceError('embedded-failed', `${name} is not installed: ${hint}`, { cause: error })
  }
}
