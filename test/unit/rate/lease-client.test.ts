import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { createLeaseClient } from '../../../src/rate/lease/lease-client.ts'
import { decideLease, LEASE_MS } from '../../../src/rate/lease/lease-decision.ts'
import type { Budget, LeaseClient, LeaseRequest, LeaseState, LeaseStore } from '../../../src/rate/types.ts'
import { plainBudget } from '../../helpers/lease-world.ts'

const log = pino({ level: 'silent' })

async function advance(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    mock.timers.tick(10)
    await turn()
  }
}

/** A ledger in memory that can be away or slow, and every request that it got. */
function createRequestWindow() {
  const ledger = {
    state: { budget: plainBudget(), holders: [] } as LeaseState,
    requests: [] as (LeaseRequest & { readonly at: number })[],
    released: [] as string[],
    fault: 'none' as 'none' | 'away' | 'silent',
    async renew(request: LeaseRequest) {
      ledger.requests.push({ ...request, at: Date.now() })
      if (ledger.fault === 'away') throw new Error('the database is away')
      if (ledger.fault === 'silent') return new Promise<never>(() => {})
      const decision = decideLease(ledger.state, request, Date.now())
      if (decision === null) return null
      const others = ledger.state.holders.filter((holder) => holder.replicaId !== request.replicaId)
      ledger.state = { budget: decision.budget, holders: [...others, decision.holder] }
      return decision.grant
    },
    async release(replicaId: string) {
      ledger.released.push(replicaId)
      ledger.state = { ...ledger.state, holders: ledger.state.holders.filter((one) => one.replicaId !== replicaId) }
    },
  }
  return ledger satisfies LeaseStore
}

function createLimiter() {
  const limiter = {
    budgets: [] as Budget[],
    pauses: [] as number[],
    waiting: 0,
    rpm: () => limiter.budgets.at(-1)?.requestsPerMinute,
    setBudget: (budget: Budget) => void limiter.budgets.push(budget),
    pause: (ms: number) => void limiter.pauses.push(ms),
    stats: () => ({
      waiting: limiter.waiting,
      inFlight: 0,
      deferred: 0,
      pausedMs: 0,
    }),
  }
  return limiter
}

describe('createLeaseClient, in fake time', () => {
  const open: LeaseClient[] = []
  const make = (ledger: ReturnType<typeof createRequestWindow>, replicaId = 'a') => {
    const limiter = createLimiter()
    const share = createLeaseClient({ ledger, limiter, replicaId, name: replicaId, log, now: () => Date.now() })
    open.push(share)
    return { share, limiter }
  }

  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 }))
  afterEach(async () => {
    const closed = Promise.all(open.splice(0).map((share) => share.close()))
    await advance(4_000)
    await closed
    mock.timers.reset()
  })

  it('has a lease when it has started, and renews it about every two seconds', async () => {
    const ledger = createRequestWindow()
    const { share, limiter } = make(ledger)
    const started = share.start(60_000)
    await advance(50)
    await started
    assert.equal(limiter.rpm(), 1_000)
    await advance(20_000)
    assert.ok(ledger.requests.length >= 9 && ledger.requests.length <= 13, `${ledger.requests.length} renewals`)
    assert.deepEqual(
      limiter.budgets.map((budget) => budget.requestsPerMinute),
      [0, 1_000],
    )
  })

  it('comes up without a lease where the database is away, starts nothing, and takes the lease when it is back', async () => {
    const ledger = createRequestWindow()
    ledger.fault = 'away'
    const { share, limiter } = make(ledger)
    let isUp = false
    void share.start(2_500).then(() => (isUp = true))
    await advance(2_400)
    assert.equal(isUp, false)
    await advance(200)
    assert.equal(isUp, true)
    assert.equal(limiter.rpm(), 0)
    ledger.fault = 'none'
    await advance(1_500)
    assert.equal(limiter.rpm(), 1_000)
  })

  for (const fault of ['away', 'silent'] as const) {
    it(`shrinks to nothing in the life of a lease while the database is ${fault}, and never grows`, async () => {
      const ledger = createRequestWindow()
      const { share, limiter } = make(ledger)
      const started = share.start(1_000)
      await advance(3_000)
      await started
      const before = limiter.budgets.length
      ledger.fault = fault
      const lastGrant = ledger.requests.at(-1)?.at ?? 0
      await advance(lastGrant + LEASE_MS - Date.now())
      const paces = limiter.budgets.slice(before - 1).map((budget) => budget.requestsPerMinute)
      assert.ok(paces.length >= 4, `${paces}`)
      assert.ok(
        paces.every((pace, index) => index === 0 || pace < (paces[index - 1] ?? 0)),
        `${paces}`,
      )
      assert.equal(paces.at(-1), 0)
      await advance(10_000)
      assert.equal(limiter.rpm(), 0)
      // It asks on, and not in a hurry.
      const asked = ledger.requests.filter((request) => request.at > Date.now() - 10_000).length
      assert.ok(asked >= 3 && asked <= 20, `${asked}`)
      ledger.fault = 'none'
      await advance(3_000)
      assert.equal(limiter.rpm(), 1_000)
    })
  }

  it('renews at once when demand jumps and its part is small, and no more than four times a second', async () => {
    const ledger = createRequestWindow()
    const busy = make(ledger, 'busy')
    busy.limiter.waiting = 1_000
    void busy.share.start(1_000)
    const { share, limiter } = make(ledger, 'idle')
    void share.start(1_000)
    await advance(9_000)
    const asked = () => ledger.requests.filter((request) => request.replicaId === 'idle')
    while (Date.now() - (asked().at(-1)?.at ?? 0) > 300) await advance(10)
    const before = asked().length
    limiter.waiting = 1
    await advance(260)
    assert.equal(asked().at(-1)?.demand, 1)
    assert.equal(asked().length, before + 1)
    for (let demand = 1; demand < 1e9; demand *= 3) {
      limiter.waiting = demand
      await advance(100)
    }
    const times = asked().map((request) => request.at)
    for (const at of times) assert.ok(times.filter((other) => other > at - 1_000 && other <= at).length <= 5)
  })

  it('gives way to another, and says so at once so that the other need not wait', async () => {
    const ledger = createRequestWindow()
    const first = make(ledger, 'a')
    const second = make(ledger, 'b')
    void first.share.start(1_000)
    await advance(500)
    const started = second.share.start(60_000)
    await advance(3_000)
    await started
    assert.equal(first.limiter.rpm(), 500)
    assert.equal(second.limiter.rpm(), 500)
    const closed = first.share.close()
    await advance(2_500)
    await closed
    assert.deepEqual(ledger.released, ['a'])
    assert.equal(second.limiter.rpm(), 1_000)
  })

  it('stores a pause at once, once for a herd of refusals, and the others learn at their next renewal', async () => {
    const ledger = createRequestWindow()
    const first = make(ledger, 'a')
    const second = make(ledger, 'b')
    void first.share.start(1_000)
    void second.share.start(1_000)
    await advance(6_000)
    const before = ledger.requests.length
    for (let refusal = 0; refusal < 50; refusal += 1) first.share.pauseCluster(30_000 + refusal)
    await turn()
    assert.ok((ledger.state.budget.pausedUntil ?? 0) >= Date.now() + 29_000)
    await advance(100)
    assert.ok(ledger.requests.length <= before + 2)
    assert.ok((first.limiter.pauses.at(-1) ?? 0) >= 29_000)
    await advance(2_400)
    assert.ok((second.limiter.pauses.at(-1) ?? 0) >= 27_000)
    assert.equal(second.share.stats().paceFactor, 0.8)
    assert.ok(second.share.stats().pausedMs > 27_000)
  })

  it('keeps a pause that could not be stored until it can', async () => {
    const ledger = createRequestWindow()
    const { share } = make(ledger)
    void share.start(1_000)
    await advance(1_000)
    ledger.fault = 'away'
    share.pauseCluster(20_000)
    await advance(3_000)
    assert.equal(ledger.state.budget.pausedUntil, null)
    ledger.fault = 'none'
    await advance(2_000)
    const left = (ledger.state.budget.pausedUntil ?? 0) - Date.now()
    assert.ok(left > 14_000 && left <= 16_000, `${left}`)
  })

  it('lowers the budget to what the account allows, raises it again, and takes no nonsense', async () => {
    const ledger = createRequestWindow()
    const { share, limiter } = make(ledger)
    void share.start(1_000)
    await advance(1_000)
    share.accountAllows({ requestsPerMinute: 300, tokensPerMinute: 9_000 })
    await advance(300)
    assert.deepEqual(limiter.budgets.at(-1), { requestsPerMinute: 300, tokensPerMinute: 9_000 })
    for (const silly of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15, 0.2]) {
      share.accountAllows({ requestsPerMinute: silly, tokensPerMinute: silly })
      share.pauseCluster(silly > 1e9 || silly === 0.2 ? 0 : silly)
    }
    await advance(2_500)
    assert.deepEqual(limiter.budgets.at(-1), { requestsPerMinute: 300, tokensPerMinute: 9_000 })
    assert.deepEqual(limiter.pauses, [])
    share.accountAllows({ requestsPerMinute: 400, tokensPerMinute: null })
    await advance(2_500)
    assert.deepEqual(limiter.budgets.at(-1), { requestsPerMinute: 400, tokensPerMinute: 9_000 })
    share.accountAllows({ requestsPerMinute: 10_000, tokensPerMinute: 1e9 })
    await advance(2_500)
    assert.equal(limiter.rpm(), 1_000)
  })

  it('remembers what the account allows as long as a replica lives that was told', async () => {
    const ledger = createRequestWindow()
    const { share, limiter } = make(ledger)
    void share.start(1_000)
    await advance(1_000)
    share.accountAllows({ requestsPerMinute: 300, tokensPerMinute: null })
    for (let minute = 0; minute < 12; minute += 1) {
      mock.timers.setTime(Date.now() + 57_000)
      await advance(3_000)
    }
    assert.equal(limiter.rpm(), 300)
    await share.close()
    const successor = make(ledger, 'b')
    mock.timers.setTime(Date.now() + 600_000)
    void successor.share.start(1_000)
    await advance(500)
    assert.equal(successor.limiter.rpm(), 1_000)
  })

  it('gives a budget that was lowered to the limiter within one renewal', async () => {
    const ledger = createRequestWindow()
    const { share, limiter } = make(ledger)
    void share.start(1_000)
    await advance(1_000)
    ledger.state = { ...ledger.state, budget: plainBudget({ rpm: 50 }) }
    await advance(2_150)
    assert.equal(limiter.rpm(), 50)
  })

  it('counts what its leases allowed', async () => {
    const ledger = createRequestWindow()
    const { share } = make(ledger)
    void share.start(1_000)
    await advance(60_000)
    const { allowedRequests } = share.stats()
    assert.ok(allowedRequests > 990 && allowedRequests <= 1_000, `${allowedRequests}`)
  })

  it('asks nothing after it was closed, and nothing where it was never started', async () => {
    const ledger = createRequestWindow()
    const never = make(ledger, 'never')
    await never.share.close()
    const { share, limiter } = make(ledger)
    void share.start(1_000)
    await advance(500)
    await share.close()
    const asked = ledger.requests.length
    const set = limiter.budgets.length
    share.pauseCluster(1_000)
    share.renewSoon()
    await advance(10_000)
    assert.equal(ledger.requests.length, asked)
    assert.equal(limiter.budgets.length, set)
    assert.deepEqual(ledger.released, ['a'])
  })
})

describe('the pace after refusals', () => {
  it('drops once a window, never below a tenth, and is whole again within two minutes', () => {
    let state: LeaseState = { budget: plainBudget(), holders: [] }
    let number = 0
    const refuse = (now: number, pauseMs: number) => {
      number += 1
      const request = {
        replicaId: 'a',
        name: 'a',
        number,
        heldNumber: number - 1,
        demand: 1,
        pauseMs,
        account: null,
        knownAccount: null,
      }
      const decision = decideLease(state, request, now)
      assert.ok(decision)
      state = { budget: decision.budget, holders: [decision.holder] }
      return decision.grant
    }
    assert.equal(refuse(0, 2_000).paceFactor, 0.8)
    assert.equal(refuse(1_000, 2_000).paceFactor, 0.8)
    // Sent before the pause and refused after it.
    assert.equal(refuse(3_900, 500).paceFactor, 0.8)
    let now = 10_000
    for (let round = 0; round < 40; round += 1) {
      const { lease, paceFactor } = refuse(now, 3_000)
      assert.ok(paceFactor >= 0.1 && paceFactor <= 0.8)
      assert.ok(Math.abs(lease.requestsPerMinute - 1_000 * paceFactor) < 1e-6)
      now += 4_001
    }
    let before = 0
    for (let passed = 0; passed < 120_000; passed += 2_000) {
      const { paceFactor } = refuse(now + passed, 0)
      assert.ok(paceFactor >= before)
      before = paceFactor
    }
    assert.equal(before, 1)
  })
})
