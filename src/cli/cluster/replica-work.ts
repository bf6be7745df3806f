/** What each replica did during a run, from its metrics: they are looked at while it goes on, since a replica may die or come. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Compose } from './compose.ts'
import { listContainers, nameOf, REPLICAS } from './containers.ts'

/** The names are fixed: they stand in `all-in-one --json`. */
export interface ReplicaWork {
  /** Batches and chunks that it brought to an end. */
  readonly batches: number
  readonly chunks: number
  /** Requests that it sent to the model, refused ones included. */
  readonly requests: number
}

export interface ReplicaSample extends ReplicaWork {
  /** When the process started: its counters begin at zero. */
  readonly startedAt: number
}

/** From a replica's /metrics; undefined where it is no such text. */
export function parseReplicaMetrics(text: string): ReplicaSample | undefined {
  const sum = (pattern: RegExp) => {
    let total = 0
    for (const [, value] of text.matchAll(pattern)) total += Number(value)
    return total
  }
  const startedAt = sum(/^process_start_time_seconds (\S+)$/gm)
  if (startedAt === 0) return undefined
  return {
    startedAt,
    batches: sum(/^classify_invocations_total\{service="classify-api",handler="batch",outcome="completed"\} (\S+)$/gm),
    chunks: sum(/^classify_invocations_total\{service="classifier",handler="chunk",outcome="completed"\} (\S+)$/gm),
    requests: sum(/^classify_model_requests_total\{[^}]*\} (\S+)$/gm),
  }
}

export interface ReplicaTally {
  note(samples: ReadonlyMap<string, ReplicaSample>): void
  totals(): Record<string, ReplicaWork>
}

/** Adds up over all processes that bore a replica's name. What the first samples hold was done before. */
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

/** What a replica that dies has done since the last look is not counted. */
const LOOK_EVERY_MS = 5_000
const ASK_S = 3
const MARK = '#### '

/** Begins to count. `stop` looks once more and resolves with what each replica did; it never rejects. */
export async function watchReplicas(
  compose: Compose,
  signal: AbortSignal,
): Promise<{ stop(): Promise<Record<string, ReplicaWork>> }> {
  const tally = createReplicaTally()
  // A look that fails says nothing of the run.
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

/** By way of NGINX' container: /metrics is not published to the host. */
async function sampleReplicas(compose: Compose, signal: AbortSignal): Promise<Map<string, ReplicaSample>> {
  const containers = await listContainers(compose, signal)
  const nginx = containers.find(({ service, state }) => service === 'nginx' && state === 'running')
  const replicas = containers.flatMap((one) => {
    return one.service === REPLICAS && one.address !== undefined ? [[one.address, nameOf(one)] as const] : []
  })
  if (nginx === undefined || replicas.length === 0) return new Map()
  const ask = ['curl', '-s', '--max-time', String(ASK_S), '-w', `\n${MARK}%{url_effective}\n`]
  const urls = replicas.map(([address]) => `http://${address}:9080/metrics`)
  // One that does not answer is left out; curl goes on with the next.
  const { stdout } = await compose.docker(['exec', nginx.id, ...ask, ...urls], { output: 'captured', signal })
  const names = new Map(replicas)
  return parseSamples(stdout, (address) => names.get(address))
}

/** Metrics of several replicas, each followed by a line with its URL. */
export function parseSamples(
  text: string,
  nameAt: (address: string) => string | undefined,
): Map<string, ReplicaSample> {
  const samples = new Map<string, ReplicaSample>()
  let lines: string[] = []
  for (const line of text.split('\n')) {
    if (!line.startsWith(MARK)) {
      lines.push(line)
      continue
    }
    const name = nameAt(new URL(line.slice(MARK.length)).hostname)
    const sample = parseReplicaMetrics(lines.join('\n'))
    if (name !== undefined && sample !== undefined) samples.set(name, sample)
    lines = []
  }
  return samples
}
