/** Looks once around a stack, within a few seconds: its nodes, one replica with its database, and what Restate holds. */
import { z } from 'zod'
import { isServiceError, messageOf } from '../../errors.ts'
import { type AdminClient, createAdminClient } from '../client/admin.ts'
import { createHttpClient, type HttpClient } from '../client/http.ts'
import { createIngressClient } from '../client/ingress.ts'
import { readPaused } from '../queue/paused.ts'
import { cleanReason, failureRowSchema, ORPHANED_SQL, orphanedRowSchema, RETRYING_SQL } from '../queue/queue-report.ts'
import type { Held, Observations, SeenNode, SeenReplica } from './observations.ts'

/** Milliseconds for the questions of a look, which are asked side by side: to the nodes, to replicas, to the admin API. */
const NODE_MS = 3_000
const REPLICA_MS = 6_000
const ADMIN_MS = 8_000

export interface Surroundings {
  readonly ingressUrls: readonly string[]
  readonly adminUrls: readonly string[]
}

/** Never rejects but for an abort of `signal`: what cannot be seen is missing. */
export async function lookAround({ ingressUrls, adminUrls }: Surroundings, signal: AbortSignal): Promise<Observations> {
  const send = createHttpClient()
  const [nodes, service, held] = await Promise.all([
    Promise.all(ingressUrls.map((url) => lookAtNode(send, url, signal))),
    lookAtService(ingressUrls, signal),
    lookAtQueue(adminUrls, signal),
  ])
  signal.throwIfAborted()
  return { nodes, ...service, ...held }
}

/** The nodes and one replica alone, for their clocks. */
export async function lookAtClocks(ingressUrls: readonly string[], signal: AbortSignal): Promise<Observations> {
  return await lookAround({ ingressUrls, adminUrls: [] }, signal)
}

async function lookAtNode(send: HttpClient, url: string, signal: AbortSignal): Promise<SeenNode> {
  const late = AbortSignal.timeout(NODE_MS)
  const askedAt = Date.now()
  try {
    const bound = AbortSignal.any([signal, late])
    const { status, headers } = await send(`${url}/restate/health`, { method: 'GET', signal: bound })
    const told = Date.parse(headers.date ?? '')
    // The header has whole seconds, on average half a second too few.
    const clockMs = Number.isNaN(told) ? {} : { clockMs: told + 500 - (askedAt + Date.now()) / 2 }
    if (status < 500) return { url, state: 'answers', ...clockMs }
    return { url, state: 'failing', message: `HTTP ${status}`, ...clockMs }
  } catch (error) {
    if (late.aborted) return { url, state: 'silent', message: `no answer in ${NODE_MS / 1_000} s` }
    return { url, state: 'away', message: messageOf(error) }
  }
}

const healthSchema = z.looseObject({
  status: z.enum(['ok', 'unavailable']),
  failing: z.string().optional(),
  message: z.string().optional(),
  database_time: z.string().optional(),
  clock_skew_s: z.number().optional(),
})

const budgetSchema = z.looseObject({
  paused_ms: z.number(),
  pause: z.looseObject({ reason: z.string() }).optional(),
  replicas: z.array(z.looseObject({ in_flight: z.number().optional() })),
})

type SeenService = Pick<Observations, 'isRegistered' | 'replica' | 'pause' | 'inFlight'>

/** Asks the replicas through all nodes at once, and takes the first answer. */
async function lookAtService(urls: readonly string[], signal: AbortSignal): Promise<SeenService> {
  const call = createIngressClient()
  const askFirst = async (handler: string, body: unknown) => {
    const late = AbortSignal.timeout(REPLICA_MS / 2)
    const asked = urls.map(async (url) => {
      const answer = await call({ url, handler, body, signal: AbortSignal.any([signal, late]) })
      if (answer.kind === 'unreachable' || answer.kind === 'away') throw new Error(answer.message)
      return answer
    })
    return await Promise.any(asked).catch(() => undefined)
  }
  const health = await askFirst('health', undefined)
  if (health?.kind === 'unknown-service') return { isRegistered: false }
  const readAt = Date.now()
  const replica = seeReplica(health?.kind === 'ok' ? health.body : undefined, readAt)
  // The budget lies in the database, and a question about it would stay in Restate's queue while that is away.
  const budget = replica.state === 'ok' ? await askFirst('budget', {}) : undefined
  const read = budgetSchema.safeParse(budget?.kind === 'ok' ? budget.body : undefined).data
  return {
    ...(health === undefined ? {} : { isRegistered: true }),
    replica,
    ...(read === undefined ? {} : seeBudget(read)),
  }
}

function seeReplica(body: unknown, readAt: number): SeenReplica {
  const health = healthSchema.safeParse(body).data
  if (health === undefined) return { state: 'silent' }
  const { status, failing, message, database_time: time, clock_skew_s: skewS } = health
  const databaseMs = Date.parse(time ?? '') - readAt
  const clocks =
    Number.isNaN(databaseMs) || skewS === undefined
      ? {}
      : { clocks: { databaseMs, replicaMs: databaseMs + skewS * 1_000 } }
  return {
    ...{ state: status, ...clocks },
    ...(failing === undefined ? {} : { failing }),
    ...(message === undefined ? {} : { message: cleanReason(message) }),
  }
}

function seeBudget({
  paused_ms: leftMs,
  pause,
  replicas,
}: z.infer<typeof budgetSchema>): Pick<Observations, 'pause' | 'inFlight'> {
  return {
    pause: { leftMs, reason: pause?.reason ?? '' },
    inFlight: replicas.reduce((sum, { in_flight: inFlight }) => sum + (inFlight ?? 0), 0),
  }
}

const runningRow = z.object({ status: z.string(), count: z.number(), silent_ms: z.number().nullish() })

/** The age by the clock of the node that answers, because that clock has set `modified_at`. */
const OPEN_SQL = `select status, count(1) as count,
    cast(max(to_unixtime(now()) - to_unixtime(modified_at)) * 1000 as double) as silent_ms
  from sys_invocation where status <> 'completed' group by status`

type SeenQueue = Pick<Observations, 'paused' | 'orphaned' | 'retrying' | 'running' | 'open'>

async function lookAtQueue(urls: readonly string[], signal: AbortSignal): Promise<SeenQueue> {
  if (urls.length === 0) return {}
  const admin = createAdminClient(urls, AbortSignal.any([signal, AbortSignal.timeout(ADMIN_MS)]))
  const [paused, orphaned, retrying, open] = await Promise.all([
    orNothing(seePaused(admin)),
    orNothing(admin.query(ORPHANED_SQL, orphanedRowSchema)),
    orNothing(admin.query(RETRYING_SQL, failureRowSchema)),
    orNothing(admin.query(OPEN_SQL, runningRow)),
  ])
  const running = open?.find(({ status }) => status === 'running')
  const [orphan] = orphaned ?? []
  return {
    ...(paused === undefined ? {} : { paused }),
    ...(orphan === undefined ? {} : { orphaned: { count: orphaned?.length ?? 1, id: orphan.id } }),
    ...(retrying === undefined
      ? {}
      : { retrying: retrying.map(({ reason, count }) => ({ reason: cleanReason(reason ?? ''), count })) }),
    ...(running === undefined ? {} : { running: { count: running.count, silentMs: running.silent_ms ?? 0 } }),
    ...(open === undefined ? {} : { open: open.reduce((sum, { count }) => sum + count, 0) }),
  }
}

async function seePaused(admin: AdminClient): Promise<Held | undefined> {
  const rows = await readPaused(admin)
  const [first] = rows
  if (first === undefined) return undefined
  const { id, reason } = first
  return { count: rows.length, id, ...(reason === undefined ? {} : { reason: cleanReason(reason) }) }
}

async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  return await asked.catch((error: unknown) => {
    if (isServiceError(error) || (error instanceof Error && /Abort|Timeout/.test(error.name))) return undefined
    throw error
  })
}
