/** The real restate-server on this machine, from the npm package's own binary. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ServiceError } from '../errors.ts'
import { freePort } from './ports.ts'
import { endProcess, isOurProcess, type RunningProcess, startProcess, tailOf } from './process.ts'
import { answers, waitUntilReady } from './supervisor.ts'

export interface RestateServerOptions {
  readonly dataDir: string
  readonly ingressPort: number
  readonly adminPort: number
  readonly logFile: string
  readonly env: Readonly<Record<string, string>>
  readonly say: (line: string) => void
}

/** One node needs few partitions; each costs memory and a leader of its own. */
const PARTITIONS = 4
const READY_TIMEOUT_MS = 60_000
/** It flushes what it holds; longer than that it is stuck. */
const STOP_TIMEOUT_MS = 15_000

/** Starts it and resolves when health, ingress and the query engine all answer. Rejects with embedded-failed. */
export async function startRestateServer(options: RestateServerOptions): Promise<RunningProcess> {
  const { dataDir, ingressPort, adminPort, logFile } = options
  await mkdir(dataDir, { recursive: true })
  const pidFile = join(dataDir, 'restate-server.pid')
  await endLeftover(pidFile, dataDir, options.say)

  const nodePort = await freePort()
  const server = await startProcess({
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
  })
  await writeFile(pidFile, String(server.pid))
  try {
    await waitUntilReady('restate-server', server.exited, () => isReady(ingressPort, adminPort), READY_TIMEOUT_MS)
  } catch (error) {
    await server.stop(STOP_TIMEOUT_MS)
    const message = error instanceof Error ? error.message : String(error)
    throw new ServiceError('embedded-failed', `${message}. Its last words, from ${logFile}:\n${tailOf(logFile)}`)
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

/** A SIGKILL of the CLI leaves the server running; it holds the data and the ports. */
async function endLeftover(pidFile: string, dataDir: string, say: (line: string) => void): Promise<void> {
  const pid = Number(await readFile(pidFile, 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 0 || !isOurProcess(pid, dataDir)) return
  say(`Stopping a restate-server that an earlier start left behind (pid ${pid})`)
  await endProcess(pid, STOP_TIMEOUT_MS)
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
