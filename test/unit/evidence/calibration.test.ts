/** Calibrated confidence: that it meets the truth, shrinks where labels are few, and keeps a row below its fields and conflicts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnswerOutcome, fitCalibration } from '../../../src/evidence/calibration.ts'
import { answerConfidence, answerKind, rowConfidence } from '../../../src/evidence/confidence.ts'
import { brierScore, calibrationError, reliabilityBins } from '../../../src/evidence/reliability.ts'
import { createRandom } from '../../../src/evidence/statistics/random.ts'

const FIELDS = ['type', 'unit', 'frequency']

/** Rows whose sure findings are right in 0.9, whose guesses are right in 0.6, and whose model states 0.99 and is right in 0.9. */
function labelled(count: number, seed: number): AnswerOutcome[][] {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => {
    const kind = random() < 0.5 ? 'sure' : 'guess'
    return [
      { field: 'type', kind, stated: 1, right: random() < (kind === 'sure' ? 0.9 : 0.6) },
      { field: 'unit', kind: 'model', stated: 0.98 + 0.02 * random(), right: random() < 0.9 },
    ]
  })
}

const fit = (rows: readonly (readonly AnswerOutcome[])[]) =>
  fitCalibration(rows, { records: rows.length, fields: FIELDS })

test('confidence fitted on some rows meets the truth of others, for fields and rows, where the stated one did not', () => {
  const calibration = fit(labelled(600, 1))
  const others = labelled(4_000, 2)
  const confidenceOf = ({ field, kind, stated }: AnswerOutcome) => answerConfidence(calibration, field, kind, stated)
  const stated = others.flat().map(({ stated: confidence, right }) => ({ confidence, right }))
  const fitted = others.flat().map((answer) => ({ confidence: confidenceOf(answer), right: answer.right }))
  const rows = others.map((answers) => ({
    confidence: rowConfidence(calibration, answers.map(confidenceOf)),
    right: answers.every(({ right }) => right),
  }))
  assert.ok((brierScore(fitted) ?? 1) < (brierScore(stated) ?? 0))
  assert.ok((calibrationError(reliabilityBins(fitted)) ?? 1) < 0.03)
  assert.ok((calibrationError(reliabilityBins(rows)) ?? 1) < 0.05)
  assert.ok((calibrationError(reliabilityBins(stated)) ?? 0) > 0.05)
})

test('few labels move little, none leave 0.8, and a field without labels has the least rate of the others', () => {
  const none = fit([])
  assert.deepEqual(none.rules['type'], { sure: 0.8, guess: 0.8 })
  assert.deepEqual(none.model, {})
  const one = fit([[{ field: 'type', kind: 'sure', stated: 1, right: false }]])
  const { type, unit } = one.rules
  assert.ok(type !== undefined && unit !== undefined)
  assert.ok(type.sure > 0.3 && type.sure < 0.6, `${type.sure}`)
  assert.equal(unit.sure, type.sure)
  const model = fit([[{ field: 'type', kind: 'model', stated: 0.9, right: true }]]).model
  assert.deepEqual(Object.keys(model), FIELDS)
})

test('a guess is never surer than a sure finding, and a factor never raises what a model states', () => {
  const answers = (kind: 'sure' | 'guess' | 'model', right: boolean): AnswerOutcome[][] =>
    Array.from({ length: 50 }, () => [{ field: 'type', kind, stated: 0.5, right }])
  const { rules, model } = fit([...answers('sure', false), ...answers('guess', true), ...answers('model', true)])
  assert.equal(rules['type']?.guess, rules['type']?.sure)
  assert.equal(model['type'], 1)
})

test('labels of a catalogue move the shipped figures by their number, and leave those without labels', () => {
  const prior = { records: 100, rules: { type: { sure: 0.98, guess: 0.7 } }, model: { unit: 0.9 }, spread: 0.4 }
  const own = (rows: readonly (readonly AnswerOutcome[])[]) =>
    fitCalibration(rows, { records: rows.length, fields: ['type', 'unit'], prior })
  assert.deepEqual(own([]), { ...prior, records: 0, rules: { ...prior.rules, unit: { sure: 0.8, guess: 0.8 } } })
  const wrong = (count: number): AnswerOutcome[][] =>
    Array.from({ length: count }, () => [{ field: 'type', kind: 'sure', stated: 1, right: false }])
  const [few, many] = [own(wrong(2)).rules['type']?.sure ?? 0, own(wrong(90)).rules['type']?.sure ?? 0]
  assert.ok(few > 0.75 && few < 0.98 && many < 0.11, `${few} ${many}`)
  const boasting = Array.from({ length: 90 }, (_, at): AnswerOutcome[] => [
    { field: 'unit', kind: 'model', stated: 1, right: at % 2 === 0 },
  ])
  const factor = own(boasting).model['unit'] ?? 0
  assert.ok(factor > 0.5 && factor < 0.6, `${factor}`)
})

test('what gave an answer decides its confidence: a person and an uncalibrated model are taken at their word', () => {
  const calibration = { records: 1, rules: { type: { sure: 0.9, guess: 0.6 } }, model: { type: 0.5 }, spread: 1 }
  const of = (kind: ReturnType<typeof answerKind>, field = 'type', given: typeof calibration | null = calibration) =>
    answerConfidence(given, field, kind, 0.8)
  assert.deepEqual([of('sure'), of('guess'), of('model'), of('person')], [0.9, 0.6, 0.4, 0.8])
  assert.deepEqual([of('model', 'unit'), of('sure', 'unit'), of('model', 'type', null)], [0.8, 0.5, 0.8])
  const finding = (sure: boolean) => ({ value: 'x', sure, rule: 'r', because: '' })
  assert.deepEqual(
    [
      answerKind('rules', finding(true), false),
      answerKind('rules', finding(false), false),
      answerKind('rules', undefined, false),
      answerKind('reuse', finding(true), false),
      answerKind('escalation', undefined, true),
      answerKind('person', undefined, true),
    ],
    ['sure', 'guess', 'guess', 'model', 'guess', 'person'],
  )
})

test('a row is never above the least of its fields, nor above the least of those in conflict', () => {
  const random = createRandom(4)
  for (let round = 0; round < 2_000; round++) {
    const fields = Array.from({ length: 1 + Math.floor(6 * random()) }, () => Number(random().toFixed(3)))
    const conflict = [Number(random().toFixed(3)), Number(random().toFixed(3))]
    const row = rowConfidence({ spread: random() }, fields, [conflict])
    assert.ok(row <= Math.min(...fields) && row <= Math.min(...conflict) && row >= 0)
  }
  assert.equal(rowConfidence({ spread: 0 }, [0.7, 0.9]), 0.7)
  assert.equal(rowConfidence({ spread: 1 }, [0.7, 0.9]), 0.6)
  assert.equal(rowConfidence(null, [0.7, 0.9]), 0.7)
  assert.equal(rowConfidence({ spread: 1 }, [0.1, 0.2]), 0)
  assert.equal(rowConfidence({ spread: 1 }, []), 1)
})

test('reliability: known values, and nothing without predictions', () => {
  const predictions = [
    { confidence: 0.9, right: true },
    { confidence: 0.9, right: false },
    { confidence: 0.3, right: false },
    { confidence: 1, right: true },
  ]
  assert.equal(Number(brierScore(predictions)?.toFixed(4)), 0.2275)
  assert.equal(brierScore([]), null)
  assert.deepEqual(
    reliabilityBins(predictions).map(({ from, to, n, accuracy }) => [from, to, n, accuracy]),
    [
      [0, 0.5, 1, 0],
      [0.9, 0.95, 2, 0.5],
      [0.98, 1, 1, 1],
    ],
  )
  assert.equal(calibrationError([]), null)
})
