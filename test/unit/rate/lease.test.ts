/** What leases add up to and how they follow demand, in a simulated cluster with a bad network. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { reportBudget } from '../../../src/rate/lease/budget-report.ts'
import { effectiveBudget } from '../../../src/rate/lease/cluster-budget.ts'
import { decideLease, LEASE_MS } from '../../../src/rate/lease/lease-decision.ts'
import { createWorld, type Network, plainBudget } from '../../helpers/lease-world.ts'

const fast: Network = { delay: () => 10 }
const near = (got: number, wanted: number, part: number) =>
  assert.ok(Math.abs(got - wanted) <= part * wanted, `${got} is not near ${wanted}`)

type World = ReturnType<typeof createWorld>

const action = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), value: fc.integer({ min: -1e6, max: 1e6 }) }),
  fc.record({ kind: fc.constantFrom('kill', 'leave', 'pause', 'account' as const), value: fc.nat(20_000) }),
  fc.record({ kind: fc.constant('demand' as const), value: fc.nat(500) }),
  fc.record({ kind: fc.constant('rpm' as const), value: fc.integer({ min: 1, max: 100_000 }) }),
  fc.record({ kind: fc.constant('tpm' as const), value: fc.integer({ min: -100, max: 100_000 }) }),
  fc.record({ kind: fc.constant('away' as const), value: fc.integer({ min: 0, max: 8_000 }) }),
)
const story = fc.array(fc.record({ waitMs: fc.nat(3_000), chosen: fc.nat(), action }), { minLength: 10, maxLength: 40 })
/** Delays of messages in turn; null is a lost message, and the longest are beyond what a replica waits for. */
const delaysInTurn = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
    { weight: 2, arbitrary: fc.integer({ min: 60, max: 6_000 }) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  { minLength: 1, maxLength: 50 },
)

function inTurn(delays: readonly (number | null)[]): Network {
  let turn = 0
  return { delay: () => delays[turn++ % delays.length] ?? null }
}

function play(world: World, choice: number, { kind, value }: { kind: string; value: number }): void {
  const living = world.replicas.filter((replica) => replica.isAlive)
  const chosen = living[choice % living.length]
  if (kind === 'join' && living.length < 8) world.join(value, Math.abs(value) % 50)
  else if (kind === 'rpm') world.setBudget({ rpm: value })
  else if (kind === 'tpm') world.setBudget({ tpm: value > 0 ? value : null })
  else if (kind === 'away') world.setDatabaseAway(value > 4_000)
  else if (chosen === undefined) return
  else if (kind === 'kill') world.kill(chosen)
  else if (kind === 'leave') world.leave(chosen)
  else if (kind === 'demand') chosen.demand = value
  else if (kind === 'pause') chosen.pauseMs = value
  else if (kind === 'account') chosen.account = { requestsPerMinute: value, tokensPerMinute: value * 3 }
}

/**
 * Checks the sum of all leases against the largest budget that a decision of the last `LEASE_MS` went by, since no lease
 * is older. Two decisions of one step may go by different budgets, where the second one reports a pause.
 */
function createWatch(world: World) {
  let first = 0
  return () => {
    while ((world.decisions[first]?.at ?? Number.POSITIVE_INFINITY) < world.now() - LEASE_MS) first += 1
    const recent = world.decisions.slice(first).map(({ budget }) => budget)
    const total = world.total()
    const rpm = Math.max(0, ...recent.map(({ requestsPerMinute }) => requestsPerMinute))
    const tpm = Math.max(0, ...recent.map(({ tokensPerMinute }) => tokensPerMinute ?? Number.POSITIVE_INFINITY))
    assert.ok(total.rpm <= rpm * (1 + 1e-9), `${total.rpm} requests of ${rpm}`)
    assert.ok(total.tpm <= tpm * (1 + 1e-9), `${total.tpm} tokens of ${tpm}`)
  }
}

describe('leases', () => {
  it('never add up to more than the budget, whatever happens', () => {
    fc.assert(
      fc.property(story, delaysInTurn, (events, delays) => {
        const world = createWorld(inTurn(delays), plainBudget({ tpm: 50_000 }))
        const watch = createWatch(world)
        world.join(-7_000, 5)
        world.join(123_456, 5)
        for (const { waitMs, chosen, action } of events) {
          play(world, chosen, action)
          world.run(waitMs, watch)
        }
        world.run(2 * LEASE_MS, watch)
      }),
      { numRuns: 150 },
    )
  })

  it('hand out the whole budget by demand once things are quiet, whatever happened', () => {
    fc.assert(
      fc.property(story, delaysInTurn, (events, delays) => {
        let isQuiet = false
        const stormy = inTurn(delays)
        const world = createWorld({ delay: () => (isQuiet ? 10 : stormy.delay()) })
        world.join(0, 5)
        for (const { waitMs, chosen, action } of events) {
          play(world, chosen, action)
          world.run(waitMs)
        }
        isQuiet = true
        world.setDatabaseAway(false)
        const last = world.join(0, 5_000)
        // Longer than the longest pause here and the slowest recovery after it, since leases follow a rising pace late.
        world.run(120_000)
        const { rpm } = effectiveBudget(world.state().budget, world.now())
        const total = world.total().rpm
        // Small differences from fair parts move no lease.
        assert.ok(total >= 0.97 * rpm, `${total} of ${rpm}`)
        const living = world.replicas.filter((replica) => replica.isAlive)
        const demand = living.reduce((sum, replica) => sum + replica.demand, 0)
        const fair = (last.demand / demand) * rpm
        assert.ok(world.pace(last).requestsPerMinute >= 0.8 * fair, `${world.pace(last).requestsPerMinute} of ${fair}`)
      }),
      { numRuns: 60 },
    )
  })

  it('give a lone replica everything, at once', () => {
    const world = createWorld(fast)
    const one = world.join()
    world.run(500)
    assert.equal(world.pace(one).requestsPerMinute, 1_000)
    assert.equal(world.pace(one).tokensPerMinute, null)
  })

  it('are equal where demand is', () => {
    const world = createWorld(fast)
    const eight = Array.from({ length: 8 }, () => world.join(0, 40))
    world.run(12_000)
    for (const one of eight) near(world.pace(one).requestsPerMinute, 125, 0.04)
    near(world.total().rpm, 1_000, 1e-6)
  })

  it('follow demand, and leave those without any enough to begin', () => {
    const world = createWorld(fast)
    const [a, b, idle] = [world.join(0, 3_000), world.join(0, 1_000), world.join(0, 0)]
    world.run(12_000)
    near(world.pace(a).requestsPerMinute, 750, 0.04)
    near(world.pace(b).requestsPerMinute, 250, 0.04)
    assert.ok(world.pace(idle).requestsPerMinute > 0)
    assert.ok(world.pace(idle).requestsPerMinute < 10)
    near(world.total().rpm, 1_000, 1e-6)
  })

  it('let a newcomer begin within one renewal of the others', () => {
    const world = createWorld(fast)
    for (let count = 0; count < 5; count += 1) world.join(0, 200)
    world.run(10_000)
    const newcomer = world.join(0, 200)
    world.run(2_500)
    assert.ok(world.pace(newcomer).requestsPerMinute > 0)
    world.run(2_500)
    near(world.pace(newcomer).requestsPerMinute, 1_000 / 6, 0.06)
  })

  it("pass a dead replica's part on in under 5 s, and all of it", () => {
    const world = createWorld(fast)
    const five = Array.from({ length: 5 }, () => world.join(0, 200))
    world.run(10_000)
    const dead = five[2]
    assert.ok(dead)
    world.kill(dead)
    world.run(5_000)
    near(world.total().rpm, 1_000, 0.01)
    for (const one of five) if (one !== dead) near(world.pace(one).requestsPerMinute, 250, 0.06)
  })

  it('pass the part of one that leaves on within one renewal', () => {
    const world = createWorld(fast)
    const [a, b] = [world.join(0, 10), world.join(0, 10)]
    world.run(10_000)
    world.leave(b)
    world.run(2_500)
    assert.equal(world.pace(a).requestsPerMinute, 1_000)
  })

  it('do not move for small changes of demand', () => {
    const world = createWorld(fast)
    const five = Array.from({ length: 5 }, () => world.join(0, 400))
    world.run(12_000)
    const before = five.map((one) => world.pace(one).requestsPerMinute)
    for (let round = 0; round < 10; round += 1) {
      for (const [index, one] of five.entries()) one.demand = 400 + ((index * 7 + round * 3) % 5)
      world.run(1_000)
    }
    assert.deepEqual(
      five.map((one) => world.pace(one).requestsPerMinute),
      before,
    )
  })

  for (const backlog of [
    [600, 600, 600, 600, 600],
    [900, 700, 600, 500, 300],
  ]) {
    it(`work off a backlog of ${backlog} at the whole budget to its end`, () => {
      const rpm = 6_000
      const latencyMs = 800
      const world = createWorld(fast, plainBudget({ rpm }))
      const workers = backlog.map((waiting) => ({ replica: world.join(), waiting, ends: [] as number[], credit: 0 }))
      world.run(6_000)
      const began = world.now()
      let left = backlog.reduce((sum, waiting) => sum + waiting, 0)
      const ideal = (left / rpm) * 60_000
      while (left > 0 && world.now() < began + 2 * ideal) {
        world.run(10, () => {
          for (const worker of workers) {
            worker.credit = Math.min(2, worker.credit + (world.pace(worker.replica).requestsPerMinute * 10) / 60_000)
            for (; worker.credit >= 1 && worker.waiting > 0; left -= 1) {
              worker.credit -= 1
              worker.waiting -= 1
              worker.ends.push(world.now() + latencyMs)
            }
            worker.ends = worker.ends.filter((end) => end > world.now())
            worker.replica.demand = worker.waiting + worker.ends.length
          }
        })
      }
      const took = world.now() - began
      assert.ok(took <= 1.02 * ideal, `${took} ms where ${ideal} were possible`)
    })
  }

  it('shrink while the database is away, never grow, and come back', () => {
    const world = createWorld(fast)
    const three = Array.from({ length: 3 }, () => world.join(0, 50))
    world.run(10_000)
    world.setDatabaseAway(true)
    let before = world.total().rpm
    world.run(LEASE_MS, () => {
      const { rpm } = world.total()
      assert.ok(rpm <= before)
      before = rpm
    })
    assert.equal(before, 0)
    world.run(20_000, () => assert.equal(world.total().rpm, 0))
    world.setDatabaseAway(false)
    world.run(6_000)
    near(world.total().rpm, 1_000, 1e-6)
    for (const one of three) near(world.pace(one).requestsPerMinute, 1_000 / 3, 0.04)
  })

  it('follow a lower budget within one renewal', () => {
    const world = createWorld(fast)
    for (let count = 0; count < 5; count += 1) world.join(0, 50)
    world.run(10_000)
    world.setBudget({ rpm: 100, tpm: 6_000 })
    world.run(2_400)
    assert.ok(world.total().rpm <= 100.001, `${world.total().rpm}`)
    assert.ok(world.total().tpm <= 6_000.001, `${world.total().tpm}`)
    world.run(6_000)
    near(world.total().rpm, 100, 1e-6)
    near(world.total().tpm, 6_000, 1e-6)
  })

  it('go on with the last lease where an answer is lost, and count it as held', () => {
    const holder = (count: number) => ({
      replicaId: 'b',
      name: 'b',
      number: count,
      heldNumber: null,
      demand: 9,
      pauseMs: 0,
      pauseReason: '',
      inFlight: 0,
      account: null,
      knownAccount: null,
    })
    const first = decideLease({ budget: plainBudget(), holders: [] }, holder(1), 0)
    assert.ok(first)
    const other = { ...first.holder, replicaId: 'a', leaseNumber: 1, demand: 9, leasedRpm: 1_000, countedRpm: 1_000 }
    // Replica a holds the whole budget, so b gets nothing until a has confirmed a smaller lease.
    const starved = decideLease({ budget: plainBudget(), holders: [other] }, holder(2), 10)
    assert.equal(starved?.grant.lease.requestsPerMinute, 0)
    assert.ok(starved)
    const ask = (number: number, heldNumber: number | null) => ({ ...holder(number), replicaId: 'a', heldNumber })
    const halved = decideLease({ budget: plainBudget(), holders: [other, starved.holder] }, ask(2, 1), 20)
    assert.ok(halved)
    assert.equal(halved.grant.lease.requestsPerMinute, 500)
    assert.equal(halved.holder.countedRpm, 1_000)
    assert.equal(halved.grant.renewInMs, 0)
    // The answer was lost, so a still holds lease 1.
    const again = decideLease({ budget: plainBudget(), holders: [halved.holder, starved.holder] }, ask(3, 1), 30)
    assert.equal(again?.holder.countedRpm, 1_000)
    const confirmed = decideLease({ budget: plainBudget(), holders: [halved.holder, starved.holder] }, ask(3, 2), 30)
    assert.equal(confirmed?.holder.countedRpm, 500)
    // An older request that arrives late changes nothing.
    assert.equal(decideLease({ budget: plainBudget(), holders: [halved.holder, starved.holder] }, ask(2, 1), 40), null)
  })

  it('forget rows of replicas that are long dead, and report the living ones by name', () => {
    const world = createWorld(fast)
    const dead = world.join()
    world.run(1_000)
    world.kill(dead)
    world.join(0, 4)
    world.run(90_000)
    assert.deepEqual(
      world.state().holders.map((holder) => holder.replicaId),
      ['r2'],
    )
    const report = reportBudget(world.state(), world.now())
    assert.equal(report.replicas.length, 1)
    assert.deepEqual(
      { ...report.replicas[0], expiresInMs: 0 },
      {
        name: 'r2',
        share: 1,
        lease: { requestsPerMinute: 1_000, tokensPerMinute: null },
        demand: 4,
        inFlight: 0,
        expiresInMs: 0,
      },
    )
  })
})
