/** The parts of one peer for one run, new, on free ports, and removed by `stop`: PostgreSQL, Redis, the model, a producer, workers. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { pino } from 'pino'
import { freePort } from '../../../src/embedded/ports.ts'
import { startPostgres } from '../../../src/embedded/postgres.ts'
import { waitUntil } from '../../helpers/wait.ts'
import { cpuMsOf } from '../measure.ts'
import { baseEnvironment, endPart, messageOfPart, READY_TIMEOUT_MS, startModel, startPart } from '../parts.ts'
import type { PeerOrder, PeerReady } from './queue.ts'

/** Connections that five workers with a pool of their own each may open. */
const CONNECTIONS = 100

export interface PeerWorldOptions {
  readonly order: Pick<PeerOrder, 'peer' | 'packages' | 'catalogue' | 'perMinute' | 'processes'>
  /** The program of a Redis server; null for a peer that needs none. */
  readonly redis: string | null
  /** OFFLINE_MODEL_* variables of the model. */
  readonly model: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

export interface PeerWorld {
  readonly modelUrl: string
  /** Puts all records into the queue by a process of its own; resolves when they are in. */
  produce(): Promise<void>
  /** Ends a worker by SIGKILL. The function that it resolves with starts one in its place. */
  killWorker(): Promise<() => Promise<void>>
  /** Records with a result, and records with more than one. */
  countStored(): Promise<{ readonly stored: number; readonly doubled: number }>
  /** CPU time of all processes but the model's since the start of the world, milliseconds. */
  cpuMs(): number
  stop(): Promise<void>
}

interface Worker {
  readonly child: ChildProcess
  readonly identity: string | null
}

export async function startPeerWorld(options: PeerWorldOptions): Promise<PeerWorld> {
  const { signal, order } = options
  const directory = await mkdtemp(join(tmpdir(), 'classify-bench-peer-'))
  await chmod(directory, 0o755)
  const stops: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })]
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end().catch(() => undefined)
  }
  try {
    const postgres = await startPostgres({
      dataDir: join(directory, 'postgres'),
      log: pino({ level: 'silent' }),
      settings: { max_connections: CONNECTIONS },
    })
    stops.push(() => postgres.stop())
    const database = new pg.Client({ connectionString: postgres.url })
    await database.connect()
    stops.push(() => database.end())
    // No key, so that a record whose result was stored twice is seen.
    await database.query('create table peer_results (indicator_id text not null, answer text not null)')

    const redisPort = options.redis === null ? 0 : await freePort()
    const redis = options.redis === null ? null : await startRedis(options.redis, redisPort, directory, signal)
    if (redis !== null) stops.push(() => endPart(redis, 'SIGTERM'))
    const model = await startModel(directory, options.model, signal)
    stops.push(() => endPart(model.child, 'SIGTERM'))

    const started: ChildProcess[] = []
    stops.push(() => Promise.all(started.map((child) => endPart(child, 'SIGKILL'))))
    const startProcess = async (role: PeerOrder['role'], predecessor: string | null): Promise<Worker> => {
      signal.throwIfAborted()
      const name = `${role}-${started.length}`
      const child = startPart(directory, name, new URL('./process.ts', import.meta.url), { NODE_ENV: 'production' })
      started.push(child)
      const complete: PeerOrder = {
        ...order,
        role,
        databaseUrl: postgres.url,
        redisPort,
        modelUrl: model.url,
        predecessor,
      }
      child.send(complete)
      const logFile = join(directory, `${name}.log`)
      const { identity } = await messageOfPart<PeerReady>(child, `${order.peer}'s ${name}`, { logFile, signal })
      return { child, identity }
    }
    // The first worker makes the tables of the queue, which the others then find.
    const workers = [await startProcess('worker', null)]
    const others = Array.from({ length: order.processes - 1 }, () => startProcess('worker', null))
    workers.push(...(await Promise.all(others)))
    /** CPU time of workers that were killed, as measured just before. */
    let killedCpuMs = 0

    return {
      modelUrl: model.url,
      produce: async () => {
        // The producer stays until the end, so that its CPU time can be read.
        await startProcess('producer', null)
      },
      killWorker: async () => {
        const victim = workers.shift()
        if (victim === undefined) throw new Error('there is no worker to kill')
        killedCpuMs += cpuMsOf(victim.child.pid ?? -1)
        await endPart(victim.child, 'SIGKILL')
        return async () => {
          workers.push(await startProcess('worker', victim.identity))
        }
      },
      countStored: async () => {
        const { rows } = await database.query<{ stored: number; doubled: number }>(
          `select count(*)::int as stored, (count(*) filter (where times > 1))::int as doubled
           from (select count(*) as times from peer_results group by indicator_id) counted`,
        )
        return rows[0] ?? { stored: 0, doubled: 0 }
      },
      cpuMs: () => {
        const pids = [...started.map(({ pid }) => pid), postgres.pid, redis?.pid]
        return pids.reduce<number>((sum, pid) => sum + cpuMsOf(pid ?? -1), killedCpuMs)
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * Starts a Redis server as BullMQ's documentation advises for production: an append-only file that is synced every second, and
 * no eviction. Resolves when it takes connections.
 */
async function startRedis(
  program: string,
  port: number,
  directory: string,
  signal: AbortSignal,
): Promise<ChildProcess> {
  const data = join(directory, 'redis')
  await mkdir(data)
  const settings = { port, bind: '127.0.0.1', dir: data, appendonly: 'yes', appendfsync: 'everysec', save: '' }
  const args = Object.entries({ ...settings, 'maxmemory-policy': 'noeviction' }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ])
  // The kernel ends the server with this process, even by SIGKILL, for it knows no IPC channel as the other parts do.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
    env: baseEnvironment(),
    stdio: 'ignore',
    detached: true,
  })
  await once(child, 'spawn')
  const isListening = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  try {
    await waitUntil(
      `${program} takes connections`,
      async () => {
        signal.throwIfAborted()
        if (child.exitCode !== null) throw new Error(`${program} ended at its start with code ${child.exitCode}`)
        return await isListening()
      },
      { patienceMs: READY_TIMEOUT_MS, pollMs: 50 },
    )
  } catch (error) {
    await endPart(child, 'SIGKILL')
    throw error
  }
  return child
}
