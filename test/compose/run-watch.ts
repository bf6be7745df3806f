/** What a run does while parts die under it: results in the database, requests at the model. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Cluster } from './cluster.ts'

const EVERY_MS = 200

const QUERY_TRIES = 100

export interface Watch {
  /** Results of the run that are in the database so far. */
  readonly results: number
  untilResults(count: number): Promise<void>
  /**
   * Chunks in flight at this moment, as Restate counts them: at the model, or answered and not yet journaled, or waiting for
   * a permit. Only the first two can be paid twice when they are cut off.
   */
  chunksInFlight(): Promise<number>
  /** Most requests that were at the model at once from `sinceMs` ago until now. */
  peakAtModel(sinceMs: number): number
  /** Milliseconds from `from` until results came again; undefined where none came. */
  resumedAfter(from: number): number | undefined
  /** The longest time without new results between two points, or up to now. */
  longestGap(from: number, to?: number): number
  /** When the latest result was seen. */
  readonly lastResultAt: number
  stop(): Promise<void>
}

interface Sample {
  readonly at: number
  readonly value: number
}

/** Watches the results whose id begins with `prefix`. Times are of `performance.now`. */
export function watchRun(cluster: Cluster, prefix: string): Watch {
  const results: Sample[] = [{ at: performance.now(), value: 0 }]
  const flights: Sample[] = []
  const stopped = new AbortController()
  const pause = () => sleep(EVERY_MS, undefined, { signal: stopped.signal }).catch(() => undefined)
  const latest = () => results.at(-1)?.value ?? 0

  const count = createCounter(cluster.databaseUrl, prefix)
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
      if (stats !== undefined) flights.push({ at: performance.now(), value: stats.in_flight })
      await pause()
    }
  }
  const watching = Promise.all([watchResults(), watchModel()])

  return {
    get results() {
      return latest()
    },
    untilResults: async (wanted) => {
      while (latest() < wanted) {
        if (stopped.signal.aborted) throw new Error(`The run ended with ${latest()} results, before ${wanted}`)
        await pause()
      }
    },
    chunksInFlight: async () => {
      const text =
        "select count(1) as chunks from sys_invocation where target_service_name = 'classifier' and status in ('running', 'backing-off')"
      // A node that has just died is no reason to know nothing: another one tells, or the same a moment later.
      for (let turn = 0; turn < QUERY_TRIES; turn += 1) {
        const response = await fetch(`${cluster.adminUrls[turn % cluster.adminUrls.length]}/query`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify({ query: text }),
          signal: AbortSignal.timeout(5_000),
        }).catch(() => undefined)
        if (response?.ok) return ((await response.json()) as { rows: { chunks: number }[] }).rows[0]?.chunks ?? 0
        await pause()
      }
      throw new Error('No node told how many chunks are in flight')
    },
    peakAtModel: (sinceMs) => {
      const from = performance.now() - sinceMs
      return Math.max(0, ...flights.filter(({ at }) => at >= from).map(({ value }) => value))
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

/** One connection that is made anew when it breaks. A read waits for one second at most. */
function createCounter(connectionString: string, prefix: string) {
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
        const text = 'select count(distinct indicator_id)::int as results from classification_history'
        const { rows } = await client.query<{ results: number }>(`${text} where starts_with(indicator_id, $1)`, [
          prefix,
        ])
        return rows[0]?.results ?? 0
      } catch (error) {
        await close()
        throw error
      }
    },
  }
}
