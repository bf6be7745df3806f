/** Callers that post small batches over connections of their own for a while, each with a patience after which it leaves. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

export interface LoadOptions {
  readonly ingressUrl: string
  readonly connections: number
  readonly forMs: number
  /** A caller that has no answer after so many milliseconds closes its connection and counts as timed out. */
  readonly patienceMs: number
  /** Stands in the names of all indicators, so that no two loads ask about the same shapes. */
  readonly name: string
}

export interface LoadResult {
  readonly answered: number
  /** Calls that were told to wait by 429, and how many of these answers named no time. */
  readonly refused: number
  readonly refusedWithoutTime: number
  readonly timedOut: number
  /** What else came: statuses and codes of connection errors, with how often. */
  readonly others: ReadonlyMap<string, number>
  /** Answered batches a second, from the first call to the end of the last. */
  readonly perSecond: number
  /** The milliseconds that half, and that 99 of 100 of the answered calls took. */
  readonly medianMs: number
  readonly slowMs: number
}

const INDICATORS = 3

type Outcome =
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter: string | undefined }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'error'; readonly code: string }

/** Runs the load; every caller posts its next batch when the last one is answered, or when the 429 says so. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { connections, forMs, name } = options
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const startedAt = performance.now()
  const endsAt = startedAt + forMs
  const counts = { answered: 0, refused: 0, refusedWithoutTime: 0, timedOut: 0 }
  const others = new Map<string, number>()
  const tookMs: number[] = []
  const caller = async (connection: number) => {
    for (let batch = 0; performance.now() < endsAt; batch += 1) {
      const sentAt = performance.now()
      const outcome = await post(agent, options, bodyOf(`${name} ${connection} ${batch}`))
      if (outcome.kind === 'timed-out') counts.timedOut += 1
      else if (outcome.kind === 'error' || (outcome.status !== 200 && outcome.status !== 429)) {
        const what = outcome.kind === 'error' ? outcome.code : String(outcome.status)
        others.set(what, (others.get(what) ?? 0) + 1)
        await sleep(100)
      } else if (outcome.status === 200) {
        counts.answered += 1
        tookMs.push(performance.now() - sentAt)
      } else {
        counts.refused += 1
        const seconds = Number(outcome.retryAfter)
        if (!(seconds > 0)) counts.refusedWithoutTime += 1
        await sleep(Math.min(1_000 * (seconds > 0 ? seconds : 1), Math.max(0, endsAt - performance.now())))
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, connection) => caller(connection)))
  agent.destroy()
  const seconds = (performance.now() - startedAt) / 1_000
  const sorted = tookMs.toSorted((one, other) => one - other)
  const at = (part: number) => Math.round(sorted[Math.floor(part * (sorted.length - 1))] ?? Number.NaN)
  return { ...counts, others, perSecond: counts.answered / seconds, medianMs: at(0.5), slowMs: at(0.99) }
}

function bodyOf(name: string): string {
  const indicators = Array.from({ length: INDICATORS }, (_, index) => ({
    indicator_id: `${name} ${index}`,
    name: `Zorbic attainment ${name} ${index}`,
  }))
  return JSON.stringify({ indicators, options: { audit: 'none' } })
}

function post(agent: Agent, { ingressUrl, patienceMs }: LoadOptions, body: string): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const call = request(`${ingressUrl}/classify-api/batch`, {
    agent,
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
  })
  const timer = setTimeout(() => {
    resolve({ kind: 'timed-out' })
    call.destroy()
  }, patienceMs)
  call.on('response', (response) => {
    response.resume().on('end', () => {
      clearTimeout(timer)
      resolve({ kind: 'status', status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] })
    })
    response.on('error', () => undefined)
  })
  call.on('error', (error: NodeJS.ErrnoException) => {
    clearTimeout(timer)
    resolve({ kind: 'error', code: error.code ?? error.message })
  })
  call.end(body)
  return promise
}
