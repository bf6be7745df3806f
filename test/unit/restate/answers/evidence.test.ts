/** The handler classify-api/evidence: what the audits of a catalogue show, field by field. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerEvidence } from '../../../../src/restate/answers/evidence.ts'
import { createEvidence } from '../../../../src/restate/batch/audits.ts'
import { evidenceRequestSchema, evidenceResponseSchema } from '../../../../src/restate/contract.ts'
import type { StoredAudit } from '../../../../src/store/types.ts'
import { createWorld } from '../batch-world.ts'

const audits = (field: string, count: number, parts: Partial<StoredAudit> = {}) =>
  Array.from({ length: count }, (_, index): Omit<StoredAudit, 'number'> => {
    const place = { indicatorId: `i${index}`, rank: null, runId: 'run', byPeople: false }
    return { field, rule: 'r', agreed: true, model: 'm1', ...place, ...parts }
  })

/** The handler on a catalogue "c" with these audits by the default codebook. */
async function handlerOf(given: readonly Omit<StoredAudit, 'number'>[]) {
  const { store, schemes } = createWorld({ says: () => null })
  const { hash: codebookHash } = await schemes.find(undefined)
  for (const one of given) store.audits.push({ ...one, number: store.audits.length + 1, catalogue: 'c', codebookHash })
  const deps = { evidence: createEvidence(store), schemes }
  return async (body: object) =>
    evidenceResponseSchema.parse(await answerEvidence(deps, evidenceRequestSchema.parse(body)))
}

test('each audited field has its verdict at the target, its counts and the rules that were removed', async () => {
  const ask = await handlerOf([
    ...audits('type', 140),
    ...audits('frequency', 40, { model: 'm2' }),
    ...audits('orientation', 30),
    ...audits('orientation', 12, { rule: 'bad', agreed: false }),
  ])
  const found = await ask({ catalogue: 'c' })
  assert.deepEqual([found.catalogue, found.codebook, found.target], ['c', 'economic-indicators@2', 0.97])
  assert.deepEqual(found.models, ['m1', 'm2'])
  assert.deepEqual(
    found.fields.map(({ field, state, counted, misses }) => [field, state, counted, misses]),
    [
      ['type', 'trusted', 140, 0],
      ['frequency', 'undecided', 40, 0],
      ['orientation', 'undecided', found.fields[2]?.counted, found.fields[2]?.misses],
    ],
  )
  const [type, frequency, orientation] = found.fields
  assert.ok(type !== undefined && type.bound >= 0.97 && type.expected_more === 0)
  assert.ok(frequency !== undefined && frequency.bound < 0.97 && (frequency.expected_more ?? 0) > 0)
  assert.deepEqual(
    orientation?.removed.map(({ rule, audits: count, misses }) => [rule, count === misses && misses > 0]),
    [['bad', true]],
  )
  const lower = await ask({ catalogue: 'c', target: 0.9 })
  assert.deepEqual([lower.target, lower.fields[1]?.state], [0.9, 'trusted'])
})

test('each field says by which measure it is decided, and what every source has shown', async () => {
  const byPeople = { byPeople: true, model: '' }
  const ask = await handlerOf([
    ...audits('type', 3, { rank: 0.1 }),
    ...audits('type', 150, byPeople).map((one, index) => ({ ...one, rank: index / 1_000 })),
    ...audits('type', 2, { ...byPeople, rule: 'model', model: 'm1' }).map((one) => ({ ...one, rank: 0 })),
    ...audits('frequency', 40, byPeople).map((one, index) => ({ ...one, rank: index / 1_000 })),
  ])
  const { fields } = await ask({ catalogue: 'c' })
  assert.deepEqual(
    fields.map(({ field, state, measure, counted }) => [field, state, measure, counted]),
    [
      ['type', 'trusted', 'labels', 150],
      ['frequency', 'undecided', 'audits', 0],
    ],
  )
  const [type, frequency] = fields
  assert.deepEqual(type?.sources, [
    { source: 'rules', audits: 3, agreed: 3, labels: 150, right: 150 },
    { source: 'r', audits: 3, agreed: 3, labels: 150, right: 150 },
    { source: 'model', audits: 0, agreed: 0, labels: 2, right: 2 },
  ])
  assert.equal(type?.rightness, 0, 'both were counted, and so few show nothing')
  assert.deepEqual([frequency?.sources?.[0]?.labels, frequency?.rightness], [40, null])
})

test('an answer of an earlier replica, which knows audits alone, is understood', () => {
  const counts = { audits: 3, counted: 3, misses: 0, bound: 0.5, expected_more: 9 }
  const field = { field: 'type', state: 'undecided', reason: null, ...counts, removed: [] }
  const body = { catalogue: 'c', codebook: 'b@1', target: 0.97, fields: [field] }
  assert.deepEqual(evidenceResponseSchema.parse(body), body)
})

test('a catalogue of which nothing was audited has no field and no model, and an unknown codebook is refused', async () => {
  const ask = await handlerOf(audits('type', 3))
  const { catalogue, fields, models } = await ask({})
  assert.deepEqual([catalogue, fields, models], ['default', [], []])
  await assert.rejects(ask({ codebook: 'none' }), { code: 'input-invalid' })
})

test('a request with another target than a share, or with an unknown property, is refused', () => {
  for (const body of [{ target: 97 }, { target: 0.4 }, { target: '0.9' }, { field: 'type' }, { catalogue: '' }])
    assert.equal(evidenceRequestSchema.safeParse(body).success, false)
})
