/** The bound on the cost of a run: whatever is submitted, at most that much is spent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Indicator } from '../../../src/classification/types.ts'
import { costBasisOf, createPurse, createSpending, type Reservation } from '../../../src/cli/classify/cost-budget.ts'
import type { EstimateResponse } from '../../../src/restate/contract.ts'

const asked = { force: false, options: { mode: 'hybrid', reuse: true } } as const
const planned: EstimateResponse = {
  model: 'm',
  escalation_model: null,
  price: { input: 1, cached_input: 0.1, cache_write: 1.25, output: 5 },
  escalation_price: null,
  prefix_tokens: 4_000,
  habits: null,
  unchanged: 0,
  rules: 0,
  reuse: 0,
  person: 0,
  asks: [],
}
const settled: Indicator = { indicator_id: 'a', name: 'GDP (current US$)', units: 'current US$', sample_values: [] }
const unclear: Indicator = { indicator_id: 'b', name: 'Zorbic attainment of the plain', sample_values: [] }
const nothingUnderWay = async () => false

test('what is spent and reserved never passes the bound while batches cost at most their own', () => {
  const step = fc.record({
    bound: fc.double({ min: 0, max: 3, noNaN: true }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  const property = fc.property(
    fc.double({ min: 0, max: 10, noNaN: true }),
    fc.array(step),
    fc.nat({ max: 5 }),
    (max, steps, width) => {
      const purse = createPurse(max, 0)
      const underWay: { reserved: Reservation; actual: number }[] = []
      for (const { bound, part } of steps) {
        if (purse.fits(bound)) underWay.push({ reserved: purse.reserve(bound), actual: bound * part })
        if (underWay.length <= width) continue
        const first = underWay.shift()
        first?.reserved.settle(first.actual)
      }
      for (const { reserved, actual } of underWay) reserved.settle(actual)
      assert.ok(purse.spentUsd <= max + 1e-6, `${purse.spentUsd} of ${max}`)
    },
  )
  fc.assert(property, { numRuns: 1_000, seed: 20_261_122 })
})

test('a batch that cost more than its bound makes the next ones count for more', () => {
  const purse = createPurse(1, 0)
  purse.reserve(0.1).settle(0.2)
  assert.equal(purse.spentUsd, 0.2)
  assert.ok(!purse.fits(0.4), 'twice the bound, and a margin, is more than what is left')
  assert.ok(purse.fits(0.3))
})

test('a batch of unknown cost counts with all that was reserved for it', () => {
  const purse = createPurse(1, 0.5)
  purse.reserve(0.25).settle(null)
  assert.equal(purse.spentUsd, 0.75)
})

test('what the rules settle is submitted whatever is spent, and no one is asked about it', async () => {
  const plan = async () => assert.fail('the service was asked')
  const spending = createSpending({ maxUsd: 0, spentUsd: 5, asked, basis: planned, plan })
  assert.equal((await spending.admit([settled], nothingUnderWay))?.usd, 0)
})

test('where the cold bound does not fit, the service says what is stored', async () => {
  const options = { maxUsd: 0.000_01, spentUsd: 0, asked, basis: planned }
  const known = createSpending({ ...options, plan: async () => ({ ...planned, reuse: 1 }) })
  assert.equal((await known.admit([unclear], nothingUnderWay))?.usd, 0)
  const open = createSpending({ ...options, plan: async () => ({ ...planned, asks: [{ shape: 'ab', tokens: 200 }] }) })
  assert.equal(await open.admit([unclear], nothingUnderWay), null)
  const silent = createSpending({ ...options, plan: async () => Promise.reject(new Error('away')) })
  assert.equal(await silent.admit([unclear], nothingUnderWay), null)
})

test('a batch waits for the room that another one gives back', async () => {
  const open = { ...planned, asks: [{ shape: 'ab', tokens: 200 }] }
  const spending = createSpending({ maxUsd: 0.01, spentUsd: 0, asked, basis: planned, plan: async () => open })
  const first = await spending.admit([unclear], nothingUnderWay)
  assert.ok(first !== null && first.usd > 0.005 && first.usd <= 0.01, String(first?.usd))
  let waits = 0
  const second = await spending.admit([unclear], async () => {
    waits += 1
    first.settle(0.001)
    return true
  })
  assert.equal(waits, 1)
  assert.ok(second !== null)
})

test('an escalation model counts in the bound', async () => {
  const dear = { ...planned, escalation_price: { input: 100, output: 500 } }
  const bounds = await Promise.all(
    [planned, dear].map(async (basis) => {
      const spending = createSpending({ maxUsd: 100, spentUsd: 0, asked, basis, plan: async () => undefined })
      return (await spending.admit([unclear], nothingUnderWay))?.usd ?? 0
    }),
  )
  assert.ok((bounds[1] ?? 0) > 50 * (bounds[0] ?? 1), String(bounds))
})

test('costs that cannot be bounded are refused with the way out', () => {
  assert.throws(() => costBasisOf(undefined), { code: 'input-invalid', message: /--max-cost.*release/ })
  assert.throws(() => costBasisOf({ ...planned, price: null }), { code: 'input-invalid', message: /OPENAI_PRICES/ })
})
