/** Tests of gold files, scores, statistics and the calibration of the rules. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { RULE_CALIBRATION, ruleConfidence } from '../../../src/classification/calibration.ts'
import { CODEBOOK_VERSION, DECIDED_FIELDS, TYPES } from '../../../src/classification/codebook.ts'
import { findShortfalls, parseFailUnder, parsePacks } from '../../../src/cli/eval/options.ts'
import { fitCalibration } from '../../../src/eval/calibration-fit.ts'
import { FIELDS, type Labels } from '../../../src/eval/fields.ts'
import { scoreFirstReadings } from '../../../src/eval/first-readings.ts'
import { parseGold } from '../../../src/eval/gold-file.ts'
import { type Prediction, predictByRules } from '../../../src/eval/prediction.ts'
import { type ScoredRow, score } from '../../../src/eval/score.ts'
import { brierScore, reliabilityTable, wilson } from '../../../src/eval/statistics.ts'

const SHIPPED = readFileSync(new URL('../../../src/eval/gold/authors.jsonl', import.meta.url), 'utf8')

const LABELS: Labels = {
  type: 'flow',
  temporal_aggregation: 'period-total',
  orientation: 'higher-is-positive',
  unit_kind: 'currency',
  unit_scale: 1e6,
  unit_currency: 'USD',
  frequency: 'monthly',
}

const ROW = { indicator_id: 'A', name: 'Exports', units: 'USD Million', periodicity: 'Monthly', labels: LABELS }
const lines = (...rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).join('\n')
const problemsOf = (...rows: readonly unknown[]) => parseGold(lines(...rows)).problems

test('a gold file is read with BOM, CRLF and blank lines; extra labels are counted, not scored', () => {
  const { rows, problems, ignored } = parseGold(
    `\ufeff${lines({ ...ROW, labels: { ...LABELS, unit_per: null } })}\r\n\r\n${lines({ ...ROW, indicator_id: 'B' })}\r\n`,
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(
    rows.map(({ indicator, line }) => [indicator.indicator_id, line]),
    [
      ['A', 1],
      ['B', 3],
    ],
  )
  assert.deepEqual(rows[0]?.labels, LABELS)
  assert.deepEqual([...ignored], [['unit_per', 1]])
})

test('problems of a gold file are named with line, field and value', () => {
  const { frequency: _, ...missing } = LABELS
  assert.match(
    problemsOf(ROW, { ...ROW, indicator_id: 'B', labels: { ...LABELS, type: 'flows' } })[0] ?? '',
    /^line 2, labels\.type: must be one of growth-rate, .*, got "flows"$/,
  )
  assert.match(
    problemsOf({ ...ROW, labels: missing })[0] ?? '',
    /^line 1, labels\.frequency: is missing: it must be one of daily/,
  )
  assert.match(
    problemsOf({ ...ROW, labels: { ...LABELS, unit_currency: 'usd' } })[0] ?? '',
    /labels\.unit_currency: must be null, LCU, INTL or an ISO 4217 code, got "usd"/,
  )
  assert.match(
    problemsOf({ ...ROW, labels: { ...LABELS, unit_scale: '1000' } })[0] ?? '',
    /labels\.unit_scale: must be one of 1, 100, .*, got "1000"/,
  )
  assert.match(problemsOf({ ...ROW, labels: undefined })[0] ?? '', /^line 1, labels: is missing/)
  assert.match(problemsOf({ ...ROW, name: '' })[0] ?? '', /^line 1, name: must not be empty/)
  assert.match(problemsOf(ROW, ROW)[0] ?? '', /^line 2, indicator_id: "A" is already used on line 1/)
  assert.match(parseGold('{"indicator_id":').problems[0] ?? '', /^line 1: must be one JSON object, got/)
  assert.match(parseGold('[1]').problems[0] ?? '', /^line 1: must be one JSON object/)
  assert.deepEqual(parseGold(' \n').problems, ['the file holds no labelled indicator'])
})

test('any text is read without throwing', () => {
  fc.assert(fc.property(fc.string(), fc.json(), (text, json) => void parseGold(`${text}\n${json}`)))
})

test('labels change no prediction: the rules never see them', () => {
  const others = parseGold(SHIPPED).rows.map((row) => row.labels)
  const shuffled = SHIPPED.trim()
    .split('\n')
    .map((line, index) => {
      const { labels: _, first_reading: __, ...rest } = JSON.parse(line)
      return JSON.stringify({ ...rest, labels: others[(index + 17) % others.length] })
    })
    .join('\n')
  const predict = (text: string) => parseGold(text).rows.map(({ indicator }) => predictByRules(indicator))
  assert.deepEqual(predict(shuffled), predict(SHIPPED))
  for (const { indicator } of parseGold(SHIPPED).rows) {
    assert.equal('labels' in indicator || 'first_reading' in indicator, false)
  }
})

function scoredOf(got: Partial<Labels>, sure: boolean, confidence = 0.9): ScoredRow {
  const [row] = parseGold(lines(ROW)).rows
  assert.ok(row)
  const labels = { ...LABELS, ...got }
  const each = <T>(value: T) =>
    Object.fromEntries(FIELDS.map((field) => [field, value])) as Record<(typeof FIELDS)[number], T>
  const prediction: Prediction = { labels, ruleLabels: labels, sure: each(sure), rules: each('a-rule'), confidence }
  return { row, prediction }
}

test('a score has accuracy by field and over all seven, coverage and precision of sure rules, confusion and misses', () => {
  const result = score([
    scoredOf({}, true),
    scoredOf({ type: 'stock', temporal_aggregation: 'point-in-time' }, true),
    scoredOf({ frequency: 'annual' }, false),
    scoredOf({}, false),
  ])
  assert.equal(result.n, 4)
  assert.deepEqual(result.accuracy, {
    type: 0.75,
    temporal_aggregation: 0.75,
    orientation: 1,
    'unit.kind': 1,
    'unit.scale': 1,
    'unit.currency': 1,
    frequency: 0.75,
    all: 0.5,
  })
  assert.deepEqual([result.sure.coverage, result.sure.precision], [0.5, 0.5])
  assert.deepEqual(result.sure.by_field.orientation, { coverage: 0.5, precision: 1 })
  assert.deepEqual(result.confusion, { flow: { flow: 3, stock: 1 } })
  assert.deepEqual(
    result.misses.map(({ field, expected, got, sure }) => [field, expected, got, sure]),
    [
      ['type', 'flow', 'stock', true],
      ['temporal_aggregation', 'period-total', 'point-in-time', true],
      ['frequency', 'monthly', 'annual', false],
    ],
  )
  assert.deepEqual(result.type_rules, [{ rule: 'a-rule', n: 4, right: 3, sure_n: 2, sure_right: 1 }])
  for (const [low, high] of Object.values(result.intervals)) assert.ok(low >= 0 && low < high && high <= 1)
})

test('rules that are sure of nothing have no precision', () => {
  assert.equal(score([scoredOf({}, false)]).sure.precision, null)
})

test("Wilson's interval has its known values", () => {
  // These intervals were computed by hand from Wilson's formula.
  assert.deepEqual(wilson(95, 100), [0.8882, 0.9785])
  assert.deepEqual(wilson(0, 10), [0, 0.2775])
  assert.deepEqual(wilson(10, 10), [0.7225, 1])
  assert.deepEqual(wilson(0, 0), [0, 1])
})

test('calibration: Brier score and reliability of ten bins', () => {
  const outcomes = [
    { confidence: 0.9, right: true },
    { confidence: 0.9, right: false },
    { confidence: 0.3, right: false },
    { confidence: 1, right: true },
  ]
  assert.equal(brierScore(outcomes), 0.2275)
  assert.equal(brierScore([]), null)
  assert.deepEqual(
    reliabilityTable(outcomes).map(({ from, n, mean_confidence, accuracy }) => [from, n, mean_confidence, accuracy]),
    [
      [0.3, 1, 0.3, 0],
      [0.9, 3, 0.9333, 0.6667],
    ],
  )
})

test('--pack and --fail-under are read, and refuse what they are not', () => {
  assert.deepEqual(parsePacks('1, 5,10,25'), [1, 5, 10, 25])
  for (const wrong of ['0', '26', '5,5', 'x', '']) assert.throws(() => parsePacks(wrong))
  assert.deepEqual(
    [...parseFailUnder('type=0.9, all=.8,unit.kind=1')],
    [
      ['type', 0.9],
      ['all', 0.8],
      ['unit.kind', 1],
    ],
  )
  for (const wrong of ['type', 'type=2', 'kind=0.5', 'type=.9,type=.8', '']) assert.throws(() => parseFailUnder(wrong))
  const report = score([scoredOf({ type: 'stock' }, true), scoredOf({}, true)])
  assert.deepEqual(findShortfalls(parseFailUnder('type=0.5,orientation=1,sure.coverage=1'), [report]), [])
  assert.deepEqual(findShortfalls(parseFailUnder('type=0.6'), [{ ...report, pack: 5 }]), [
    '--fail-under: type is 0.5, below 0.6 (pack 5)',
  ])
})

test('the shipped gold has at least 200 indicators, each type at least three times', () => {
  const { rows, problems } = parseGold(SHIPPED)
  assert.deepEqual(problems, [])
  assert.ok(rows.length >= 200)
  const counts = TYPES.map((type) => rows.filter(({ labels }) => labels.type === type).length)
  assert.ok(Math.min(...counts) >= 3, counts.join(' '))
  const names = rows.map(({ indicator }) => `${indicator.name} | ${indicator.units}`.toLowerCase())
  assert.equal(new Set(names).size, names.length)
})

test('first readings are scored apart, and only where the file keeps them', () => {
  assert.equal(scoreFirstReadings(parseGold(lines(ROW)).rows), null)
  const first = (type: string, sure: boolean) => ({
    type: [type, sure],
    temporal_aggregation: ['period-total', true],
    orientation: ['higher-is-positive', true],
  })
  const rows = parseGold(
    lines(
      { ...ROW, first_reading: first('flow', true) },
      { ...ROW, indicator_id: 'B', first_reading: first('stock', true) },
      { ...ROW, indicator_id: 'C', first_reading: first('stock', false) },
      { ...ROW, indicator_id: 'D' },
    ),
  ).rows
  assert.deepEqual(scoreFirstReadings(rows), {
    n: 3,
    accuracy: { type: 0.3333, temporal_aggregation: 1, orientation: 1 },
    sure: { coverage: 0.6667, precision: 0.5 },
  })
})

test('the rules reach on the shipped gold what they reached before', () => {
  const { accuracy, sure } = score(
    parseGold(SHIPPED).rows.map((row) => ({ row, prediction: predictByRules(row.indicator) })),
  )
  for (const field of FIELDS) assert.ok(accuracy[field] >= 0.98, `${field} ${accuracy[field]}`)
  assert.ok(accuracy.all >= 0.95)
  assert.ok((sure.precision ?? 0) >= 0.985 && sure.coverage >= 0.75, JSON.stringify(sure))
})

test('the stored calibration is what the fit on the shipped gold gives, under the codebook it was fitted on', () => {
  assert.deepEqual(fitCalibration(parseGold(SHIPPED).rows), RULE_CALIBRATION)
  assert.equal(RULE_CALIBRATION.codebookVersion, CODEBOOK_VERSION)
  for (const field of DECIDED_FIELDS) {
    assert.ok(ruleConfidence(field, true) > ruleConfidence(field, false))
    assert.ok(ruleConfidence(field, true) < 1 && ruleConfidence(field, false) > 0)
  }
})
