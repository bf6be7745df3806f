/** The cost limit of a run: whatever is submitted, no more than that is spent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Indicator } from '../../../src/classification/types.ts'
import {
  type CostReservation,
  costBasisOf,
  createCostAdmission,
  createCostBudget,
} from '../../../src/cli/classify/cost-budget.ts'
import type { EstimateResponse } from '../../../src/restate/contract.ts'
import { economic } from '../classification/schemes.ts'

const request = { force: false, options: { mode: 'hybrid', reuse: true, trust: 'shipped' } } as const
/** The dry run of a batch that needs no request. */
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
/** An indicator that the rules decide by the shipped evidence, so that it needs no request to the model. */
const sure: Indicator = { indicator_id: 'a', name: 'GDP (current US$)', units: 'current US$', sample_values: [] }
/** An indicator that no rule knows, so that the model has to be asked. */
const unsure: Indicator = { indicator_id: 'b', name: 'Zorbic attainment of the plain', sample_values: [] }
/** Tells the admission that no batch is in flight whose end could give money back. */
const noneInFlight = async () => false

test('what is spent never passes the limit while batches cost at most their own bound', () => {
  const step = fc.record({
    bound: fc.double({ min: 0, max: 3, noNaN: true }),
    part: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  const property = fc.property(
    fc.double({ min: 0, max: 10, noNaN: true }),
    fc.array(step),
    fc.nat({ max: 5 }),
    (max, steps, width) => {
      const budget = createCostBudget(max, 0)
      const inFlight: { reserved: CostReservation; actual: number }[] = []
      for (const { bound, part } of steps) {
        if (budget.fits(bound)) inFlight.push({ reserved: budget.reserve(bound), actual: bound * part })
        if (inFlight.length <= width) continue
        const first = inFlight.shift()
        first?.reserved.settle(first.actual)
      }
      for (const { reserved, actual } of inFlight) reserved.settle(actual)
      assert.ok(budget.spentUsd <= max + 1e-6, `${budget.spentUsd} of ${max}`)
    },
  )
  fc.assert(property, { numRuns: 1_000, seed: 20_261_122 })
})

test('after a batch that cost more than its bound, later bounds are multiplied', () => {
  const budget = createCostBudget(1, 0)
  budget.reserve(0.1).settle(0.2)
  assert.equal(budget.spentUsd, 0.2)
  assert.ok(!budget.fits(0.4), '0.4 times the overrun of two and a margin is more than the 0.8 that are left')
  assert.ok(budget.fits(0.3))
})

test('a batch of unknown cost counts with all that was reserved for it', () => {
  const budget = createCostBudget(1, 0.5)
  budget.reserve(0.25).settle(null)
  assert.equal(budget.spentUsd, 0.75)
})

test('a batch that the rules decide is submitted even when all money is spent, and the service is not asked', async () => {
  const dryRun = async () => assert.fail('the service was asked')
  const admission = createCostAdmission({ maxUsd: 0, spentUsd: 5, request, scheme: economic, basis: planned, dryRun })
  assert.equal((await admission.admit([sure], noneInFlight))?.usd, 0)
})

test('where the bound without stored answers does not fit, the service is asked what is stored', async () => {
  const options = { maxUsd: 0.000_01, spentUsd: 0, request, scheme: economic, basis: planned }
  const known = createCostAdmission({ ...options, dryRun: async () => ({ ...planned, reuse: 1 }) })
  assert.equal((await known.admit([unsure], noneInFlight))?.usd, 0)
  const asking = createCostAdmission({
    ...options,
    dryRun: async () => ({ ...planned, asks: [{ shape: 'ab', tokens: 200, fields: 8, answer_tokens: 600 }] }),
  })
  assert.equal(await asking.admit([unsure], noneInFlight), null)
  const silent = createCostAdmission({ ...options, dryRun: async () => Promise.reject(new Error('away')) })
  assert.equal(await silent.admit([unsure], noneInFlight), null)
})

test('a batch waits for the money that another batch gives back', async () => {
  const asking = { ...planned, asks: [{ shape: 'ab', tokens: 200, fields: 8, answer_tokens: 600 }] }
  const admission = createCostAdmission({
    maxUsd: 0.01,
    spentUsd: 0,
    request,
    scheme: economic,
    basis: planned,
    dryRun: async () => asking,
  })
  const first = await admission.admit([unsure], noneInFlight)
  assert.ok(first !== null && first.usd > 0.005 && first.usd <= 0.01, String(first?.usd))
  let waits = 0
  const second = await admission.admit([unsure], async () => {
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
      const admission = createCostAdmission({
        maxUsd: 100,
        spentUsd: 0,
        request,
        scheme: economic,
        basis,
        dryRun: async () => undefined,
      })
      return (await admission.admit([unsure], noneInFlight))?.usd ?? 0
    }),
  )
  assert.ok((bounds[1] ?? 0) > 50 * (bounds[0] ?? 1), String(bounds))
})

test('where the rules have to earn trust, the bound counts every indicator as asked, in audits and in the file', async () => {
  const catalogue = { ...request, options: { ...request.options, trust: 'catalogue' } } as const
  const asked: boolean[] = []
  const admission = createCostAdmission({
    ...{ maxUsd: 100, spentUsd: 0, request: catalogue, scheme: economic, basis: planned },
    dryRun: async (_indicators, isAudit) => {
      asked.push(isAudit)
      return undefined
    },
  })
  const bounds = await Promise.all(
    [false, true].map(async (isAudit) => (await admission.admit([sure], noneInFlight, isAudit))?.usd ?? 0),
  )
  assert.ok((bounds[0] ?? 0) > 0 && bounds[0] === bounds[1], String(bounds))
  const shipped = createCostAdmission({
    ...{ maxUsd: 100, spentUsd: 0, request, scheme: economic, basis: planned },
    dryRun: async () => undefined,
  })
  assert.equal((await shipped.admit([sure], noneInFlight))?.usd, 0)
  const poor = createCostAdmission({
    ...{ maxUsd: 0.000_01, spentUsd: 0, request: catalogue, scheme: economic, basis: planned },
    dryRun: async (_indicators, isAudit) => {
      asked.push(isAudit)
      return planned
    },
  })
  for (const isAudit of [true, false]) assert.equal((await poor.admit([sure], noneInFlight, isAudit))?.usd, 0)
  assert.deepEqual(asked, [true, false], 'the service is asked about an audit as an audit')
})

test('a cost limit that cannot be kept is refused with advice', () => {
  assert.throws(() => costBasisOf(undefined), { code: 'input-invalid', message: /--max-cost.*release/ })
  assert.throws(() => costBasisOf({ ...planned, price: null }), { code: 'input-invalid', message: /OPENAI_PRICES/ })
})
