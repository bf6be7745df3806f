/**
 * Endpoints whose answers are right but wrapped, that fail under status 200, have a short context or reason at length, over the whole
 * path: a wrapped answer costs no further request, and all give what a clean endpoint gives.
 */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { SAMPLE_FILE } from '../../../src/cli/start/demo.ts'
import type { BatchResponse } from '../../../src/restate/contract.ts'
import { BODIES } from '../../helpers/quirky-endpoint/bodies.ts'
import type { Behaviour } from '../../helpers/quirky-endpoint/endpoint.ts'
import type { QuirkName } from '../../helpers/quirky-endpoint/quirks.ts'
import { type QuirkyWorld, startQuirkyWorld } from '../../helpers/quirky-endpoint/world.ts'
import { WRAPPED } from '../../helpers/quirky-endpoint/wrapped.ts'
import { callIngress } from '../../helpers/stack/stack.ts'

const NAMES = Object.keys({ ...WRAPPED, ...BODIES }) as QuirkName[]
/** A run of wrapped answers may ask so many requests more than with a clean endpoint. */
const MOST_MORE = 2
const ROWS = 30
const PACK = 10

let world: QuirkyWorld
let sample: readonly Record<string, unknown>[]
let runs = 0

before(async () => {
  world = await startQuirkyWorld({ OPENAI_MODEL: 'small' })
  const lines = (await readFile(SAMPLE_FILE, 'utf8')).trim().split('\n')
  sample = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
})

after(() => world?.stop())

/** Classifies the first rows of the sample as a catalogue of their own, in which no result still holds. */
async function classify(behaviour: Behaviour, count = ROWS, pack = PACK) {
  world.endpoint.behave(behaviour)
  runs += 1
  const runId = `odd-${runs}`
  const answer = await callIngress(world.stack, 'classify-api/batch', {
    run_id: runId,
    catalogue: runId,
    indicators: sample.slice(0, count),
    options: { mode: 'model', reuse: false, audit: 'none', pack },
  })
  assert.equal(answer.status, 200, answer.text)
  const { results, summary } = answer.json() as BatchResponse
  assert.ok(results.every(({ source, status }) => source === 'model' && status !== undefined))
  const requests = world.endpoint.asked.length
  assert.equal(summary.model_requests, requests)
  const { rows } = await world.client.query<{ outcome: string; provider_request_id: string | null }>(
    'select outcome, provider_request_id from llm_requests where run_id = $1 order by requested_at, request_id',
    [runId],
  )
  return { results, rows, requests }
}

function labelsOf(results: BatchResponse['results']): unknown[] {
  return results.map(({ run_id: _, catalogue: ____, classified_at: __, ...said }) => said)
}

/** What a result says apart from its run. The word "high" says less than the number that a clean endpoint states. */
function decided(results: BatchResponse['results'], isWord: boolean): unknown[] {
  return results.map(
    ({ run_id: _, catalogue: ____, classified_at: __, reason: ___, confidence, field_confidence, ...said }) => {
      return isWord ? said : { ...said, confidence, field_confidence }
    },
  )
}

test('each wrapped form gives what a clean endpoint gives, in as many requests', async (t) => {
  const clean = await classify('clean')
  assert.equal(clean.requests, ROWS / PACK)
  for (const name of NAMES) {
    await t.test(name, async () => {
      const wrapped = await classify(name)
      const isWord = name === 'confidence-word'
      assert.ok(wrapped.requests >= clean.requests, 'the endpoint was not asked')
      assert.ok(wrapped.requests <= clean.requests + MOST_MORE, `${wrapped.requests} instead of ${clean.requests}`)
      assert.deepEqual(decided(wrapped.results, isWord), decided(clean.results, isWord))
    })
  }
})

test('all wrapped forms mixed give what a clean endpoint gives, in as many requests', async () => {
  const rows = Math.min(100, sample.length)
  const clean = await classify('clean', rows, 1)
  const mixed = await classify(NAMES, rows, 1)
  assert.ok(clean.requests > NAMES.length, `${clean.requests} requests for ${NAMES.length} forms`)
  assert.ok(mixed.requests >= clean.requests, 'the endpoint was not asked')
  assert.ok(mixed.requests <= clean.requests + MOST_MORE, `${mixed.requests} instead of ${clean.requests}`)
  assert.deepEqual(decided(mixed.results, true), decided(clean.results, true))
})

test('one page of HTML, an answer without choices and one without text are failed tries, and no guess takes their place', async () => {
  const clean = await classify('clean')
  const odd = await classify([
    ...(['html-page', 'no-choices', 'content-null', 'choice-error', 'top-error'] as const),
    ...Array.from({ length: 20 }, () => 'clean' as const),
  ])
  assert.deepEqual(labelsOf(odd.results), labelsOf(clean.results))
  const outcomes = Object.groupBy(odd.rows, ({ outcome }) => outcome)
  assert.deepEqual([outcomes.ok?.length, outcomes['model-unavailable']?.length], [3, 5])
})

test('a question that is longer than the context is packed smaller', async () => {
  const { rows } = await classify('context-of-five')
  const outcomes = Object.groupBy(rows, ({ outcome }) => outcome)
  // Two chunks are under way at once, or the second waited for a moment and was packed smaller from the start, as the third is.
  const tooLong = outcomes['model-too-long']?.length ?? 0
  assert.ok(tooLong === 1 || tooLong === 2, `${tooLong} chunks were asked that were too long`)
  assert.equal(outcomes.ok?.length, ROWS / 3)
})

test('the id that the endpoint gives to a request is stored with it', async () => {
  const { rows } = await classify('request-id')
  assert.deepEqual(rows.map(({ provider_request_id }) => provider_request_id).sort(), ['req_0', 'req_1', 'req_2'])
})

test('a model whose reasoning eats the bound is asked the same questions again under a higher one', async () => {
  const clean = await classify('clean')
  const reasoning = await classify('reasoning-eats-bound')
  assert.deepEqual(labelsOf(reasoning.results), labelsOf(clean.results))
  const outcomes = Object.groupBy(reasoning.rows, ({ outcome }) => outcome)
  // The third chunk is asked after the first two have ended, and so under the higher bound at once; the second may be as well.
  const cutOff = outcomes['model-cut-off']?.length ?? 0
  assert.ok(cutOff === 1 || cutOff === 2, `${cutOff} chunks were cut off`)
  assert.equal(outcomes.ok?.length, 3)
  const again = await classify('reasoning-eats-bound')
  assert.deepEqual(
    again.rows.map(({ outcome }) => outcome),
    ['ok', 'ok', 'ok'],
  )
})

test('a request that is refused for its form counts as one, with the id that the endpoint gave to it', async () => {
  const { rows } = await classify('literal-error')
  const outcomes = Object.groupBy(rows, ({ outcome }) => outcome)
  assert.equal(outcomes.ok?.length, 3)
  assert.ok((outcomes['model-bad-request']?.length ?? 0) >= 1)
  assert.equal(rows.length, world.endpoint.asked.length)
})
