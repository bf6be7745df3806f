/** A batch that waits for other batches, against a store that a test scripts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '@restatedev/restate-sdk'
import { loadBuiltIns } from '../../../../src/catalogue/codebook-files.ts'
import { createSchemes } from '../../../../src/catalogue/schemes.ts'
import { questionOf } from '../../../../src/classification/question.ts'
import { lookUpClaims } from '../../../../src/restate/batch/claim-lookup.ts'
import { claimsToEnd } from '../../../../src/restate/batch/claims.ts'
import { noAnswers } from '../../../../src/restate/batch/gather.ts'
import { prepare, readOptions } from '../../../../src/restate/batch/prepare.ts'
import { awaitAnswers } from '../../../../src/restate/batch/single-flight.ts'
import type { Batch, BatchQuestion, BatchState, Plan } from '../../../../src/restate/batch/types.ts'
import type { ClaimState, EndedClaim, Store, StoredAnswer } from '../../../../src/store/types.ts'
import { answer } from '../../../helpers/store/batches.ts'
import { UNAUDITED } from '../options.ts'

const request = { indicators: ['a', 'b'].map((id) => ({ indicator_id: id, name: `Zorbic attainment of ${id}` })) }
const schemes = createSchemes(await loadBuiltIns(), null)
const scheme = await schemes.find(undefined)
const questions = (await prepare(scheme, request, 'small', UNAUDITED)).prepared.map(
  ({ indicator, reading, shape, shapeHash }): BatchQuestion => {
    const question = questionOf(scheme, indicator, reading, { mode: 'hybrid' })
    assert.ok(question)
    return { ...question, shape, shapeHash, answers: [] }
  },
)
const [first, second] = questions
assert.ok(first && second)

const plan: Plan = {
  runStartedAt: '2026-01-01T00:00:00.000Z',
  models: { primary: 'small', escalation: null },
  codebook: { name: scheme.codebook.name, version: scheme.codebook.version, hash: scheme.hash },
  promptVersion: 'p1',
  ways: questions.map((question) => ({ kind: 'await', ...question })),
  chunks: [],
  warnings: [],
  claims: { at: '2026-01-01T00:00:00.000Z', shapeHashes: [] },
}

function storeOf(claims: readonly ClaimState[], answers: readonly StoredAnswer[] = []) {
  const store = {
    findClaims: async (hashes: readonly string[]) =>
      new Map(claims.filter(({ shapeHash }) => hashes.includes(shapeHash)).map((one) => [one.shapeHash, one])),
    findAnswers: async (hashes: readonly string[]) =>
      new Map(answers.filter(({ shapeHash }) => hashes.includes(shapeHash)).map((one) => [one.shapeHash, one])),
    claimShapes: async (_owner: string, hashes: readonly string[]) => ({ claimed: hashes, at: '' }),
    releaseClaims: async () => undefined,
    releaseClaimsOf: async () => 0,
  }
  return store as unknown as Store
}

function batchOf(store: Store): Batch {
  const ctx = {
    request: () => ({ attemptHeaders: new Map() }),
    run: async (_name: string, action: () => unknown) => await action(),
    sleep: async () => undefined,
  }
  return {
    ctx: ctx as unknown as Context,
    ...{ store, schemes, clock: Date, plan, catalogue: 'default' },
    options: readOptions(request),
    runId: 'r',
    owner: 'inv_1',
    callChunk: () => assert.fail('nothing is asked'),
  }
}

const ended = (shapeHash: string, failure: EndedClaim['failure']): ClaimState => {
  return { shapeHash, heldBy: null, ended: { shapeHash, failure } }
}

test('a batch that takes a claim over in the moment in which its run fails still holds it, to end it with that failure', async () => {
  const refused = { code: 'model-auth', message: 'the key is refused', fatal: true }
  const batch = batchOf(storeOf([ended(first.shapeHash, refused)]))
  const state: BatchState = { answers: noAnswers(), awaited: new Map(), claimed: [], shared: new Set() }
  await awaitAnswers(batch, state, [0, 1])
  assert.deepEqual(state.answers.failure, { code: 'model-auth', message: 'the key is refused' })
  assert.deepEqual(state.claimed, [1])
})

/** A stored answer to all fields that the first question asks, or to those in `fields`. */
function answerTo(fields: readonly string[] = first?.fields ?? []): StoredAnswer {
  const confidence = Object.fromEntries(fields.map((field) => [field, 0.9]))
  const labels = Object.fromEntries(fields.map((field) => [field, null]))
  return answer(first?.shapeHash ?? '', { decision: { labels, confidence, reason: '' } })
}

test('an answer to some of the fields settles a question only where the batch that asked says why the others have none', async () => {
  const part = answerTo(first.fields.slice(0, 1))
  const missing = { code: 'no-answer', message: 'the model left it out', fatal: false }
  const lookUp = (claims: readonly ClaimState[], answers: readonly StoredAnswer[]) =>
    lookUpClaims(batchOf(storeOf(claims, answers)), [0])
  assert.deepEqual(await lookUp([ended(first.shapeHash, null)], [answerTo()]), {
    settled: [{ position: 0, answer: answerTo() }],
    taken: [],
  })
  assert.deepEqual(await lookUp([ended(first.shapeHash, missing)], [part]), {
    settled: [{ position: 0, answer: part, failure: missing }],
    taken: [],
  })
  assert.deepEqual(await lookUp([ended(first.shapeHash, null)], [part]), {
    settled: [],
    taken: [[0]],
    partial: [{ position: 0, answer: part }],
  })
  const held = { shapeHash: first.shapeHash, heldBy: 'inv_2', ended: null }
  assert.deepEqual(await lookUp([held], [part]), { settled: [], taken: [] })
})

test('a shape that an attempt of the same step claimed before it was lost is taken, and not waited for', async () => {
  const own = { shapeHash: first.shapeHash, heldBy: 'inv_1', ended: null }
  assert.deepEqual(await lookUpClaims(batchOf(storeOf([own])), [0]), { settled: [], taken: [[0]] })
})

test('a batch that waited for an answer to some of the fields keeps the reason of the others alone', async () => {
  const [known = '', ...others] = first.fields
  const missing = { code: 'no-answer', message: 'the model left it out' }
  const claims = [ended(first.shapeHash, { ...missing, fatal: false }), ended(second.shapeHash, null)]
  const whole = { ...answerTo(second.fields), shapeHash: second.shapeHash }
  const state: BatchState = { answers: noAnswers(), awaited: new Map(), claimed: [], shared: new Set() }
  await awaitAnswers(batchOf(storeOf(claims, [answerTo([known]), whole])), state, [0, 1])
  assert.deepEqual([...state.awaited.keys()], [0, 1])
  assert.ok(others.length > 0)
  assert.deepEqual(state.answers.unanswered, new Map([[0, new Map(others.map((field) => [field, missing]))]]))
})

test('a claim ends with the reason of a field without an answer, with doubt, or with the failure of the run', () => {
  const decision = { labels: { type: 'stock' }, confidence: { type: 0.9 }, reason: '' }
  const versions = { askedModel: 'small', codebookHash: scheme.hash, promptVersion: 'p1' }
  const given = { decision, source: 'model', model: 'small', isGuess: false, ...versions } as const
  const missing = { code: 'none-of-these', message: 'none fits' }
  const failure = { code: 'model-auth', message: 'refused' } as const
  const outcome = (more: Partial<ReturnType<typeof noAnswers>>) => {
    const answers = { ...noAnswers(), decisions: new Map([[0, [given]]]), ...more }
    return claimsToEnd({ plan, owner: 'inv_1' }, answers, [0]).claims[0]?.failure
  }
  const unanswered = new Map([[0, new Map([['orientation', missing]])]])
  assert.equal(outcome({}), null)
  assert.deepEqual(outcome({ unanswered }), { ...missing, fatal: false })
  assert.deepEqual(outcome({ unanswered, failure }), { ...failure, fatal: true })
  assert.equal(outcome({ escalated: [0] })?.code, 'in-doubt')
  assert.deepEqual(outcome({ escalated: [0], failure }), { ...failure, fatal: true })
  assert.equal(outcome({ failure }), null, 'an answer that is settled stays one')
})
