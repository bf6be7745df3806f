/** Tests of whether an earlier result still holds: for as long as content, codebook, prompt, model and the rules say the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SourcedDecision } from '../../../../src/classification/merge.ts'
import { PROMPT_VERSION } from '../../../../src/classification/prompt.ts'
import { buildClassification } from '../../../../src/classification/result.ts'
import type { PreparedScheme } from '../../../../src/classification/scheme.ts'
import type { Mode, Reading } from '../../../../src/classification/types.ts'
import type { Prepared } from '../../../../src/restate/batch/prepare.ts'
import type { BatchOptions } from '../../../../src/restate/batch/types.ts'
import { isStillValid } from '../../../../src/restate/batch/unchanged.ts'
import type { LatestResult } from '../../../../src/store/types.ts'
import { decisionOf, findingOf, indicatorOf, readingOf, trusting } from '../../../helpers/codebooks/readings.ts'
import { decided, economic, goodOf, RIGHT, shop, shopReading } from '../../classification/schemes.ts'
import { OPTIONS } from '../options.ts'

const MODEL = 'm1'

const prepared = (reading: Reading): Prepared => {
  const hashes = { inputHash: 'i1', shape: '{}', shapeHash: 's1', humanHashes: ['h1'] }
  return { indicator: indicatorOf(), reading, audit: false, ...hashes }
}

interface Given {
  readonly scheme?: PreparedScheme
  readonly mode?: Mode
  readonly decisions?: readonly SourcedDecision[]
}

/** A stored result as it was made of a reading and answers. */
function stored(reading: Reading, { scheme = economic, mode = 'hybrid', decisions = [] }: Given = {}): LatestResult {
  const classification = buildClassification({
    ...{ scheme, indicator: scheme === shop ? goodOf() : indicatorOf(), catalogue: 'c', mode, reading, decisions },
    ...{ unanswered: {}, promptVersion: PROMPT_VERSION, runId: 'r1', classifiedAt: '2026-11-28T00:00:00.000Z' },
  })
  const askedModel = decisions.length === 0 ? null : MODEL
  return { classification, inputHash: 'i1', mode, askedModel, unanswered: false }
}

/** The run of the stored results. */
const SAME = { model: MODEL, runId: 'r1' }
/** The run that asks whether results hold; stored results are of run r1. */
const LATER = { model: MODEL, runId: 'r2' }

function holds(
  known: LatestResult,
  reading: Reading,
  options: Partial<BatchOptions> = {},
  { scheme = economic, now = LATER } = {},
): boolean {
  return isStillValid(scheme, known, prepared(reading), { ...OPTIONS, ...options }, now)
}

const by = (decision: SourcedDecision['decision'], source: SourcedDecision['source']): SourcedDecision => {
  return { decision, source, model: source === 'person' ? null : MODEL, isGuess: false }
}

const SETTLED = readingOf()
/** What a model says of every field that it is asked for, some of it against the rules. */
const LABELS_OF_MODEL = {
  ...{ type: 'balance', temporal_aggregation: 'period-total', orientation: 'higher-is-positive' },
  ...{ unit_kind: 'currency', unit_scale: 1e6, unit_currency: 'EUR', unit_per: null, frequency: 'monthly' },
}
const OPEN_ORIENTATION = readingOf({ orientation: findingOf('higher-is-positive', false) })
const BETTER_UNIT = readingOf({ unit_scale: findingOf(1e9) })

test('a result of the rules stands while they read the same in every field that they decide', () => {
  const byRules = stored(SETTLED)
  assert.equal(holds(byRules, SETTLED), true)
  assert.equal(holds(byRules, BETTER_UNIT), false)
  assert.equal(holds(byRules, readingOf({ type: findingOf('balance', false) })), false)
  assert.equal(holds(byRules, readingOf({ frequency: findingOf('annual') })), false)
  const cumulative = { cumulative_pattern: findingOf('year-to-date'), cumulative_reset_month: findingOf(1) }
  assert.equal(holds(stored(SETTLED, { mode: 'rules' }), readingOf(cumulative), { mode: 'rules' }), false)
})

test('what a model decided stands where a rule becomes sure of another value, whether the catalogue trusts the rule or not', () => {
  const byModel = stored(OPEN_ORIENTATION, { decisions: [by(decisionOf({ orientation: 'neutral' }), 'model')] })
  assert.equal(holds(byModel, OPEN_ORIENTATION), true)
  for (const orientation of [findingOf('higher-is-positive'), { ...findingOf('higher-is-positive'), trusted: true }])
    assert.equal(holds(byModel, readingOf({ orientation })), true)
  assert.equal(holds(byModel, readingOf({ type: findingOf('balance') })), false, 'a rule decided this field')
  const inModelMode = { ...byModel, mode: 'model' as const }
  assert.equal(holds(inModelMode, SETTLED, { mode: 'model' }), true)
})

test('hybrid: a result falls in which a rule decided a field that the catalogue does not trust any more', () => {
  for (const before of [SETTLED, trusting(SETTLED)]) {
    const byRules = stored(before)
    for (const now of [SETTLED, trusting(SETTLED)]) assert.equal(holds(byRules, now), true)
    assert.equal(holds(byRules, trusting(SETTLED, false)), false)
    const { type = assert.fail() } = SETTLED
    assert.equal(
      holds(byRules, { ...trusting(SETTLED), type: { ...type, trusted: false } }),
      false,
      'one field is enough',
    )
    assert.equal(holds(byRules, trusting(SETTLED, false), { mode: 'rules' }), true, 'rules may decide everything there')
  }
  const { cumulative_pattern: pattern = assert.fail() } = SETTLED
  const distrusted = { ...trusting(SETTLED), cumulative_pattern: { ...pattern, trusted: false } }
  assert.equal(holds(stored(trusting(SETTLED)), distrusted), true, 'no model could be asked for this field')
  const answered = stored(OPEN_ORIENTATION, { decisions: [by(decisionOf(), 'model')] })
  const fieldsOfRules = { ...trusting(SETTLED, false), orientation: findingOf('higher-is-positive', false) }
  assert.equal(holds(answered, fieldsOfRules), false)
})

test('the result of an audit stands in the later batch of its run, also with force and against trusted rules, and falls in no other', () => {
  const decisions = [by(decisionOf({ ...LABELS_OF_MODEL }), 'model')]
  const audited = stored(trusting(SETTLED, false), { mode: 'model', decisions })
  assert.equal(audited.classification.labels.type, 'balance')
  for (const now of [SETTLED, trusting(SETTLED), trusting(SETTLED, false)]) {
    for (const force of [false, true]) assert.equal(holds(audited, now, { force }, { now: SAME }), true)
    assert.equal(holds(audited, now), true)
    assert.equal(holds(audited, now, { force: true }), false, 'another run forces')
  }
  assert.equal(holds({ ...audited, unanswered: true }, SETTLED, {}, { now: SAME }), false)
  assert.equal(holds(audited, SETTLED, {}, { now: { ...SAME, model: 'm2' } }), false)
})

test("a person's result stands whatever the rules, the codebook, the mode and force are, and falls where it is overridden", () => {
  const byPerson = stored(SETTLED, { decisions: [by(decisionOf({ type: 'balance' }), 'person')] })
  assert.equal(holds(byPerson, BETTER_UNIT), true)
  assert.equal(holds(byPerson, SETTLED, { mode: 'model', force: true }), true)
  assert.equal(holds(byPerson, SETTLED, {}, { scheme: { ...economic, hash: 'other' } }), true)
  for (const overridePerson of [true, 'aside'] as const)
    assert.equal(holds(byPerson, SETTLED, { overridePerson }), false)
  assert.equal(holds({ ...byPerson, inputHash: 'i2' }, SETTLED), false)
})

test('a result falls with another content, codebook, prompt or model, with a stronger mode, and with force', () => {
  const byModel = stored(OPEN_ORIENTATION, { decisions: [by(decisionOf(), 'model')] })
  const { classification } = byModel
  assert.equal(holds(byModel, OPEN_ORIENTATION), true)
  assert.equal(holds({ ...byModel, inputHash: 'i2' }, OPEN_ORIENTATION), false)
  assert.equal(holds({ ...byModel, unanswered: true }, OPEN_ORIENTATION), false)
  assert.equal(holds({ ...byModel, askedModel: 'm2' }, OPEN_ORIENTATION), false)
  const older = { ...byModel, classification: { ...classification, prompt_version: 'p0' } }
  assert.equal(holds(older, OPEN_ORIENTATION), false)
  assert.equal(holds(byModel, OPEN_ORIENTATION, { force: true }), false)
  assert.equal(holds(byModel, OPEN_ORIENTATION, { mode: 'model' }), false)
  assert.equal(holds(byModel, OPEN_ORIENTATION, { mode: 'rules' }), true)
  assert.equal(holds(byModel, OPEN_ORIENTATION, {}, { scheme: { ...economic, hash: 'other' } }), false)
})

test('a result of the rules alone depends on no prompt and no model', () => {
  const byRules = stored(SETTLED)
  const older = { ...byRules, classification: { ...byRules.classification, prompt_version: 'p0' } }
  assert.equal(holds(older, SETTLED), true)
})

test('a field that does not apply brings no result down', () => {
  const reading = { ...shopReading(true), uses: findingOf(['garden'], true) }
  const known = stored(reading, { scheme: shop })
  assert.equal(known.classification.labels.weight, null)
  assert.equal(holds(known, reading, {}, { scheme: shop }), true)
  const byModel = stored({}, { scheme: shop, decisions: [by(decided({ ...RIGHT, uses: ['garden'] }), 'model')] })
  assert.equal(holds(byModel, { weight: findingOf(7, true) }, {}, { scheme: shop }), true)
  assert.equal(holds(byModel, { pack: findingOf(12, true) }, {}, { scheme: shop }), true, 'a model decided it')
})
