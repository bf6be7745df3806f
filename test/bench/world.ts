/** A stack of real parts for one scenario of the benchmark, new, on free ports, and removed by `stop`.
 *
 * Its parts are restate-server behind the guard, PostgreSQL, a process of the offline model, and replicas behind a balancer.
 */
import type { ChildProcess } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { ensureIdentity } from '../../src/embedded/identity.ts'
import { freePort } from '../../src/embedded/ports.ts'
import { type EmbeddedPostgres, startPostgres } from '../../src/embedded/postgres.ts'
import type { RunningProcess } from '../../src/embedded/process.ts'
import { startRestateServer } from '../../src/embedded/restate-server.ts'
import { openSockets, type Sockets } from '../../src/embedded/sockets.ts'
import { waitUntil } from '../helpers/wait.ts'
import { cpuMsOf } from './measure.ts'
import {
  baseEnvironment,
  endPart,
  messageOfPart,
  READY_TIMEOUT_MS,
  STOP_TIMEOUT_MS,
  startModel,
  startPart,
  waitUntilHealthy,
} from './parts.ts'

export interface WorldOptions {
  /** How many replicas start. Default 1. */
  readonly replicas?: number
  /** How much of the work the balancer gives to each replica, in the order of their start. Default: as much to each. */
  readonly weights?: readonly number[]
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
  readonly weight: number
}

/** CPU time of each part since the start of the world, milliseconds. */
export interface CpuByPart {
  readonly replicas: number
  readonly restate: number
  readonly guard: number
  readonly postgres: number
  readonly model: number
  readonly balancer: number
}

export interface World {
  /** Where all files of the stack lie: those of PostgreSQL in `postgres` and those of restate-server in `restate`. */
  readonly directory: string
  readonly ingressUrl: string
  readonly modelUrl: string
  readonly databaseUrl: string
  /** The environment of the command line. */
  readonly env: Readonly<Record<string, string>>
  readonly replicas: readonly Replica[]
  readonly restatePid: number
  addReplica(): Promise<Replica>
  /** Ends a replica: with SIGTERM after a drain, as a scale-down does, or with SIGKILL. */
  removeReplica(replica: Replica, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
  cpu(): CpuByPart
  /** The processes of each part that runs now; of PostgreSQL the first, whose children are the others. */
  pids(): Readonly<Record<keyof CpuByPart, readonly number[]>>
  /** Ends replicas, restate-server and PostgreSQL by SIGKILL. The function that it resolves with starts them again on the same data. */
  crash(): Promise<() => Promise<void>>
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
  /** CPU time of processes that were ended, as measured just before. */
  const ended = { replicas: 0, restate: 0, postgres: 0 }
  try {
    const dataDir = join(directory, 'postgres')
    let postgres: EmbeddedPostgres = await startPostgres({ dataDir, log })
    stops.push(() => postgres.stop())
    options.signal.throwIfAborted()

    const sockets = await openSockets(join(directory, 'restate'))
    stops.push(sockets.close)
    let restate = await startRestate(directory, sockets, options.signal)
    stops.push(() => restate.stop(STOP_TIMEOUT_MS))
    const [ingressPort, adminPort] = [await freePort(), await freePort()]
    const [ingressUrl, adminUrl] = [`http://127.0.0.1:${ingressPort}`, `http://127.0.0.1:${adminPort}`]
    const guard = startPart(directory, 'guard', new URL('../../src/guard/main.ts', import.meta.url), {
      DATABASE_URL: postgres.url,
      GUARD_INGRESS: `${ingressPort}=unix:${sockets.ingress}`,
      GUARD_ADMIN: `${adminPort}=unix:${sockets.admin}`,
      LOG_LEVEL: 'error',
    })
    stops.push(() => endPart(guard, 'SIGTERM'))
    await waitUntilHealthy(`${ingressUrl}/guard/health`, guard, 'the guard', options.signal)

    const { url: modelUrl, child: model } = await startModel(directory, options.model, options.signal)
    stops.push(() => endPart(model, 'SIGTERM'))

    const replicas: Replica[] = []
    // A replica that is not healthy yet stands in no other list, and has to be ended as well.
    const started: ChildProcess[] = []
    stops.push(() => Promise.all(started.map((child) => endPart(child, 'SIGTERM'))))
    const balancer = startPart(directory, 'balancer', new URL('./balancer.ts', import.meta.url), {})
    stops.push(() => endPart(balancer, 'SIGKILL'))
    const { port: balancerPort } = await messageOfPart<{ readonly port: number }>(balancer, 'the balancer', options)
    const updateBalancer = () => balancer.send({ targets: replicas.map(({ port, weight }) => ({ port, weight })) })

    const addReplica = async (port?: number): Promise<Replica> => {
      port ??= await freePort()
      const child = startPart(directory, `replica-${port}`, new URL('../../src/server.ts', import.meta.url), {
        ...options.rate,
        DATABASE_URL: postgres.url,
        OPENAI_BASE_URL: `${modelUrl}/v1`,
        OPENAI_MODEL: 'offline-rules',
        PORT: String(port),
        // Up to eight replicas share the 50 connections of the embedded PostgreSQL.
        POSTGRES_POOL_SIZE: '5',
        // As in the image.
        WARM_UP_REQUESTS: '200',
        SERVICE_NAME: `classify-service-${replicas.length + 1}`,
        LOG_LEVEL: 'error',
      })
      const weight = options.weights?.[started.length] ?? 1
      started.push(child)
      const replica = { port, pid: child.pid ?? -1, child, weight }
      await waitUntilHealthy(`http://127.0.0.1:${port}/health`, child, 'a replica', options.signal)
      replicas.push(replica)
      updateBalancer()
      return replica
    }
    await Promise.all(Array.from({ length: options.replicas ?? 1 }, () => addReplica()))
    // One replica needs no balancer, whose CPU time would count for no part.
    const target = replicas.length === 1 ? (replicas[0]?.port ?? 0) : balancerPort
    await register(adminUrl, `http://127.0.0.1:${target}`)
    await waitUntilLeased(ingressUrl, replicas.length, options.signal)

    const pids = () => ({
      replicas: replicas.map(({ pid }) => pid),
      restate: [restate.pid],
      guard: [guard.pid ?? -1],
      postgres: [postgres.pid],
      model: [model.pid ?? -1],
      balancer: [balancer.pid ?? -1],
    })

    return {
      directory,
      ingressUrl,
      modelUrl,
      databaseUrl: postgres.url,
      env: { DATA_DIR: directory, RESTATE_INGRESS_URL: ingressUrl, DATABASE_URL: postgres.url },
      replicas,
      restatePid: restate.pid,
      addReplica: () => addReplica(),
      removeReplica: async (replica, signal) => {
        ended.replicas += cpuMsOf(replica.pid)
        replicas.splice(replicas.indexOf(replica), 1)
        // The balancer learns of a death by a connection that fails, and of a scale-down in advance, as NGINX does.
        if (signal === 'SIGTERM') updateBalancer()
        await endPart(replica.child, signal)
        updateBalancer()
      },
      cpu: () => {
        const of = (part: keyof CpuByPart) => pids()[part].reduce((sum, pid) => sum + cpuMsOf(pid), 0)
        return {
          replicas: ended.replicas + of('replicas'),
          restate: ended.restate + of('restate'),
          guard: of('guard'),
          postgres: ended.postgres + of('postgres'),
          model: of('model'),
          balancer: of('balancer'),
        }
      },
      pids,
      crash: async () => {
        const crashed = replicas.splice(0)
        for (const { pid } of crashed) ended.replicas += cpuMsOf(pid)
        ended.restate += cpuMsOf(restate.pid)
        ended.postgres += cpuMsOf(postgres.pid)
        restate.kill()
        postgres.kill()
        const gone = crashed.map(({ child }) => endPart(child, 'SIGKILL'))
        await Promise.all([...gone, restate.exited, postgres.exited])
        return async () => {
          postgres = await startPostgres({ dataDir, port: postgres.port, log })
          restate = await startRestate(directory, sockets, options.signal)
          await Promise.all(crashed.map(({ port }) => addReplica(port)))
        }
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Waits until every replica has its part of the rate budget, because the benchmark measures a cluster that has been up. */
async function waitUntilLeased(ingressUrl: string, replicas: number, signal: AbortSignal): Promise<void> {
  await waitUntil(
    'the replicas share the rate budget',
    async () => {
      const response = await fetch(`${ingressUrl}/classify-api/budget`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
        signal,
      })
      const { replicas: leases = [] } = (await response.json()) as { replicas?: { readonly share: number }[] }
      return leases.length === replicas && leases.every(({ share }) => share > 0.5 / replicas)
    },
    { patienceMs: READY_TIMEOUT_MS, pollMs: 200 },
  )
}

async function startRestate(directory: string, sockets: Sockets, signal: AbortSignal): Promise<RunningProcess> {
  const identity = join(directory, 'identity')
  const place = { directory: identity, variable: 'the directory of the key', value: identity, isMounted: false }
  return await startRestateServer({
    sockets,
    signingKeyFile: (await ensureIdentity(place)).file,
    recordIn: directory,
    logFile: join(directory, 'restate.log'),
    env: baseEnvironment(),
    signal,
    kill: new AbortController().signal,
  })
}

async function register(adminUrl: string, uri: string): Promise<void> {
  const response = await fetch(`${adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri, force: true }),
  })
  if (!response.ok) throw new Error(`Restate did not register ${uri}: ${await response.text()}`)
}
