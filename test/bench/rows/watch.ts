/** Watches a stack while a large run passes: peak memory of each part, peak disk, and what the rows so far have cost. */
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { childrenOf, peakRssMiB, readStatus } from '../measure.ts'
import { round } from '../scenario.ts'
import type { CpuByPart, World } from '../world.ts'

/** Milliseconds between two looks. */
const LOOK_MS = 2_000
/** The run is stopped where its files take more bytes than this. */
export const MOST_BYTES = 50e9

/** What had been done, and which CPU time it had taken, at some moment. */
export interface CostSample {
  readonly rows: number
  readonly cpuMs: number
}

/** Peaks so far: resident memory in MiB, files in bytes. */
export interface Peaks {
  readonly memoryMiB: Record<keyof CpuByPart, number>
  readonly restateBytes: number
  readonly postgresBytes: number
}

export interface Watch {
  readonly samples: readonly CostSample[]
  readonly peaks: Peaks
  /** Resolves when the last look has ended. */
  stop(): Promise<void>
}

export interface WatchOptions {
  readonly world: Pick<World, 'directory' | 'databaseUrl' | 'cpu' | 'pids'>
  /** CPU time of the commands so far, milliseconds. */
  readonly commandCpuMs: () => number
  /** The directories whose files count beside those of the world. */
  readonly directories: readonly string[]
  /** Default MOST_BYTES. */
  readonly mostBytes?: number
  /** Called where the files take more than `mostBytes`. */
  readonly onFull: (message: string) => void
  /** Called after each tenth of `rows`, with what it cost. */
  readonly progress?: { readonly rows: number; readonly say: (message: string) => void }
}

/** Looks at the world until `stop`, also while its parts are down. */
export function watchRows({
  world,
  commandCpuMs,
  directories,
  onFull,
  mostBytes = MOST_BYTES,
  progress,
}: WatchOptions): Watch {
  const samples: CostSample[] = []
  const memoryMiB = { replicas: 0, restate: 0, guard: 0, postgres: 0, model: 0, balancer: 0 }
  const peaks = { memoryMiB, restateBytes: 0, postgresBytes: 0 }
  const ending = new AbortController()

  const lookAtMemory = () => {
    const pids = world.pids()
    for (const part of Object.keys(memoryMiB) as (keyof CpuByPart)[]) {
      const now = part === 'postgres' ? postgresMiB(pids.postgres[0] ?? -1) : Math.max(0, ...pids[part].map(peakRssMiB))
      memoryMiB[part] = Math.max(memoryMiB[part], round(now))
    }
  }
  const lookAtDisk = async () => {
    const [restate, postgres, ...others] = await Promise.all(
      [join(world.directory, 'restate'), join(world.directory, 'postgres'), ...directories].map(bytesIn),
    )
    peaks.restateBytes = Math.max(peaks.restateBytes, restate ?? 0)
    peaks.postgresBytes = Math.max(peaks.postgresBytes, postgres ?? 0)
    const rest = others.reduce((sum, bytes) => sum + bytes, 0)
    const all = (restate ?? 0) + (postgres ?? 0) + rest
    if (all <= mostBytes) return
    const parts = `Restate ${gigabytes(restate ?? 0)}, PostgreSQL ${gigabytes(postgres ?? 0)}, other files ${gigabytes(rest)}`
    onFull(
      `stopped, because its files passed ${gigabytes(mostBytes)} (${parts}) after ${samples.at(-1)?.rows ?? 0} rows`,
    )
  }
  let tenth = 0
  const tellTenth = () => {
    const now = samples.at(-1)?.rows ?? 0
    if (progress === undefined || now < ((tenth + 1) * progress.rows) / 10) return
    const cost = costBetween(samples, progress.rows, tenth / 10, now / progress.rows)
    tenth = Math.floor((now * 10) / progress.rows)
    progress.say(
      `rows: ${now.toLocaleString('en-US')} saved, ${cost ?? '?'} CPU ms a row in this tenth, PostgreSQL ` +
        `${gigabytes(peaks.postgresBytes)}, Restate ${gigabytes(peaks.restateBytes)} at most`,
    )
  }
  const watching = (async () => {
    while (!ending.signal.aborted) {
      lookAtMemory()
      await lookAtDisk()
      const rows = await savedRows(world.databaseUrl)
      const cpu = world.cpu()
      const cpuMs = cpu.replicas + cpu.restate + cpu.guard + cpu.postgres + commandCpuMs()
      if (rows !== undefined && rows > (samples.at(-1)?.rows ?? -1)) samples.push({ rows, cpuMs })
      tellTenth()
      await sleep(LOOK_MS, undefined, { signal: ending.signal }).catch(() => undefined)
    }
  })()
  return {
    samples,
    peaks,
    stop: async () => {
      ending.abort()
      await watching
    },
  }
}

/** Rows of all batches that were saved so far; undefined where the database does not answer. */
export async function savedRows(databaseUrl: string): Promise<number | undefined> {
  const found = await queryOnce<{ rows: string }>(
    databaseUrl,
    'select coalesce(sum(indicators), 0) as rows from run_batches',
  ).catch(() => [])
  return found[0] === undefined ? undefined : Number(found[0].rows)
}

/** Runs one statement on a connection of its own, as the server may have been started again since the last one. */
export async function queryOnce<Row extends pg.QueryResultRow>(databaseUrl: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 2_000 })
  // A server that ends breaks the connection, which the statement reports as well.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** CPU milliseconds a row between two shares of all rows, 0 to 1, by the samples nearest to them; null without two of them. */
export function costBetween(samples: readonly CostSample[], rows: number, from: number, to: number): number | null {
  const first = samples.find((sample) => sample.rows >= from * rows)
  const last = samples.findLast((sample) => sample.rows <= to * rows)
  if (first === undefined || last === undefined || last.rows <= first.rows) return null
  return round((last.cpuMs - first.cpuMs) / (last.rows - first.rows), 3)
}

/** The memory of all processes of PostgreSQL, MiB: what each has alone, and once what they share. */
function postgresMiB(postmaster: number): number {
  const all = [postmaster, ...childrenOf(postmaster)]
  const own = all.reduce((sum, pid) => sum + readStatus(pid, 'RssAnon'), 0)
  return own + Math.max(...all.map((pid) => readStatus(pid, 'RssShmem')))
}

/** The bytes that the files in a directory take on the disk; files that are deleted meanwhile count for nothing. */
async function bytesIn(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const found = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined)
    bytes += (found?.blocks ?? 0) * 512
  }
  return bytes
}

export function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
