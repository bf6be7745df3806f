/** A replay under a later release takes the way of its journal: rounds and tries are those that the journal names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Context, RestatePromise } from '@restatedev/restate-sdk'
import { loadBuiltIns } from '../../../../src/catalogue/codebook-files.ts'
import { createSchemes } from '../../../../src/catalogue/schemes.ts'
import { MAX_ROUNDS } from '../../../../src/classification/chunks.ts'
import { questionOf } from '../../../../src/classification/question.ts'
import { askModel } from '../../../../src/restate/batch/ask-model.ts'
import { noAnswers } from '../../../../src/restate/batch/gather.ts'
import { prepare, readOptions } from '../../../../src/restate/batch/prepare.ts'
import type { Batch, BatchQuestion, Plan } from '../../../../src/restate/batch/types.ts'
import { answerChunk, MAX_TIMEOUTS, MAX_TRIES } from '../../../../src/restate/chunk/chunk.ts'
import type { ChunkBody, ChunkReply, ChunkRequest } from '../../../../src/restate/chunk-contract.ts'
import type { Store } from '../../../../src/store/types.ts'
import { UNAUDITED } from '../options.ts'

const request = { indicators: [{ indicator_id: 'a', name: 'Zorbic attainment' }] }
const schemes = createSchemes(await loadBuiltIns(), null)
const scheme = await schemes.find(undefined)
const [known] = (await prepare(scheme, request, 'small', UNAUDITED)).prepared
const asked = known && questionOf(scheme, known.indicator, known.reading, { mode: 'hybrid' })
assert.ok(known && asked)
const { shape, shapeHash } = known
const question: BatchQuestion = { ...asked, shape, shapeHash, answers: [] }

/** Runs every step at once, unless the journal holds its result already. */
function contextOf(journal: unknown[] = []): Context {
  const context = {
    request: () => ({ id: 'inv_1', attemptHeaders: new Map(), attemptCompletedSignal: new AbortController().signal }),
    run: (_name: string, action: () => unknown) =>
      RestatePromise.resolve(undefined).map(() => (journal.length > 0 ? journal.shift() : action())),
    sleep: async () => undefined,
    rand: { random: () => 0.5 },
  }
  return context as unknown as Context
}

/** How often a batch asks for an indicator that no chunk answers. */
async function roundsAsked(rounds: Pick<Plan, 'maxRounds'>): Promise<number> {
  const plan: Plan = {
    runStartedAt: '2026-01-01T00:00:00.000Z',
    models: { primary: 'small', escalation: null },
    codebook: { name: scheme.codebook.name, version: scheme.codebook.version, hash: scheme.hash },
    promptVersion: 'p1',
    ways: [{ kind: 'ask', ...question }],
    chunks: [[0]],
    warnings: [],
    ...rounds,
  }
  let calls = 0
  const callChunk = (_ctx: Context, chunk: ChunkBody) => {
    calls += 1
    assert.ok(!('group' in chunk), 'a plan without groups calls each request by itself')
    const unanswered = chunk.items.map(({ key }) => ({ key, code: 'no-answer', message: 'left out' }))
    const reply: ChunkReply = { asked_model: 'small', failure: null, decisions: [], unanswered, requests: [] }
    return RestatePromise.resolve(reply)
  }
  const fixed = {
    ctx: contextOf(),
    store: {} as Store,
    schemes,
    clock: Date,
    options: readOptions(request),
    owner: 'inv_1',
  }
  const batch: Batch = { ...fixed, catalogue: 'default', runId: 'r', plan, callChunk }
  await askModel(batch, noAnswers(), plan.chunks)
  return calls
}

test('a batch asks in as many rounds as its plan names, and in three where the plan is of a release that named none', async () => {
  assert.deepEqual(
    [await roundsAsked({ maxRounds: 1 }), await roundsAsked({ maxRounds: 5 }), await roundsAsked({})],
    [1, 5, 3],
  )
  assert.equal(await roundsAsked({ maxRounds: MAX_ROUNDS }), MAX_ROUNDS)
})

/** How many journaled tries a chunk reads before it gives up. */
async function triesRead(
  journaled: { readonly max_tries?: number; readonly max_timeouts?: number },
  code = 'model-unavailable',
): Promise<number> {
  const away = { kind: 'retry', asked_model: 'small', code, message: 'away', request: {} }
  const journal: unknown[] = Array.from({ length: 20 }, () => ({ ...away, ...journaled }))
  const deps = {} as Parameters<typeof answerChunk>[1]
  const chunk: ChunkRequest = { run_id: 'r', tier: 'primary', codebook_hash: scheme.hash, items: [] }
  const reply = await answerChunk(contextOf(journal), deps, chunk)
  assert.equal(reply.requests.length, 20 - journal.length)
  return 20 - journal.length
}

test('a chunk gives up after as many tries as its journal names, and after eight where an earlier release wrote it', async () => {
  assert.deepEqual(
    [await triesRead({ max_tries: 3 }), await triesRead({ max_tries: 12 }), await triesRead({})],
    [3, 12, 8],
  )
  assert.equal(await triesRead({ max_tries: MAX_TRIES }), MAX_TRIES)
})

test('a chunk gives up after two time-outs, and after eight where an earlier release wrote the journal', async () => {
  const limits = { max_tries: MAX_TRIES, max_timeouts: MAX_TIMEOUTS }
  assert.equal(await triesRead(limits, 'model-timeout'), 2)
  assert.equal(await triesRead(limits), MAX_TRIES)
  assert.deepEqual([await triesRead({}, 'model-timeout'), await triesRead({ max_tries: 5 }, 'model-timeout')], [8, 5])
})
