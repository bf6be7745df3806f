/** Starts the real restate-server on this machine, from the binary that npm installed. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'
import { freePort } from './ports.ts'
import { type RunningProcess, startProcess } from './process.ts'
import { isAnswering, waitUntilReady } from './supervisor.ts'

export interface RestateServerOptions {
  /** The directory of the server's own files, which must exist. */
  readonly dataDir: string
  /** The data directory of the stack, in which the running process is recorded. */
  readonly recordIn: string
  readonly ingressPort: number
  readonly adminPort: number
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
/** Restate's own filter, but for the lines of its ingress about each call that failed, which quote what the failure says. */
const LOG_FILTER = 'warn,restate=info,restate_ingress_http=warn'
/**
 * The server gets this many milliseconds to write its data to disk after SIGTERM; a server that takes longer hangs and
 * is killed.
 */
const STOP_TIMEOUT_MS = 15_000

/** Starts restate-server and resolves when its health, ingress and query engine all answer. Rejects with `ServiceError` embedded-failed. */
export async function startRestateServer(options: RestateServerOptions): Promise<RunningProcess> {
  const { dataDir, ingressPort, adminPort, logFile } = options
  const nodePort = await freePort()
  const server = await startProcess({
    record: { dataDir: options.recordIn, name: 'restate-server', mark: dataDir },
    file: findBinary(),
    args: ['--base-dir', dataDir, '--node-name', 'embedded', '--cluster-name', 'classify-embedded', '--no-logo'],
    env: {
      RESTATE_LOG_FILTER: LOG_FILTER,
      ...options.env,
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingressPort}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${adminPort}`,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${nodePort}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${nodePort}`,
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
      isReady: () => isReady(ingressPort, adminPort),
      timeoutMs: READY_TIMEOUT_MS,
      signal: options.signal,
    })
  } catch (error) {
    await server.stop(STOP_TIMEOUT_MS)
    options.signal.throwIfAborted()
    throw new ServiceError('embedded-failed', `${messageOf(error)}. ${server.describeOutput()}`)
  }
  return { ...server, stop: () => server.stop(STOP_TIMEOUT_MS) }
}

/**
 * Whether the server can take calls, which need leaders of the partitions. The health routes answer before there are
 * leaders, so a query, which needs the leaders too, is tried as well.
 */
async function isReady(ingressPort: number, adminPort: number): Promise<boolean> {
  const admin = `http://127.0.0.1:${adminPort}`
  return (
    (await isAnswering(`${admin}/health`)) &&
    (await isAnswering(`http://127.0.0.1:${ingressPort}/restate/health`)) &&
    (await isAnswering(`${admin}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: 'select id from sys_invocation limit 1' }),
    }))
  )
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
