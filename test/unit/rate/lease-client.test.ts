/** The lease client in fake time, with a lease store in memory, and the pace of the cluster after refusals. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { pino } from 'pino'
import { createLeaseClient } from '../../../src/rate/lease/lease-client.ts'
import { decideLease, LEASE_MS } from '../../../src/rate/lease/lease-decision.ts'
import type { LeaseStore } from '../../../src/rate/lease/lease-store.ts'
import type { Budget, LeaseClient, LeaseRequest, LeaseState } from '../../../src/rate/types.ts'
import { plainBudget } from '../../helpers/lease-world.ts'

const log = pino({ level: 'silent' })

async function advance(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    mock.timers.tick(10)
    await turn()
  }
}

/** A lease store in memory that can be away or silent, with every request that it got. */
function createMemoryLeases() {
  const leases = {
    state: { budget: plainBudget(), holders: [] } as LeaseState,
    requests: [] as (LeaseRequest & { readonly at: number })[],
    released: [] as string[],
    fault: 'none' as 'none' | 'away' | 'silent',
    async renew(request: LeaseRequest) {
      leases.requests.push({ ...request, at: Date.now() })
      if (leases.fault === 'away') throw new Error('the database is away')
      if (leases.fault === 'silent') return new Promise<never>(() => {})
      const decision = decideLease(leases.state, request, Date.now())
      if (decision === null) return null
      const others = leases.state.holders.filter((holder) => holder.replicaId !== request.replicaId)
      leases.state = { budget: decision.budget, holders: [...others, decision.holder] }
      return decision.grant
    },
    async release(replicaId: string) {
      leases.released.push(replicaId)
      leases.state = { ...leases.state, holders: leases.state.holders.filter((one) => one.replicaId !== replicaId) }
    },
  }
  return leases satisfies LeaseStore
}

function createLimiter() {
  const limiter = {
    budgets: [] as Budget[],
    pauses: [] as number[],
    waiting: 0,
    rpm: () => limiter.budgets.at(-1)?.requestsPerMinute,
    setBudget: (budget: Budget) => void limiter.budgets.push(budget),
    setSlots: () => undefined,
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
  const make = (leases: ReturnType<typeof createMemoryLeases>, replicaId = 'a') => {
    const limiter = createLimiter()
    const leaseClient = createLeaseClient({ leases, limiter, replicaId, name: replicaId, log, now: () => Date.now() })
    open.push(leaseClient)
    return { leaseClient, limiter }
  }

  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 }))
  afterEach(async () => {
    const closed = Promise.all(open.splice(0).map((leaseClient) => leaseClient.close()))
    await advance(4_000)
    await closed
    mock.timers.reset()
  })

  it('has a lease when it has started, and renews it about every two seconds', async () => {
    const leases = createMemoryLeases()
    const { leaseClient, limiter } = make(leases)
    const started = leaseClient.start(60_000)
    await advance(50)
    await started
    assert.equal(limiter.rpm(), 1_000)
    await advance(20_000)
    assert.ok(leases.requests.length >= 9 && leases.requests.length <= 13, `${leases.requests.length} renewals`)
    assert.deepEqual(
      limiter.budgets.map((budget) => budget.requestsPerMinute),
      [0, 1_000],
    )
  })

  it('comes up without a lease where the database is away, starts nothing, and takes the lease when it is back', async () => {
    const leases = createMemoryLeases()
    leases.fault = 'away'
    const { leaseClient, limiter } = make(leases)
    let isUp = false
    void leaseClient.start(2_500).then(() => (isUp = true))
    await advance(2_400)
    assert.equal(isUp, false)
    await advance(200)
    assert.equal(isUp, true)
    assert.equal(limiter.rpm(), 0)
    leases.fault = 'none'
    await advance(1_500)
    assert.equal(limiter.rpm(), 1_000)
  })

  for (const fault of ['away', 'silent'] as const) {
    it(`shrinks to nothing in the life of a lease while the database is ${fault}, and never grows`, async () => {
      const leases = createMemoryLeases()
      const { leaseClient, limiter } = make(leases)
      const started = leaseClient.start(1_000)
      await advance(3_000)
      await started
      const before = limiter.budgets.length
      leases.fault = fault
      const lastGrant = leases.requests.at(-1)?.at ?? 0
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
      // The replica still tries to renew, and not more often than twice a second.
      const asked = leases.requests.filter((request) => request.at > Date.now() - 10_000).length
      assert.ok(asked >= 3 && asked <= 20, `${asked}`)
      leases.fault = 'none'
      await advance(3_000)
      assert.equal(limiter.rpm(), 1_000)
    })
  }

  it('renews at once when demand jumps and its part is small, and no more than four times a second', async () => {
    const leases = createMemoryLeases()
    const busy = make(leases, 'busy')
    busy.limiter.waiting = 1_000
    void busy.leaseClient.start(1_000)
    const { leaseClient, limiter } = make(leases, 'idle')
    void leaseClient.start(1_000)
    await advance(9_000)
    const asked = () => leases.requests.filter((request) => request.replicaId === 'idle')
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

  it('confirms a smaller lease at once, so that the other replica need not wait for its part', async () => {
    const leases = createMemoryLeases()
    const first = make(leases, 'a')
    const second = make(leases, 'b')
    void first.leaseClient.start(1_000)
    await advance(500)
    const started = second.leaseClient.start(60_000)
    await advance(3_000)
    await started
    assert.equal(first.limiter.rpm(), 500)
    assert.equal(second.limiter.rpm(), 500)
    const closed = first.leaseClient.close()
    await advance(2_500)
    await closed
    assert.deepEqual(leases.released, ['a'])
    assert.equal(second.limiter.rpm(), 1_000)
  })

  it('stores a pause at once, once for many refusals, and other replicas pause at their next renewal', async () => {
    const leases = createMemoryLeases()
    const first = make(leases, 'a')
    const second = make(leases, 'b')
    void first.leaseClient.start(1_000)
    void second.leaseClient.start(1_000)
    await advance(6_000)
    const { budget, equalRequestsPerMinute } = first.leaseClient.stats()
    assert.equal(equalRequestsPerMinute, budget.requestsPerMinute / 2)
    const before = leases.requests.length
    for (let refusal = 0; refusal < 50; refusal += 1) first.leaseClient.pauseCluster(30_000 + refusal, 'slow down')
    await turn()
    assert.ok((leases.state.budget.pausedUntil ?? 0) >= Date.now() + 29_000)
    await advance(100)
    assert.ok(leases.requests.length <= before + 2)
    assert.ok((first.limiter.pauses.at(-1) ?? 0) >= 29_000)
    await advance(2_400)
    assert.ok((second.limiter.pauses.at(-1) ?? 0) >= 27_000)
    assert.equal(second.leaseClient.stats().paceFactor, 0.8)
    assert.ok(second.leaseClient.stats().pausedMs > 27_000)
  })

  it('keeps a pause that could not be stored until it can', async () => {
    const leases = createMemoryLeases()
    const { leaseClient } = make(leases)
    void leaseClient.start(1_000)
    await advance(1_000)
    leases.fault = 'away'
    leaseClient.pauseCluster(20_000, 'slow down')
    await advance(3_000)
    assert.equal(leases.state.budget.pausedUntil, null)
    leases.fault = 'none'
    await advance(2_000)
    const left = (leases.state.budget.pausedUntil ?? 0) - Date.now()
    assert.ok(left > 14_000 && left <= 16_000, `${left}`)
  })

  it('lowers the budget to what the account allows, raises it again, and takes no nonsense', async () => {
    const leases = createMemoryLeases()
    const { leaseClient, limiter } = make(leases)
    void leaseClient.start(1_000)
    await advance(1_000)
    leaseClient.reportAccountLimits({ requestsPerMinute: 300, tokensPerMinute: 9_000 })
    await advance(300)
    assert.deepEqual(limiter.budgets.at(-1), { requestsPerMinute: 300, tokensPerMinute: 9_000 })
    for (const silly of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e15, 0.2]) {
      leaseClient.reportAccountLimits({ requestsPerMinute: silly, tokensPerMinute: silly })
      leaseClient.pauseCluster(silly > 1e9 || silly === 0.2 ? 0 : silly, 'slow down')
    }
    await advance(2_500)
    assert.deepEqual(limiter.budgets.at(-1), { requestsPerMinute: 300, tokensPerMinute: 9_000 })
    assert.deepEqual(limiter.pauses, [])
    leaseClient.reportAccountLimits({ requestsPerMinute: 400, tokensPerMinute: null })
    await advance(2_500)
    assert.deepEqual(limiter.budgets.at(-1), { requestsPerMinute: 400, tokensPerMinute: 9_000 })
    leaseClient.reportAccountLimits({ requestsPerMinute: 10_000, tokensPerMinute: 1e9 })
    await advance(2_500)
    assert.equal(limiter.rpm(), 1_000)
  })

  it('remembers what the account allows as long as a replica lives that has seen it', async () => {
    const leases = createMemoryLeases()
    const { leaseClient, limiter } = make(leases)
    void leaseClient.start(1_000)
    await advance(1_000)
    leaseClient.reportAccountLimits({ requestsPerMinute: 300, tokensPerMinute: null })
    for (let minute = 0; minute < 12; minute += 1) {
      mock.timers.setTime(Date.now() + 57_000)
      await advance(3_000)
    }
    assert.equal(limiter.rpm(), 300)
    await leaseClient.close()
    const successor = make(leases, 'b')
    mock.timers.setTime(Date.now() + 600_000)
    void successor.leaseClient.start(1_000)
    await advance(500)
    assert.equal(successor.limiter.rpm(), 1_000)
  })

  it('gives a budget that was lowered to the limiter within one renewal', async () => {
    const leases = createMemoryLeases()
    const { leaseClient, limiter } = make(leases)
    void leaseClient.start(1_000)
    await advance(1_000)
    leases.state = { ...leases.state, budget: plainBudget({ rpm: 50 }) }
    await advance(2_150)
    assert.equal(limiter.rpm(), 50)
  })

  it('counts what its leases allowed', async () => {
    const leases = createMemoryLeases()
    const { leaseClient } = make(leases)
    void leaseClient.start(1_000)
    await advance(60_000)
    const { allowedRequests } = leaseClient.stats()
    assert.ok(allowedRequests > 990 && allowedRequests <= 1_000, `${allowedRequests}`)
  })

  it('renews nothing after it was closed, nor where it was never started', async () => {
    const leases = createMemoryLeases()
    const never = make(leases, 'never')
    await never.leaseClient.close()
    const { leaseClient, limiter } = make(leases)
    void leaseClient.start(1_000)
    await advance(500)
    await leaseClient.close()
    const asked = leases.requests.length
    const set = limiter.budgets.length
    leaseClient.pauseCluster(1_000, 'slow down')
    leaseClient.renewSoon()
    await advance(10_000)
    assert.equal(leases.requests.length, asked)
    assert.equal(limiter.budgets.length, set)
    assert.deepEqual(leases.released, ['a'])
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
        pauseReason: 'slow down',
        inFlight: 0,
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
    // A request that was sent before the pause and refused after it.
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
