/** Answers that are right but wrapped, over the whole path: they cost no further request and give what a clean endpoint gives. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { SAMPLE_FILE } from '../../src/cli/start/demo.ts'
import type { BatchResponse } from '../../src/restate/contract.ts'
import { BODIES } from '../helpers/quirky-endpoint/bodies.ts'
import { type Behaviour, type QuirkyEndpoint, startQuirkyEndpoint } from '../helpers/quirky-endpoint/endpoint.ts'
import type { QuirkName } from '../helpers/quirky-endpoint/quirks.ts'
import { WRAPPED } from '../helpers/quirky-endpoint/wrapped.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack.ts'

const NAMES = Object.keys({ ...WRAPPED, ...BODIES }) as QuirkName[]
/** A run may ask so many requests more than with a clean endpoint. */
const MOST_MORE = 2

let endpoint: QuirkyEndpoint
let stack: TestStack
let sample: readonly Record<string, unknown>[]
let runs = 0

before(async () => {
  endpoint = await startQuirkyEndpoint()
  stack = await startTestStack({
    OPENAI_BASE_URL: endpoint.url,
    OPENAI_MODEL: 'small',
    RATE_RPM: '100000',
  })
  const lines = (await readFile(SAMPLE_FILE, 'utf8')).trim().split('\n')
  sample = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
})

after(async () => {
  await stack?.stop()
  await endpoint?.close()
})

/** What of a result an answer decides, with the number of requests that all results took. */
async function classify(behaviour: Behaviour, rows: number, pack: number) {
  endpoint.behave(behaviour)
  runs += 1
  const body = {
    run_id: `wrapped-${runs}`,
    // A catalogue of its own has no result that still holds.
    catalogue: `wrapped-${runs}`,
    indicators: sample.slice(0, rows),
    options: { mode: 'model', reuse: false, audit: 'none', pack },
  }
  const answer = await callIngress(stack, 'classify-api/batch', body)
  assert.equal(answer.status, 200, answer.text)
  const { results, summary } = answer.json() as BatchResponse
  assert.equal(summary.model_requests, endpoint.asked.length)
  assert.ok(results.every(({ source }) => source === 'model'))
  return { results, requests: endpoint.asked.length }
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
  const rows = 30
  const clean = await classify('clean', rows, 10)
  assert.equal(clean.requests, 3)
  for (const name of NAMES) {
    await t.test(name, async () => {
      const wrapped = await classify(name, rows, 10)
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
