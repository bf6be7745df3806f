/** Tests of results: status, issues, confidence and source of each field, and the rule that a guess is never accepted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MODES } from '../../../src/classification/batch-request.ts'
import {
  CONFIDENCE_THRESHOLD,
  escalationReasonOf,
  findingConfidence,
  type SourcedDecision,
} from '../../../src/classification/merge.ts'
import { buildClassification, type ClassificationInput } from '../../../src/classification/result.ts'
import type { Decision, Finding, Labels, Reading } from '../../../src/classification/types.ts'
import { rowConfidence } from '../../../src/evidence/confidence.ts'
import { decisionOf, findingOf, indicatorOf, readingOf, trusting } from '../../helpers/codebooks/readings.ts'
import { ASKED, decided, economic, goodOf, RIGHT, shop, shopReading } from './schemes.ts'

const OPEN_ORIENTATION = trusting(readingOf({ orientation: findingOf('higher-is-positive', false) }))
const CONTEXT = {
  ...{ catalogue: 'goods', unanswered: {}, promptVersion: 'p2', runId: 'r1' },
  classifiedAt: '2026-11-28T00:00:00.000Z',
}

function by(decision: Decision, source: SourcedDecision['source'] = 'model', isGuess = false): SourcedDecision {
  return { decision, source, model: source === 'person' ? null : `${source}-2026`, isGuess }
}

type Parts = Partial<ClassificationInput>

function classifyGood(parts: Parts = {}) {
  return buildClassification({
    ...{ ...CONTEXT, scheme: shop, indicator: goodOf(), mode: 'hybrid', reading: {}, decisions: [] },
    ...parts,
  })
}

function classifyEconomic(parts: Parts = {}) {
  return buildClassification({
    ...{ ...CONTEXT, scheme: economic, indicator: indicatorOf(), mode: 'hybrid', reading: trusting(readingOf()) },
    ...{ decisions: [], ...parts },
  })
}

const codes = ({ issues }: ReturnType<typeof classifyGood>) => issues.map(({ code }) => code)

test('decided by sure rules that the catalogue trusts: the whole result', () => {
  const calibration = economic.code?.calibration ?? assert.fail()
  const sureOf = (field: string) => findingConfidence(economic, field, true)
  const fields = [
    'type',
    'temporal_aggregation',
    'orientation',
    'unit_kind',
    'unit_scale',
    'unit_currency',
    'unit_per',
    'frequency',
  ]
  assert.deepEqual(classifyEconomic(), {
    indicator_id: 'A1',
    name: 'Exports',
    catalogue: 'goods',
    codebook: 'economic-indicators@2',
    codebook_hash: 'hash-of-economic-indicators',
    labels: {
      type: 'flow',
      family: 'physical-fundamental',
      temporal_aggregation: 'period-total',
      time_basis: 'per-period',
      orientation: 'higher-is-positive',
      unit_kind: 'currency',
      unit_scale: 1e6,
      unit_currency: 'USD',
      unit_per: null,
      frequency: 'monthly',
      cumulative_pattern: 'none',
      cumulative_reset_month: null,
    },
    field_confidence: {
      ...Object.fromEntries(fields.map((field) => [field, sureOf(field)])),
      family: sureOf('type'),
      time_basis: sureOf('temporal_aggregation'),
      cumulative_pattern: 0.5,
      cumulative_reset_month: 0.5,
    },
    field_source: Object.fromEntries(
      [...fields, 'cumulative_pattern', 'cumulative_reset_month'].map((field) => [field, 'test-rule']),
    ),
    confidence: rowConfidence(calibration, fields.map(sureOf)),
    source: 'rules',
    status: 'accepted',
    issues: [],
    reason:
      'It says flow. It says period-total. It says higher-is-positive. It says currency. It says 1000000. It says USD. ' +
      'It says null. It says monthly.',
    model: null,
    prompt_version: 'p2',
    run_id: 'r1',
    classified_at: '2026-11-28T00:00:00.000Z',
  })
})

test('decided by a model: every field has its source and its confidence, and derived ones those of their source', () => {
  const confidence = { shade: 0.7, uses: 0.8, pack: 0.9, origin: 1, weight: 0.95, maker: 0.85, product: 0.75 }
  const result = classifyGood({ decisions: [by({ labels: RIGHT, confidence, reason: 'because' })] })
  assert.deepEqual(result.labels, { ...RIGHT, tone: 'bright', shelf: null })
  assert.deepEqual(result.field_confidence, { ...confidence, tone: 0.7 })
  assert.deepEqual(result.field_source, Object.fromEntries(ASKED.map((name) => [name, 'model'])))
  assert.deepEqual(
    [result.confidence, result.source, result.status, result.reason, result.model, result.codebook],
    [0.7, 'model', 'accepted', 'because', 'model-2026', 'shop-goods@3'],
  )
})

test('mode rules: an unsure field makes the result unverified, and no answer is used', () => {
  const result = classifyEconomic({
    mode: 'rules',
    reading: OPEN_ORIENTATION,
    decisions: [by(decisionOf({ orientation: 'neutral' }))],
  })
  assert.equal(result.labels.orientation, 'higher-is-positive')
  assert.deepEqual(
    [result.source, result.status, result.field_confidence.orientation, result.model],
    ['rules', 'unverified', findingConfidence(economic, 'orientation', false), null],
  )
  assert.deepEqual(result.issues, [{ code: 'unsure', message: 'only a guess: orientation' }])
})

test('mode rules: a field that no rule reads needs a review, which names it', () => {
  const { product: _, ...reading } = trusting(shopReading(true))
  const result = classifyGood({ mode: 'rules', reading })
  assert.deepEqual([result.status, result.confidence, result.labels.product], ['needs-review', 0, null])
  assert.deepEqual(result.issues, [{ code: 'no-rule', message: 'no rule reads product' }])
  assert.equal(classifyGood({ mode: 'rules', reading: trusting(shopReading(true)) }).status, 'accepted')
})

test('a guess of the offline model is unverified, in every mode that uses it, also where it is reused', () => {
  for (const source of ['model', 'reuse', 'escalation'] as const) {
    for (const mode of ['hybrid', 'model'] as const) {
      const result = classifyGood({ mode, decisions: [by(decided(), source, true)] })
      assert.deepEqual([result.status, codes(result)], ['unverified', ['unsure']])
    }
  }
  const checked = [by(decided(), 'model', true), by(decided(), 'escalation')]
  assert.equal(classifyGood({ decisions: checked }).status, 'accepted')
  const partly = [by(decided({ ...RIGHT })), by(decided({ pack: 12 }), 'escalation', true)]
  assert.deepEqual(classifyGood({ decisions: partly }).issues.at(0)?.message, 'only a guess: pack')
})

test('what speaks against a guess sends it to review all the same', () => {
  const low = classifyGood({ decisions: [by(decided(RIGHT, 0.3), 'model', true)] })
  assert.deepEqual([low.status, codes(low)], ['needs-review', ['low-confidence', 'unsure']])
  const blocked = classifyGood({ mode: 'rules', reading: { ...shopReading(false), shade: findingOf('dark', false) } })
  assert.deepEqual([blocked.status, codes(blocked)], ['needs-review', ['unsure', 'dark-in-kitchen']])
})

test('hybrid: sure fields keep the value of the rules, the others take that of the answer', () => {
  const confidence = { type: 0.2, temporal_aggregation: 0.9, orientation: 0.9 }
  const decision = decisionOf({ orientation: 'neutral' }, { confidence })
  const result = classifyEconomic({ reading: OPEN_ORIENTATION, decisions: [by(decision)] })
  assert.deepEqual([result.labels.type, result.labels.orientation], ['flow', 'neutral'])
  assert.deepEqual([result.field_source.type, result.field_source.orientation], ['test-rule', 'model'])
  assert.deepEqual([result.source, result.status, result.field_confidence.orientation], ['model', 'accepted', 0.9])
  assert.equal(result.field_confidence.type, findingConfidence(economic, 'type', true))
  assert.deepEqual([result.model, result.reason], ['model-2026', 'money over a period'])
})

test('hybrid: an answer to fields of which the rules are sure decides nothing', () => {
  const result = classifyEconomic({ decisions: [by(decisionOf())] })
  assert.deepEqual([result.source, result.status, result.model], ['rules', 'accepted', null])
})

test('hybrid: an answer against a sure rule is a conflict, and the rule stands', () => {
  const result = classifyEconomic({ reading: OPEN_ORIENTATION, decisions: [by(decisionOf({ type: 'balance' }))] })
  assert.deepEqual([result.labels.type, result.source, result.status], ['flow', 'model', 'needs-review'])
  assert.deepEqual(result.issues, [
    { code: 'rule-conflict', message: 'type: the answer is balance, but the rule test-rule is sure of flow' },
  ])
})

test('mode model: the answer stands in all fields, and a sure rule against it is a conflict', () => {
  const decisions = [by(decisionOf({ type: 'balance' }), 'escalation')]
  const result = classifyEconomic({ mode: 'model', decisions })
  assert.deepEqual([result.labels.type, result.source, result.status], ['balance', 'escalation', 'needs-review'])
  assert.deepEqual(codes(result), ['rule-conflict'])
  const agreed = classifyEconomic({ mode: 'model', decisions: [by(decisionOf())] })
  assert.deepEqual([agreed.source, agreed.status, agreed.field_confidence.type], ['model', 'accepted', 0.9])
})

test('a row is no surer than the less sure of an answer and the rule that it contradicts', () => {
  const sure = findingConfidence(economic, 'type', true)
  for (const stated of [1, 0.65]) {
    const confidence = Object.fromEntries(economic.codebook.fields.map(({ name }) => [name, 1]))
    const decision = decisionOf({ type: 'balance' }, { confidence: { ...confidence, type: stated } })
    const result = classifyEconomic({ mode: 'model', decisions: [by(decision)] })
    assert.equal(result.field_confidence.type, stated)
    assert.ok(result.confidence <= Math.min(stated, sure), `${result.confidence}`)
  }
})

test('low confidence counts only where the answer decides, and names the field with what it needs', () => {
  const decisions = [by(decisionOf({}, { confidence: { type: 0.3, temporal_aggregation: 0.9, orientation: 0.9 } }))]
  const used = classifyEconomic({ mode: 'model', decisions })
  assert.deepEqual([used.status, used.field_confidence.type, codes(used)], ['needs-review', 0.3, ['low-confidence']])
  assert.ok(used.confidence <= 0.3)
  assert.equal(used.issues[0]?.message, `confidence too low: type has 0.3 and needs ${CONFIDENCE_THRESHOLD}`)
  const unused = classifyEconomic({ reading: OPEN_ORIENTATION, decisions })
  assert.deepEqual([unused.status, codes(unused)], ['accepted', []])
})

test('a field without the answer that was needed needs a review, with the reason', () => {
  const { product: _, ...partly } = RIGHT
  const missing = classifyGood({ decisions: [by(decided(partly))], unanswered: { product: 'none of the codes fits' } })
  assert.deepEqual(
    [missing.status, missing.labels.product, missing.confidence, missing.source],
    ['needs-review', null, 0, 'model'],
  )
  assert.deepEqual(missing.issues, [{ code: 'no-answer', message: 'product: none of the codes fits' }])
  const unasked = classifyGood({ decisions: [by(decided(partly))] })
  assert.equal(unasked.issues[0]?.message, 'product: no model answered')
})

test('without an answer the best guess of the rules stands, and is never accepted', () => {
  const unanswered = Object.fromEntries(ASKED.map((name) => [name, 'the model refused']))
  const guessed = classifyGood({ reading: shopReading(false), unanswered })
  assert.deepEqual([guessed.labels.shade, guessed.source, guessed.model], ['pale', 'rules', null])
  assert.deepEqual([guessed.status, codes(guessed)], ['needs-review', ['no-answer', 'unsure']])
  assert.equal(guessed.issues[0]?.message, `${ASKED.join(', ')}: the model refused`)
  const sure = classifyGood({ mode: 'model', reading: trusting(shopReading(true)), unanswered })
  assert.deepEqual([sure.source, sure.status, codes(sure)], ['rules', 'needs-review', ['no-answer']])
  for (const reading of [shopReading(true), trusting(shopReading(true), false)]) {
    const unchecked = classifyGood({ mode: 'model', reading, unanswered })
    assert.deepEqual([unchecked.status, codes(unchecked)], ['needs-review', ['no-answer', 'unchecked']])
  }
})

test('fields with different reasons have an issue each', () => {
  const result = classifyGood({ unanswered: { shade: 'a', pack: 'b', uses: 'a' } })
  assert.deepEqual(
    result.issues.map(({ message }) => message),
    ['shade, uses: a', 'pack: b', 'origin, maker, product: no model answered'],
  )
})

test('a field that does not apply is not missed, not doubted and no part of the result', () => {
  const labels = { ...RIGHT, uses: ['garden'], weight: 5 }
  const confidence = { ...decided(labels).confidence, weight: 0.1 }
  const said = classifyGood({ decisions: [by({ labels, confidence, reason: '' })] })
  const { weight: _, ...others } = labels
  const silent = classifyGood({ decisions: [by(decided(others))], unanswered: { weight: 'the model left it out' } })
  for (const result of [said, silent]) {
    assert.deepEqual([result.status, result.issues, result.labels.weight], ['accepted', [], null])
    assert.ok(!('weight' in result.field_source) && !('weight' in result.field_confidence))
    assert.equal(result.confidence, 0.9)
  }
})

test('a person wins over sure rules in every mode, without conflict', () => {
  for (const mode of MODES) {
    const decisions = [by(decisionOf({ type: 'balance' }), 'person')]
    const result = classifyEconomic({ mode, decisions })
    assert.deepEqual([result.labels.type, result.source, result.status], ['balance', 'person', 'accepted'])
    assert.deepEqual([result.field_source.type, result.field_source.unit_kind], ['person', 'test-rule'])
    assert.ok(!codes(result).includes('rule-conflict'))
  }
})

test("a person's full answer is never sent to review: not for low confidence, and not for a broken constraint", () => {
  const impossible = { ...RIGHT, shade: 'dark' }
  for (const mode of MODES) {
    for (const reading of [{}, shopReading(true), shopReading(false)]) {
      const result = classifyGood({ mode, reading, decisions: [by(decided(impossible, 0.1), 'person')] })
      assert.deepEqual([result.status, result.source, result.labels.shade], ['accepted', 'person', 'dark'])
      assert.deepEqual(codes(result), ['dark-in-kitchen'], 'what is odd is still told')
    }
  }
})

test("a person's partial answer settles its own fields: the guess beside it stays a guess, a gap stays a gap", () => {
  const partial = [by(decided({ shade: 'dark' }), 'person')]
  const reading = { ...shopReading(false), uses: findingOf(['garden'], false), weight: findingOf(null, false) }
  const guessed = classifyGood({ mode: 'rules', reading, decisions: partial })
  assert.deepEqual([guessed.status, guessed.source, codes(guessed)], ['unverified', 'person', ['unsure']])
  const gap = classifyGood({ decisions: partial })
  assert.deepEqual([gap.status, gap.confidence, codes(gap)], ['needs-review', 0, ['no-answer']])
  const rest = classifyGood({ decisions: [...partial, by(decided({ ...RIGHT, uses: ['garden'] }))] })
  assert.deepEqual([rest.status, rest.source, rest.model], ['accepted', 'person', 'model-2026'])
  const doubted = classifyGood({ decisions: [...partial, by(decided(RIGHT, 0.4))] })
  assert.equal(doubted.status, 'needs-review')
  const sure = { ...shopReading(true), shade: findingOf('pale', true) }
  assert.equal(classifyGood({ mode: 'rules', reading: sure, decisions: partial }).status, 'accepted')
})

test('what sure rules decided is accepted where the catalogue trusts them, and else unverified with its own issue', () => {
  for (const mode of ['rules', 'hybrid'] as const) {
    const accepted = classifyGood({ mode, reading: trusting(shopReading(true)) })
    assert.deepEqual([accepted.status, accepted.issues], ['accepted', []])
    const unchecked = classifyGood({ mode, reading: shopReading(true) })
    assert.deepEqual([unchecked.status, unchecked.source], ['unverified', 'rules'])
    const message = `decided by rules that nothing has checked on this catalogue: ${ASKED.join(', ')}`
    assert.deepEqual(unchecked.issues, [{ code: 'unchecked', message }])
    assert.equal(unchecked.confidence, accepted.confidence)
  }
  const distrusted = classifyGood({ mode: 'rules', reading: trusting(shopReading(true), false) })
  assert.deepEqual([distrusted.status, codes(distrusted)], ['unverified', ['unchecked']])
})

test('one unchecked field is enough for unverified, and it is told apart from a guess', () => {
  const { pack = assert.fail(), ...rest } = trusting(shopReading(true))
  const { trusted: _, ...unknown } = pack
  const one = classifyGood({ reading: { ...rest, pack: unknown } })
  assert.deepEqual([one.status, codes(one)], ['unverified', ['unchecked']])
  assert.match(one.issues[0]?.message ?? '', /: pack$/)
  const both = classifyGood({ mode: 'rules', reading: { ...rest, pack: unknown, shade: findingOf('pale', false) } })
  assert.deepEqual([both.status, codes(both)], ['unverified', ['unsure', 'unchecked']])
  assert.equal(both.issues[0]?.message, 'only a guess: shade')
  const doubted = classifyGood({ mode: 'rules', reading: { ...shopReading(true), shade: findingOf('dark') } })
  assert.deepEqual([doubted.status, codes(doubted)], ['needs-review', ['unchecked', 'dark-in-kitchen']])
})

test('hybrid: an answer decides where the catalogue does not trust the rule, without a conflict', () => {
  const decisions = [by(decided({ ...RIGHT, shade: 'none' }))]
  const result = classifyGood({ reading: trusting(shopReading(true), false), decisions })
  assert.deepEqual([result.labels.shade, result.source, result.status], ['none', 'model', 'accepted'])
  assert.deepEqual([result.issues, result.field_source.shade], [[], 'model'])
  const unasked = classifyGood({ reading: trusting(shopReading(true), false) })
  assert.deepEqual([unasked.status, codes(unasked)], ['unverified', ['unchecked']])
})

test('a result of a person stays accepted beside fields of rules that nothing has checked, which are still told', () => {
  const decisions = [by(decided({ shade: 'none' }), 'person')]
  for (const mode of MODES) {
    const checked = classifyGood({ mode, reading: trusting(shopReading(true)), decisions })
    assert.deepEqual([checked.status, checked.source, codes(checked)], ['accepted', 'person', []])
    for (const reading of [shopReading(true), trusting(shopReading(true), false)]) {
      const result = classifyGood({ mode, reading, decisions })
      assert.deepEqual([result.status, result.source, result.labels.shade], ['accepted', 'person', 'none'])
      assert.deepEqual(codes(result), ['unchecked'])
    }
  }
  const guessed = { ...shopReading(true), pack: findingOf(1, false) }
  assert.equal(classifyGood({ mode: 'rules', reading: guessed, decisions }).status, 'unverified')
  const withModel = classifyGood({ reading: guessed, decisions: [...decisions, by(decided({ pack: 1 }))] })
  assert.deepEqual([withModel.status, codes(withModel)], ['unverified', ['unchecked']], 'a model took part')
})

test('a result that cannot be right needs review', () => {
  const decisions = [by(decisionOf({ type: 'growth-rate' }))]
  const reading = {
    ...trusting(readingOf()),
    type: findingOf('flow', false),
    temporal_aggregation: findingOf('period-total', false),
    orientation: findingOf('neutral', false),
  }
  const result = classifyEconomic({ mode: 'model', reading, decisions })
  assert.deepEqual([result.status, codes(result)], ['needs-review', ['growth-rate-not-period-rate']])
  const noted = classifyGood({ decisions: [by(decided({ ...RIGHT, pack: 12 }))] })
  assert.deepEqual([noted.status, codes(noted)], ['accepted', ['dozen-without-use']])
})

test('the strongest source that decided a field is the source of the result', () => {
  const decisions = [
    by(decided({ shade: 'pale', uses: ['garden'], pack: 1 }), 'reuse'),
    by(decided({ origin: null, maker: null }, 0.9, 'first'), 'model'),
    by(decided({ product: '12' }, 0.9, 'second'), 'escalation'),
  ]
  const upTo = (count: number) => {
    const { source, model, reason } = classifyGood({ decisions: decisions.slice(0, count) })
    return [source, model, reason]
  }
  assert.deepEqual(upTo(0), ['rules', null, ''])
  assert.deepEqual(upTo(1), ['reuse', 'reuse-2026', 'it says so'])
  assert.deepEqual(upTo(2), ['model', 'model-2026', 'first'])
  assert.deepEqual(upTo(3), ['escalation', 'escalation-2026', 'second'])
})

const percent = fc.integer({ min: 0, max: 100 }).map((value) => value / 100)
const valuesOf = (field: string) => {
  const type = economic.codebook.field.get(field)?.type
  return type?.kind === 'values' ? type.values.map(({ value }) => value) : assert.fail(field)
}
const derivedOf = (field: string) => {
  const type = economic.codebook.field.get(field)?.type
  return type?.kind === 'derived' ? type.valueOf : assert.fail(field)
}
const threeLabels: fc.Arbitrary<Labels> = fc.record({
  type: fc.constantFrom(...valuesOf('type')),
  temporal_aggregation: fc.constantFrom(...valuesOf('temporal_aggregation')),
  orientation: fc.constantFrom(...valuesOf('orientation')),
})
const anyKind = fc.tuple(fc.boolean(), fc.constantFrom({}, { trusted: true }, { trusted: false }))
const anyReading = fc
  .tuple(threeLabels, fc.array(anyKind, { minLength: 3, maxLength: 3 }))
  .map(([labels, kinds]): Reading => {
    const three = Object.entries(labels).map(([name, value], at) => {
      const [sure, trust] = kinds[at] ?? [false, {}]
      return [name, { ...findingOf(value, sure), ...trust }] as const
    })
    return { ...trusting(readingOf()), ...Object.fromEntries(three) }
  })
const anyDecision = fc
  .record({
    labels: threeLabels,
    stated: fc.array(percent, { minLength: 3, maxLength: 3 }),
    source: fc.constantFrom('reuse', 'model', 'escalation', 'person'),
    isGuess: fc.boolean(),
  })
  .map(({ labels, stated, source, isGuess }) => {
    const confidence = Object.fromEntries(Object.keys(labels).map((name, at) => [name, stated[at] ?? 0]))
    return by({ labels, confidence, reason: 'r' }, source, isGuess && source !== 'person')
  })

test('whatever is merged, the result follows the policy', () => {
  fc.assert(
    fc.property(anyReading, fc.option(anyDecision), fc.constantFrom(...MODES), (reading, decision, mode) => {
      const decisions = decision === null ? [] : [decision]
      const result = classifyEconomic({ reading, decisions, mode })
      const isPerson = decision?.source === 'person'
      const isAnswerOf = (name: string, { sure, trusted }: Finding) => {
        const isAnswered = decision?.decision.labels[name] !== undefined && (isPerson || mode !== 'rules')
        return isAnswered && (isPerson || mode === 'model' || !sure || trusted === false)
      }
      const guessed = Object.entries(reading).filter(([name, finding]) =>
        isAnswerOf(name, finding) ? decision?.isGuess === true : !finding.sure,
      )
      const unchecked = Object.entries(reading).filter(
        ([name, finding]) => !isAnswerOf(name, finding) && finding.sure && finding.trusted !== true,
      )
      assert.equal(codes(result).includes('unchecked'), unchecked.length > 0)
      if (unchecked.length > 0) assert.notEqual(result.status, 'accepted')
      assert.equal(result.labels.family, derivedOf('family').get(String(result.labels.type)))
      assert.equal(result.labels.time_basis, derivedOf('time_basis').get(String(result.labels.temporal_aggregation)))
      assert.equal(result.field_confidence.family, result.field_confidence.type)
      assert.equal(result.model, result.source === 'rules' ? null : decision?.model)
      const askedFields = economic.codebook.fields.filter(({ asked }) => asked)
      const fieldConfidences = askedFields.flatMap(({ name }) => result.field_confidence[name] ?? [])
      assert.ok(result.confidence >= 0 && result.confidence <= Math.min(1, ...fieldConfidences))
      assert.ok(result.status === 'accepted' || result.issues.length > 0)
      if (guessed.length > 0) assert.notEqual(result.status, 'accepted')
      if (isPerson) assert.equal(result.status, 'accepted')
      else if (mode !== 'rules' && decision !== null) {
        const isDoubted = Object.entries(result.field_source).some(
          ([name, by]) => by === decision.source && (decision.decision.confidence[name] ?? 0) < CONFIDENCE_THRESHOLD,
        )
        if (isDoubted) assert.equal(result.status, 'needs-review')
        const reason = escalationReasonOf({ scheme: economic, reading, decisions, mode })
        assert.equal(reason !== null, result.status === 'needs-review')
      }
    }),
    { numRuns: 500 },
  )
})

test('records that read and answer alike share what follows from it, each with its own texts, and nobody can change it', () => {
  const answer = (reason: string, type = 'flow') =>
    by({ ...decisionOf(), reason, labels: { ...decisionOf().labels, type } })
  const reading = trusting(readingOf({ type: findingOf('flow', false) }))
  const [first, second, other] = [answer('one'), answer('two'), answer('one', 'stock')].map((decision, index) =>
    classifyEconomic({ reading, decisions: [decision], indicator: indicatorOf({ indicator_id: `A${index}` }) }),
  )
  assert.deepEqual([first?.reason, second?.reason, second?.indicator_id], ['one', 'two', 'A1'])
  assert.equal(first?.labels, second?.labels)
  assert.notDeepEqual(first?.labels, other?.labels)
  assert.throws(() => Object.assign(first?.labels ?? {}, { type: 'ratio' }), TypeError)
})
