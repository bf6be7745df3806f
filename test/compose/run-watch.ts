/** Watches a run on a cluster: its results in the database, and its requests at the model. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Cluster } from './cluster.ts'

/** Milliseconds between two looks at the database and at the model. */
const LOOK_EVERY_MS = 200
/** Attempts to ask the nodes in turn; a node that has just died does not answer. */
const MAX_ATTEMPTS = 100

export interface Watch {
  /** Results of the run in the database so far. */
  readonly results: number
  /** Resolves once the database has `count` results of the run; rejects when the watch stops before. */
  waitForResults(count: number): Promise<void>
  /**
   * Chunks in flight now, as Restate counts them: at the model, answered but not yet journaled, or waiting for a permit. A
   * fault can make only the first two kinds be paid twice.
   */
  chunksInFlight(): Promise<number>
  /** The most requests at the model at one time within the last `sinceMs` milliseconds. */
  peakAtModel(sinceMs: number): number
  /** Milliseconds from `from` until the next result; undefined where none came. */
  resumedAfter(from: number): number | undefined
  /** The longest time without a new result between `from` and `to`, or until now, milliseconds. */
  longestGap(from: number, to?: number): number
  /** The time of the latest result. */
  readonly lastResultAt: number
  stop(): Promise<void>
}

interface Sample {
  readonly at: number
  readonly value: number
}

/** Watches the results whose id begins with `prefix`. Points in time are milliseconds of `performance.now`. */
export function watchRun(cluster: Cluster, prefix: string): Watch {
  const results: Sample[] = [{ at: performance.now(), value: 0 }]
  const requestsAtModel: Sample[] = []
  const stopped = new AbortController()
  const pause = () => sleep(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined)
  const latest = () => results.at(-1)?.value ?? 0

  const text = 'select count(distinct indicator_id)::int from run_results where starts_with(indicator_id, $1)'
  const count = createCounter(cluster.databaseUrl, text, [prefix])
  const watchResults = async () => {
    while (!stopped.signal.aborted) {
      const value = await count.read().catch(() => undefined)
      if (value !== undefined && value !== latest()) results.push({ at: performance.now(), value })
      await pause()
    }
    await count.close()
  }
  const watchModel = async () => {
    while (!stopped.signal.aborted) {
      const stats = await cluster.modelStats().catch(() => undefined)
      if (stats !== undefined) requestsAtModel.push({ at: performance.now(), value: stats.in_flight })
      await pause()
    }
  }
  const watching = Promise.all([watchResults(), watchModel()])

  return {
    get results() {
      return latest()
    },
    waitForResults: async (wanted) => {
      while (latest() < wanted) {
        if (stopped.signal.aborted) throw new Error(`The run ended with ${latest()} results, before ${wanted}`)
        await pause()
      }
    },
    chunksInFlight: async () => {
      const text =
        "select count(1) as chunks from sys_invocation where target_service_name = 'classifier' and status in ('running', 'backing-off')"
      for (let turn = 0; turn < MAX_ATTEMPTS; turn += 1) {
        const response = await fetch(`${cluster.adminUrls[turn % cluster.adminUrls.length]}/query`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json', ...cluster.authorization },
          body: JSON.stringify({ query: text }),
          signal: AbortSignal.timeout(5_000),
        }).catch(() => undefined)
        if (response?.ok) return ((await response.json()) as { rows: { chunks: number }[] }).rows[0]?.chunks ?? 0
        await pause()
      }
      throw new Error('No node said how many chunks are in flight')
    },
    peakAtModel: (sinceMs) => {
      const from = performance.now() - sinceMs
      return Math.max(0, ...requestsAtModel.filter(({ at }) => at >= from).map(({ value }) => value))
    },
    resumedAfter: (from) => {
      const first = results.find(({ at }) => at > from)
      return first === undefined ? undefined : first.at - from
    },
    longestGap: (from, to = performance.now()) => {
      const marks = [from, ...results.map(({ at }) => at).filter((at) => at > from && at < to), to]
      return Math.max(...marks.slice(1).map((at, index) => at - (marks[index] ?? at)))
    },
    get lastResultAt() {
      return results.at(-1)?.at ?? 0
    },
    stop: async () => {
      stopped.abort()
      await watching
    },
  }
}

/**
 * Reads the number that the statement `text` selects as `count`, over one connection, which is opened again when it breaks. A count
 * takes one second at most.
 */
export function createCounter(connectionString: string, text: string, values: readonly unknown[]) {
  let client: pg.Client | undefined
  const close = async () => {
    const ended = client
    client = undefined
    await Promise.race([ended?.end().catch(() => undefined), sleep(500)])
  }
  return {
    close,
    read: async (): Promise<number> => {
      try {
        if (client === undefined) {
          client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000, query_timeout: 1_000 })
          client.on('error', () => undefined)
          await client.connect()
        }
        const { rows } = await client.query<{ count: number }>(text, [...values])
        return rows[0]?.count ?? 0
      } catch (error) {
        await close()
        throw error
      }
    },
  }
}
