/** The history of the rate budget on PostgreSQL: what was set, by whom, from the settings of replicas or by others. */
import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { createClusterBudget } from '../../../src/rate/lease/budget-service.ts'
import { createLeaseStore } from '../../../src/rate/lease/lease-store.ts'
import { answerBudget } from '../../../src/restate/answers/budget.ts'
import { createBudgetStore } from '../../../src/store/rate-budget.ts'
import { createViewStore } from '../../../src/store/views/views.ts'
import { sharedPostgres, silent } from '../../helpers/database/postgres.ts'

const postgres = sharedPostgres()
let database: Awaited<ReturnType<typeof postgres.fresh>>

before(async () => {
  database = await postgres.fresh()
})

/** A replica with these settings, as far as it sets the budget. */
function replica(name: string, rpm: number) {
  const store = createBudgetStore(database.pool)
  const leases = createLeaseStore(store, { rpm, tpm: null, safety: 0.99, by: name })
  const leaseClient = { renewSoon: () => undefined }
  return createClusterBudget({ store, leases, leaseClient, name, log: silent })
}

const historyOf = async (limit = 10) =>
  (await createViewStore(database.pool).listBudgetChanges(limit)).map(({ rpm, tpm, by, isConfigured }) => [
    rpm,
    tpm,
    by,
    isConfigured,
  ])

it('notes what replicas bring and what people set, each once, the newest first, and nothing of a question', async () => {
  const first = replica('replica-1', 1_000)
  await answerBudget(first, {})
  await answerBudget(replica('replica-2', 1_000), {})
  await answerBudget(first, { rpm: 750, by: 'ann' }, 'console@cluster')
  await answerBudget(first, { tpm: 2_000_000 }, 'nightly')
  await answerBudget(first, { tpm: null })
  await answerBudget(replica('replica-3', 500), {})
  assert.deepEqual(await historyOf(), [
    [500, null, 'replica-3', true],
    [750, null, 'replica-1', false],
    [750, 2_000_000, 'nightly', false],
    [750, null, 'ann (token console@cluster)', false],
    [1_000, null, 'replica-1', true],
  ])
  assert.equal((await historyOf(2)).length, 2)
})

it('keeps the newest thousand', async () => {
  await database.pool.query(
    `insert into budget_changes (changed_at, rpm, safety, configured, set_by)
     select '2020-01-01'::timestamptz + n * interval '1 minute', n, 1, false, 'old' from generate_series(1, 1200) n`,
  )
  const budget = replica('replica-1', 500)
  await budget.change({ requestsPerMinute: 600 })
  const { rows } = await database.pool.query('select count(*)::int as kept, min(rpm) as oldest from budget_changes')
  const [{ kept }] = rows
  assert.ok(kept <= 1_001 && kept >= 1_000, String(kept))
  assert.equal((await historyOf(1))[0]?.[0], 600)
})

it('tells what a replica takes and its release, and nothing of one that told neither', async () => {
  const store = createBudgetStore(database.pool)
  const request = {
    ...{ replicaId: 'a', name: 'replica-1', number: 1, heldNumber: null, demand: 0, inFlight: 0 },
    ...{ pauseMs: 0, pauseReason: '', account: null, knownAccount: null },
  }
  const leases = createLeaseStore(store, { rpm: 500, tpm: null, safety: 0.99, by: 'replica-1' })
  await leases.renew({ ...request, memoryBytes: 91_000_000, version: '0.1.0' })
  await leases.renew({ ...request, replicaId: 'b', name: 'replica-2' })
  const { replicas } = await answerBudget(replica('replica-1', 500), {})
  assert.deepEqual(
    replicas.map(({ name, memory_bytes: memory, version }) => [name, memory, version]),
    [
      ['replica-1', 91_000_000, '0.1.0'],
      ['replica-2', null, null],
    ],
  )
})
