/** Odd answers of a model in a whole stack: the service asks again, escalates, waits, or leaves the indicator to a person. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { MAX_TRIES } from '../../../../src/restate/chunk/chunk.ts'
import type { BatchResponse } from '../../../../src/restate/contract.ts'
import { goodAnswer } from '../../../helpers/servers/model.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { answerBy, model, stack } from './world.ts'

let round = 0

beforeEach(() => {
  round += 1
})

/** Ids of indicators of which no rule is sure, so that their results depend on the model alone. */
function ids(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${round}.${index}`)
}

/** Nothing is audited, so that every request asks what the test scripts an answer for. */
const OPTIONS = { reuse: false, audit: 'none' }

async function classify(names: readonly string[]): Promise<BatchResponse> {
  const indicators = names.map((id) => ({ indicator_id: id, name: `Zorbic attainment ${id}` }))
  const answer = await callIngress(stack, 'classify-api/batch', { indicators, options: OPTIONS })
  assert.equal(answer.status, 200, answer.text)
  return answer.json() as BatchResponse
}

function timesAsked(id: string): number {
  return model.asked.filter((asked) => asked.ids.includes(id)).length
}

test('an indicator that an answer leaves out is asked again in a smaller chunk, and the others are not', async () => {
  const names = ids(9)
  const omitted = names[4] ?? ''
  answerBy(({ ids: asked, keyOf }) => ({
    answers: asked.filter((id) => id !== omitted || asked.length === 1).map((id) => goodAnswer(keyOf(id))),
  }))
  const { results, summary } = await classify(names)
  assert.ok(results.every((result) => result.source === 'model' && result.status === 'accepted'))
  assert.equal(timesAsked(names[0] ?? ''), 1)
  assert.equal(timesAsked(omitted), 2)
  assert.equal(summary.model_requests, 2)
})

test('doubled answers that differ, unknown keys and values outside the codebook decide nothing', async () => {
  const names = ids(4)
  answerBy(({ ids: asked, keyOf }) => {
    if (asked.length < names.length) return {}
    const [a, b, c, d] = asked.map(keyOf) as [string, string, string, string]
    return {
      answers: [
        goodAnswer(a),
        goodAnswer(b),
        goodAnswer(b, 90, { type: 'price' }),
        goodAnswer(c, 90, { type: 'nonsense' }),
        goodAnswer('k999'),
        goodAnswer('constructor'),
        { hello: 'world' },
        goodAnswer(d),
      ],
    }
  })
  const { results } = await classify(names)
  assert.deepEqual(
    results.map((result) => [result.indicator_id, result.type, result.status]),
    names.map((id) => [id, 'volume', 'accepted']),
  )
  assert.deepEqual(names.map(timesAsked), [1, 2, 2, 1])
})

test('of an answer with one bad label only that field is asked again, and the other labels stay', async () => {
  const [name = ''] = ids(1)
  const fields: (readonly string[])[] = []
  answerBy(({ ids: asked, keyOf, fieldsOf }, index) => {
    fields.push(fieldsOf(name))
    const type = index === 0 ? 'nonsense' : 'capacity'
    const over = {
      type,
      temporal_aggregation: 'point-in-time',
      orientation: index === 0 ? 'neutral' : 'higher-is-positive',
    }
    return { answers: asked.map((id) => goodAnswer(keyOf(id), 90, over)) }
  })
  const { results } = await classify([name])
  const [first = [], second] = fields
  assert.ok(first.length > 1 && first.includes('orientation'))
  assert.deepEqual([second, fields.length], [['type'], 2])
  assert.deepEqual([results[0]?.type, results[0]?.orientation, results[0]?.status], ['capacity', 'neutral', 'accepted'])
})

test('no answer in three rounds leaves the indicator to a person with the reason, and the next run asks again', async () => {
  const names = ids(3)
  const mute = names[1] ?? ''
  answerBy(({ ids: asked, keyOf }) => ({
    answers: asked.filter((id) => id !== mute).map((id) => goodAnswer(keyOf(id))),
  }))
  const first = await classify(names)
  assert.equal(timesAsked(mute), 3)
  assert.deepEqual(
    first.results.map((result) => result.status),
    ['accepted', 'needs-review', 'accepted'],
  )
  assert.ok(
    first.results[1]?.issues.some((issue) => issue.code === 'no-answer'),
    JSON.stringify(first.results[1]),
  )

  answerBy(() => ({}))
  const second = await classify(names)
  assert.equal(second.summary.unchanged, 2)
  assert.equal(second.results[1]?.status, 'accepted')
})

test('a refusal of the model fails no batch: smaller questions may pass, the others are left to a person', async () => {
  const names = ids(4)
  const bad = names[2] ?? ''
  answerBy(({ ids: asked }) => (asked.includes(bad) ? { finishReason: 'content_filter', answers: [] } : {}))
  const { results } = await classify(names)
  assert.deepEqual(
    results.map((result) => result.status),
    ['accepted', 'accepted', 'needs-review', 'accepted'],
  )
  assert.match(results[2]?.issues.map((issue) => issue.message).join() ?? '', /refused/)
})

test('low confidence goes once to the escalation model, whose answer decides', async () => {
  const names = ids(3)
  const unsure = names[0] ?? ''
  answerBy(({ model: asked, ids: chunk, keyOf }) => ({
    answers: chunk.map((id) =>
      asked === 'large'
        ? goodAnswer(keyOf(id), 95, { type: 'capacity', temporal_aggregation: 'point-in-time' })
        : goodAnswer(keyOf(id), id === unsure ? 30 : 90),
    ),
  }))
  const { results, summary } = await classify(names)
  assert.equal(summary.by_source.escalation, 1)
  assert.deepEqual([results[0]?.source, results[0]?.type, results[0]?.model], ['escalation', 'capacity', 'large'])
  assert.equal(results[1]?.source, 'model')
  assert.deepEqual(
    model.asked.filter((asked) => asked.model === 'large').map((asked) => asked.ids),
    [[unsure]],
  )
})

test('an answer that is unsure after escalation is left to a person', async () => {
  const names = ids(1)
  answerBy(({ ids: asked, keyOf }) => ({ answers: asked.map((id) => goodAnswer(keyOf(id), 20)) }))
  const { results } = await classify(names)
  assert.equal(results[0]?.status, 'needs-review')
  assert.ok(results[0]?.issues.some((issue) => issue.code === 'low-confidence'))
  assert.equal(model.asked.length, 2)
})

test('an escalation model that gives nothing usable is asked no more, and the answers of the primary model stand', async () => {
  const names = ids(20)
  answerBy(({ model: asked, ids: chunk, keyOf }) => ({
    answers: asked === 'large' ? [] : chunk.map((id) => goodAnswer(keyOf(id), 30)),
  }))
  const indicators = names.map((id) => ({ indicator_id: id, name: `Zorbic attainment ${id}` }))
  const options = { ...OPTIONS, pack: 1 }
  const answer = await callIngress(stack, 'classify-api/batch', { run_id: `doubt-${round}`, indicators, options })
  assert.equal(answer.status, 200, answer.text)
  const { results, summary } = answer.json() as BatchResponse
  const large = model.asked.filter((asked) => asked.model === 'large').length
  assert.ok(large >= 3 && large <= 5, `${large} requests`)
  assert.equal(summary.model_requests, names.length + large)
  assert.ok(results.every(({ source, status }) => source === 'model' && status === 'needs-review'))
})

test('a 429 is waited out: nothing fails, and the request is sent again', async () => {
  const names = ids(2)
  answerBy((_asked, index) => {
    if (index > 0) return {}
    const headers = { 'retry-after-ms': '300' }
    return { status: 429, headers, body: { error: { message: 'slow down', code: 'rate_limit_exceeded' } } }
  })
  const { results, summary } = await classify(names)
  assert.ok(results.every((result) => result.status === 'accepted'))
  assert.equal(summary.model_requests, 2)
})

test('a 429 uses none of the tries that a chunk has for an endpoint that is away', async () => {
  const names = ids(2)
  const refusals = MAX_TRIES + 2
  answerBy((_asked, index) => {
    if (index >= refusals) return {}
    return { status: 429, headers: { 'retry-after-ms': '60' }, body: { error: { message: 'slow down' } } }
  })
  const { results, summary } = await classify(names)
  assert.ok(results.every((result) => result.status === 'accepted'))
  assert.equal(summary.model_requests, refusals + 1)
})

test('errors of the endpoint are tried again with growing pauses', async () => {
  const names = ids(2)
  answerBy((_asked, index) => (index < 2 ? { status: 500, body: { error: { message: 'oops' } } } : {}))
  const { results, summary } = await classify(names)
  assert.ok(results.every((result) => result.status === 'accepted'))
  assert.equal(summary.model_requests, 3)
})

test('an escalation model that does not exist fails the batch, names its variable, and keeps what was paid for', async () => {
  const [sure, unsure] = ids(2) as [string, string]
  answerBy(({ model: asked, ids: chunk, keyOf }) => {
    if (asked === 'large')
      return { status: 404, body: { error: { message: 'no such model', code: 'model_not_found' } } }
    return { answers: chunk.map((id) => goodAnswer(keyOf(id), id === unsure ? 20 : 90)) }
  })
  const indicators = [sure, unsure].map((id) => ({ indicator_id: id, name: `Zorbic attainment ${id}` }))
  const failed = await callIngress(stack, 'classify-api/batch', { indicators, options: OPTIONS })
  assert.equal(failed.status, 502)
  assert.match(failed.text, /model-not-found: .*large.*OPENAI_ESCALATION_MODEL/)

  answerBy(() => ({}))
  const { summary } = await classify([sure, unsure])
  assert.equal(summary.unchanged, 1)
  assert.equal(summary.classified, 1)
  assert.equal(timesAsked(sure), 1)
})

test('a 429 for a request that is too large is not waited for: smaller requests are sent', async () => {
  const names = ids(4)
  answerBy(({ ids: asked }) => {
    if (asked.length < names.length) return {}
    const message = 'Request too large for small: Limit 100, Requested 500. The input or output tokens must be reduced.'
    return { status: 429, body: { error: { message, code: 'rate_limit_exceeded' } } }
  })
  const { results } = await classify(names)
  assert.ok(results.every((result) => result.status === 'accepted'))
})

test('a model that does not exist fails the batch with one clear message', async () => {
  const [id] = ids(1)
  answerBy(() => ({ status: 404, body: { error: { message: 'The model does not exist', code: 'model_not_found' } } }))
  const indicators = [{ indicator_id: id, name: 'Zorbic attainment' }]
  const answer = await callIngress(stack, 'classify-api/batch', { indicators })
  assert.equal(answer.status, 502)
  assert.match(answer.text, /model-not-found: .*small.*OPENAI_MODEL/)
  // Without an idempotency key the same batch is new work, and the model is back.
  answerBy(() => ({}))
  assert.equal((await classify([id ?? ''])).summary.classified, 1)
})
