/** The spacing of starts by Bottleneck, in fake time. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createEarliestTimer } from '../../../src/rate/limiter/earliest-timer.ts'
import { createStartSpacing } from '../../../src/rate/limiter/start-spacing.ts'
import { advance } from '../../contract/rate/limiter.contract.ts'

describe('createStartSpacing', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_000_000 }))
  afterEach(() => mock.timers.reset())

  /** A spacing with callers that never end. `mayStart` says whether a start is allowed. */
  function make(requestsPerMinute: number, mayStart = () => true) {
    const starts: number[] = []
    const start = () => {
      if (mayStart()) starts.push(Date.now())
      return mayStart()
    }
    const spacing = createStartSpacing({ requestsPerMinute, now: () => Date.now(), start, passed: plan })
    const holding = createEarliestTimer(() => Date.now(), plan)
    function plan() {
      const waitMs = spacing.waitMs()
      if (waitMs === 0) spacing.plan()
      else holding.within(waitMs)
    }
    return { spacing, starts, plan }
  }

  it('starts one after the other at the pace', async () => {
    const { starts, plan } = make(600)
    plan()
    await advance(5_000)
    const gaps = starts.slice(1).map((at, index) => at - (starts[index] ?? 0))
    assert.ok(starts.length >= 49 && starts.length <= 51, `${starts.length} starts`)
    assert.ok(
      gaps.every((gap) => gap >= 95 && gap <= 105),
      `${gaps}`,
    )
  })

  it('makes up for a stall of a tenth of a second at once, and for a longer one by a shorter spacing', async () => {
    const { starts, plan } = make(6_000)
    plan()
    await advance(1_000)
    mock.timers.setTime(Date.now() + 1_000)
    await advance(200)
    const atOnce = starts.filter((at) => at === starts[100]).length
    assert.ok(atOnce <= 11, `${atOnce} starts at once`)
    const before = starts.length
    await advance(2_000)
    const after = starts.length - before
    assert.ok(after >= 240 && after <= 252, `${after} starts in 2 s at 100 a second`)
    await advance(3_000)
    assert.ok(starts.length >= 715 && starts.length <= 722, `${starts.length} starts in 7.2 s`)
  })

  it('starts nothing that was dropped, and gives no start away for being dropped often', async () => {
    const { spacing, starts, plan } = make(60)
    plan()
    await advance(20)
    assert.equal(starts.length, 1)
    spacing.drop()
    await advance(3_000)
    assert.equal(starts.length, 1)
    assert.equal(spacing.waitMs(), 0)
    for (let round = 0; round < 100; round += 1) {
      plan()
      await advance(20)
      spacing.drop()
    }
    assert.ok(starts.length >= 2 && starts.length <= 4, `${starts.length} starts in 5 s at one a second`)
  })

  it('does not space the next start from a time at which nothing was started', async () => {
    let isAllowed = true
    const { spacing, starts, plan } = make(60, () => isAllowed)
    plan()
    await advance(20)
    isAllowed = false
    await advance(1_500)
    isAllowed = true
    assert.equal(spacing.waitMs(), 0)
    plan()
    await advance(20)
    assert.equal(starts.length, 2)
  })

  it('goes on at another pace from what the last start has paid', async () => {
    const { spacing, starts, plan } = make(1)
    plan()
    await advance(100)
    spacing.setPace(6_000)
    assert.ok(spacing.waitMs() > 0 && spacing.waitMs() <= 10, `${spacing.waitMs()} ms`)
    await advance(10)
    plan()
    await advance(100)
    assert.ok(starts.length >= 10 && starts.length <= 12, `${starts.length} starts`)
    spacing.setPace(0)
    assert.equal(spacing.waitMs(), Number.POSITIVE_INFINITY)
    await turn()
  })
})
