/** The real restate-server on this machine, from the npm package's own binary. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'
import { freePort } from './ports.ts'
import { type RunningProcess, startProcess } from './process.ts'
import { answers, waitUntilReady } from './supervisor.ts'

export interface RestateServerOptions {
  readonly dataDir: string
  /** The stack's data directory, where running processes are written down. */
  readonly recordIn: string
  readonly ingressPort: number
  readonly adminPort: number
  readonly logFile: string
  readonly env: Readonly<Record<string, string>>
  /** Aborted: the start is given up. */
  readonly signal: AbortSignal
  /** Aborted: what is being stopped is killed. */
  readonly kill: AbortSignal
}

/** One node needs few partitions; each costs memory and a leader of its own. */
const PARTITIONS = 4
const READY_TIMEOUT_MS = 60_000
/** It flushes what it holds; longer than that it is stuck. */
const STOP_TIMEOUT_MS = 15_000

/** Starts it on `dataDir`, which must be there, and resolves when health, ingress and the query engine all answer. Rejects with embedded-failed. */
export async function startRestateServer(options: RestateServerOptions): Promise<RunningProcess> {
  const { dataDir, ingressPort, adminPort, logFile } = options
  const nodePort = await freePort()
  const server = await startProcess({
    record: { dataDir: options.recordIn, name: 'restate-server', mark: dataDir },
    file: findBinary(),
    args: ['--base-dir', dataDir, '--node-name', 'embedded', '--cluster-name', 'classify-embedded', '--no-logo'],
    env: {
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
    const check = () => isReady(ingressPort, adminPort)
    await waitUntilReady('restate-server', server.exited, check, READY_TIMEOUT_MS, options.signal)
  } catch (error) {
    await server.stop(STOP_TIMEOUT_MS)
    options.signal.throwIfAborted()
    throw new ServiceError('embedded-failed', `${messageOf(error)}. ${server.lastWords()}`)
  }
  return { ...server, stop: () => server.stop(STOP_TIMEOUT_MS) }
}

/** Health alone is too early: the partitions must have leaders before a call is taken. */
async function isReady(ingressPort: number, adminPort: number): Promise<boolean> {
  const admin = `http://127.0.0.1:${adminPort}`
  return (
    (await answers(`${admin}/health`)) &&
    (await answers(`http://127.0.0.1:${ingressPort}/restate/health`)) &&
    (await answers(`${admin}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query: 'select id from sys_invocation limit 1' }),
    }))
  )
}

/** The package's bin is a Node wrapper that orphans the server when it is killed; the platform package has the server itself. */
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
