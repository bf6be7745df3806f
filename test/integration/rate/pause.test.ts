/** What a refusal for rate that one replica meets does to the other replicas, through limiter, lease and database. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { afterEach, test } from 'node:test'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { createSchemes } from '../../../src/catalogue/schemes.ts'
import { normaliseIndicator } from '../../../src/classification/indicator.ts'
import { promptItemOf, questionOf } from '../../../src/classification/question.ts'
import { createOpenAiClient } from '../../../src/llm/openai/client.ts'
import { createMetrics } from '../../../src/metrics.ts'
import { createLeaseClient } from '../../../src/rate/lease/lease-client.ts'
import { createLeaseStore } from '../../../src/rate/lease/lease-store.ts'
import { createRateLimiter } from '../../../src/rate/limiter/limiter.ts'
import { createRateControl } from '../../../src/rate/limiter/rate-control.ts'
import type { LeaseGrant, RateControl } from '../../../src/rate/types.ts'
import { askOnce } from '../../../src/restate/chunk/ask.ts'
import type { AskOutcome } from '../../../src/restate/chunk/ask-outcome.ts'
import { createPromptParts } from '../../../src/restate/chunk/prompt-parts.ts'
import type { ChunkRequest } from '../../../src/restate/chunk-contract.ts'
import { createPool, type DatabasePool } from '../../../src/store/pool.ts'
import { createBudgetStore } from '../../../src/store/rate-budget.ts'
import { sharedPostgres, silent, type TestDatabase } from '../../helpers/database/postgres.ts'
import { type Answer, startScriptedModel } from '../../helpers/servers/model.ts'
import { freeBooking } from '../../helpers/store/ledger.ts'
import { waitUntil } from '../../helpers/wait.ts'

const RPM = 1_200
const NAMES = ['a', 'b', 'c'] as const
/** Longer than a start takes at any replica's pace: each has some waiting, and asks again soon. */
const MAX_WAIT_MS = 500
const ASKING_AT_ONCE = 2

const postgres = sharedPostgres()
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A renewal that was answered; `begun` and `ended` count the events of all replicas, so that they can be ordered. */
interface Renewal {
  readonly begun: number
  readonly ended: number
  readonly pauseMs: number
  readonly grant: LeaseGrant
}

let events = 0

const schemes = createSchemes(await loadBuiltIns(), null)
const scheme = await schemes.find(undefined)

function chunkOf(name: string): ChunkRequest {
  const { indicator } = normaliseIndicator({ indicator_id: name, name: 'Zorbic attainment' })
  const question = questionOf(scheme, indicator, scheme.code?.read(indicator) ?? {}, { mode: 'hybrid' })
  assert.ok(question)
  const items = [promptItemOf('k1', question, 'hybrid')]
  return { run_id: 'r', tier: 'primary', codebook_hash: scheme.hash, items }
}

/** All that a replica has for its rate, on connections of its own, and chunks that never end. */
function startReplica(name: string, databaseUrl: string, modelUrl: string) {
  const pool = createPool({ connectionString: databaseUrl, max: 2, log: silent })
  const leases = createLeaseStore(createBudgetStore(pool), { rpm: RPM, tpm: null, safety: 1, by: name })
  const limiter = createRateLimiter({ requestsPerMinute: 0, tokensPerMinute: null })
  const renewals: Renewal[] = []
  const leaseClient = createLeaseClient({
    leases: {
      renew: async (request) => {
        const begun = ++events
        const grant = await leases.renew(request)
        if (grant !== null) renewals.push({ begun, ended: ++events, pauseMs: request.pauseMs, grant })
        return grant
      },
      release: (id) => leases.release(id),
    },
    limiter,
    replicaId: randomUUID(),
    name,
    log: silent,
  })
  const control = createRateControl({ limiter, cluster: leaseClient, log: silent })
  const starts: number[] = []
  const rate: RateControl = {
    expect: () => () => undefined,
    acquire: async (size, maxWaitMs, signal) => {
      const permit = await control.acquire(size, maxWaitMs, signal)
      if (permit.granted) starts.push(++events)
      return permit
    },
  }
  const model = createOpenAiClient({
    apiKey: 'k',
    baseUrl: modelUrl,
    model: 'small',
    timeoutMs: 60_000,
    prices: {},
    log: silent,
  })
  const outcomes: AskOutcome['kind'][] = []
  const stopped = new AbortController()
  const shared = { ...freeBooking(), schemes, partsOf: createPromptParts(), metrics: createMetrics(), clock: Date }
  const deps = { model, rate, ...shared, maxWaitMs: MAX_WAIT_MS }
  const work = async () => {
    const chunk = chunkOf(name)
    while (!stopped.signal.aborted) {
      const outcome = await askOnce(deps, chunk, 'x', new AbortController().signal)
      outcomes.push(outcome.kind)
      // A real chunk sleeps for the wait that it is given. These ask again at once, so that only the limiter holds them.
      if (outcome.kind === 'wait') await sleep(20)
    }
  }
  const workers: Promise<unknown>[] = []
  closing.push(async () => {
    stopped.abort()
    // The questions that wait for a permit are refused by the close, which nobody may meet as an unhandled rejection.
    const settled = Promise.allSettled(workers)
    await limiter.close()
    await settled
    await leaseClient.close()
    await pool.end()
  })
  return {
    name,
    leaseClient,
    limiter,
    renewals,
    starts,
    outcomes,
    begin: () => workers.push(...Array.from({ length: ASKING_AT_ONCE }, work)),
  }
}

type Replica = ReturnType<typeof startReplica>

/** Three replicas with equal leases that are asking. `refuse`: what the next question of a replica is answered with. */
async function startCluster() {
  const database: TestDatabase = await postgres.fresh()
  closing.push(() => database.drop())
  const refuse = new Map<string, Answer>()
  const model = await startScriptedModel(({ ids }) => {
    const name = ids[0] ?? ''
    const answer = refuse.get(name) ?? {}
    refuse.delete(name)
    return answer
  })
  closing.push(() => model.close())
  const replicas = NAMES.map((name) => startReplica(name, database.url, model.url))
  await Promise.all(replicas.map(({ leaseClient }) => leaseClient.start(60_000)))
  for (const replica of replicas) replica.begin()
  await waitUntil('all have a lease and are asking', () =>
    replicas.every(({ limiter, starts }) => limiter.stats().requestsPerMinute > RPM / 10 && starts.length > 2),
  )
  const [a, b, c] = replicas
  assert.ok(a && b && c)
  return { pool: database.pool, replicas, a, others: [b, c], refuse }
}

const refusal = (headers: Readonly<Record<string, string>>): Answer => ({
  status: 429,
  headers,
  body: { error: { message: 'slow down', type: 'requests', code: 'rate_limit_exceeded' } },
})

/** Renewals of `replica` that were sent after the event `since` and have been taken in. */
const renewalsSince = (replica: Replica, since: number) => replica.renewals.filter(({ begun }) => begun > since)

async function untilRenewed(replicas: readonly Replica[], since: number, times = 1): Promise<void> {
  await waitUntil('all renew', () => replicas.every((replica) => renewalsSince(replica, since).length >= times))
  // The answer is taken in right after it is written down here.
  await turn()
}

/** The renewal that reported a pause to the database. */
async function untilReported(replica: Replica, since: number): Promise<Renewal> {
  return await waitUntil('the pause is stored', () => renewalsSince(replica, since).find(({ pauseMs }) => pauseMs > 0))
}

async function stateOf(pool: DatabasePool) {
  const found = await createBudgetStore(pool).read()
  assert.ok(found)
  return found.state.budget
}

test('a long refusal of one replica: no other starts anything from its next renewal on', async () => {
  const { pool, a, others, replicas, refuse } = await startCluster()
  const since = events
  refuse.set(a.name, refusal({ 'retry-after': '500' }))
  const reported = await untilReported(a, since)

  await Promise.all(
    others.map(async (replica) => {
      await untilRenewed([replica], reported.ended)
      assert.ok(
        (renewalsSince(replica, reported.ended)[0]?.grant.pausedMs ?? 0) > 0,
        'the first renewal brings the pause',
      )
      const { length } = replica.starts
      const deferredBefore = replica.outcomes.length
      await untilRenewed([replica], reported.ended, 3)
      await waitUntil('its chunks ask on', () => replica.outcomes.length > deferredBefore + 10)
      assert.equal(replica.starts.length, length, 'it started nothing since')
      assert.deepEqual([...new Set(replica.outcomes.slice(deferredBefore))], ['wait'], 'they wait, and none fails')
    }),
  )
  assert.ok(replicas.every(({ limiter }) => limiter.stats().pausedMs > 0))
  assert.equal((await stateOf(pool)).paceFactor, 0.8)
})

test('a short refusal with budget left delays the replica that met it, and no other', async () => {
  const { pool, a, others, replicas, refuse } = await startCluster()
  const since = events
  refuse.set(a.name, refusal({ 'retry-after-ms': '400', 'x-ratelimit-remaining-requests': '70' }))
  await waitUntil('the refusal pauses its replica', () => {
    const { pausedMs, pausedTotalMs } = a.limiter.stats()
    return pausedMs + pausedTotalMs > 0
  })
  const started = replicas.map(({ starts }) => starts.length)
  await untilRenewed(replicas, since, 3)
  await waitUntil('all go on, also the one that was refused', () =>
    replicas.every(({ starts }, index) => starts.length > (started[index] ?? 0) + 2),
  )
  for (const replica of replicas) {
    for (const { pauseMs, grant } of renewalsSince(replica, since)) assert.deepEqual([pauseMs, grant.pausedMs], [0, 0])
  }
  assert.ok(others.every(({ limiter }) => limiter.stats().pausedTotalMs === 0))
  assert.ok(a.limiter.stats().pausedTotalMs > 0)
  const { pausedUntil, paceFactor } = await stateOf(pool)
  assert.deepEqual([pausedUntil, paceFactor], [null, 1])
})

test('all are refused at once: the pace drops once, they start again after the pause, and the pace recovers', async () => {
  const { pool, replicas, refuse } = await startCluster()
  const since = events
  // All three refusals are sent together, so that they fall into one window however slow the machine is.
  const { promise: allAsked, resolve } = Promise.withResolvers<void>()
  for (const { name } of replicas) refuse.set(name, { ...refusal({ 'retry-after': '2' }), after: allAsked })
  await waitUntil('all have asked', () => refuse.size === 0)
  resolve()
  await Promise.any(replicas.map((replica) => untilReported(replica, since)))
  const started = replicas.map(({ starts }) => starts.length)
  await waitUntil('all start again', () =>
    replicas.every(
      ({ starts, limiter }, index) => limiter.stats().pausedMs === 0 && starts.length > (started[index] ?? 0) + 3,
    ),
  )
  const renewals = replicas.flatMap((replica) => renewalsSince(replica, since)).toSorted((x, y) => x.ended - y.ended)
  const factors = renewals.map(({ grant }) => grant.paceFactor).filter((factor) => factor < 1)
  assert.equal(Math.min(...factors), 0.8, 'dropped once for all three')
  assert.deepEqual(
    renewals.find(({ grant }) => grant.paceFactor < 1)?.grant.budget,
    { requestsPerMinute: 0.8 * RPM, tokensPerMinute: null },
    'and that is what is leased',
  )

  await waitUntil('the pace rises', () =>
    replicas.every(({ leaseClient }) => leaseClient.stats().paceFactor > 0.8 && leaseClient.stats().paceFactor <= 1),
  )
  // As if the window had ended a minute and a half ago.
  await pool.query(`update rate_budget set window_until = window_until - interval '90 seconds'`)
  const sum = () => replicas.reduce((total, { limiter }) => total + limiter.stats().requestsPerMinute, 0)
  await waitUntil('the whole budget is leased again', () => Math.abs(sum() - RPM) < 1)
  assert.equal((await stateOf(pool)).paceFactor, 0.8, 'no other drop was written')
})
