/** Whole batches by the evidence of their catalogue: what is audited blind, what rules decide alone, and what a journal keeps of both. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askableFields } from '../../../../src/classification/fields.ts'
import type { Labels } from '../../../../src/classification/types.ts'
import { ServiceError } from '../../../../src/errors.ts'
import { OFFLINE_MODEL_NAME } from '../../../../src/lib/model-names.ts'
import { prepare, prepareOptionsOf, readOptions } from '../../../../src/restate/batch/prepare.ts'
import type { Plan } from '../../../../src/restate/batch/types.ts'
import type { StoredAudit } from '../../../../src/store/types.ts'
import { findingOf } from '../../../helpers/codebooks/readings.ts'
import { type Asked, createWorld, type World, type WorldOptions } from '../batch-world.ts'
import type { Journal } from '../journal.ts'
import { OPTIONS, UNAUDITED } from '../options.ts'

/** A series of which the rules are sure of every field. */
const series = (id: string, more: object = {}) => {
  return { indicator_id: id, name: 'Exports', units: 'USD Million', periodicity: 'Monthly', ...more }
}
/** What the rules say of it. */
const BY_RULES: Labels = {
  ...{ type: 'flow', temporal_aggregation: 'period-total', orientation: 'higher-is-positive' },
  ...{ unit_kind: 'currency', unit_scale: 1e6, unit_currency: 'USD', unit_per: null, frequency: 'monthly' },
}
const FIELDS = Object.keys(BY_RULES)
const SCOPE = { catalogue: 'default', codebook: 'economic-indicators' }

/** A model that says what the rules say, but for `labels`. */
const saying = (labels: Labels = {}): WorldOptions => ({
  says: ({ ask }) => Object.fromEntries(ask.map((field) => [field, { ...BY_RULES, ...labels }[field]])),
})

/** A target that six audits without a miss show. */
const LOW = 0.5
const request = (options: object = {}, more: object = {}) => {
  return { indicators: [series('a')], options: { target: LOW, audit: 'none', ...options }, ...more }
}

/** Stores audits without a miss in each of the fields: as many as show the low target, unless the test says otherwise. */
async function trustIn(
  world: World,
  fields: readonly string[],
  { count = 6, ...parts }: Partial<StoredAudit> & { readonly count?: number } = {},
): Promise<void> {
  const { hash: codebookHash } = await world.schemes.find(undefined)
  for (const field of fields) {
    for (let index = 0; index < count; index += 1) {
      const number = world.store.audits.length + 1
      const common = { field, rule: 'any', agreed: true, indicatorId: `x${number}`, rank: null, model: 'small' }
      const place = { catalogue: 'default', codebookHash, runId: 'earlier', byPeople: false, number }
      world.store.audits.push({ ...common, ...place, ...parts })
    }
  }
}

const shown = ({ ask, known, guess }: Asked) => ({ ask, known, guess })
const planOf = ({ entries }: Journal) => {
  const [first] = entries
  assert.ok(first?.step === 'run')
  return first.value as Plan
}
const pick = (labels: Labels, fields: readonly string[]) =>
  Object.fromEntries(Object.entries(labels).filter(([field]) => fields.includes(field)))

test('the series of these tests is one of which the rules are sure of every field that a model may be asked for', async () => {
  const scheme = await createWorld(saying()).schemes.find(undefined)
  const { prepared } = await prepare(scheme, { indicators: [series('a')] }, 'small', UNAUDITED)
  assert.deepEqual(
    askableFields(scheme.codebook).map(({ name }) => name),
    FIELDS,
  )
  for (const field of FIELDS) {
    assert.deepEqual([prepared[0]?.reading[field]?.sure, prepared[0]?.reading[field]?.value], [true, BY_RULES[field]])
  }
})

test('on a catalogue of which nothing is known the model is asked for every field, and shown what the rules guess', async () => {
  const world = createWorld(saying({ orientation: 'neutral' }))
  const { response, journal } = await world.classify(request())
  assert.deepEqual(world.asked.map(shown), [{ ask: FIELDS, known: {}, guess: BY_RULES }])
  const [result] = response.results
  assert.deepEqual([result?.orientation, result?.status, result?.source], ['neutral', 'accepted', 'model'])
  assert.deepEqual(result?.issues, [], 'an answer against a rule without evidence is no conflict')
  assert.deepEqual([planOf(journal).trust, planOf(journal).audits], [{ fields: [], removed: {} }, undefined])
  assert.deepEqual(world.store.audits, [], 'an answer that was not given blind is no audit')
})

test('an audit asks for every field blind, and tells where the model agreed', async () => {
  const world = createWorld(saying({ orientation: 'neutral' }))
  const { response, journal } = await world.classify(request({ audit: 'all' }, { run_id: 'run-a' }))
  assert.deepEqual(world.asked.map(shown), [{ ask: FIELDS, known: {}, guess: {} }])
  assert.deepEqual(planOf(journal).audits, [0])
  const [result] = response.results
  assert.deepEqual(
    [result?.orientation, result?.status, result?.source, result?.issues.length],
    ['neutral', 'accepted', 'model', 0],
  )
  const { results, audits = [] } = world.store.batches[0] ?? assert.fail()
  assert.deepEqual([results[0]?.mode, results[0]?.unanswered], ['model', false])
  assert.deepEqual(
    audits.map(({ field, agreed }) => [field, agreed]),
    FIELDS.map((field) => [field, field !== 'orientation']),
  )
  assert.ok(audits.every(({ indicatorId, model, rank }) => indicatorId === 'a' && model === 'small' && rank !== null))
  assert.equal(world.store.audits.length, FIELDS.length)
})

test('audited rows stay as they are in the later batch of their run, also with force and where rules have earned trust', async () => {
  for (const force of [false, true]) {
    const world = createWorld(saying({ orientation: 'neutral' }))
    await world.classify(request({ audit: 'all' }, { run_id: 'run-a', force }))
    await trustIn(world, FIELDS, { count: 20 })
    world.asked.length = 0
    const indicators = [series('a'), series('b')]
    const { response } = await world.classify(request({}, { run_id: 'run-a', force, indicators }))
    assert.deepEqual([response.summary.unchanged, response.summary.classified, world.asked.length], [1, 1, 0])
    assert.deepEqual(
      response.results.map(({ orientation, source }) => [orientation, source]),
      [
        ['neutral', 'model'],
        ['higher-is-positive', 'rules'],
      ],
    )
    const next = await world.classify(request({}, { run_id: 'run-b', force }))
    assert.equal(next.response.summary.unchanged, force ? 0 : 1)
  }
})

test('rules decide alone the fields in which the catalogue trusts them, and the others are asked with these as known', async () => {
  const world = createWorld(saying({ type: 'balance' }))
  const trusted = FIELDS.filter((field) => field !== 'type')
  await trustIn(world, trusted)
  const { response, journal } = await world.classify(request())
  assert.deepEqual(world.asked.map(shown), [{ ask: ['type'], known: pick(BY_RULES, trusted), guess: { type: 'flow' } }])
  const [result] = response.results
  assert.deepEqual([result?.type, result?.status, result?.issues.length], ['balance', 'accepted', 0])
  assert.deepEqual(planOf(journal).trust, { fields: trusted, removed: {} })
  const high = await world.classify(request({ target: 0.97 }, { catalogue: 'default', force: true }))
  assert.deepEqual(planOf(high.journal).trust?.fields, [], 'six audits show no target of 0.97')
  const elsewhere = await world.classify(request({ reuse: false }, { catalogue: 'other' }))
  assert.deepEqual(planOf(elsewhere.journal).trust?.fields, [], 'each catalogue has its own evidence')
})

test('where every field is trusted no model is asked, and the result is accepted', async () => {
  const world = createWorld(saying())
  await trustIn(world, FIELDS)
  const { response } = await world.classify(request())
  assert.deepEqual(
    [world.asked.length, response.results[0]?.status, response.results[0]?.source],
    [0, 'accepted', 'rules'],
  )
  assert.equal(response.summary.unverified, 0)
})

test('what a removed rule would decide is asked, while other rules go on to decide the field', async () => {
  const world = createWorld(saying())
  const scheme = await world.schemes.find(undefined)
  const { prepared } = await prepare(scheme, { indicators: [series('a')] }, 'small', UNAUDITED)
  const rule = prepared[0]?.reading.type?.rule ?? assert.fail()
  await trustIn(world, FIELDS, { count: 40 })
  await trustIn(world, ['type'], { count: 12, rule, agreed: false })
  await trustIn(world, ['type'], { count: 100, rule: 'other' })
  const { journal } = await world.classify(request({ target: 0.9 }))
  assert.deepEqual(planOf(journal).trust?.removed, { type: [rule] })
  assert.ok(planOf(journal).trust?.fields.includes('type'))
  assert.deepEqual(world.asked.map(shown), [
    { ask: ['type'], known: pick(BY_RULES, FIELDS.slice(1)), guess: { type: 'flow' } },
  ])
})

test('a result of rules falls when the catalogue trusts them no more, and the model is asked again', async () => {
  const world = createWorld(saying({ type: 'stock' }))
  await trustIn(world, FIELDS)
  await world.classify(request())
  assert.equal((await world.classify(request())).response.summary.unchanged, 1)
  const { hash } = await world.schemes.find(undefined)
  for (const [index, audit] of world.store.audits.entries())
    if (audit.field === 'type') world.store.audits[index] = { ...audit, codebookHash: `not ${hash}` }
  const { response } = await world.classify(request())
  assert.deepEqual([response.summary.unchanged, response.results[0]?.type], [0, 'stock'])
  assert.deepEqual(
    world.asked.map(({ ask }) => ask),
    [['type']],
  )
})

test('with the shipped evidence alone rules decide what they are sure of, unverified, and nothing is read or audited', async () => {
  const world = createWorld(saying())
  world.store.findAudits = async () => assert.fail('the audits were read')
  for (const audit of ['all', 'steady', 'none']) {
    const { response, journal } = await world.classify(request({ trust: 'shipped', audit }, { force: true }))
    const [result] = response.results
    assert.deepEqual([result?.status, result?.source, response.summary.unverified], ['unverified', 'rules', 1])
    assert.deepEqual(
      result?.issues.map(({ code }) => code),
      ['unchecked'],
    )
    assert.ok(!('trust' in planOf(journal)) && !('audits' in planOf(journal)))
  }
  assert.equal(world.asked.length, 0)
})

test('mode rules: what the catalogue trusts is accepted, all else is unverified, and nothing is audited', async () => {
  const world = createWorld(saying())
  const statusOf = async () => {
    const { response } = await world.classify(request({ mode: 'rules', audit: 'all' }, { force: true }))
    return response.results[0]?.status
  }
  assert.equal(await statusOf(), 'unverified')
  await trustIn(world, FIELDS)
  assert.equal(await statusOf(), 'accepted')
  assert.equal(world.asked.length, 0)
})

test('an audit goes to the escalation model blind as well, and what that says counts', async () => {
  const world = createWorld({
    escalation: 'large',
    says: ({ ask, tier }) =>
      Object.fromEntries(
        ask.map((field) => [field, { value: BY_RULES[field], confidence: tier === 'primary' ? 30 : 95 }]),
      ),
  })
  await world.classify(request({ audit: 'all' }))
  assert.deepEqual(
    world.asked.map((asked) => [asked.tier, shown(asked)]),
    ['primary', 'escalation'].map((tier) => [tier, { ask: FIELDS, known: {}, guess: {} }]),
  )
  assert.ok(world.store.audits.length === FIELDS.length && world.store.audits.every(({ model }) => model === 'large'))
})

test('a second question of an audit shows what the model answered before, and still no finding', async () => {
  const world = createWorld({
    says: ({ ask, nth }) => pick(BY_RULES, nth === 0 ? ['type'] : ask),
  })
  await world.classify(request({ audit: 'all' }))
  assert.deepEqual(world.asked.map(shown), [
    { ask: FIELDS, known: {}, guess: {} },
    { ask: FIELDS.slice(1), known: { type: 'flow' }, guess: {} },
  ])
  assert.equal(world.store.audits.length, FIELDS.length)
})

test('a field that the model leaves out for good is a disagreement, and the next batch of the run asks for it', async () => {
  let isSilent = true
  const world = createWorld({
    says: ({ ask }) => pick(BY_RULES, isSilent ? FIELDS.filter((field) => field !== 'frequency') : ask),
  })
  const { response } = await world.classify(request({ audit: 'all' }, { run_id: 'run-a' }))
  assert.equal(response.results[0]?.status, 'needs-review')
  assert.deepEqual(
    world.store.audits.flatMap(({ field, agreed }) => (agreed ? [] : [field])),
    ['frequency'],
  )
  isSilent = false
  const later = await world.classify(request({}, { run_id: 'run-a' }))
  assert.deepEqual([later.response.summary.unchanged, later.response.results[0]?.status], [0, 'accepted'])
  assert.equal(world.store.audits.length, FIELDS.length, 'an answer that was not blind adds no audit')
})

test('where the run fails, a row that was left open counts as no audit, and one that was answered does', async () => {
  const world = createWorld({
    says: ({ ask, nth, name }) => {
      if (nth > 0) throw new ServiceError('model-auth', 'the key is refused')
      return pick(BY_RULES, name === 'Exports' ? ask : ['type'])
    },
  })
  const indicators = [series('a'), series('b', { name: 'Imports' })]
  await assert.rejects(world.classify(request({ audit: 'all' }, { indicators })), { code: 'model-auth' })
  assert.deepEqual([...new Set(world.store.audits.map(({ indicatorId }) => indicatorId))], ['a'])
})

test('guesses of the offline model are no audits', async () => {
  const world = createWorld(saying())
  const { model } = world.chunkDeps
  const { ask } = model
  Object.assign(model, {
    ask: async (...given: Parameters<typeof ask>) => ({ ...(await ask(...given)), model: OFFLINE_MODEL_NAME }),
  })
  const { response } = await world.classify(request({ audit: 'all' }))
  assert.deepEqual([world.asked.length, response.results[0]?.status], [1, 'unverified'])
  assert.deepEqual(world.store.audits, [])
})

test('answers to audits and answers to other questions are never taken for one another, and audits of one shape share theirs', async () => {
  const world = createWorld(saying())
  await world.classify(request())
  const { response } = await world.classify(
    request({ audit: 'all' }, { indicators: ['b', 'c'].map((id) => series(id)) }),
  )
  assert.deepEqual(
    world.asked.map(({ guess }) => Object.keys(guess).length),
    [FIELDS.length, 0],
    'the stored answer was swayed by the guesses that it was shown',
  )
  assert.deepEqual(
    response.results.map(({ source }) => source),
    ['model', 'reuse'],
  )
  await world.classify(request({ audit: 'all' }, { indicators: [series('d')] }))
  assert.equal(world.asked.length, 2, 'the stored answer of an audit serves a later audit')
  assert.deepEqual([...new Set(world.store.audits.map(({ indicatorId }) => indicatorId))], ['b', 'c', 'd'])
  await world.classify(request({}, { indicators: [series('e')] }))
  assert.equal(world.asked.length, 2, 'the answer to a question with guesses serves its own kind')
})

test('a row whose earlier result still holds is not audited, and one that rules may not decide any more is', async () => {
  const world = createWorld(saying())
  await world.classify(request())
  const held = await world.classify(request({ audit: 'all' }))
  assert.deepEqual([held.response.summary.unchanged, planOf(held.journal).audits], [1, undefined])
  const byRules = createWorld(saying())
  await trustIn(byRules, FIELDS)
  await byRules.classify(request())
  const unchanged = await byRules.classify(request({ audit: 'all' }))
  assert.deepEqual([unchanged.response.summary.unchanged, planOf(unchanged.journal).audits], [1, undefined])
  byRules.store.audits.length = 0
  const { store } = byRules
  const audited = await createWorld({ ...saying(), store }).classify(request({ audit: 'all', reuse: false }))
  assert.deepEqual([audited.response.summary.unchanged, planOf(audited.journal).audits], [0, [0]])
  const forced = await byRules.classify(request({ audit: 'all', reuse: false }, { force: true }))
  assert.deepEqual([forced.response.summary.unchanged, planOf(forced.journal).audits], [0, [0]])
})

test('only rows of which a rule is sure are audited, beside others in the same batch', async () => {
  const world = createWorld({ says: ({ ask }) => pick({ ...BY_RULES, type: 'stock' }, ask) })
  const indicators = [
    series('z', { name: 'Zorbic attainment', units: 'zorbs', periodicity: 'now and then' }),
    series('a'),
  ]
  const { journal } = await world.classify(request({ audit: 'all' }, { indicators }))
  assert.deepEqual(planOf(journal).audits, [1])
  const guesses = world.asked.map(({ id, guess }) => [id, Object.keys(guess).length > 0])
  assert.deepEqual(guesses.toSorted(), [
    ['a', false],
    ['z', true],
  ])
})

test('a replay goes by the trust and the audits of its journal, whatever the evidence says by then', async () => {
  const indicators = [series('a'), series('b', { name: 'Imports' })]
  const body = request({ audit: 'all' }, { indicators, run_id: 'run-x' })
  const unaudited = request({}, { indicators, run_id: 'run-x' })
  const says = saying({ type: 'stock' })
  const without = ({ response }: Awaited<ReturnType<World['classify']>>) =>
    response.results.map(({ classified_at: _, ...result }) => result)

  for (const [given, fields] of [
    [body, []],
    [unaudited, []],
    [unaudited, FIELDS.slice(1)],
    [unaudited, FIELDS],
  ] as const) {
    const first = createWorld(says)
    await trustIn(first, fields)
    const made = await first.classify(given)
    for (let length = 1; length < made.journal.entries.length; length += 1) {
      for (const later of [[], FIELDS]) {
        const world = createWorld(says)
        await trustIn(world, later)
        const replayed = await world.classify(given, made.journal.entries.slice(0, length))
        assert.deepEqual(world.chunks, first.chunks)
        assert.deepEqual(without(replayed), without(made))
        assert.deepEqual(world.store.batches[0]?.audits, first.store.batches[0]?.audits)
      }
    }
  }
})

test('confidence follows the calibration of the catalogue, which the journal keeps for replays', async () => {
  const of = (confidence: number) => ({
    records: 120,
    rules: Object.fromEntries(FIELDS.map((field) => [field, { sure: confidence, guess: confidence / 2 }])),
    model: Object.fromEntries(FIELDS.map((field) => [field, confidence])),
    spread: 0,
  })
  const worldWith = async (calibration?: ReturnType<typeof of>, catalogue = 'default') => {
    const world = createWorld(saying())
    const { hash: codebookHash } = await world.schemes.find(undefined)
    if (calibration !== undefined)
      await world.store.calibrations.save({ catalogue, codebookHash }, 'run-0', calibration)
    return world
  }
  const shipped = await (await worldWith()).classify(request())
  const first = await (await worldWith(of(0.5))).classify(request())
  const [plain, own] = [shipped.response.results[0], first.response.results[0]]
  assert.ok(plain !== undefined && own !== undefined)
  for (const field of FIELDS) {
    assert.deepEqual([plain.field_source[field], own.field_source[field]], ['model', 'model'])
    const stated = plain.field_confidence[field] ?? 0
    assert.ok(stated > 0 && Math.abs((own.field_confidence[field] ?? 0) - stated / 2) < 0.001, field)
  }
  assert.equal(own.confidence, Math.min(...FIELDS.map((field) => own.field_confidence[field] ?? 0)))
  assert.deepEqual([planOf(first.journal).calibration, planOf(shipped.journal).calibration], [of(0.5), undefined])

  const replayed = await (await worldWith(of(0.9))).classify(request(), first.journal.entries.slice(0, 1))
  assert.deepEqual(replayed.response.results[0]?.field_confidence, own.field_confidence)
  const elsewhere = await (await worldWith(of(0.5), 'other')).classify(request())
  assert.deepEqual(elsewhere.response.results[0]?.field_confidence, plain.field_confidence)
  const rules = await (await worldWith(of(0.5))).classify(request({ mode: 'rules' }))
  assert.equal(rules.response.results[0]?.field_confidence.type, 0.5)
})

test('what a plan says of trust and audits is what its later steps read, and an earlier plan has neither', () => {
  const trust = { fields: ['type'], removed: {} }
  const indicator = { indicator_id: 'a', name: 'x', sample_values: [] }
  const reading = { type: findingOf('flow') }
  const planned = prepareOptionsOf({ trust, audits: [1] }, OPTIONS)
  assert.deepEqual([planned.mode, planned.trust], ['hybrid', trust])
  assert.deepEqual(
    [0, 1, 2].map((position) => planned.isAudit(indicator, reading, position)),
    [false, true, false],
  )
  const earlier = prepareOptionsOf({}, OPTIONS)
  assert.deepEqual([earlier.trust, earlier.isAudit(indicator, reading, 0)], [null, false])
})

test('a request that says nothing goes by the evidence of the catalogue at 0.97, and has a steady share audited', () => {
  const optionsOf = (options?: object) => {
    const { target, audit } = readOptions({ indicators: [], ...(options === undefined ? {} : { options }) })
    return { target, audit }
  }
  assert.deepEqual(optionsOf(), { target: 0.97, audit: 'steady' })
  assert.deepEqual(optionsOf({ trust: 'catalogue', target: 0.99, audit: 'none' }), { target: 0.99, audit: 'none' })
  assert.deepEqual(optionsOf({ trust: 'shipped' }), { target: null, audit: 'steady' })
  assert.deepEqual(optionsOf({ trust: 'shipped', target: 0.9 }), { target: null, audit: 'steady' })
})

test('callers by API have a steady share audited, at no order of a draw, and the rest is asked as before', async () => {
  const world = createWorld(saying())
  const all = Array.from({ length: 100 }, (_, index) => series(`s${index}`, { country: `Land ${index}` }))
  const drawn = new Set<string>()
  for (let run = 0; run < 3; run += 1) {
    const options = { audit: 'steady', reuse: false }
    const body = request(options, { indicators: all, run_id: `api-${run}`, force: true })
    const { journal } = await world.classify(body)
    const { audits = [] } = planOf(journal)
    assert.ok(audits.length > 0 && audits.length < 20, `${audits.length} of 100`)
    for (const position of audits) drawn.add(String(position))
    const again = await createWorld(saying()).classify(body)
    assert.deepEqual(planOf(again.journal).audits, audits, 'the same run draws the same rows')
  }
  assert.ok(drawn.size > 5)
  assert.ok(world.store.audits.length > 0 && world.store.audits.every(({ rank }) => rank === null))
  assert.ok(world.store.latestOf(SCOPE, 's0') !== undefined)
})

/** What the batches of a run count for it: rows classified anew, unchanged ones, and rows by what decided them. */
function countsOf({ store }: World, runId: string): readonly number[] {
  const all = new Map(store.batches.filter((one) => one.runId === runId).map((one) => [one.batchId, one.totals]))
  const sum = (read: (one: (typeof store.batches)[number]['totals']) => number) =>
    [...all.values()].reduce((total, one) => total + read(one), 0)
  const decided = sum(({ bySource }) => Object.values(bySource).reduce((total, one) => total + one, 0))
  return [sum((one) => one.indicators), sum((one) => one.classified), sum((one) => one.unchanged), decided]
}

test('every row counts once in its run, whether audits, batches of the file or both bring it, and however often', async () => {
  const rows = ['a', 'b', 'c', 'd'].map((id) => series(id, { name: `Exports of ${id}` }))
  const changed = rows.map((row, index) => (index < 2 ? { ...row, units: 'EUR Million' } : row))
  for (const isGuess of [false, true]) {
    const world = createWorld(saying())
    const run = (runId: string, indicators: readonly object[], audit: 'all' | 'none') =>
      world.classify(request({ audit }, { run_id: runId, indicators }))
    const { model } = world.chunkDeps
    const { ask } = model
    const name = isGuess ? { model: OFFLINE_MODEL_NAME } : {}
    Object.assign(model, {
      ask: async (...given: Parameters<typeof ask>) => ({ ...(await ask(...given)), ...name }),
    })
    await run('run-a', [...rows].reverse(), 'all')
    await run('run-a', rows, 'none')
    assert.deepEqual(countsOf(world, 'run-a'), [4, 4, 0, 4], `guess: ${isGuess}`)

    await run('run-b', [...changed].reverse(), 'all')
    await run('run-b', changed, 'none')
    await run('run-b', changed, 'none')
    assert.deepEqual(countsOf(world, 'run-b'), [4, 2, 2, 2], `guess: ${isGuess}`)
  }
})
