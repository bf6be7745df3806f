/** Audits of batches by their parts: the gates of a replica, the draw of indicators, and what an audit found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reading } from '../../../../src/classification/types.ts'
import { auditRank } from '../../../../src/evidence/gate/audit-plan.ts'
import { createFieldGates } from '../../../../src/evidence/gate/field-gates.ts'
import { NO_TRUST, withTrust } from '../../../../src/evidence/gate/trust.ts'
import { sha256 } from '../../../../src/lib/sha256.ts'
import { auditsOf, createAuditDraw, createEvidence, trustOf } from '../../../../src/restate/batch/audits.ts'
import type { Prepared } from '../../../../src/restate/batch/prepare.ts'
import type { BuiltResult } from '../../../../src/restate/batch/results.ts'
import type { BatchOptions } from '../../../../src/restate/batch/types.ts'
import type { EvidenceScope, Store, StoredAudit } from '../../../../src/store/types.ts'
import { findingOf, indicatorOf, readingOf } from '../../../helpers/codebooks/readings.ts'
import { classification } from '../../../helpers/store/batches.ts'
import { economic, shop } from '../../classification/schemes.ts'
import { OPTIONS } from '../options.ts'

const SCOPE: EvidenceScope = { catalogue: 'c', codebookHash: 'h' }
/** A target that six audits without a miss show. */
const LOW = 0.5

const auditOf = (number: number, parts: Partial<StoredAudit> = {}): StoredAudit => {
  const common = { field: 'type', rule: 'r', agreed: true, indicatorId: `i${number}`, model: 'm' }
  return { number, ...common, rank: null, runId: 'api', byPeople: false, ...parts }
}

/** A store of audits that tells what was read of it. */
function storeOf(audits: StoredAudit[]) {
  const reads: number[] = []
  const store: Pick<Store, 'findAudits'> = {
    async findAudits(_scope, after) {
      reads.push(after)
      const all = audits.toSorted((a, b) => a.number - b.number)
      return { audits: all.filter(({ number }) => number > after), total: all.length }
    },
  }
  return { store, reads, audits }
}

const countOf = async (evidence: ReturnType<typeof createEvidence>, target = LOW) =>
  (await evidence.gates(SCOPE, target)).verdicts().type?.audits ?? 0

test('a replica reads only the audits that came since it last looked', async () => {
  const { store, reads, audits } = storeOf([auditOf(3), auditOf(5)])
  const evidence = createEvidence(store)
  assert.equal(await countOf(evidence), 2)
  reads.length = 0
  assert.equal(await countOf(evidence), 2)
  audits.push(auditOf(6), auditOf(9))
  assert.equal(await countOf(evidence), 4)
  assert.equal(await countOf(evidence), 4)
  assert.deepEqual(reads, [5, 5, 9])
})

test('an audit that was stored late has the gates built anew in the order of the numbers', async () => {
  const { store, reads, audits } = storeOf([auditOf(20), auditOf(21)])
  const evidence = createEvidence(store)
  await countOf(evidence)
  audits.push(auditOf(4, { agreed: false }), auditOf(22))
  reads.length = 0
  const gates = await evidence.gates(SCOPE, LOW)
  assert.deepEqual(reads, [21, 0])
  const fresh = await createEvidence(store).gates(SCOPE, LOW)
  assert.deepEqual(gates.verdicts(), fresh.verdicts())
  assert.deepEqual([gates.verdicts().type?.audits, gates.verdicts().type?.misses], [4, 1])
  reads.length = 0
  assert.equal(await countOf(evidence), 4)
  assert.deepEqual(reads, [22])
})

test('batches that are planned at a time read the audits once for all that came meanwhile, and build nothing anew', async () => {
  const { store, reads, audits } = storeOf([auditOf(3)])
  const evidence = createEvidence(store)
  await countOf(evidence)
  reads.length = 0
  const counts = []
  for (let number = 4; number < 10; number += 1) {
    audits.push(auditOf(number))
    counts.push(countOf(evidence))
    await Promise.resolve()
  }
  const seen = await Promise.all(counts)
  for (const [index, count] of seen.entries()) assert.ok(count >= index + 2, `${count} of ${index + 2} audits`)
  assert.ok(reads.length < counts.length, `${reads.length} readings`)
  assert.ok(!reads.includes(0), 'all audits are read once')
})

/** The rules in the order in which a gate of a scripted store gets their audits, told by which are removed first. */
const verdictOf = async (audits: StoredAudit[], target = 0.9) =>
  (await createEvidence(storeOf(audits).store).gates(SCOPE, target)).verdicts().type

test('audits of a draw count in its order, whatever the order in which their batches ended', async () => {
  // Forty audits of one rule without a miss show the target, and misses that come later remove it again.
  const good = Array.from({ length: 40 }, (_, index) => auditOf(0, { rank: index / 100, runId: 'run' }))
  const bad = Array.from({ length: 8 }, (_, index) =>
    auditOf(0, { rank: 0.5 + index / 100, runId: 'run', agreed: false }),
  )
  const numbered = (audits: readonly StoredAudit[]) => audits.map((one, index) => ({ ...one, number: index + 1 }))
  const inOrder = await verdictOf(numbered([...good, ...bad]))
  assert.equal(inOrder?.removed.length, 1)
  for (const stored of [
    [...bad, ...good],
    [...good, ...bad].reverse(),
    [...good.slice(20), ...bad, ...good.slice(0, 20)],
  ])
    assert.deepEqual(await verdictOf(numbered(stored)), inOrder)
  const unranked = [...bad, ...good].map((one) => ({ ...one, rank: null }))
  assert.notDeepEqual(await verdictOf(numbered(unranked)), inOrder, 'without a draw the order of arrival counts')
})

test('runs follow one another in the order in which they began, and a draw that comes in has the gates built anew', async () => {
  const { store, reads, audits } = storeOf([
    auditOf(1, { rank: 0.9, runId: 'first' }),
    auditOf(2, { rank: 0.1, runId: 'second' }),
  ])
  const evidence = createEvidence(store)
  assert.equal(await countOf(evidence), 2)
  reads.length = 0
  audits.push(auditOf(3, { rank: 0.2, runId: 'first' }))
  assert.equal(await countOf(evidence), 3)
  assert.deepEqual(reads, [2, 0])
  // The order is now first 0.2, first 0.9, second 0.1: with misses at either end the charts differ.
  const agreed = (numbers: readonly number[]) => [
    ...audits.map((one) => ({ ...one, agreed: numbers.includes(one.number) })),
  ]
  const sequence = (...outcomes: boolean[]) =>
    verdictOf(outcomes.map((outcome, index) => auditOf(index + 1, { agreed: outcome })))
  assert.deepEqual(await verdictOf(agreed([2])), await sequence(false, false, true))
  assert.deepEqual(await verdictOf(agreed([3])), await sequence(true, false, false))
})

test('audits that were deleted have the gates built anew as well', async () => {
  const { store, audits } = storeOf([auditOf(1), auditOf(2), auditOf(3)])
  const evidence = createEvidence(store)
  assert.equal(await countOf(evidence), 3)
  audits.shift()
  assert.equal(await countOf(evidence), 2)
})

/** What people's labels say of a rule, or with the rule "model" of the model's answer. */
const labelOf = (number: number, parts: Partial<StoredAudit> = {}): StoredAudit =>
  auditOf(number, { rank: number / 1_000, runId: 'run', byPeople: true, model: '', ...parts })

test('labels of a certificate count beside the audits of its run, each answer of the model with its rule', async () => {
  const { store } = storeOf([
    auditOf(1, { indicatorId: 'a', runId: 'run', rank: 0.9 }),
    labelOf(2, { indicatorId: 'a' }),
    labelOf(3, { indicatorId: 'a', rule: 'model', model: 'm' }),
    // This answer was given to no audit, so that it is not what audits compare with.
    labelOf(4, { indicatorId: 'b', agreed: false }),
    labelOf(5, { indicatorId: 'b', rule: 'model', model: 'm', agreed: false }),
  ])
  const gates = await createEvidence(store).gates(SCOPE, LOW)
  assert.deepEqual(gates.sources('type'), [
    { source: 'rules', audits: 1, agreed: 1, labels: 2, right: 1 },
    { source: 'r', audits: 1, agreed: 1, labels: 2, right: 1 },
    { source: 'model', audits: 0, agreed: 0, labels: 2, right: 1 },
  ])
  const expected = createFieldGates(LOW)
  const outcome = { field: 'type', rule: 'r' }
  expected.add({ ...outcome, agreed: true })
  expected.addLabel({ ...outcome, right: true, modelRight: true, isBlind: true })
  expected.addLabel({ ...outcome, right: false, modelRight: false, isBlind: false })
  assert.deepEqual(gates.verdicts(), expected.verdicts())
  assert.equal(gates.rightness('type'), expected.rightness('type'))
  assert.deepEqual(gates.models(), ['m'])
})

test('labels count in the order of their draw, behind the audits that were stored before the first of them', async () => {
  const good = Array.from({ length: 40 }, (_, index) => labelOf(100 - index, { rank: index / 100 }))
  const bad = Array.from({ length: 8 }, (_, index) => labelOf(10 + index, { rank: 0.5 + index / 100, agreed: false }))
  // An audit of the same run with a later place in the draw of audits still comes before the labels.
  const inOrder = await verdictOf([auditOf(1, { runId: 'run', rank: 0.99, rule: 'other' }), ...good, ...bad])
  const expected = createFieldGates(0.9)
  expected.add({ field: 'type', rule: 'other', agreed: true })
  for (const { rule, agreed } of [...good, ...bad])
    expected.addLabel({ field: 'type', rule, right: agreed, modelRight: null, isBlind: false })
  assert.deepEqual(inOrder, expected.verdicts()['type'])
  assert.deepEqual([inOrder?.removed.length, inOrder?.removed[0]?.measure], [1, 'labels'])
})

test('labels that were decided otherwise, or wait again, have the gates built anew', async () => {
  const { store, audits } = storeOf([auditOf(1), labelOf(2), labelOf(3), labelOf(4)])
  const evidence = createEvidence(store)
  const rightOf = async () => (await evidence.gates(SCOPE, LOW)).sources('type')[0]?.right
  assert.equal(await rightOf(), 3)
  // A third decision: the outcome is deleted and stored anew with another number.
  audits.splice(2, 1, labelOf(5, { rank: 0.003, indicatorId: 'i3', agreed: false }))
  assert.equal(await rightOf(), 2)
  assert.equal(await rightOf(), 2)
  // Two people differ on a row, and those drawn after it wait: their outcomes are deleted.
  audits.splice(2)
  assert.equal(await rightOf(), 1)
  audits.push(auditOf(6), auditOf(7))
  assert.deepEqual([await rightOf(), (await evidence.gates(SCOPE, LOW)).sources('type')[0]?.audits], [1, 3])
})

test('batches that look at the same time count no audit twice', async () => {
  const { store, audits } = storeOf([auditOf(1)])
  const evidence = createEvidence(store)
  assert.deepEqual(await Promise.all([countOf(evidence), countOf(evidence), countOf(evidence)]), [1, 1, 1])
  for (let number = 2; number < 5; number += 1) audits.push(auditOf(number))
  assert.deepEqual(await Promise.all([countOf(evidence), countOf(evidence), countOf(evidence)]), [4, 4, 4])
  assert.equal(await countOf(evidence), 4)
})

test('each catalogue, codebook and target has its own gates, and a replica keeps those of fifty', async () => {
  const scopes: string[] = []
  const evidence = createEvidence({
    async findAudits({ catalogue, codebookHash }, after) {
      scopes.push(`${catalogue} ${codebookHash} ${after}`)
      const audits = catalogue === 'c' && codebookHash === 'h' && after < 8 ? [auditOf(8)] : []
      return { audits, total: catalogue === 'c' && codebookHash === 'h' ? 1 : 0 }
    },
  })
  assert.equal(await countOf(evidence), 1)
  assert.equal(await countOf(evidence, 0.97), 1)
  assert.deepEqual((await evidence.gates({ ...SCOPE, catalogue: 'other' }, LOW)).verdicts(), {})
  assert.deepEqual((await evidence.gates({ ...SCOPE, codebookHash: 'other' }, LOW)).verdicts(), {})
  scopes.length = 0
  await countOf(evidence)
  assert.deepEqual(scopes, ['c h 8'])
  for (let index = 0; index < 50; index += 1) await evidence.gates({ ...SCOPE, catalogue: `x${index}` }, LOW)
  scopes.length = 0
  await countOf(evidence)
  assert.equal(scopes[0], 'c h 0', 'the gates of the oldest were given up and are built anew')
})

test('trust is read where rules may have to earn it: not for the shipped evidence, mode model, or a codebook without rules', async () => {
  const audits = Array.from({ length: 6 }, (_, index) => auditOf(index + 1))
  const evidence = createEvidence(storeOf(audits).store)
  const nothing = createEvidence({ findAudits: async () => assert.fail('the audits were read') })
  const options: BatchOptions = { ...OPTIONS, target: LOW }
  assert.deepEqual(await trustOf(evidence, economic, 'c', options), { fields: ['type'], removed: {} })
  // Sentinel rows are asked as their catalogue would be, so that drift compares like with like.
  assert.deepEqual(await trustOf(evidence, economic, 'sentinel:c', options), { fields: ['type'], removed: {} })
  assert.deepEqual(await trustOf(evidence, economic, 'c', { ...options, target: 0.97 }), NO_TRUST)
  const inModeRules = await trustOf(evidence, economic, 'c', { ...options, mode: 'rules' })
  assert.deepEqual(inModeRules?.fields, ['type'], 'mode rules says by it what is accepted')
  assert.equal(await trustOf(nothing, economic, 'c', { ...options, target: null }), null)
  assert.equal(await trustOf(nothing, economic, 'c', { ...options, mode: 'model' }), null)
  assert.equal(await trustOf(nothing, shop, 'c', options), null)
})

const SURE = readingOf()
const UNSURE = readingOf(
  Object.fromEntries(Object.entries(SURE).map(([field, { value }]) => [field, findingOf(value, false)])),
)
const STEADY: BatchOptions = { ...OPTIONS, target: 0.97, audit: 'steady' }
const ids = Array.from({ length: 4_000 }, (_, index) => `ind-${index}`)
const drawnBy = (options: BatchOptions, seed = 'run-1', reading = SURE) => {
  const isAudited = createAuditDraw(economic, options, seed)
  return ids.filter((id) => isAudited(indicatorOf({ indicator_id: id }), reading))
}

test('a steady share is drawn by the hash of the id: the same in every replay and batch, another in each run', () => {
  const drawn = drawnBy(STEADY)
  assert.deepEqual(drawnBy(STEADY), drawn)
  // The share is 0.05 of 4,000; four standard errors are 55.
  assert.ok(Math.abs(drawn.length - 200) < 55, `${drawn.length} were drawn`)
  const half = drawn.filter((id) => Number(id.slice(4)) < 2_000).length
  assert.ok(Math.abs(half - drawn.length / 2) < 40, 'the draw goes on to the end')
  const other = drawnBy(STEADY, 'run-2')
  const both = other.filter((id) => drawn.includes(id)).length
  assert.ok(both < 40 && other.length > 0, `${both} of ${other.length} were drawn in both runs`)
  assert.ok(drawn.every((id) => /^[0-9a-f]{64}$/.test(sha256(id))))
})

test('all or none are drawn where the caller says so, and none where no audit could change anything', () => {
  assert.deepEqual(drawnBy({ ...STEADY, audit: 'all' }), ids)
  for (const options of [
    { ...STEADY, audit: 'none' },
    { ...STEADY, audit: 'all', target: null },
    { ...STEADY, audit: 'all', mode: 'model' },
    { ...STEADY, audit: 'all', mode: 'rules' },
    { ...STEADY, target: null },
  ] as const) {
    assert.deepEqual(drawnBy(options), [])
  }
})

test('an indicator is audited only where a rule is sure of a field that a model may be asked for', () => {
  const all: BatchOptions = { ...STEADY, audit: 'all' }
  assert.deepEqual(drawnBy(all, 'r', UNSURE), [])
  assert.deepEqual(drawnBy(all, 'r', {}), [])
  assert.deepEqual(drawnBy(all, 'r', { ...UNSURE, cumulative_pattern: findingOf('none') }), [])
  assert.deepEqual(drawnBy(all, 'r', { ...UNSURE, frequency: findingOf('monthly') }), ids)
})

/** An audited indicator with these findings. */
const preparedOf = (id: string, reading = SURE): Prepared => {
  const hashes = { inputHash: 'i', shape: '{}', shapeHash: 's', humanHashes: ['h'] }
  return { indicator: indicatorOf({ indicator_id: id }), reading: withTrust(reading, NO_TRUST), audit: true, ...hashes }
}

interface Built {
  readonly sources?: Readonly<Record<string, string>>
  readonly labels?: object
  readonly model?: string | null
  readonly isGuess?: boolean
  readonly isUnsaved?: boolean
}

/** The result of an audit of which a model said these labels. */
function builtOf({ sources = {}, labels = {}, model = 'm1', isGuess = false, isUnsaved = false }: Built): BuiltResult {
  const result = { ...classification('a'), labels: { ...labels } as never, field_source: sources, model }
  const toSave = { indicator: indicatorOf(), classification: result, inputHash: 'i', mode: 'model' as const }
  return {
    classification: result,
    toSave: isUnsaved ? null : { ...toSave, askedModel: 'm', unanswered: false },
    isGuess,
  }
}

/** A batch of run-1 whose caller drew the audits at these positions. */
const batchOf = (audits: readonly number[] = [0], audit: BatchOptions['audit'] = 'all') => {
  return { scheme: economic, plan: { audits }, options: { ...OPTIONS, audit }, runId: 'run-1' }
}
const found = (one: Prepared, built: BuiltResult, batch: Parameters<typeof auditsOf>[0] = batchOf()) =>
  auditsOf(batch, [one], [built]).map(({ field, agreed }) => `${field} ${agreed}`)

const BY_MODEL = { type: 'model', orientation: 'model', unit_scale: 'escalation', unit_currency: 'reuse' }
const LABELS = { type: 'flow', orientation: 'neutral', unit_scale: 1e6, unit_currency: 'EUR' }

test('an audit tells for each field whether the model agreed with the sure rule, with rule, indicator, model and place', () => {
  const built = builtOf({ sources: BY_MODEL, labels: LABELS })
  const rank = auditRank(sha256('a'), 'run-1')
  const common = { rule: 'test-rule', indicatorId: 'a', rank, model: 'm1' }
  assert.deepEqual(auditsOf(batchOf(), [preparedOf('a')], [built]), [
    { field: 'type', agreed: true, ...common },
    { field: 'orientation', agreed: false, ...common },
    { field: 'unit_scale', agreed: true, ...common },
    { field: 'unit_currency', agreed: false, ...common },
  ])
  const steady = auditsOf(batchOf([0], 'steady'), [preparedOf('a')], [built])
  assert.ok(steady.length === 4 && steady.every((one) => one.rank === null), 'a steady share has no order of a draw')
})

test('a field that the answer of the model left out is a disagreement, because nobody agreed with the rule', () => {
  const sources = { ...BY_MODEL, frequency: 'test-rule' }
  const said = found(preparedOf('a'), builtOf({ sources, labels: { ...LABELS, frequency: 'monthly' } }))
  assert.ok(said.includes('frequency false') && said.includes('type true'))
})

test('a field that no model is ever asked for is not audited, however sure its rule is', () => {
  const sources = { ...BY_MODEL, cumulative_pattern: 'test-rule', cumulative_reset_month: 'test-rule' }
  assert.equal(SURE.cumulative_pattern?.sure, true)
  const said = found(preparedOf('a'), builtOf({ sources, labels: { ...LABELS, cumulative_pattern: 'none' } }))
  assert.deepEqual(
    said.map((one) => one.split(' ')[0]),
    Object.keys(BY_MODEL),
  )
})

test('an answer that is reused for an audit counts, as it was given blind; one of a person does not', () => {
  const reused = { type: 'reuse', orientation: 'person' }
  assert.deepEqual(found(preparedOf('a'), builtOf({ sources: reused, labels: LABELS })), ['type true'])
})

test('a field without a sure rule, and one that does not apply, tells nothing', () => {
  const { orientation: _, ...rest }: Reading = { ...SURE, type: findingOf('flow', false) }
  assert.deepEqual(found(preparedOf('a', rest), builtOf({ sources: BY_MODEL, labels: LABELS })), [
    'unit_scale true',
    'unit_currency false',
  ])
  assert.deepEqual(found(preparedOf('a'), builtOf({ sources: {}, labels: LABELS })), [])
})

test('guesses of the offline model, unsaved results and results without a model tell nothing', () => {
  const built = { sources: BY_MODEL, labels: LABELS }
  assert.deepEqual(found(preparedOf('a'), builtOf({ ...built, isGuess: true })), [])
  assert.deepEqual(found(preparedOf('a'), builtOf({ ...built, isUnsaved: true })), [])
  assert.deepEqual(found(preparedOf('a'), builtOf({ ...built, model: null })), [])
})

test('only the positions of audits tell anything, and a plan without audits tells nothing', () => {
  const built = builtOf({ sources: BY_MODEL, labels: LABELS })
  assert.deepEqual(found(preparedOf('a'), built, batchOf([])), [])
  assert.deepEqual(found(preparedOf('a'), built, { ...batchOf(), plan: {} }), [])
  assert.deepEqual(found(preparedOf('a'), built, batchOf([7])), [], 'the batch has no such position')
  const both = auditsOf(batchOf([1]), [preparedOf('a'), preparedOf('b')], [built, built])
  assert.deepEqual([...new Set(both.map(({ indicatorId }) => indicatorId))], ['b'])
})

test('two lists of values agree whatever their order', () => {
  const reading = { type: findingOf(['a', 'b']) }
  const said = (labels: object) => found(preparedOf('a', reading), builtOf({ sources: { type: 'model' }, labels }))
  assert.deepEqual(said({ type: ['b', 'a'] }), ['type true'])
  assert.deepEqual(said({ type: ['a'] }), ['type false'])
})
