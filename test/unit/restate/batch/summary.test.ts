/** Tests of the summary of a batch: what unchanged results leave open, and the warnings about models and prices. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  openOfUnchanged,
  warnOfNotionalCosts,
  warnOfOfflineModel,
  warnOfUnknownPrices,
} from '../../../../src/restate/batch/summary.ts'
import { classification, request, result } from '../../../helpers/store/batches.ts'
import { economic, shop } from '../../classification/schemes.ts'

test('the stored results of unchanged indicators are counted by what they leave open', () => {
  const statuses = ['accepted', 'unverified', 'needs-review', 'unverified'] as const
  const unchanged = statuses.map((status, index) => classification(String(index), { status }))
  assert.deepEqual(openOfUnchanged(unchanged), { unchanged_needs_review: 1, unchanged_unverified: 2 })
})

test('a warning about the offline model speaks of rules only where the codebook has some', () => {
  const saved = [result('A'), result('B', { model: 'gpt-9' })]
  const [byRules] = warnOfOfflineModel(saved, economic)
  const [byNone] = warnOfOfflineModel(saved, shop)
  assert.deepEqual([byRules?.count, byNone?.count], [1, 1])
  assert.match(byRules?.message ?? '', /the rules' guesses/)
  assert.equal(byNone?.message, "answered by the offline model: fillers, not a model's judgement")
  assert.deepEqual(warnOfOfflineModel(saved.slice(1), shop), [])
})

test('requests to a model whose price nobody knows are warned about, and free or failed ones are not', () => {
  const priceOf = (model: string) => (model === 'unknown' ? null : { input: 0, output: 0 })
  const free = { costUsd: 0 }
  const requests = [
    request('1', { ...free, model: 'unknown' }),
    request('2', { ...free, model: 'unknown' }),
    request('3', { ...free, model: 'free' }),
    request('4', { ...free, model: 'unknown', inputTokens: 0 }),
  ]
  assert.deepEqual(warnOfUnknownPrices(requests, priceOf), [
    {
      code: 'no-price',
      message: 'the price of unknown is not known (OPENAI_PRICES), so its requests count as free',
      count: 2,
    },
  ])
  assert.deepEqual(warnOfUnknownPrices(requests.slice(2), priceOf), [])
  assert.deepEqual(warnOfNotionalCosts(requests, priceOf), [])
})
