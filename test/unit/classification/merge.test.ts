/** Tests of how findings and answers are merged into labels, and of escalation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MODES } from '../../../src/classification/batch-request.ts'
import {
  CONFIDENCE_THRESHOLD,
  doubtfulFields,
  escalationReasonOf,
  findingConfidence,
  type MergeInput,
  mergeLabels,
  type SourcedDecision,
  thresholdOf,
} from '../../../src/classification/merge.ts'
import type { Finding, Labels, Reading } from '../../../src/classification/types.ts'
import { decisionOf, findingOf, readingOf, trusting } from '../../helpers/codebooks/readings.ts'
import { ASKED, decided, economic, RIGHT, shop, shopReading } from './schemes.ts'

const SETTLED = readingOf()
const OPEN_ORIENTATION = readingOf({ orientation: findingOf('higher-is-positive', false) })
const OPEN = readingOf({
  type: findingOf('flow', false),
  temporal_aggregation: findingOf('period-total', false),
  orientation: findingOf('neutral', false),
})

function by(
  decision: SourcedDecision['decision'],
  source: SourcedDecision['source'] = 'model',
  isGuess = false,
): SourcedDecision {
  return { decision, source, model: source === 'person' ? null : 'gpt-6-luna-2026', isGuess }
}

function economicInput(reading: Reading, labels: Labels | null, parts: Partial<MergeInput> = {}): MergeInput {
  const decisions = labels === null ? [] : [by(decisionOf(labels))]
  return { scheme: economic, mode: 'hybrid', reading, decisions, ...parts }
}

const confidenceOf = (type: number, temporal_aggregation = 0.9, orientation = 0.9) => ({
  confidence: { type, temporal_aggregation, orientation },
})

test('mode rules takes every finding and no answer but that of a person', () => {
  const given = { type: 'balance' }
  const merged = mergeLabels(economicInput(SETTLED, given, { mode: 'rules' }))
  assert.deepEqual([merged.labels.type, merged.decidedBy.type], ['flow', 'rules'])
  const decisions = [by(decisionOf(given), 'person')]
  const person = mergeLabels(economicInput(SETTLED, given, { mode: 'rules', decisions }))
  assert.deepEqual([person.labels.type, person.decidedBy.type], ['balance', 'person'])
  assert.deepEqual([merged.conflicts, person.conflicts], [[], []])
})

test('mode hybrid takes sure findings, and the answer for all other fields', () => {
  const merged = mergeLabels(economicInput(OPEN_ORIENTATION, { type: 'balance', orientation: 'neutral' }))
  assert.deepEqual([merged.labels.type, merged.labels.orientation], ['flow', 'neutral'])
  assert.deepEqual([merged.decidedBy.type, merged.decidedBy.orientation], ['rules', 'model'])
  assert.deepEqual(merged.conflicts, ['type'])
  assert.deepEqual([merged.guessed, merged.undecided], [[], []])
})

test('mode model takes the answer in all fields, and tells where a sure finding is against it', () => {
  const merged = mergeLabels(economicInput(SETTLED, { type: 'balance', orientation: 'neutral' }, { mode: 'model' }))
  assert.deepEqual([merged.labels.type, merged.labels.orientation], ['balance', 'neutral'])
  assert.deepEqual(merged.conflicts, ['type', 'orientation'])
  assert.equal(merged.decidedBy.unit_kind, 'rules')
})

test('mode hybrid takes the answer where the catalogue does not trust a sure finding, and tells of no conflict', () => {
  const distrusted = trusting(SETTLED, false)
  const merged = mergeLabels(economicInput(distrusted, { type: 'balance', orientation: 'neutral' }))
  assert.deepEqual([merged.labels.type, merged.decidedBy.type, merged.conflicts], ['balance', 'model', []])
  assert.equal(escalationReasonOf(economicInput(distrusted, { type: 'balance' })), null)
  assert.equal(escalationReasonOf(economicInput(distrusted, { type: 'balance' }, { mode: 'model' })), null)
  const trusted = mergeLabels(economicInput(trusting(SETTLED), { type: 'balance' }))
  assert.deepEqual([trusted.labels.type, trusted.decidedBy.type, trusted.conflicts], ['flow', 'rules', ['type']])
  const person = economicInput(trusting(SETTLED), null, { decisions: [by(decisionOf({ type: 'balance' }), 'person')] })
  assert.deepEqual([mergeLabels(person).labels.type, mergeLabels(person).conflicts], ['balance', []])
})

test('the fields are told that a sure rule decided and no evidence of the catalogue speaks for', () => {
  const unchecked = (reading: Reading, parts: Partial<MergeInput> = {}) =>
    mergeLabels({ scheme: shop, mode: 'hybrid', reading, decisions: [], ...parts }).unchecked
  assert.deepEqual(unchecked(shopReading(true)), ASKED)
  assert.deepEqual(unchecked(trusting(shopReading(true), false)), ASKED)
  assert.deepEqual(unchecked(trusting(shopReading(true))), [])
  assert.deepEqual(unchecked(shopReading(false)), [], 'a guess is told as a guess')
  assert.deepEqual(unchecked(trusting(shopReading(false))), [])
  assert.deepEqual(unchecked({ shelf: findingOf('top', true) }), [], 'no model could be asked for it')
  const answered = [by(decided({ shade: 'pale' }))]
  assert.ok(unchecked(shopReading(true), { decisions: answered }).includes('shade'), 'the answer decides nothing here')
  assert.ok(!unchecked(trusting(shopReading(true), false), { decisions: answered }).includes('shade'))
  assert.ok(!unchecked(shopReading(true), { decisions: [by(decided({ shade: 'dark' }), 'person')] }).includes('shade'))
  const modeRules = unchecked(trusting(shopReading(true), false), { mode: 'rules', decisions: answered })
  assert.deepEqual(modeRules, ASKED)
  const ruledOut = { ...shopReading(true), uses: findingOf(['garden'], true) }
  assert.ok(!unchecked(ruledOut).includes('weight'), 'the field does not apply')
})

test('the latest answer of a person counts for each field, else the latest answer', () => {
  const decisions = [
    by(decided({ shade: 'dark', pack: 12 }), 'person'),
    by(decided({ shade: 'pale', uses: ['garden'] }), 'reuse'),
    by(decided({ uses: ['office'], product: '11' }), 'model'),
    by(decided({ product: '12' }), 'escalation'),
    by(decided({ pack: 1 }), 'person'),
  ]
  const { labels, decidedBy } = mergeLabels({ scheme: shop, mode: 'model', reading: {}, decisions })
  assert.deepEqual(
    [labels.shade, labels.uses, labels.pack, labels.product, labels.tone],
    ['dark', ['office'], 1, '12', 'dim'],
  )
  assert.deepEqual(decidedBy, { shade: 'person', uses: 'model', pack: 'person', product: 'escalation' })
})

test('null is an answer, and nothing at all is none', () => {
  const decisions = [by(decided({ origin: null }))]
  const merged = mergeLabels({ scheme: shop, mode: 'hybrid', reading: {}, decisions })
  assert.deepEqual([merged.labels.origin, merged.decidedBy.origin], [null, 'model'])
  // The weight of goods applies where the use is known to be the kitchen, so it is not missed here.
  assert.deepEqual(merged.undecided, ['shade', 'uses', 'pack', 'maker', 'product'])
})

test('a guess is told: of a rule that is not sure, and of the offline model', () => {
  const guessed = (reading: Reading, decisions: SourcedDecision[] = []) =>
    mergeLabels({ scheme: shop, mode: 'hybrid', reading, decisions }).guessed
  assert.deepEqual(guessed(shopReading(false)), ASKED)
  assert.deepEqual(guessed(shopReading(true)), [])
  assert.deepEqual(guessed({ shelf: findingOf('top', false) }), [], 'no model could be asked for it')
  assert.deepEqual(guessed(shopReading(false), [by(decided({ ...RIGHT }))]), [])
  assert.deepEqual(guessed({}, [by(decided({ shade: 'pale' }), 'model', true)]), ['shade'])
  const later = [by(decided({ shade: 'pale' }), 'reuse', true), by(decided({ shade: 'pale' }))]
  assert.deepEqual(guessed({}, later), [])
})

test('a field that the labels rule out is null, and what was said of it decides nothing', () => {
  const decisions = [
    by({ labels: { uses: ['garden'], weight: 5 }, confidence: { uses: 0.9, weight: 0.1 }, reason: '' }, 'model', true),
  ]
  const reading = { weight: findingOf(4, false) }
  const input: MergeInput = { scheme: shop, mode: 'model', reading, decisions }
  const merged = mergeLabels(input)
  assert.equal(merged.labels.weight, null)
  assert.ok(!('weight' in merged.decidedBy) && !('weight' in merged.confidence))
  assert.deepEqual([merged.guessed, merged.undecided.includes('weight')], [['uses'], false])
  assert.deepEqual(doubtfulFields(input, merged), [])
  assert.equal(escalationReasonOf(input), null)
})

test('the confidence of a finding follows from the shipped calibration, and from nothing where there is none', () => {
  const { sure, guess } = economic.code?.calibration.rules['orientation'] ?? assert.fail()
  assert.equal(findingConfidence(economic, 'orientation', true), sure)
  assert.equal(findingConfidence(economic, 'orientation', false), guess)
  assert.ok(sure > guess && sure < 1)
  assert.equal(findingConfidence(shop, 'shade', true), 0.5)
  assert.equal(findingConfidence({ ...economic, code: null }, 'orientation', true), 0.5)
})

test('escalation: conflicts, answers that cannot be right, and low confidence in a field that the answer decides', () => {
  const reason = (reading: Reading, labels: Labels, parts = {}, mode: MergeInput['mode'] = 'hybrid') =>
    escalationReasonOf({ scheme: economic, mode, reading, decisions: [by(decisionOf(labels, parts))] })
  assert.equal(reason(OPEN, {}), null)
  assert.equal(reason(OPEN, {}, confidenceOf(CONFIDENCE_THRESHOLD)), null)
  assert.equal(reason(OPEN, {}, confidenceOf(0.59)), 'low-confidence')
  assert.equal(reason(OPEN_ORIENTATION, {}, confidenceOf(0.59)), null)
  assert.equal(reason(OPEN_ORIENTATION, {}, confidenceOf(0.59), 'model'), 'low-confidence')
  assert.equal(reason(OPEN_ORIENTATION, { type: 'balance' }), 'conflict')
  assert.equal(reason(OPEN, { type: 'growth-rate' }), 'conflict')
  assert.equal(reason(OPEN, { type: 'growth-rate' }, confidenceOf(0), 'rules'), null)
  const blocked = { ...RIGHT, shade: 'dark' }
  assert.equal(
    escalationReasonOf({ scheme: shop, mode: 'hybrid', reading: {}, decisions: [by(decided(blocked))] }),
    'conflict',
  )
})

test('an answer without a confidence for a field counts as unsure of it', () => {
  const decisions = [by({ labels: { shade: 'pale' }, confidence: {}, reason: '' })]
  const input: MergeInput = { scheme: shop, mode: 'hybrid', reading: {}, decisions }
  assert.deepEqual(doubtfulFields(input, mergeLabels(input)), ['shade'])
})

test('rules and people are never of too low a confidence', () => {
  const decisions = [by({ labels: { shade: 'dark' }, confidence: { shade: 0 }, reason: '' }, 'person')]
  const input: MergeInput = { scheme: shop, mode: 'hybrid', reading: shopReading(true), decisions }
  const merged = mergeLabels(input)
  assert.deepEqual([merged.decidedBy.shade, merged.confidence.pack], ['person', 0.5])
  assert.deepEqual(doubtfulFields(input, merged), [])
})

test('escalation: an answer against an unsure rule needs a higher confidence than such rules are right', () => {
  const needed = findingConfidence(economic, 'orientation', false)
  assert.ok(needed > CONFIDENCE_THRESHOLD)
  const against = (stated: number, orientation = 'neutral') =>
    economicInput(OPEN_ORIENTATION, null, {
      decisions: [by(decisionOf({ orientation }, confidenceOf(0.9, 0.9, stated)))],
    })
  assert.equal(escalationReasonOf(against(needed)), null)
  assert.equal(escalationReasonOf(against(needed - 0.01)), 'low-confidence')
  assert.equal(escalationReasonOf(against(CONFIDENCE_THRESHOLD, 'higher-is-positive')), null)
  const merged = mergeLabels(against(0.9))
  assert.equal(thresholdOf(economic, 'orientation', OPEN_ORIENTATION, merged), needed)
  assert.equal(thresholdOf(economic, 'type', OPEN_ORIENTATION, merged), CONFIDENCE_THRESHOLD)
})

const percent = fc.integer({ min: 0, max: 100 }).map((value) => value / 100)
const labelsOfShop = fc.record(
  {
    shade: fc.constantFrom('pale', 'dark', 'none'),
    uses: fc.subarray(['kitchen', 'garden', 'office'], { maxLength: 2 }),
    pack: fc.constantFrom(1, 12),
    origin: fc.constantFrom('CL', null),
    weight: fc.constantFrom(2.5, null),
    maker: fc.constantFrom('Smith', null),
    product: fc.constantFrom('11', '12'),
  },
  { requiredKeys: [], noNullPrototype: true },
)
const anyReading = labelsOfShop.chain((labels) =>
  fc
    .array(fc.tuple(fc.boolean(), fc.constantFrom({}, { trusted: true }, { trusted: false })), {
      minLength: 7,
      maxLength: 7,
    })
    .map((kinds) =>
      Object.fromEntries(
        Object.entries(labels).map(([name, of], at) => {
          const [sure, trust] = kinds[at] ?? [false, {}]
          return [name, { ...findingOf(of, sure), ...trust }]
        }),
      ),
    ),
)
const anyDecision = fc
  .record({ labels: labelsOfShop, stated: percent, source: fc.constantFrom('reuse', 'model', 'escalation', 'person') })
  .map(({ labels, stated, source }) => by(decided(labels, stated), source))

test('whatever is merged, each field follows the policy', () => {
  fc.assert(
    fc.property(
      anyReading,
      fc.array(anyDecision, { maxLength: 3 }),
      fc.constantFrom(...MODES),
      (reading, decisions, mode) => {
        const merged = mergeLabels({ scheme: shop, mode, reading, decisions })
        for (const name of ASKED) {
          const holders = decisions.filter(({ decision }) => decision.labels[name] !== undefined)
          const answer = holders.findLast(({ source }) => source === 'person') ?? holders.at(-1)
          const finding: Finding | undefined = reading[name]
          const isStrong = finding?.sure === true && finding.trusted !== false
          const isAnswered =
            answer !== undefined && (answer.source === 'person' || mode === 'model' || (mode === 'hybrid' && !isStrong))
          const applies = name !== 'weight' || (merged.labels.uses as readonly string[] | null)?.includes('kitchen')
          const isDecided = applies === true && (isAnswered || finding !== undefined)
          const value = isAnswered ? answer?.decision.labels[name] : finding?.value
          assert.equal(merged.decidedBy[name], isDecided ? (isAnswered ? answer?.source : 'rules') : undefined)
          assert.deepEqual(merged.labels[name], isDecided ? value : null)
          assert.equal(name in merged.confidence, isDecided)
          assert.equal(merged.guessed.includes(name), isDecided && !isAnswered && finding?.sure === false)
          const isUnchecked = isDecided && !isAnswered && finding?.sure === true && finding.trusted !== true
          assert.equal(merged.unchecked.includes(name), isUnchecked)
          assert.equal(merged.undecided.includes(name), applies === true && !isDecided)
        }
      },
    ),
    { numRuns: 500 },
  )
})
