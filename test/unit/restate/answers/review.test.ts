/** Decisions of people by the handler review: what is stored, who decided, what is refused with which words, and replays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Context } from '@restatedev/restate-sdk'
import type { PreparedScheme } from '../../../../src/classification/scheme.ts'
import { answerReview } from '../../../../src/restate/answers/review.ts'
import { CALLER_HEADER, type ReviewResponse, reviewRequestSchema } from '../../../../src/restate/contract.ts'
import { asTerminalError } from '../../../../src/restate/terminal-errors.ts'
import type { KnownIndicator, ReviewToSave, Store } from '../../../../src/store/types.ts'
import { createWorld } from '../batch-world.ts'
import { createJournal, type Entry } from '../journal.ts'
import { notes } from '../own-codebooks.ts'

const KINDS = `  - name: kinds
    title: Kinds
    multi: true
    max: 2
    values:
      - value: short
        definition: It is short.
      - value: long
        definition: It is long.
`
const NAMES = { a: 'Bread costs more', b: 'Jobs are lost', c: 'Bread costs more' }
type Id = keyof typeof NAMES

async function createDesk() {
  const world = createWorld({ says: () => ({ topic: 'prices', tone: 'good', kinds: ['short'] }) })
  await world.schemes.save(notes('1', KINDS), new Map())
  const scheme: PreparedScheme = await world.schemes.find('notes')
  const indicators = Object.entries(NAMES).map(([indicator_id, name]) => ({ indicator_id, name }))
  for (const catalogue of ['north', 'south'])
    await world.classify({
      codebook: 'notes',
      catalogue,
      indicators: catalogue === 'south' ? [indicators[0]] : indicators,
    })
  const saved: ReviewToSave[] = []
  const store: Store = {
    ...world.store,
    async findIndicators(scope, ids) {
      const found = ids.flatMap((id) => {
        const latest = world.store.latestOf(scope, id)
        const known = latest && { indicator: { indicator_id: id, name: NAMES[id as Id], sample_values: [] }, latest }
        return known === undefined ? [] : [[id, known satisfies KnownIndicator] as const]
      })
      return new Map(found)
    },
    async saveReview(review) {
      saved.push(review)
    },
  }
  /** Calls the handler with a body as it came; `known` is replayed first. */
  const call = async (
    body: object,
    { caller, known = [], through = store }: { caller?: string; known?: readonly Entry[]; through?: Store } = {},
  ): Promise<{ readonly answer: ReviewResponse; readonly entries: readonly Entry[] }> => {
    const journal = createJournal('review', known)
    const headers = new Map(caller === undefined ? [] : [[CALLER_HEADER, caller]])
    const ctx = { ...journal.ctx, request: () => ({ ...journal.ctx.request(), headers }) } as Context
    const request = reviewRequestSchema.parse({ codebook: 'notes', catalogue: 'north', ...body })
    const answer = await answerReview(ctx, { store: through, schemes: world.schemes }, request)
    return { answer, entries: journal.entries }
  }
  const refusal = async (body: object, caller?: string): Promise<string> => {
    const failed = await call(body, caller === undefined ? {} : { caller }).then(
      () => assert.fail('it was stored'),
      (error: unknown) => asTerminalError(error),
    )
    assert.equal(failed?.code, 400, failed?.message)
    assert.deepEqual(saved, [])
    return failed?.message ?? ''
  }
  return { world, scheme, store, saved, call, refusal }
}

test('decisions become results of a person in a run of their own, and answers of their shapes', async () => {
  const { saved, call, scheme } = await createDesk()
  const decisions = [
    { indicator_id: 'a', corrections: { Tone: 'Bad', kinds: ['short', 'long'] }, note: ' read\nit ' },
    { indicator_id: 'b', decision: 'accept' },
  ]
  const { answer } = await call({ by: 'anna', decisions })
  assert.deepEqual(
    [answer.run_id, answer.by, answer.accepted, answer.corrected, answer.shapes, answer.dry_run],
    ['review-a-random-id', 'anna', 1, 1, 2, false],
  )
  const before = { topic: 'prices', tone: 'good', place: null, kinds: ['short'] }
  const after = { ...before, tone: 'bad', kinds: ['short', 'long'] }
  assert.deepEqual(answer.items, [
    { indicator_id: 'a', catalogue: 'north', decision: 'correct', before, after },
    { indicator_id: 'b', catalogue: 'north', decision: 'accept', before, after: before },
  ])
  const [review, ...more] = saved
  assert.deepEqual(more, [])
  assert.deepEqual([review?.runId, review?.codebook, review?.decidedBy], ['review-a-random-id', 'notes', 'anna'])
  assert.deepEqual(review?.totals.bySource.person, 2)
  const [first] = review?.decisions ?? []
  const { source, status, confidence, reason, labels, codebook_hash: hash } = first?.after ?? {}
  assert.deepEqual([source, status, confidence, reason, hash], ['person', 'accepted', 1, 'read it (anna)', scheme.hash])
  assert.deepEqual([labels?.['tone'], labels?.['kinds']], ['bad', ['short', 'long']])
})

test('null takes the label of a field away where the field may have none, and is refused elsewhere', async () => {
  const { call, refusal } = await createDesk()
  assert.match(
    await refusal({ by: 'a', decisions: [{ indicator_id: 'a', corrections: { tone: null } }] }),
    /decisions\[0\], tone: needs a label\. Allowed: good, bad/,
  )
  const { answer } = await call({ by: 'a', decisions: [{ indicator_id: 'a', corrections: { kinds: null } }] })
  assert.deepEqual(answer.items[0]?.after['kinds'], [])
})

test('a token is noted beside the person, or in the place of one, and without either nothing is stored', async () => {
  const decisions = [{ indicator_id: 'a', decision: 'accept' }]
  for (const [by, caller, noted] of [
    ['anna', 'desk', 'anna (token desk)'],
    ['desk', 'desk', 'desk'],
    [undefined, 'desk', 'desk'],
    ['anna', undefined, 'anna'],
  ] as const) {
    const { saved, call } = await createDesk()
    const { answer } = await call({ by, decisions }, caller === undefined ? {} : { caller })
    assert.deepEqual([answer.by, saved[0]?.decidedBy], [noted, noted])
  }
  const { refusal } = await createDesk()
  assert.match(await refusal({ decisions }), /^input-invalid: by must name who decides/)
})

test('a refusal names every decision that is wrong, with field, value and the way out, and stores none', async () => {
  const { refusal } = await createDesk()
  const decisions = [
    { indicator_id: 'b', decision: 'accept' },
    { indicator_id: 'a', corrections: { tone: 'grand', colour: 'red' } },
    { indicator_id: 'x', decision: 'accept' },
    { indicator_id: 'b', corrections: { tone: 'bad' } },
  ]
  const message = await refusal({ by: 'anna', decisions })
  for (const part of [
    /^input-invalid: These decisions are wrong, and nothing was stored:/,
    /decisions\[1\], tone: "grand" is not in the codebook.*Allowed: good, bad/,
    /decisions\[1\], colour: is not a field that can be corrected/,
    /decisions\[2\], indicator_id: "x" is not in the database, catalogue "north" \(codebook notes\): classify it first/,
    /decisions\[3\], indicator_id: "b" is in decisions\[0\] already: decide it once/,
  ])
    assert.match(message, part)
  assert.match(
    await refusal({ by: 'anna', catalogue: undefined, decisions: [{ indicator_id: 'a', decision: 'accept' }] }),
    /"a" is in 2 catalogues, "north", "south": name one in catalogue$/,
  )
  const twins = ['a', 'c'].map((indicator_id, at) => ({
    indicator_id,
    corrections: { tone: at === 0 ? 'good' : 'bad' },
  }))
  assert.match(
    await refusal({ by: 'anna', decisions: twins }),
    /decisions\[1\], tone: is bad here and good in decisions\[0\]/,
  )
})

test('what the person saw must be what is stored', async () => {
  const { call, refusal } = await createDesk()
  const seen = (tone: unknown) => ({
    by: 'a',
    decisions: [{ indicator_id: 'a', decision: 'accept', labels: { tone } }],
  })
  assert.match(
    await refusal(seen('bad')),
    /decisions\[0\], tone: was seen as "bad", and the stored result says good: to change it, write tone=… into corrections/,
  )
  assert.match(await refusal(seen(null)), /tone: was seen as none, and the stored result says good/)
  assert.equal((await call(seen('good'))).answer.accepted, 1)
})

test('a body that decides nothing, or both, is refused by the schema', () => {
  const of = (decision: object) => reviewRequestSchema.safeParse({ by: 'a', decisions: [decision] }).success
  assert.ok(of({ indicator_id: 'a', decision: 'accept' }))
  assert.ok(of({ indicator_id: 'a', decision: 'correct', corrections: { tone: 'bad' } }))
  for (const more of [
    {},
    { decision: 'correct' },
    { corrections: {} },
    { decision: 'accept', corrections: { tone: 'bad' } },
    { decision: 'skip' },
    { corrections: { tone: true } },
    { decision: 'accept', colour: 'red' },
  ])
    assert.ok(!of({ indicator_id: 'a', ...more }), JSON.stringify(more))
  assert.ok(!reviewRequestSchema.safeParse({ by: 'a', decisions: [] }).success)
})

test('a dry run stores nothing and opens no run', async () => {
  const { saved, call, world } = await createDesk()
  const runs = world.store.runs.size
  const { answer, entries } = await call({
    by: 'a',
    dry_run: true,
    decisions: [{ indicator_id: 'a', decision: 'accept' }],
  })
  assert.deepEqual([answer.run_id, answer.dry_run, answer.accepted], [null, true, 1])
  assert.deepEqual([saved, entries.length, world.store.runs.size], [[], 1, runs])
})

test('a replay stores under the run of before, and tells the labels of before', async () => {
  const { call, saved, store } = await createDesk()
  const body = { by: 'a', decisions: [{ indicator_id: 'a', corrections: { tone: 'bad' } }] }
  const { answer, entries } = await call(body)
  assert.deepEqual(await call(body, { known: entries }), { answer, entries })
  assert.equal(saved.length, 1, 'a step that is journaled runs no more')
  // The answer to the step was lost: the result is the person's already.
  const after = saved[0]?.decisions[0]?.after
  const decided: Store = {
    ...store,
    findIndicators: async (scope, ids) => {
      const found = await store.findIndicators(scope, ids)
      const one = found.get('a')
      assert.ok(one !== undefined && after !== undefined)
      return new Map([['a', { ...one, latest: { ...one.latest, classification: after } }]])
    },
  }
  assert.deepEqual((await call(body, { known: entries.slice(0, 1), through: decided })).answer, answer)
  assert.deepEqual(
    saved.map(({ runId }) => runId),
    ['review-a-random-id', 'review-a-random-id'],
  )
})

test('a result that was classified anew between check and storing is not decided unseen', async () => {
  const { call, store, saved } = await createDesk()
  const body = { by: 'a', decisions: [{ indicator_id: 'a', decision: 'accept' }] }
  const { entries } = await call({ ...body, dry_run: true })
  const later: Store = {
    ...store,
    findIndicators: async (scope, ids) => {
      const found = await store.findIndicators(scope, ids)
      const one = found.get('a')
      assert.ok(one !== undefined)
      const { classification } = one.latest
      const labels = { ...classification.labels, tone: 'bad' }
      return new Map([['a', { ...one, latest: { ...one.latest, classification: { ...classification, labels } } }]])
    },
  }
  await assert.rejects(call(body, { known: entries, through: later }), {
    code: 'input-invalid',
    message: /decisions\[0\], tone: "a" was classified anew meanwhile; nothing was stored/,
  })
  assert.deepEqual(saved, [])
})
