/** Tests of whether an earlier result still holds: for as long as content, codebook, prompt, model and the rules say the same. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packRuleOf } from '../../../src/classification/chunks.ts'
import type { SourcedDecision } from '../../../src/classification/merge.ts'
import { PROMPT_VERSION } from '../../../src/classification/prompt.ts'
import { buildClassification } from '../../../src/classification/result.ts'
import type { PreparedScheme } from '../../../src/classification/scheme.ts'
import type { Mode, Reading } from '../../../src/classification/types.ts'
import type { Prepared } from '../../../src/restate/batch/prepare.ts'
import type { BatchOptions } from '../../../src/restate/batch/types.ts'
import { isStillValid } from '../../../src/restate/batch/unchanged.ts'
import type { LatestResult } from '../../../src/store/types.ts'
import { decisionOf, findingOf, indicatorOf, readingOf } from '../../helpers/readings.ts'
import { decided, economic, goodOf, RIGHT, shop, shopReading } from '../classification/schemes.ts'

const OPTIONS: BatchOptions = { mode: 'hybrid', reuse: true, force: false, overridePerson: false, pack: packRuleOf(10) }
const MODEL = 'm1'

const prepared = (reading: Reading): Prepared => {
  const hashes = { inputHash: 'i1', shape: '{}', shapeHash: 's1', humanHashes: ['h1'] }
  return { indicator: indicatorOf(), reading, ...hashes }
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

function holds(known: LatestResult, reading: Reading, options: Partial<BatchOptions> = {}, scheme = economic): boolean {
  return isStillValid(scheme, known, prepared(reading), { ...OPTIONS, ...options }, MODEL)
}

const by = (decision: SourcedDecision['decision'], source: SourcedDecision['source']): SourcedDecision => {
  return { decision, source, model: source === 'person' ? null : MODEL, isGuess: false }
}

const SETTLED = readingOf()
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

test("a model's result stands until a rule becomes sure of another value of a field that the model decided", () => {
  const byModel = stored(OPEN_ORIENTATION, { decisions: [by(decisionOf({ orientation: 'neutral' }), 'model')] })
  assert.equal(holds(byModel, OPEN_ORIENTATION), true)
  assert.equal(holds(byModel, SETTLED), false)
  const inModelMode = { ...byModel, mode: 'model' as const }
  assert.equal(holds(inModelMode, SETTLED, { mode: 'model' }), true)
})

test("a person's result stands whatever the rules, the codebook, the mode and force are, and falls where it is overridden", () => {
  const byPerson = stored(SETTLED, { decisions: [by(decisionOf({ type: 'balance' }), 'person')] })
  assert.equal(holds(byPerson, BETTER_UNIT), true)
  assert.equal(holds(byPerson, SETTLED, { mode: 'model', force: true }), true)
  assert.equal(holds(byPerson, SETTLED, {}, { ...economic, hash: 'other' }), true)
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
  assert.equal(holds(byModel, OPEN_ORIENTATION, {}, { ...economic, hash: 'other' }), false)
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
  assert.equal(holds(known, reading, {}, shop), true)
  const byModel = stored({}, { scheme: shop, decisions: [by(decided({ ...RIGHT, uses: ['garden'] }), 'model')] })
  assert.equal(holds(byModel, { weight: findingOf(7, true) }, {}, shop), true)
  assert.equal(holds(byModel, { pack: findingOf(12, true) }, {}, shop), false)
})
