/** Prices of models and what requests cost by them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { OFFLINE_MODEL_NAME } from '../../../src/lib/model-names.ts'
import { costOf, DEFAULT_PRICES, type PriceTable, priceOf, withDefaultPrices } from '../../../src/llm/pricing.ts'

const usage = { input: 1_000_000, cachedInput: 0, cacheWriteInput: 0, output: 0 }

function costIn(table: PriceTable, model: string, part: Partial<typeof usage>): number {
  const price = priceOf(model, table)
  assert.ok(price !== null)
  return Number(costOf({ ...usage, ...part }, price).toFixed(6))
}

describe('costOf', () => {
  const cases = [
    ['plain input', {}, 0.1],
    ['all of the input cached', { cachedInput: 1_000_000 }, 0.01],
    ['all of the input written to the cache', { cacheWriteInput: 1_000_000 }, 0.125],
    ['a half of each', { cachedInput: 500_000, cacheWriteInput: 500_000 }, 0.0675],
    ['output alone', { input: 0, output: 1_000_000 }, 0.5],
    ['input and output', { output: 2_000_000 }, 1.1],
    ['more cached than input, as no endpoint should tell', { input: 0, cachedInput: 1_000_000 }, 0.01],
  ] as const
  for (const [name, part, expected] of cases) {
    it(`charges ${name}`, () => assert.equal(costIn(DEFAULT_PRICES, 'gpt-6-luna', part), expected))
  }

  it('takes the input price where a table has no price for the cache', () => {
    const table = withDefaultPrices({ mine: { input: 2, output: 3 } })
    assert.equal(costIn(table, 'mine', { cachedInput: 400_000, cacheWriteInput: 100_000 }), 2)
  })

  it('counts the offline model at the price of the default model, and says whose price that is', () => {
    assert.equal(costIn(DEFAULT_PRICES, OFFLINE_MODEL_NAME, { output: 1_000_000 }), 0.6)
    assert.equal(priceOf(OFFLINE_MODEL_NAME, DEFAULT_PRICES)?.priced_as, 'gpt-6-luna')
    assert.equal(priceOf('gpt-6-luna', DEFAULT_PRICES)?.priced_as, undefined)
  })

  it('counts the offline model as the default model is priced, or at a price of its own', () => {
    const dearer = withDefaultPrices({ 'gpt-6-luna': { input: 9, output: 9 } })
    assert.equal(costIn(dearer, 'offline-gold', {}), 9)
    const free = withDefaultPrices({ [OFFLINE_MODEL_NAME]: { input: 0, output: 0 } })
    assert.equal(costIn(free, OFFLINE_MODEL_NAME, { output: 1_000_000 }), 0)
    assert.equal(priceOf(OFFLINE_MODEL_NAME, free)?.priced_as, undefined)
  })
})

describe('prices by service tier', () => {
  const table = withDefaultPrices({
    mine: { input: 2, output: 4, tiers: { flex: { input: 1, output: 2 }, priority: { input: 5, output: 9 } } },
    plain: { input: 2, output: 4 },
  })
  it('are those of the tier, and those of the standard tier without one', () => {
    const inputs = [undefined, 'standard', 'flex', 'priority'] as const
    assert.deepEqual(
      inputs.map((tier) => priceOf('mine', table, tier)?.input),
      [2, 2, 1, 5],
    )
  })
  it('fall back to the standard price for flex, which is never dearer, and are not known for priority', () => {
    assert.equal(priceOf('plain', table, 'flex')?.input, 2)
    assert.equal(priceOf('plain', table, 'priority'), null)
  })
  it('are half in the flex tier of the built-in models', () => {
    for (const model of ['gpt-6-luna', 'gpt-5.6-luna']) {
      const [flex, standard] = [priceOf(model, DEFAULT_PRICES, 'flex'), priceOf(model, DEFAULT_PRICES)]
      assert.ok(flex !== null && standard !== null)
      const million = { input: 1_000_000, cachedInput: 300_000, cacheWriteInput: 200_000, output: 1_000_000 }
      // gpt-5.6-luna has no price for writing to the cache, which then costs its input.
      assert.ok(Math.abs(costOf(million, flex) - costOf(million, standard) / 2) < 1e-9, model)
    }
    assert.equal(priceOf(OFFLINE_MODEL_NAME, DEFAULT_PRICES, 'flex')?.priced_as, 'gpt-6-luna')
  })
})

describe('priceOf', () => {
  const found = [
    ['gpt-6-luna', 0.1],
    ['gpt-6-luna-2026-09-01', 0.1],
    ['gpt-6-luna-20260901', 0.1],
    ['gpt-6-luna-latest', 0.1],
    ['gpt-5.6-luna-2026-03', 0.2],
  ] as const
  for (const [model, input] of found) {
    it(`knows ${model}`, () => assert.equal(priceOf(model, DEFAULT_PRICES)?.input, input))
  }

  for (const model of ['gpt-6-luna-mini', 'gpt-6-lunar', 'gpt-6', '', 'constructor', '__proto__']) {
    it(`knows no price of "${model}"`, () => assert.equal(priceOf(model, DEFAULT_PRICES), null))
  }

  it('takes the longest name that a snapshot fits', () => {
    const table = { a: { input: 1, output: 1 }, 'a-2026': { input: 2, output: 1 } }
    assert.equal(priceOf('a-2026-09-01', table)?.input, 2)
  })

  it('has a month for every price of a real model', () => {
    for (const [name, price] of Object.entries(DEFAULT_PRICES)) {
      if (!name.startsWith('offline-')) assert.match(price.as_of ?? '', /^20\d\d-\d\d$/)
    }
  })
})

it('puts the given models over the default table', () => {
  const table = withDefaultPrices({
    'gpt-6-luna': { input: 9, output: 9 },
    mine: { input: 1, cached_input: 0.5, output: 2 },
  })
  assert.equal(table['gpt-6-luna']?.input, 9)
  assert.equal(table.mine?.cached_input, 0.5)
  assert.equal(table['gpt-5.6-luna']?.input, 0.2)
})
