/** Open batches and chunks of release d053d5d finish under this release: what they send and answer has that release's form. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Labels } from '../../../../src/classification/types.ts'
import { ECONOMIC_INDICATORS } from '../../../../src/codebooks/economic-indicators/code.ts'
import { PaidAnswerError } from '../../../../src/llm/errors.ts'
import { answerChunk } from '../../../../src/restate/chunk/chunk.ts'
import type { ChunkReply, EarlierChunkRequest } from '../../../../src/restate/chunk-contract.ts'
import type { BatchToSave } from '../../../../src/store/types.ts'
import { type Asked, createWorld, type Said, type World } from '../batch-world.ts'
import { createJournal, type Entry } from '../journal.ts'

type Call = Extract<Entry, { step: 'call' }> & { readonly request: EarlierChunkRequest; readonly journal: Entry[] }

/** What release d053d5d journaled and saved; `made` in each file says how it was made. */
interface EarlierBatch {
  readonly request: { readonly indicators: readonly { readonly indicator_id: string }[] }
  readonly entries: readonly Entry[]
  readonly response: { readonly results: readonly Readonly<Record<string, unknown>>[] }
  readonly saved: BatchToSave
}

const fixture = <Content>(name: string) =>
  JSON.parse(
    readFileSync(new URL(`../../../fixtures/journals/d053d5d/${name}.json`, import.meta.url), 'utf8'),
  ) as Content
const batches = { batch: fixture<EarlierBatch>('batch'), 'waiting-batch': fixture<EarlierBatch>('waiting-batch') }
const chunk = fixture<{ request: EarlierChunkRequest; entries: Entry[]; reply: ChunkReply }>('chunk')
const callsOf = ({ entries }: EarlierBatch) => entries.filter((entry) => entry.step === 'call') as Call[]
const { parseDecision } = ECONOMIC_INDICATORS.earlier

const answer = (type: string, temporal_aggregation: string, orientation: string, confidence = 90) =>
  Object.fromEntries(
    Object.entries({ type, temporal_aggregation, orientation }).map(([field, value]) => [field, { value, confidence }]),
  )

/** The models of the fixtures: they say what they said when the fixtures were made. */
function says({ name, tier, nth }: Asked): Said {
  if (name === 'Zorbic attainment of the plain') return answer('stock', 'point-in-time', 'higher-is-positive')
  if (name === 'Ferric bearing') return answer('ratio', 'point-in-time', 'neutral', 95)
  if (name === 'Stannic lull') return answer('duration', 'period-average', 'lower-is-positive', 85)
  assert.equal(name, 'Plumbic reach')
  if (tier === 'escalation') return answer('capacity', 'point-in-time', 'higher-is-positive', 88)
  return nth === 0 ? null : answer('index', 'period-average', 'neutral', 40)
}

const worldOf = () => createWorld({ says, escalation: 'large' })
const decided = ({ type, temporal_aggregation, orientation, source }: Readonly<Record<string, unknown>>) => {
  return { type, temporal_aggregation, orientation, source }
}

/** Replays the first entries of a journal under this release and checks that all that follows is what the old release did. */
async function finishUnder(world: World, earlier: EarlierBatch, entries: readonly Entry[]): Promise<void> {
  const { response, journal } = await world.classify(earlier.request, entries)
  assert.deepEqual(
    world.chunks.map((one) => JSON.stringify(one)),
    callsOf(earlier).map(({ request }) => JSON.stringify(request)),
    'every chunk request is the same, byte by byte',
  )
  const nameOf = (entry: Entry) => ('name' in entry ? entry.name : entry.step)
  assert.deepEqual(journal.entries.map(nameOf), earlier.entries.map(nameOf))
  assert.deepEqual(response.results.map(decided), earlier.response.results.map(decided))
  const [saved] = world.store.batches
  assert.ok(saved)
  assert.equal(saved.batchId, earlier.saved.batchId)
  assert.deepEqual(saved.end?.claims, earlier.saved.end?.claims)
  assert.deepEqual(
    saved.results.map(({ indicator, inputHash }) => [indicator.indicator_id, inputHash]),
    earlier.saved.results.map(({ indicator, inputHash }) => [indicator.indicator_id, inputHash]),
  )
}

for (const [name, earlier] of Object.entries(batches)) {
  const lookups = earlier.entries.findLastIndex((entry) => entry.step === 'run' && /^look for/.test(entry.name))
  // Of the waiting batch every part is replayed that depends on what the other batch did.
  const first = Math.max(lookups, 0) + 1
  for (let length = first; length < earlier.entries.length; length += 1) {
    test(`${name}: with ${length} of ${earlier.entries.length} entries journaled it finishes under this release with the same labels`, async () => {
      await finishUnder(worldOf(), earlier, earlier.entries.slice(0, length))
    })
  }

  test(`${name}: its open chunks are answered by this release, and it gets the same labels`, async () => {
    const withoutReplies = earlier.entries.map((entry) => {
      return entry.step === 'call' ? { step: entry.step, request: entry.request } : entry
    })
    await finishUnder(worldOf(), earlier, withoutReplies.slice(0, -1))
  })
}

test('results of an earlier plan name its codebook, and answers of this release are not stored under its shapes', async () => {
  const { batch } = batches
  const replayed = worldOf()
  await replayed.classify(batch.request, batch.entries.slice(0, -1))
  const [saved] = replayed.store.batches
  assert.deepEqual(
    [...new Set(saved?.results.map(({ classification }) => classification.codebook))],
    ['economic-indicators@v1'],
  )
  assert.ok(saved?.results.every(({ classification }) => classification.codebook_hash === ''))
  assert.deepEqual(
    saved?.answers.map(({ shapeHash, decision, source }) => [shapeHash, decision.labels.type, source]),
    batch.saved.answers.map(({ shapeHash, decision, source }) => {
      return [shapeHash, (decision as unknown as Labels).type, source]
    }),
    'the old replicas answered by the codebook of the plan',
  )
  const asked = worldOf()
  await asked.classify(batch.request, batch.entries.slice(0, 1))
  assert.deepEqual(asked.store.batches[0]?.answers, [], 'this release answered by another codebook')
})

test('an earlier batch whose leader was answered while it planned gives that answer to the followers as well', async () => {
  const { batch } = batches
  const [plan] = cloneEntries(batch.entries)
  assert.ok(plan?.step === 'run')
  const value = plan.value as { ways: Record<string, unknown>[]; chunks: number[][]; claims?: unknown }
  const { ways } = value
  const { answer: stored } = ways[2] as { answer: object }
  ways[1] = { kind: 'reuse', answer: stored }
  value.chunks = [[6]]
  const { response } = await worldOf().classify(batch.request, [plan])
  const follower = response.results.find(({ indicator_id }) => indicator_id === 'follow')
  assert.deepEqual([follower?.type, follower?.source], ['multiplier', 'reuse'])
})

test('a chunk of an earlier release is answered in the form of that release', async () => {
  const world = worldOf()
  for (const { request, reply } of [...callsOf(batches.batch), ...callsOf(batches['waiting-batch'])]) {
    world.chunks.push(request)
    const given = await answerChunk(createJournal('inv_chunk').ctx, world.chunkDeps, request)
    const before = reply as ChunkReply
    assert.deepEqual(given.unanswered, before.unanswered)
    assert.deepEqual([given.asked_model, given.failure], [before.asked_model, null])
    assert.deepEqual(
      given.decisions.map(({ key, decision }) => [key, Object.keys(decision).sort(), parseDecision(decision).labels]),
      before.decisions.map(({ key, decision }) => [key, Object.keys(decision).sort(), parseDecision(decision).labels]),
    )
    assert.equal((given as { codebook_version?: string }).codebook_version, '2')
    assert.ok(!('codebook_hash' in given))
  }
  assert.deepEqual([...new Set(world.asked.map(({ ask }) => ask.join()))], ['type,temporal_aggregation,orientation'])
})

test('an outcome that an earlier release journaled is replied unchanged, and its waits are taken again', async () => {
  const world = worldOf()
  const { ctx } = createJournal('inv_chunk', chunk.entries)
  assert.deepEqual(await answerChunk(ctx, world.chunkDeps, chunk.request), chunk.reply)
  assert.deepEqual(world.asked, [], 'the model is not asked again')
  for (const earlier of [...callsOf(batches.batch), ...callsOf(batches['waiting-batch'])]) {
    const replayed = createJournal('inv_chunk', earlier.journal)
    assert.deepEqual(await answerChunk(replayed.ctx, world.chunkDeps, earlier.request), earlier.reply)
  }
})

test('a chunk of an earlier release that waited under that release is asked and answered in its form', async () => {
  const waits = chunk.entries.slice(0, -1)
  assert.deepEqual(
    waits.map(({ step }) => step),
    ['run', 'sleep', 'run', 'sleep'],
  )
  const { ctx } = createJournal('inv_chunk', waits)
  const reply = await answerChunk(ctx, worldOf().chunkDeps, chunk.request)
  assert.deepEqual(reply.unanswered, chunk.reply.unanswered)
  assert.deepEqual(
    reply.requests.map(({ outcome }) => outcome),
    chunk.reply.requests.map(({ outcome }) => outcome),
  )
  assert.deepEqual(parseDecision(reply.decisions[0]?.decision).labels.type, 'stock')
})

test('a chunk of an earlier form leaves out an answer that lacks one of its labels, and keeps the reason of a failed request', async () => {
  const partial = createWorld({ says: () => ({ type: 'stock', orientation: 'neutral' }) })
  const left = await answerChunk(createJournal('inv_chunk').ctx, partial.chunkDeps, chunk.request)
  assert.deepEqual(left.decisions, [])
  assert.deepEqual(left.unanswered, [
    { key: 'k1', code: 'no-answer', message: 'the model left it out' },
    { key: 'k2', code: 'no-answer', message: 'the model left it out' },
  ])
  assert.equal(partial.answered(), 0)

  const refusing = createWorld({
    says: () => {
      throw new PaidAnswerError('model-refused', 'the model refused', {
        usage: { input: 1, cachedInput: 0, cacheWriteInput: 0, output: 1 },
        costUsd: 0,
        model: 'small',
        latencyMs: 1,
        isEstimated: false,
      })
    },
  })
  const refused = await answerChunk(createJournal('inv_chunk').ctx, refusing.chunkDeps, chunk.request)
  assert.deepEqual(refused.unanswered, [
    { key: 'k1', code: 'model-refused', message: 'the model refused' },
    { key: 'k2', code: 'model-refused', message: 'the model refused' },
  ])
})

function cloneEntries(entries: readonly Entry[]): Entry[] {
  return JSON.parse(JSON.stringify(entries)) as Entry[]
}
