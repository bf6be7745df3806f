/** Many batches that need the same shapes at once: each shape is asked once, also where the batch that asks is ended. */
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { BatchResponse } from '../../../../src/restate/contract.ts'
import { type Answer, type Asked, goodAnswer } from '../../../helpers/servers/model.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { waitUntil } from '../../../helpers/wait.ts'
import { answerBy, client, model, stack } from './world.ts'

const BATCHES = 20

let round = 0

beforeEach(() => {
  round += 1
})

/** The name makes the shape; the id holds the round, the batch and the shape. */
function indicatorsOf(batch: number | string, shapes: readonly number[]) {
  return shapes.map((shape) => ({
    indicator_id: `${round}|${batch}|${shape}`,
    name: `Zorbic attainment of round ${round}, kind ${shape}`,
    country: `Country ${batch}`,
  }))
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index)
const shapeOf = (id: string) => Number(id.split('|')[2])

function timesAsked(shape: number, tier = 'small'): number {
  return model.asked.filter((asked) => asked.model === tier && asked.ids.some((id) => shapeOf(id) === shape)).length
}

/** The fields that the first model was asked of a shape, by request. */
function fieldsAsked(shape: number): readonly (readonly string[])[] {
  return model.asked.flatMap((asked) => {
    const id = asked.ids.find((one) => shapeOf(one) === shape)
    return id === undefined || asked.model !== 'small' ? [] : [asked.fieldsOf(id)]
  })
}

const runOf = (batch: number | string) => `shared-${round}-${batch}`

/** Nothing is audited, because an audit has a shape of its own and would be asked beside the others. */
const OPTIONS = { audit: 'none' }

/** Submits a batch with `OPTIONS`, changed by `more`, and resolves with the answer of the ingress. */
function send(
  batch: number | string,
  shapes: readonly number[],
  { options = {}, ...more }: { readonly options?: object; readonly run_id?: string } = {},
) {
  return callIngress(stack, 'classify-api/batch', {
    indicators: indicatorsOf(batch, shapes),
    run_id: runOf(batch),
    options: { ...OPTIONS, ...options },
    ...more,
  })
}

async function classify(...given: Parameters<typeof send>): Promise<BatchResponse> {
  const answer = await send(...given)
  assert.equal(answer.status, 200, answer.text)
  return answer.json() as BatchResponse
}

/** Starts a batch without waiting for it, and resolves with the id of its invocation. */
async function submit(batch: number | string, shapes: readonly number[]): Promise<string> {
  const body = { indicators: indicatorsOf(batch, shapes), run_id: runOf(batch), options: OPTIONS }
  const answer = await callIngress(stack, 'classify-api/batch/send', body)
  return (answer.json() as { invocationId: string }).invocationId
}

async function numberIn(statement: string, values: unknown[] = []): Promise<number> {
  const { rows } = await client.query(`select (select ${statement})::int as n`, values)
  return rows[0].n
}

/** Resolves when `batches` batches of this round have opened their runs. */
const untilBegun = (batches: number) =>
  waitUntil(
    `${batches} batches have begun`,
    async () => (await numberIn('count(*) from runs where run_id like $1', [`shared-${round}-%`])) >= batches,
  )

/** The number of invocations that have looked at least once for answers of other batches. */
async function countWaiting(): Promise<number> {
  const rows = await query(`select count(distinct id) as n from sys_journal where name like 'look for%'`)
  return Number(rows[0]?.n ?? 0)
}

/** Holds answers back until all other batches wait, because a batch that comes after the answer would ask again. */
async function holdUntilOthersWait(batches: number, answer: (asked: Asked) => Answer): Promise<void> {
  const before = await countWaiting()
  const all = waitUntil('all other batches wait', async () => (await countWaiting()) >= before + batches - 1)
  answerBy((asked) => ({ ...answer(asked), after: all }))
}

/** Holds answers back until `batches` batches have begun, so that they really work at the same time. */
function holdUntilBegun(batches: number, answer: (asked: Asked) => Answer = () => ({})) {
  const all = untilBegun(batches)
  answerBy((asked) => ({ ...answer(asked), after: all }))
}

function addUp(responses: readonly BatchResponse[]) {
  const of = (source: 'model' | 'reuse' | 'escalation') =>
    responses.reduce((sum, { summary }) => sum + summary.by_source[source], 0)
  return { model: of('model'), reuse: of('reuse'), escalation: of('escalation') }
}

test('twenty batches with the same shapes at once: each shape is asked once', async () => {
  const shapes = range(0, 12)
  holdUntilBegun(BATCHES)
  const responses = await Promise.all(range(0, BATCHES).map((batch) => classify(batch, shapes)))
  assert.deepEqual(
    shapes.map((shape) => timesAsked(shape)),
    shapes.map(() => 1),
  )
  assert.deepEqual(addUp(responses), { model: 12, reuse: 12 * (BATCHES - 1), escalation: 0 })
  assert.ok(responses.every(({ results }) => results.every((result) => result.status === 'accepted')))
  assert.equal(await numberIn(`count(*) from claims where expires_at > now()`), 0)
})

test('shapes that overlap, in every order, in both modes: no two batches wait for each other, each field is asked once', async () => {
  holdUntilBegun(BATCHES)
  const shapesOf = (batch: number) => range(0, 8).map((n) => (batch * 3 + (batch % 2 === 0 ? n : 7 - n)) % 30)
  const modeOf = (batch: number) => (batch % 3 === 0 ? 'model' : 'hybrid')
  const responses = await Promise.all(
    range(0, BATCHES).map((batch) =>
      classify(batch, shapesOf(batch), { options: { mode: modeOf(batch), trust: 'shipped', pack: 3 } }),
    ),
  )
  const shapes = [...new Set(range(0, BATCHES).flatMap(shapesOf))]
  let asked = 0
  for (const shape of shapes) {
    const fields = fieldsAsked(shape)
    asked += fields.length
    // Mode model asks for the frequency as well, of which the rules are sure in mode hybrid.
    const isModelAsked = range(0, BATCHES).some((batch) => modeOf(batch) === 'model' && shapesOf(batch).includes(shape))
    assert.equal(fields.flat().length, new Set(fields.flat()).size, `shape ${shape}: ${JSON.stringify(fields)}`)
    assert.equal(fields.flat().includes('frequency'), isModelAsked)
    assert.ok(fields.length <= (isModelAsked ? 2 : 1))
  }
  assert.deepEqual(addUp(responses), { model: asked, reuse: 8 * BATCHES - asked, escalation: 0 })
})

test('the escalation model is asked once too, and the other batches get its answer', async () => {
  holdUntilBegun(5, ({ model: tier, ids, keyOf }) =>
    tier === 'small'
      ? { answers: ids.map((id) => goodAnswer(keyOf(id), 30)) }
      : {
          answers: ids.map((id) =>
            goodAnswer(keyOf(id), 95, { type: 'price', temporal_aggregation: 'period-average' }),
          ),
        },
  )
  const shapes = range(0, 4)
  const responses = await Promise.all(range(0, 5).map((batch) => classify(batch, shapes)))
  for (const shape of shapes) assert.deepEqual([timesAsked(shape), timesAsked(shape, 'large')], [1, 1])
  assert.deepEqual(addUp(responses), { model: 0, reuse: 16, escalation: 4 })
  assert.ok(
    responses.every(({ results }) => results.every(({ type, status }) => type === 'price' && status === 'accepted')),
  )
})

test('an answer that the escalation model leaves in doubt is not asked again by each batch that waits', async () => {
  await holdUntilOthersWait(5, ({ model: tier, ids, keyOf }) =>
    tier === 'small'
      ? { answers: ids.map((id) => goodAnswer(keyOf(id), 30)) }
      : { finishReason: 'content_filter', answers: [] },
  )
  const responses = await Promise.all(range(0, 5).map((batch) => classify(batch, [0])))
  assert.deepEqual([timesAsked(0), timesAsked(0, 'large')], [1, 1])
  assert.ok(responses.every(({ results }) => results[0]?.status === 'needs-review'))
})

test('a shape without an answer is left to a person in every batch though one batch asked; the next run asks again', async () => {
  const mute = 2
  const answer = ({ ids, keyOf }: Asked) => ({
    answers: ids.filter((id) => shapeOf(id) !== mute).map((id) => goodAnswer(keyOf(id))),
  })
  await holdUntilOthersWait(BATCHES, answer)
  const responses = await Promise.all(range(0, BATCHES).map((batch) => classify(batch, range(0, 4))))
  assert.equal(timesAsked(mute), 3)
  for (const { results } of responses) {
    assert.deepEqual(
      results.map((result) => result.status),
      ['accepted', 'accepted', 'needs-review', 'accepted'],
    )
    assert.ok(results[2]?.issues.some((issue) => issue.code === 'no-answer'))
  }
  answerBy(() => ({}))
  const again = await classify(0, range(0, 4), { run_id: runOf('again') })
  assert.equal(again.results[2]?.status, 'accepted')
})

test('a field without an answer is left to a person in every batch; later only that field is asked again', async () => {
  const partly = 1
  const answer = ({ ids, keyOf }: Asked) => ({
    answers: ids.map((id) => goodAnswer(keyOf(id), 90, shapeOf(id) === partly ? { orientation: undefined } : {})),
  })
  await holdUntilOthersWait(BATCHES, answer)
  const responses = await Promise.all(range(0, BATCHES).map((batch) => classify(batch, range(0, 3))))
  const [first = [], ...later] = fieldsAsked(partly)
  assert.ok(first.length > 1 && first.includes('orientation'))
  assert.deepEqual(later, [['orientation'], ['orientation']])
  for (const { results } of responses) {
    assert.deepEqual(
      results.map(({ status, type }) => `${status} ${type}`),
      ['accepted volume', 'needs-review volume', 'accepted volume'],
    )
    const said = results[partly]?.issues.map(({ code, message }) => `${code} ${message}`)
    assert.ok(
      said?.some((text) => /^no-answer orientation: no-answer: /.test(text)),
      String(said),
    )
  }
  model.asked.length = 0
  answerBy(() => ({}))
  const again = await classify(0, range(0, 3), { run_id: runOf('again') })
  assert.deepEqual(fieldsAsked(partly), [['orientation']])
  const { status, field_source: sources } = again.results[partly] ?? {}
  assert.deepEqual([status, sources?.type, sources?.orientation], ['accepted', 'reuse', 'model'])
})

test('a refused key fails all batches, and hardly more than one of them asks', async () => {
  await holdUntilOthersWait(10, () => ({
    status: 401,
    body: { error: { message: 'bad key', code: 'invalid_api_key' } },
  }))
  const answers = await Promise.all(range(0, 10).map((batch) => send(batch, range(0, 3))))
  for (const answer of answers) {
    assert.equal(answer.status, 502, answer.text)
    assert.match(answer.text, /model-auth/)
  }
  assert.equal(timesAsked(0), 1)
  answerBy(() => ({}))
  assert.equal((await classify('later', range(0, 3))).summary.by_source.model, 3)
})

test('a question that the endpoint refuses fails the batches that wait like the batch that asked', async () => {
  await holdUntilOthersWait(6, () => ({ status: 400, body: { error: { message: 'no such thing', code: 'bad' } } }))
  const answers = await Promise.all(range(0, 6).map((batch) => send(batch, [0])))
  for (const answer of answers) {
    assert.equal(answer.status, 502, answer.text)
    assert.match(answer.text, /model-bad-request/)
  }
  assert.equal(timesAsked(0), 3)
})

test('without reuse no shape is claimed, and each batch asks for itself', async () => {
  holdUntilBegun(3)
  const options = { options: { reuse: false } }
  const responses = await Promise.all(range(0, 3).map((batch) => classify(batch, [0, 1], options)))
  assert.equal(timesAsked(0), 3)
  assert.deepEqual(addUp(responses), { model: 6, reuse: 0, escalation: 0 })
})

for (const how of ['cancel', 'kill'] as const) {
  test(`the batch that asks is ended by ${how}: one other batch asks about the shapes that are left`, async () => {
    const { promise: answersHeld, resolve: releaseAnswers } = Promise.withResolvers<void>()
    answerBy((_, index) => (index === 0 ? { after: answersHeld } : {}))
    const owner = await submit('owner', range(0, 5))
    await waitUntil('the model is asked', () => model.asked.length > 0)
    const others = range(0, 6).map((batch) => classify(batch, range(0, 6)))
    await untilBegun(7)
    const answer = await fetch(`${stack.adminUrl}/invocations/${owner}/${how}`, { method: 'PATCH' })
    assert.ok(answer.ok, await answer.text())
    if (how === 'kill') {
      await waitUntil('the batch is dead', async () => (await statusOf(owner)) === 'completed')
      // The claims run out at once, which would otherwise take two minutes.
      await client.query('update claims set expires_at = now() where owner = $1', [owner])
    }
    const responses = await Promise.all(others)
    releaseAnswers()
    for (const shape of range(0, 5)) assert.equal(timesAsked(shape), 2)
    assert.equal(timesAsked(5), 1)
    assert.deepEqual(addUp(responses), { model: 6, reuse: 30, escalation: 0 })
  })
}

test('kill -9 of the replica while twenty batches share shapes: all end, no shape is asked more than once again', async () => {
  const { promise: answersHeld, resolve: releaseAnswers } = Promise.withResolvers<void>()
  answerBy((_, index) => (index >= 2 && index < 6 ? { after: answersHeld } : {}))
  const shapesOf = (batch: number) => range(0, 10).map((n) => (batch * 2 + n) % 44)
  const batches = range(0, BATCHES).map((batch) => classify(batch, shapesOf(batch), { options: { pack: 5 } }))
  await untilBegun(BATCHES)
  await waitUntil('the model is asked six times', () => model.asked.length > 5)
  process.kill(stack.pids().replica ?? 0, 'SIGKILL')
  releaseAnswers()
  const responses = await Promise.all(batches)
  assert.ok(responses.every(({ results }) => results.every((result) => result.status === 'accepted')))
  const shapes = [...new Set(range(0, BATCHES).flatMap(shapesOf))]
  for (const shape of shapes) assert.ok(timesAsked(shape) <= 2, `shape ${shape} was asked ${timesAsked(shape)} times`)
  assert.equal(addUp(responses).model, shapes.length)
})

async function statusOf(invocation: string): Promise<string> {
  const rows = await query(`select status from sys_invocation where id = '${invocation}'`)
  return String(rows[0]?.status ?? 'completed')
}

async function query(statement: string): Promise<readonly Record<string, unknown>[]> {
  const response = await fetch(`${stack.adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: statement }),
  })
  return ((await response.json()) as { rows: Record<string, unknown>[] }).rows
}
