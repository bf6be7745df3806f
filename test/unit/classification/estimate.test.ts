/** Tests of dry runs: where results would come from, and how many requests and tokens they would take. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Candidate,
  cacheablePrefixTokens,
  dryRunBatch,
  estimateBatch,
  prefixTokens,
} from '../../../src/classification/estimate.ts'
import { buildSystemPrompt } from '../../../src/classification/prompt.ts'
import { promptItemOf, questionOf } from '../../../src/classification/question.ts'
import { ANSWER_ENVELOPE_TOKENS, completionTokenLimit, estimateTokens } from '../../../src/classification/tokens.ts'
import type { Indicator, Mode } from '../../../src/classification/types.ts'
import { buildUserPrompt } from '../../../src/classification/user-prompt.ts'
import { costOfTokens, createEstimateSum, type EstimateBasis } from '../../../src/cli/classify/estimate-sum.ts'
import { builtIns } from './built-ins.ts'
import { economic } from './schemes.ts'

const { codebook } = economic

interface Named {
  readonly name: string
  readonly shapeHash: string
  readonly stored: Candidate['stored']
}

function named(name: string, shapeHash: string, stored: Candidate['stored'] = null): Named {
  return { name, shapeHash, stored }
}

function candidateOf({ name, shapeHash, stored }: Named, mode: Mode): Candidate {
  const indicator: Indicator = { indicator_id: name, name, periodicity: 'Annual', sample_values: [] }
  const question = questionOf(economic, indicator, economic.code?.read(indicator) ?? {}, { mode })
  return { item: question === null ? null : promptItemOf('k1', question, mode), shapeHash, stored }
}

const rule = (pack: number) => ({ pack, most: pack })

const sure = 'GDP (current US$)'
const open = 'Zorbic attainment of the plain'

function waysOf(some: readonly Named[], mode: Mode, reuse = true) {
  const candidates = some.map((one) => candidateOf(one, mode))
  const { asks, ...counts } = dryRunBatch(codebook, candidates, { reuse })
  return { ...counts, ask: asks.length }
}

test('each indicator is counted once, by the mode and by what is stored', () => {
  const some = [
    named(sure, 'a'),
    named(open, 'b'),
    named(open, 'b'),
    named(open, 'c', 'reuse'),
    named(open, 'd', 'person'),
    named(open, 'e', 'unchanged'),
  ]
  assert.deepEqual(waysOf(some, 'hybrid'), { unchanged: 1, rules: 1, reuse: 2, person: 1, ask: 1 })
  assert.deepEqual(waysOf(some, 'model'), { unchanged: 1, rules: 0, reuse: 2, person: 1, ask: 2 })
  assert.deepEqual(waysOf(some, 'rules'), { unchanged: 1, rules: 3, reuse: 1, person: 1, ask: 0 })
  assert.deepEqual(waysOf(some, 'model', false), { unchanged: 1, rules: 0, reuse: 1, person: 1, ask: 3 })
})

test('a question costs the tokens of its line, and of its answer by the fields that it asks', () => {
  const eight = candidateOf(named(sure, 'a'), 'model')
  const one = eight.item === null ? eight : { ...eight, item: { ...eight.item, fields: ['type'], guess: {} } }
  const [all, single] = [eight, one].map((of) => dryRunBatch(codebook, [of], { reuse: true }).asks[0])
  assert.deepEqual([all?.fields, single?.fields], [8, 1])
  assert.ok(all !== undefined && single !== undefined && all.tokens > single.tokens)
  assert.equal(single.answer_tokens, completionTokenLimit(codebook, [['type']]) - ANSWER_ENVELOPE_TOKENS)
  assert.ok(all.answer_tokens > single.answer_tokens)
  const whole = estimateTokens(buildUserPrompt(codebook, one.item === null ? [] : [one.item]))
  assert.ok(single.tokens > 0 && single.tokens < whole)
})

test('fewer questions a request take more requests, and no batch takes none', () => {
  const { asks } = dryRunBatch(
    codebook,
    Array.from({ length: 23 }, (_, index) => candidateOf(named(`${open} ${index}`, String(index)), 'model')),
    { reuse: true },
  )
  const prefix = prefixTokens(codebook)
  for (const pack of [1, 10, 25]) {
    const { tokens, requests } = estimateBatch(asks, rule(pack), prefix, null)
    assert.ok(requests >= 23 / pack)
    assert.ok(tokens.cached <= tokens.input)
  }
  assert.deepEqual(estimateBatch([], rule(10), prefix, null), {
    requests: 0,
    tokens: { input: 0, cached: 0, output: 0 },
  })
})

test('requests are repeated as often as earlier ones were', () => {
  const asks = [{ shape: 'a', tokens: 1_000, fields: 3, answer_tokens: 170 }]
  const habits = { output_per_indicator: 100, cached_share: 0 }
  const once = estimateBatch(asks, rule(10), 4_000, habits)
  const repeats = { requests: 1.5, input: 1.25, output: 1.1 }
  const repeated = estimateBatch(asks, rule(10), 4_000, { ...habits, repeats })
  assert.equal(repeated.requests, 1.5 * once.requests)
  assert.equal(repeated.tokens.input, Math.round(1.25 * once.tokens.input))
  assert.equal(repeated.tokens.output, Math.round(1.1 * once.tokens.output))
})

test('the averages of earlier requests replace the default figures', () => {
  const asks = [{ shape: 'a', tokens: 1_000, fields: 3, answer_tokens: 170 }]
  const { tokens } = estimateBatch(asks, rule(10), 0, { output_per_indicator: 500, cached_share: 0.5 })
  assert.equal(tokens.output, 500)
  assert.equal(tokens.cached, tokens.input / 2)
})

test('fewer fields asked are fewer tokens expected', () => {
  const expected = (fields: number) =>
    estimateBatch([{ shape: 'a', tokens: 100, fields, answer_tokens: 400 }], rule(10), 0, null).tokens.output
  assert.ok(expected(1) < expected(2) && expected(2) < expected(8))
  assert.ok(expected(0) > 0)
})

test('the prefix of every built-in codebook is counted, and short ones are in no cache', () => {
  for (const scheme of builtIns) {
    const prefix = prefixTokens(scheme.codebook)
    assert.ok(prefix > estimateTokens(buildSystemPrompt(scheme.codebook)), scheme.codebook.name)
    assert.ok(cacheablePrefixTokens(prefix) <= prefix)
  }
  assert.equal(cacheablePrefixTokens(1_000), 0)
  assert.ok(cacheablePrefixTokens(prefixTokens(codebook)) >= 1_024)
  assert.equal(cacheablePrefixTokens(4_000) % 128, 0)
})

const basis: EstimateBasis = {
  model: 'm',
  price: { input: 1, cached_input: 0.1, output: 2 },
  prefixTokens: 4_000,
  habits: null,
}
const facts = (shapes: readonly string[]) => {
  return {
    unchanged: 0,
    rules: 7,
    reuse: 0,
    person: 0,
    asks: shapes.map((shape) => ({ shape, tokens: 100, fields: 3, answer_tokens: 170 })),
  }
}

test('a shape that an earlier batch asks is reuse for the later ones, unless reuse is off', () => {
  const [one, two, three] = ['a1', 'b2', 'c3'].map((hash) => hash.padEnd(64, '0')) as [string, string, string]
  const budget = { rpm: 60, tpm: null, safety: 1 }
  for (const [reuse, expected] of [
    [true, { model: 3, reuse: 2 }],
    [false, { model: 5, reuse: 0 }],
  ] as const) {
    const sum = createEstimateSum({ reuse, pack: rule(10) })
    sum.add(facts([one, two]), basis)
    sum.add(facts([two, one, three]), basis)
    const total = sum.total(budget)
    assert.equal(total.by_source.model, expected.model)
    assert.equal(total.by_source.reuse, expected.reuse)
    assert.equal(total.by_source.rules, 14)
    assert.equal(total.shapes, 3)
    assert.equal(total.indicators, 19)
    assert.equal(total.model_requests, 2)
  }
})

test('the first request pays the prefix in full, the others find it in the cache', () => {
  const sum = createEstimateSum({ reuse: true, pack: rule(1) })
  sum.add(facts(Array.from({ length: 10 }, (_, index) => `${index}`.padEnd(64, '0'))), basis)
  const { tokens, cost_usd: cost } = sum.total({ rpm: 1, tpm: null, safety: 1 })
  assert.equal(tokens.cached, 9 * cacheablePrefixTokens(4_000))
  assert.equal(cost, Number(costOfTokens(tokens, { input: 1, cached_input: 0.1, output: 2 }).toFixed(6)))
})

test('the smaller budget binds', () => {
  const shapes = Array.from({ length: 100 }, (_, index) => index.toString(16).padEnd(64, '0'))
  const total = (rpm: number, tpm: number | null) => {
    const sum = createEstimateSum({ reuse: false, pack: rule(10) })
    sum.add(facts(shapes), basis)
    return sum.total({ rpm, tpm, safety: 0.5 })
  }
  assert.deepEqual(pick(total(10, null)), { limited_by: 'rpm', minutes: 2 })
  assert.equal(total(10, 1_000_000_000).limited_by, 'rpm')
  const byTokens = total(1_000, 10_000)
  const { tokens } = byTokens
  assert.deepEqual(pick(byTokens), {
    limited_by: 'tpm',
    minutes: Number(((tokens.input + tokens.output) / 5_000).toPrecision(3)),
  })
  assert.equal(total(1_000_000, null).limited_by, 'cpu')
})

function pick({ limited_by, minutes }: { limited_by: string; minutes: number }) {
  return { limited_by, minutes }
}
