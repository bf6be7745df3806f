/** Counts the work of each replica during a run of `all-in-one`, from the metrics that the replica publishes.
 *
 * The metrics are read repeatedly during the run, because replicas may end and new ones may start before the run ends.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Compose } from './compose.ts'
import { listContainers, nameOf, REPLICA_SERVICE } from './containers.ts'

/** The work that one replica did. The property names are those of `all-in-one --json`. */
export interface ReplicaWork {
  /** The number of batches that the replica completed. */
  readonly batches: number
  /** The number of chunks (parts of batches) that the replica completed. */
  readonly chunks: number
  /** The number of requests that the replica sent to the model, including those that the model refused. */
  readonly requests: number
}

/** The counters of one replica process at one moment. */
export interface ReplicaSample extends ReplicaWork {
  /**
   * The time at which the process started, in seconds since 1970, which distinguishes two processes with the same
   * replica name.
   */
  readonly startedAt: number
}

/** Parses the text of a replica's /metrics; returns undefined where the text has another form. */
export function parseReplicaMetrics(text: string): ReplicaSample | undefined {
  const sumOf = (pattern: RegExp) => {
    let total = 0
    for (const [, value] of text.matchAll(pattern)) total += Number(value)
    return total
  }
  const startedAt = sumOf(/^process_start_time_seconds (\S+)$/gm)
  if (startedAt === 0) return undefined
  return {
    startedAt,
    batches: sumOf(
      /^classify_invocations_total\{service="classify-api",handler="batch",outcome="completed"\} (\S+)$/gm,
    ),
    chunks: sumOf(/^classify_invocations_total\{service="classifier",handler="chunk",outcome="completed"\} (\S+)$/gm),
    requests: sumOf(/^classify_model_requests_total\{[^}]*\} (\S+)$/gm),
  }
}

export interface ReplicaTally {
  /** Adds one reading of the metrics of all replicas, by the name of each replica. */
  note(samples: ReadonlyMap<string, ReplicaSample>): void
  /** Returns the work since the first reading by replica, in the order of the replicas' numbers. */
  totals(): Record<string, ReplicaWork>
}

/**
 * Creates a sum that counts the work of a replica over all its processes, because a restarted replica counts from zero
 * again. The counts of the first reading are subtracted, because that work was done before the run.
 */
export function createReplicaTally(): ReplicaTally {
  const processes = new Map<string, { readonly name: string; readonly before: ReplicaWork; last: ReplicaWork }>()
  const nothing: ReplicaWork = { batches: 0, chunks: 0, requests: 0 }
  let isFirst = true
  return {
    note(samples) {
      for (const [name, sample] of samples) {
        const key = `${name}@${sample.startedAt}`
        const known = processes.get(key)
        if (known === undefined) processes.set(key, { name, before: isFirst ? sample : nothing, last: sample })
        else known.last = sample
      }
      if (samples.size > 0) isFirst = false
    },
    totals() {
      const totals = new Map<string, ReplicaWork>()
      for (const { name, before, last } of processes.values()) {
        const sum = totals.get(name) ?? nothing
        totals.set(name, {
          batches: sum.batches + last.batches - before.batches,
          chunks: sum.chunks + last.chunks - before.chunks,
          requests: sum.requests + last.requests - before.requests,
        })
      }
      const byNumber = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true })
      return Object.fromEntries([...totals].sort(([a], [b]) => byNumber(a, b)))
    },
  }
}

/**
 * The milliseconds between two readings. The work that a replica does after its last reading, before it ends, is not
 * counted.
 */
const LOOK_EVERY_MS = 5_000
/** The seconds that one replica may take to return its metrics. */
const ANSWER_TIMEOUT_S = 3
/** The text that begins the line with a replica's URL, which follows the metrics of that replica. */
const URL_MARK = '#### '

/**
 * Starts to read the metrics. `stop` reads them a last time and resolves with the work of each replica; `stop` never
 * rejects.
 */
export async function watchReplicas(
  compose: Compose,
  signal: AbortSignal,
): Promise<{ stop(): Promise<Record<string, ReplicaWork>> }> {
  const tally = createReplicaTally()
  // A reading that fails is ignored, because it says nothing about the run.
  const look = async () => tally.note(await sampleReplicas(compose, signal).catch(() => new Map()))
  await look()
  const stopping = new AbortController()
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => undefined)
      if (!stopping.signal.aborted) await look()
    }
  })()
  return {
    stop: async () => {
      stopping.abort()
      await watching
      await look()
      return tally.totals()
    },
  }
}

/**
 * Reads the metrics of all replicas from inside the NGINX container, because their port is not published to the host.
 */
async function sampleReplicas(compose: Compose, signal: AbortSignal): Promise<Map<string, ReplicaSample>> {
  const containers = await listContainers(compose, signal)
  const nginx = containers.find(({ service, state }) => service === 'nginx' && state === 'running')
  const replicas = containers.flatMap((container) => {
    const { service, address } = container
    return service === REPLICA_SERVICE && address !== undefined ? [[address, nameOf(container)] as const] : []
  })
  if (nginx === undefined || replicas.length === 0) return new Map()
  const curl = ['curl', '-s', '--max-time', String(ANSWER_TIMEOUT_S), '-w', `\n${URL_MARK}%{url_effective}\n`]
  const urls = replicas.map(([address]) => `http://${address}:9080/metrics`)
  // Where a replica does not answer, curl fails but goes on with the next replica, so its exit code is ignored.
  const { stdout } = await compose.docker(['exec', nginx.id, ...curl, ...urls], { output: 'captured', signal })
  const names = new Map(replicas)
  return parseSamples(stdout, (address) => names.get(address))
}

/**
 * Parses the metrics of several replicas, each followed by a line with its URL. `nameAt` returns the name of the
 * replica at an address.
 */
export function parseSamples(
  text: string,
  nameAt: (address: string) => string | undefined,
): Map<string, ReplicaSample> {
  const samples = new Map<string, ReplicaSample>()
  let lines: string[] = []
  for (const line of text.split('\n')) {
    if (!line.startsWith(URL_MARK)) {
      lines.push(line)
      continue
    }
    const name = nameAt(new URL(line.slice(URL_MARK.length)).hostname)
    const sample = parseReplicaMetrics(lines.join('\n'))
    if (name !== undefined && sample !== undefined) samples.set(name, sample)
    lines = []
  }
  return samples
}
