/**
 * A stack of real parts for one scenario: restate-server, PostgreSQL, a model process, one or more replicas behind a
 * balancer. Everything is fresh, on free ports, and gone after `stop`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { openSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { freePort } from '../../src/embedded/ports.ts'
import { type EmbeddedPostgres, startPostgres } from '../../src/embedded/postgres.ts'
import type { RunningProcess } from '../../src/embedded/process.ts'
import { startRestateServer } from '../../src/embedded/restate-server.ts'
import { isAnswering } from '../../src/embedded/supervisor.ts'
import { cpuMsOf } from './measure.ts'

const HERE = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const READY_MS = 60_000
const STOP_MS = 10_000

export interface WorldOptions {
  /** Default 1. */
  readonly replicas?: number
  /** Variables of the replicas, such as RATE_RPM. */
  readonly rate: Readonly<Record<string, string>>
  /** OFFLINE_MODEL_* variables of the model. */
  readonly model: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface Replica {
  readonly port: number
  readonly pid: number
  readonly child: ChildProcess
}

/** CPU time since the start of the world, ms. */
export interface CpuByPart {
  readonly replicas: number
  readonly restate: number
  readonly postgres: number
  readonly model: number
  readonly balancer: number
}

export interface World {
  readonly ingressUrl: string
  readonly modelUrl: string
  readonly databaseUrl: string
  /** For the CLI and for what it starts. */
  readonly env: Readonly<Record<string, string>>
  readonly replicas: readonly Replica[]
  readonly restatePid: number
  addReplica(): Promise<Replica>
  /** SIGTERM and drain, as a scale-down does; or kill -9. */
  removeReplica(replica: Replica, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  cpu(): CpuByPart
  stop(): Promise<void>
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const directory = await mkdtemp(join(tmpdir(), 'classify-bench-'))
  await chmod(directory, 0o755)
  const log = pino({ level: 'silent' })
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end().catch(() => undefined)
  }
  /** CPU time of replicas that have gone, as last seen. */
  let goneCpuMs = 0
  try {
    const postgres: EmbeddedPostgres = await startPostgres({ dataDir: join(directory, 'postgres'), log })
    stops.push(() => postgres.stop())
    options.signal.throwIfAborted()

    const restate = await startRestate(directory, options.signal)
    stops.push(() => restate.server.stop(STOP_MS))

    const modelPort = await freePort()
    const modelUrl = `http://127.0.0.1:${modelPort}`
    const model = start(directory, 'model', '../../src/offline-model/main.ts', {
      ...options.model,
      OFFLINE_MODEL_PORT: String(modelPort),
      LOG_LEVEL: 'error',
    })
    stops.push(() => end(model, 'SIGTERM'))
    await untilHealthy(`${modelUrl}/health`, model, 'the model', options.signal)

    const replicas: Replica[] = []
    stops.push(() => Promise.all(replicas.map(({ child }) => end(child, 'SIGTERM'))))
    const balancer = start(directory, 'balancer', './balancer.ts', {})
    stops.push(() => end(balancer, 'SIGKILL'))
    const [{ port: balancerPort }] = (await once(balancer, 'message')) as [{ readonly port: number }]
    const tellBalancer = () => balancer.send({ targets: replicas.map(({ port }) => port) })

    const addReplica = async (): Promise<Replica> => {
      const port = await freePort()
      const child = start(directory, `replica-${port}`, '../../src/server.ts', {
        ...options.rate,
        DATABASE_URL: postgres.url,
        OPENAI_BASE_URL: `${modelUrl}/v1`,
        OPENAI_MODEL: 'offline-rules',
        PORT: String(port),
        // Eight replicas share the 50 connections of the embedded PostgreSQL.
        POSTGRES_POOL_SIZE: '5',
        SERVICE_NAME: `classify-service-${replicas.length + 1}`,
        LOG_LEVEL: 'error',
      })
      const replica = { port, pid: child.pid ?? -1, child }
      await untilHealthy(`http://127.0.0.1:${port}/health`, child, 'a replica', options.signal)
      replicas.push(replica)
      tellBalancer()
      return replica
    }
    await Promise.all(Array.from({ length: options.replicas ?? 1 }, addReplica))
    // One replica needs no balancer: what it costs would stand in nobody's account.
    const target = replicas.length === 1 ? (replicas[0]?.port ?? 0) : balancerPort
    await register(restate.adminUrl, `http://127.0.0.1:${target}`)
    await untilLeased(restate.ingressUrl, replicas.length, options.signal)

    return {
      ingressUrl: restate.ingressUrl,
      modelUrl,
      databaseUrl: postgres.url,
      env: { DATA_DIR: directory, RESTATE_INGRESS_URL: restate.ingressUrl, DATABASE_URL: postgres.url },
      replicas,
      restatePid: restate.server.pid,
      addReplica,
      removeReplica: async (replica, signal) => {
        goneCpuMs += cpuMsOf(replica.pid)
        replicas.splice(replicas.indexOf(replica), 1)
        // As NGINX does: it learns of a death by a connection that fails, of a scale-down by a port that is closed.
        if (signal === 'SIGTERM') tellBalancer()
        await end(replica.child, signal)
        tellBalancer()
      },
      cpu: () => ({
        replicas: replicas.reduce((sum, { pid }) => sum + cpuMsOf(pid), goneCpuMs),
        restate: cpuMsOf(restate.server.pid),
        postgres: cpuMsOf(postgres.pid),
        model: cpuMsOf(model.pid ?? -1),
        balancer: cpuMsOf(balancer.pid ?? -1),
      }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A cluster that has just come up shares its budget within seconds; what is measured is one that has been up. */
async function untilLeased(ingressUrl: string, replicas: number, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_MS
  for (;;) {
    const response = await fetch(`${ingressUrl}/classify-api/budget`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      signal,
    })
    const { replicas: leases = [] } = (await response.json()) as { replicas?: { readonly share: number }[] }
    if (leases.length === replicas && leases.every(({ share }) => share > 0.5 / replicas)) return
    if (Date.now() > deadline) throw new Error(`the replicas did not share the budget within ${READY_MS / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

async function startRestate(directory: string, signal: AbortSignal) {
  const [ingressPort, adminPort] = [await freePort(), await freePort()]
  const dataDir = join(directory, 'restate')
  await mkdir(dataDir)
  const server: RunningProcess = await startRestateServer({
    dataDir,
    recordIn: directory,
    ingressPort,
    adminPort,
    logFile: join(directory, 'restate.log'),
    env: inherited(),
    signal,
    kill: new AbortController().signal,
  })
  return { server, ingressUrl: `http://127.0.0.1:${ingressPort}`, adminUrl: `http://127.0.0.1:${adminPort}` }
}

/** A key on the machine that runs the benchmark must not reach what it starts. */
function inherited(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' }
}

/** With a channel: the child learns of our death, even by SIGKILL. */
function start(directory: string, name: string, entry: string, env: Readonly<Record<string, string>>): ChildProcess {
  const log = openSync(join(directory, `${name}.log`), 'a')
  return fork(HERE(entry), { env: { ...inherited(), ...env }, stdio: ['ignore', log, log, 'ipc'], detached: true })
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await exited
  clearTimeout(late)
}

async function untilHealthy(url: string, child: ChildProcess, name: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + READY_MS
  while (!(await isAnswering(url))) {
    signal.throwIfAborted()
    if (child.exitCode !== null) throw new Error(`${name} ended at its start with code ${child.exitCode}`)
    if (Date.now() > deadline) throw new Error(`${name} was not healthy after ${READY_MS / 1_000} s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function register(adminUrl: string, uri: string): Promise<void> {
  const response = await fetch(`${adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri, force: true }),
  })
  if (!response.ok) throw new Error(`Restate did not register ${uri}: ${await response.text()}`)
}
