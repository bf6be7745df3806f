/** Endpoints that fail under status 200, have a short context or reason at length, over the whole path. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { SAMPLE_FILE } from '../../src/cli/start/demo.ts'
import type { BatchResponse } from '../../src/restate/contract.ts'
import { type Behaviour, type QuirkyEndpoint, startQuirkyEndpoint } from '../helpers/quirky-endpoint/endpoint.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack.ts'

const ROWS = 30

let endpoint: QuirkyEndpoint
let stack: TestStack
let client: pg.Client
let indicators: readonly unknown[]
let runs = 0

before(async () => {
  endpoint = await startQuirkyEndpoint()
  stack = await startTestStack({ OPENAI_BASE_URL: endpoint.url, OPENAI_MODEL: 'small', RATE_RPM: '100000' })
  client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  const lines = (await readFile(SAMPLE_FILE, 'utf8')).trim().split('\n').slice(0, ROWS)
  indicators = lines.map((line) => JSON.parse(line) as unknown)
})

after(async () => {
  await client?.end()
  await stack?.stop()
  await endpoint?.close()
})

async function classify(behaviour: Behaviour) {
  endpoint.behave(behaviour)
  runs += 1
  const runId = `odd-${runs}`
  const options = { mode: 'model', reuse: false, audit: 'none', pack: 10 }
  const answer = await callIngress(stack, 'classify-api/batch', {
    run_id: runId,
    catalogue: runId,
    indicators,
    options,
  })
  assert.equal(answer.status, 200, answer.text)
  const { results, summary } = answer.json() as BatchResponse
  assert.ok(results.every(({ source, status }) => source === 'model' && status !== undefined))
  assert.equal(summary.model_requests, endpoint.asked.length)
  const { rows } = await client.query<{ outcome: string; provider_request_id: string | null }>(
    'select outcome, provider_request_id from llm_requests where run_id = $1 order by requested_at, request_id',
    [runId],
  )
  return { results, rows }
}

function labelsOf(results: BatchResponse['results']): unknown[] {
  return results.map(({ run_id: _, catalogue: ____, classified_at: __, ...said }) => said)
}

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
  assert.equal(rows.length, endpoint.asked.length)
})
