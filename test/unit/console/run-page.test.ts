/** What the page of a run says of a run that stands still, and which limits of its cost its forms take. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createWaits, waitOf } from '../../../src/console/views/waits.ts'
import type { BudgetResponse } from '../../../src/restate/contract.ts'
import type { ListedRun, Store } from '../../../src/store/types.ts'
import { emptyStore, startTestConsole, type TestConsole } from '../../helpers/servers/console.ts'

const RUN: ListedRun = {
  ...{ runId: 'run-1', startedAt: '2026-11-29T10:00:00.000Z', updatedAt: '2026-11-29T10:05:00.000Z', answered: 14 },
  ...{ batches: 1, indicators: 0, classified: 0, unchanged: 0, needsReview: 0, unverified: 0, modelRequests: 3 },
  ...{ inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, costUsd: 0.002125, estimatedRequests: 0 },
  ...{ estimatedCostUsd: 0, perMinute: 0, catalogue: 'c', codebook: 'b@1', command: 'classify', size: 60 },
  bySource: { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 },
  ...{ wanted: 'running', outcome: 'incomplete', maxCostUsd: 0.003, refusal: { maxUsd: 0.003, mostUsd: 0.000982 } },
  driver: null,
}
const DRIVER = { token: 't', host: 'laptop', pid: 1, since: '2026-11-29T10:00:00.000Z', expiresInMs: 9_000 }

const BUDGET: BudgetResponse = {
  ...{ rpm: 6, tpm: null, safety: 0.99, paused_ms: 0, pace_factor: 1, account: { rpm: null, tpm: null } },
  replicas: [{ name: 'r', share: 1, rpm: 6, tpm: null, demand: 6, in_flight: 0, expires_in_ms: 3_000 }],
}

let shown: ListedRun = RUN
let budget = BUDGET
const limits: number[] = []
let console: TestConsole

before(async () => {
  const empty = emptyStore()
  const store: Store = {
    ...empty,
    findRun: async () => shown,
    drivers: { ...empty.drivers, limitCost: async (_run, maxUsd) => void limits.push(maxUsd) },
  }
  console = await startTestConsole({ store, ingress: { ask: async (_handler, _body, schema) => schema.parse(budget) } })
})
after(() => console?.close())

test('a run that its cost limit stopped says why, with the least limit that helps and what is kept', async () => {
  shown = RUN
  const { status, body } = await console.get('/runs/run-1', console.signedIn)
  assert.equal(status, 200)
  assert.match(
    body,
    /Stopped at its cost limit: USD 0\.002125 of 0\.003 is spent, the next request may cost up to 0\.000982; raise it to at least 0\.003107\. 14 answered, kept for when it goes on\./,
  )
  assert.match(body, /at least 0\.003107<\/label>/)
  shown = { ...RUN, refusal: null }
  assert.doesNotMatch((await console.get('/runs/run-1', console.signedIn)).body, /Stopped at its cost limit/)
})

test('the forms refuse a limit under which the run could not go on, also the old one, with the figure', async () => {
  for (const [path, form] of [
    ['/runs/run-1/resume', {}],
    ['/runs/run-1/resume', { max_cost: '' }],
    ['/runs/run-1/resume', { max_cost: '0.003' }],
    ['/runs/run-1/limit', { max_cost: '0.002' }],
  ] as const) {
    shown = RUN
    const { status, body } = await console.post(path, form, console.signedIn)
    assert.equal(status, 400, `${path} ${JSON.stringify(form)}`)
    assert.match(body, /raise it to at least 0\.003107/)
  }
  assert.deepEqual(limits, [])
  assert.equal((await console.post('/runs/run-1/limit', { max_cost: '0.004' }, console.signedIn)).status, 303)
  assert.deepEqual(limits, [0.004])
})

test('a run that is under way says that it waits for the rate budget, and before it is stopped what that does', async () => {
  shown = { ...RUN, outcome: null, driver: DRIVER, refusal: null }
  const { body } = await console.get('/runs/run-1', console.signedIn)
  assert.match(body, /It waits for the rate budget of 6 requests a minute\./)
  assert.match(body, /no further request starts\..* what they answer is stored/s)
})

test('a wait is named only where requests are ready and few are in flight, and a pause before all', () => {
  const [replica] = BUDGET.replicas
  assert.ok(replica !== undefined)
  const of = (more: Partial<typeof replica>, rest: Partial<BudgetResponse> = {}) =>
    waitOf({ ...BUDGET, ...rest, replicas: [{ ...replica, ...more }] })
  assert.equal(of({}), 'waits for the rate budget of 6 requests a minute')
  assert.equal(of({ demand: 0 }), null)
  assert.equal(of({ demand: 2, in_flight: 2 }), null, 'it waits for answers')
  assert.equal(of({ demand: 30, in_flight: 8 }), null, 'so many may be in flight that answers may be what it waits for')
  assert.equal(waitOf({ ...BUDGET, replicas: [] }), null)
  const account = { rpm: 3, tpm: 50_000 }
  assert.equal(of({}, { account }), 'waits for the rate budget of 3 requests and 50,000 tokens a minute')
  assert.equal(
    of({ demand: 0 }, { paused_ms: 29_001, pause: { reason: 'slow down', for_ms: 5 } }),
    "waits for the end of a pause of 30 s that the model's endpoint asked for (slow down)",
  )
})

test('details agree with the state of the run: they are looked up anew when it has results and when it ends', async () => {
  const asked: string[] = []
  let results = 0
  const empty = emptyStore()
  const run = (more: Partial<ListedRun>) => ({ ...RUN, runId: 'run-9', maxCostUsd: null, refusal: null, ...more })
  let now: ListedRun = run({ outcome: null, driver: DRIVER, modelRequests: 0 })
  const store: Store = {
    ...empty,
    findRun: async () => now,
    views: {
      ...empty.views,
      findRunDetail: async (id) => {
        asked.push(id)
        const issues = results === 0 ? [] : [{ code: 'unverified', results }]
        return {
          outcomes: {},
          models: results === 0 ? [] : ['offline-rules'],
          sampled: results,
          confidence: [],
          issues,
        }
      },
    },
  }
  const own = await startTestConsole({ store })
  const page = async () => (await own.get('/runs/run-9')).body
  try {
    assert.match(await page(), /It has no results yet/)
    await page()
    assert.equal(asked.length, 1, 'a look serves for a while')
    results = 60
    now = run({ outcome: 'complete', classified: 60, unverified: 60 })
    const ended = await page()
    assert.match(ended, /Offline model:/)
    assert.match(ended, /unverified/)
    assert.doesNotMatch(ended, /Nothing speaks against its results|It has no results yet/)
    assert.match(ended, /See how right it is/)
    assert.equal(asked.length, 2)
  } finally {
    await own.close()
  }
})

test('the budget is asked for once in a while, and a service that is away says nothing', async () => {
  let now = 0
  let asked = 0
  let isAway = false
  const waits = createWaits(
    {
      ask: async (_handler, _body, schema) => {
        asked += 1
        if (isAway) throw new Error('away')
        return schema.parse(budget)
      },
    },
    () => now,
  )
  budget = BUDGET
  assert.match((await waits()) ?? '', /6 requests/)
  assert.match((await waits()) ?? '', /6 requests/)
  assert.equal(asked, 1)
  isAway = true
  now = 3_001
  assert.equal(await waits(), null)
  assert.equal(asked, 2)
})
