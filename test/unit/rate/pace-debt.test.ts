/** The debt that keeps an even pace of requests or tokens. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createPaceDebt } from '../../../src/rate/limiter/pace-debt.ts'

/** One a second. */
const PACE = 60

describe('createPaceDebt', () => {
  it('has the first start due at once, and the next when the pace has paid for it', () => {
    const debt = createPaceDebt(PACE)
    assert.equal(debt.waitMs(0), 0)
    debt.take(0, 3)
    assert.equal(debt.waitMs(0), 3_000)
    assert.equal(debt.waitMs(2_500), 500)
    assert.equal(debt.waitMs(3_000), 0)
  })

  it('pays what is owed at a new pace, and nothing at a pace of 0', () => {
    const debt = createPaceDebt(PACE)
    debt.take(0, 2)
    debt.setPace(1_000, 10 * PACE)
    assert.equal(debt.waitMs(1_000), 100)
    debt.setPace(1_000, 0)
    assert.equal(debt.waitMs(50_000), Number.POSITIVE_INFINITY)
    debt.setPace(50_000, PACE)
    assert.equal(debt.waitMs(50_000), 1_000)
  })

  it('makes up for no more at once than a tenth of a second of the pace that it has by now', () => {
    const debt = createPaceDebt(100 * PACE)
    assert.equal(debt.waitMs(0), 0)
    assert.equal(debt.waitMs(1_000), 0)
    debt.setPace(1_000, PACE)
    debt.take(1_000, 1)
    assert.ok(debt.waitMs(1_000) > 800, `${debt.waitMs(1_000)}`)
  })

  it('makes up for a tenth of a second at once, and for the rest by a hundredth of the pace', () => {
    const debt = createPaceDebt(100 * PACE)
    assert.equal(debt.waitMs(0), 0)
    assert.equal(debt.isBehind(1_000), true)
    let now = 1_000
    let starts = 0
    for (; debt.waitMs(now) === 0; starts += 1) debt.take(now, 1)
    assert.equal(starts, 11)
    for (; now < 61_000; now += 1) {
      if (debt.waitMs(now) > 0) continue
      debt.take(now, 1)
      starts += 1
    }
    assert.ok(starts >= 6_060 && starts <= 6_072, `${starts} starts at 100 a second in a minute`)
  })

  it('lets one start go ahead of the pace where many requests end together with less than they reserved', () => {
    const debt = createPaceDebt(1_000 * PACE)
    for (let request = 0; request < 10; request += 1) debt.take(0, 1_000)
    for (let request = 0; request < 10; request += 1) debt.correct(100, 1_000, 10)
    assert.equal(debt.waitMs(100), 0)
    debt.take(100, 1_000)
    assert.ok(debt.waitMs(100) > 900, `${debt.waitMs(100)} ms`)
  })

  it('never has more due than the pace has paid for, but for one start and a tenth of a second', () => {
    const step = fc.record({
      ms: fc.integer({ min: 0, max: 3_000 }),
      cost: fc.integer({ min: 1, max: 50 }),
      pace: fc.option(fc.integer({ min: 0, max: 6_000 }), { freq: 4 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 200 }), (steps) => {
        let now = 0
        let pace = 600
        let paid = 0
        let spent = 0
        let highestPace = pace
        const debt = createPaceDebt(pace)
        debt.take(0, 0)
        for (const each of steps) {
          now += each.ms
          paid += (pace * each.ms) / 60_000
          if (each.pace !== null) {
            pace = each.pace
            highestPace = Math.max(highestPace, pace)
            debt.setPace(now, pace)
          }
          if (debt.waitMs(now) > 0) continue
          debt.take(now, each.cost)
          spent += each.cost
        }
        const tolerated = 50 + highestPace / 600
        assert.ok(spent <= paid + tolerated + 1e-6, `${spent} spent, ${paid} paid for`)
      }),
      { numRuns: 300 },
    )
  })
})
