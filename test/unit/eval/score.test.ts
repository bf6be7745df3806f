/** Tests of gold files, scores, statistics and the calibration of the rules. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkFigures, findShortfalls, parseFailUnder, parsePacks } from '../../../src/cli/eval/options.ts'
import type { Labels } from '../../../src/codebooks/types.ts'
import { fitConfidence, formatCalibration } from '../../../src/eval/calibration-fit.ts'
import { scoredFields } from '../../../src/eval/fields.ts'
import { scoreFirstReadings } from '../../../src/eval/first-readings.ts'
import { parseGold as parse } from '../../../src/eval/gold-file.ts'
import { type Prediction, predictByResult, predictByRules, type ScoredRow } from '../../../src/eval/prediction.ts'
import { measureRecall } from '../../../src/eval/recall.ts'
import { score } from '../../../src/eval/score.ts'
import { wilson } from '../../../src/eval/statistics.ts'
import { builtInScheme } from '../../helpers/codebooks/offline-question.ts'

const SHIPPED = readFileSync(new URL('../../../src/codebooks/economic-indicators/gold.jsonl', import.meta.url), 'utf8')

const scheme = builtInScheme('economic-indicators')
const { codebook } = scheme
const topics = builtInScheme('release-topics')
const activities = builtInScheme('business-activities')

const parseGold = (text: string) => parse(text, codebook)
/** The shipped gold file and the fields that it labels. */
const shipped = parseGold(SHIPPED).rows
const fields = scoredFields(codebook, shipped)

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

test('a gold file is read with BOM, CRLF and blank lines; labels of no field are counted, not scored', () => {
  const { rows, problems, ignored } = parseGold(
    `\ufeff${lines({ ...ROW, labels: { ...LABELS, colour: null } })}\r\n\r\n${lines({ ...ROW, indicator_id: 'B' })}\r\n`,
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
  assert.deepEqual([...ignored], [['colour', 1]])
})

test('problems of a gold file are named with line, field and value', () => {
  const wrong = (labels: object) => problemsOf({ ...ROW, labels: { ...LABELS, ...labels } })[0] ?? ''
  assert.match(
    problemsOf(ROW, { ...ROW, indicator_id: 'B', labels: { ...LABELS, type: 'flows' } })[0] ?? '',
    /^line 2, labels\.type: "flows" is no value of type; did you mean flow\?$/,
  )
  assert.match(
    wrong({ unit_currency: 'usd' }),
    /labels\.unit_currency: "usd" is no value of unit_currency; it must be a text of the form /,
  )
  assert.match(wrong({ unit_scale: '1000' }), /labels\.unit_scale: "1000" is no value of unit_scale; /)
  assert.match(wrong({ family: 'flow' }), /labels\.family: "flow" is no value of family; /)
  assert.match(
    wrong({ cumulative_reset_month: 13 }),
    /: 13 is no value of cumulative_reset_month; it must be a whole number from 1 to 12/,
  )
  assert.match(wrong({ unit_per: '' }), /: "" is no value of unit_per; it must be a text of 1 to 60 characters/)
  assert.match(problemsOf({ ...ROW, labels: undefined })[0] ?? '', /^line 1, labels: is missing/)
  assert.match(problemsOf({ ...ROW, labels: [] })[0] ?? '', /^line 1, labels: must be an object, got a list of 0/)
  assert.match(
    problemsOf({ ...ROW, labels: { colour: 'red' } })[0] ?? '',
    /^line 1, labels: label no field of economic-indicators, which has type, /,
  )
  assert.match(problemsOf({ ...ROW, name: '' })[0] ?? '', /^line 1, name: must not be empty/)
  assert.match(problemsOf(ROW, ROW)[0] ?? '', /^line 2, indicator_id: "A" is already used on line 1/)
  assert.match(
    problemsOf({ ...ROW, first_reading: { type: ['flows', true] } })[0] ?? '',
    /^line 1, first_reading\.type: "flows" is no value of type/,
  )
  assert.match(
    problemsOf({ ...ROW, first_reading: { colour: ['red', true] } })[0] ?? '',
    /^line 1, first_reading\.colour: the codebook has no such field/,
  )
  assert.match(parseGold('{"indicator_id":').problems[0] ?? '', /^line 1: must be one JSON object, got/)
  assert.match(parseGold('[1]').problems[0] ?? '', /^line 1: must be one JSON object/)
  assert.deepEqual(parseGold(' \n').problems, ['the file holds no labelled record'])
})

test('a gold file of any codebook is read: lists of labels, codes, and rows that label a part of the fields', () => {
  const row = (labels: object, id = 'A') => ({ indicator_id: id, name: 'Prices', labels })
  const rows = lines(row({ topics: ['prices', 'work'] }), row({ kind: 'figures' }, 'B'))
  assert.deepEqual(
    scoredFields(topics.codebook, parse(rows, topics.codebook).rows).map(({ name }) => name),
    ['topics', 'kind'],
  )
  const problem = (labels: object, by = topics) => parse(lines(row(labels)), by.codebook).problems[0] ?? ''
  assert.match(problem({ topics: ['prices', 'prices'] }), /labels\.topics: "prices" is given twice for topics/)
  assert.match(problem({ topics: 'prices' }), /topics takes a list of values, not "prices" alone/)
  assert.match(
    problem({ industry: '31' }, activities),
    /labels\.industry: "31" is no value of industry; it must be a code of the list, such as /,
  )
})

test('rows without labels are read where nothing is scored', () => {
  const { labels: _, ...unlabelled } = ROW
  assert.equal(parseGold(lines(unlabelled)).problems.length, 1)
  const read = parse(lines(unlabelled), codebook, { needsLabels: false })
  assert.deepEqual([read.problems, read.rows[0]?.labels], [[], {}])
})

test('any text is read without throwing', () => {
  fc.assert(fc.property(fc.string(), fc.json(), (text, json) => void parseGold(`${text}\n${json}`)))
})

test('labels change no prediction: the rules never see them', () => {
  const others = shipped.map((row) => row.labels)
  const shuffled = SHIPPED.trim()
    .split('\n')
    .map((line, index) => {
      const { labels: _, first_reading: __, ...rest } = JSON.parse(line)
      return JSON.stringify({ ...rest, labels: others[(index + 17) % others.length] })
    })
    .join('\n')
  const predict = (text: string) => parseGold(text).rows.map(({ indicator }) => predictByRules(scheme, indicator))
  assert.deepEqual(predict(shuffled), predict(SHIPPED))
  for (const { indicator } of shipped) {
    assert.equal('labels' in indicator || 'first_reading' in indicator, false)
  }
})

const NAMES = Object.keys(LABELS)

/** The scored row of the file `ROW` with the labels `got` in a prediction of which all rules are sure or none. */
function scoredOf(got: Labels, sure: boolean, confidence = 0.9, of: Labels = LABELS): ScoredRow {
  const [row] = parseGold(lines({ ...ROW, labels: of })).rows
  assert.ok(row)
  const labels = { ...LABELS, ...got }
  const findings = Object.fromEntries(NAMES.map((field) => [field, { sure, rule: 'a-rule' }]))
  const prediction: Prediction = { labels, ruleLabels: labels, findings, confidence, answers: [] }
  return { row, prediction }
}

test('a score has accuracy by field and over all fields, coverage and precision of sure rules, confusion and misses', () => {
  const result = score(
    [
      scoredOf({}, true),
      scoredOf({ type: 'stock', temporal_aggregation: 'point-in-time' }, true),
      scoredOf({ frequency: 'annual' }, false),
      scoredOf({}, false),
    ],
    fields,
  )
  assert.equal(result.n, 4)
  assert.deepEqual(result.accuracy, {
    type: 0.75,
    temporal_aggregation: 0.75,
    orientation: 1,
    unit_kind: 1,
    unit_scale: 1,
    unit_currency: 1,
    frequency: 0.75,
    all: 0.5,
  })
  assert.deepEqual([result.sure.coverage, result.sure.precision], [0.5, 0.5])
  assert.deepEqual(result.sure.by_field.orientation, { coverage: 0.5, precision: 1 })
  assert.deepEqual(result.confusion.type, { flow: { flow: 3, stock: 1 } })
  assert.deepEqual(result.confusion.unit_scale, { 1000000: { 1000000: 4 } })
  assert.deepEqual(
    result.misses.map(({ field, expected, got, sure }) => [field, expected, got, sure]),
    [
      ['type', 'flow', 'stock', true],
      ['temporal_aggregation', 'period-total', 'point-in-time', true],
      ['frequency', 'monthly', 'annual', false],
    ],
  )
  assert.deepEqual(result.rules.type, [{ rule: 'a-rule', n: 4, right: 3, sure_n: 2, sure_right: 1 }])
  assert.deepEqual(Object.keys(result.rules), NAMES)
  for (const [low, high] of Object.values(result.intervals)) assert.ok(low >= 0 && low < high && high <= 1)
})

test('a field that some rows leave out is scored over the rows that label it', () => {
  const { type, orientation } = LABELS
  const result = score(
    [
      scoredOf({ type: 'stock', frequency: 'annual' }, true, 0.9, { type, orientation } as Labels),
      scoredOf({ frequency: 'annual' }, true, 0.9, { type, orientation } as Labels),
      scoredOf({ frequency: 'annual' }, true),
    ],
    fields,
  )
  assert.deepEqual([result.labelled.type, result.labelled.frequency, result.n], [3, 1, 3])
  assert.deepEqual([result.accuracy.type, result.accuracy.frequency, result.accuracy.all], [0.6667, 0, 0.3333])
  assert.deepEqual(result.sure.by_field.frequency, { coverage: 1, precision: 0 })
  assert.equal(result.misses.length, 2)
})

test('labels of several values are right in any order, and a codebook without rules has no readings', () => {
  const gold = lines(
    { indicator_id: 'A', name: 'x', labels: { topics: ['prices', 'work'] } },
    { indicator_id: 'B', name: 'y', labels: { topics: ['prices'] } },
  )
  const { rows } = parse(gold, topics.codebook)
  const scored = rows.map((row) => {
    const labels = { topics: ['work', 'prices'], kind: null }
    const result = { labels, confidence: 0.8, field_confidence: {}, field_source: {}, model: null }
    return { row, prediction: predictByResult(topics, row.indicator, result, false) }
  })
  const result = score(scored, scoredFields(topics.codebook, rows))
  assert.deepEqual(result.accuracy, { topics: 0.5, all: 0.5 })
  assert.deepEqual(result.confusion.topics, { 'prices + work': { 'prices + work': 1 }, prices: { 'work + prices': 1 } })
  assert.deepEqual([result.rules, result.sure.coverage, result.sure.precision], [{}, 0, null])
  assert.deepEqual(
    result.misses.map(({ rule, sure }) => [rule, sure]),
    [[null, false]],
  )
  assert.equal(predictByRules(topics, rows[0]?.indicator ?? assert.fail()).confidence, 0)
})

test('what follows from a field is scored with the rule of that field', () => {
  const labels = { ...LABELS, family: 'physical-fundamental' }
  const { rows } = parseGold(lines({ ...ROW, labels }))
  const scored = rows.map((row) => ({ row, prediction: predictByRules(scheme, row.indicator) }))
  const result = score(scored, scoredFields(codebook, rows))
  assert.equal(result.accuracy.family, 1)
  assert.equal(result.rules.family?.[0]?.rule, result.rules.type?.[0]?.rule)
})

test('rules that are sure of nothing have no precision', () => {
  assert.equal(score([scoredOf({}, false)], fields).sure.precision, null)
})

test("Wilson's interval has its known values", () => {
  // These intervals were computed by hand from Wilson's formula.
  assert.deepEqual(wilson(95, 100), [0.8882, 0.9785])
  assert.deepEqual(wilson(0, 10), [0, 0.2775])
  assert.deepEqual(wilson(10, 10), [0.7225, 1])
  assert.deepEqual(wilson(0, 0), [0, 1])
})

test('confidence is compared with the truth by rows, fields, kinds of answers and catalogues', () => {
  const answers = (confidence: number): Prediction['answers'] => [
    { field: 'type', kind: 'sure', stated: 1, confidence },
    { field: 'orientation', kind: 'model', stated: confidence, confidence },
    { field: 'family', kind: 'sure', stated: 1, confidence },
  ]
  const of = (got: Labels, sure: boolean, confidence: number, catalogue: string | null): ScoredRow => {
    const { row, prediction } = scoredOf(got, sure, confidence)
    return { row: { ...row, catalogue }, prediction: { ...prediction, answers: answers(confidence) } }
  }
  const { calibration, catalogues } = score(
    [
      of({}, true, 0.9, 'a'),
      of({ type: 'stock' }, true, 0.9, 'a'),
      of({ type: 'stock' }, false, 0.3, 'b'),
      of({}, false, 1, null),
    ],
    fields,
  )
  assert.equal(calibration.brier, 0.2275)
  assert.deepEqual(
    calibration.bins.map(({ from, n, mean_confidence, accuracy }) => [from, n, mean_confidence, accuracy]),
    [
      [0, 1, 0.3, 0],
      [0.9, 2, 0.9, 0.5],
      [0.98, 1, 1, 1],
    ],
  )
  assert.equal(calibration.error, 0.275)
  assert.deepEqual(calibration.by_field, {
    type: { n: 4, mean_confidence: 0.775, accuracy: 0.5, brier: 0.2275 },
    orientation: { n: 4, mean_confidence: 0.775, accuracy: 1, brier: 0.1275 },
  })
  assert.deepEqual(Object.keys(calibration.by_kind), ['sure', 'model'])
  assert.deepEqual(catalogues, [
    { catalogue: 'a', n: 2, mean_confidence: 0.9, accuracy: 0.5, brier: 0.41, sure_n: 2, sure_right: 1 },
    { catalogue: 'b', n: 1, mean_confidence: 0.3, accuracy: 0, brier: 0.09, sure_n: 0, sure_right: 0 },
  ])
  const none = score([], fields).calibration
  assert.deepEqual([none.brier, none.error, none.bins, none.by_kind], [null, null, [], {}])
})

test('the catalogue of a row is its property catalogue, else source, and another type of value is none', () => {
  const { rows } = parseGold(
    lines(
      { ...ROW, source: 'weo', catalogue: 'imf' },
      { ...ROW, indicator_id: 'B', source: 'weo' },
      { ...ROW, indicator_id: 'C', source: 7 },
      { ...ROW, indicator_id: 'D' },
    ),
  )
  assert.deepEqual(
    rows.map(({ catalogue }) => catalogue),
    ['imf', 'weo', null, null],
  )
})

test('--pack and --fail-under are read, and refuse what they are not', () => {
  assert.deepEqual(parsePacks('1, 5,10,25'), [1, 5, 10, 25])
  for (const wrong of ['0', '26', '5,5', 'x', '']) assert.throws(() => parsePacks(wrong))
  assert.deepEqual(
    [...parseFailUnder('type=0.9, all=.8,sure.precision=1')],
    [
      ['type', 0.9],
      ['all', 0.8],
      ['sure.precision', 1],
    ],
  )
  for (const wrong of ['type', 'type=2', '2=0.5', 'type=.9,type=.8', '']) assert.throws(() => parseFailUnder(wrong))
  const report = score([scoredOf({ type: 'stock' }, true), scoredOf({}, true)], fields)
  assert.deepEqual(findShortfalls(parseFailUnder('type=0.5,orientation=1,sure.coverage=1'), [report]), [])
  assert.deepEqual(findShortfalls(parseFailUnder('type=0.6'), [{ ...report, pack: 5 }]), [
    '--fail-under: type is 0.5, below 0.6 (pack 5)',
  ])
})

test('--fail-under knows the figures of the codebook and of the gold file', () => {
  checkFigures(parseFailUnder('type=0.9,unit_kind=1,all=0.5,sure.coverage=0'), codebook, fields)
  const refuse = (text: string, message: RegExp) =>
    assert.throws(() => checkFigures(parseFailUnder(text), codebook, fields), { code: 'input-invalid', message })
  refuse(
    'beauty=1',
    /--fail-under: "beauty" is no field of economic-indicators; the figures are type, .*, all, sure\.precision/,
  )
  refuse('unit_per=1', /--fail-under: the gold file labels no unit_per/)
  refuse('unit.kind=1', /"unit\.kind" is no field/)
})

test('the shipped gold has at least 200 indicators, each type at least three times', () => {
  assert.deepEqual(parseGold(SHIPPED).problems, [])
  assert.ok(shipped.length >= 200)
  const type = codebook.field.get('type')?.type
  assert.ok(type?.kind === 'values')
  const counts = type.values.map(({ value }) => shipped.filter(({ labels }) => labels.type === value).length)
  assert.ok(Math.min(...counts) >= 3, counts.join(' '))
  const names = shipped.map(({ indicator }) => `${indicator.name} | ${indicator.units}`.toLowerCase())
  assert.equal(new Set(names).size, names.length)
})

test('first readings are scored apart, and only where the file keeps them', () => {
  assert.equal(scoreFirstReadings(parseGold(lines(ROW)).rows, fields), null)
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
  assert.deepEqual(scoreFirstReadings(rows, fields), {
    n: 3,
    accuracy: { type: 0.3333, temporal_aggregation: 1, orientation: 1 },
    sure: { coverage: 0.6667, precision: 0.5 },
  })
})

test('the rules reach on the shipped gold what they reached before', () => {
  const scored = shipped.map((row) => ({ row, prediction: predictByRules(scheme, row.indicator) }))
  const { accuracy, sure } = score(scored, fields)
  for (const { name } of fields) assert.ok((accuracy[name] ?? 0) >= 0.98, `${name} ${accuracy[name]}`)
  assert.ok((accuracy.all ?? 0) >= 0.95)
  assert.ok((sure.precision ?? 0) >= 0.985 && sure.coverage >= 0.75, JSON.stringify(sure))
})

test('the fit counts what the rules read, and what a model answered where one did', () => {
  const { rows } = parseGold(lines(ROW, { ...ROW, indicator_id: 'B', labels: { ...LABELS, type: 'stock' } }))
  const byRules = rows.map((row) => ({ row, prediction: predictByRules(scheme, row.indicator) }))
  const names = codebook.fields.flatMap(({ name, asked }) => (asked ? [name] : []))
  const alone = fitConfidence(scheme, byRules, fields)
  assert.deepEqual([alone.records, Object.keys(alone.rules), alone.model], [2, names, {}])
  const { type, orientation } = alone.rules
  assert.ok((type?.sure ?? 1) < (orientation?.sure ?? 0), 'the wrong type of B counts in its field')
  const byModel = rows.map((row) => {
    const sources = Object.fromEntries(names.map((name) => [name, name === 'type' ? 'model' : 'a-rule']))
    const result = {
      ...{ labels: LABELS, confidence: 0.9, field_source: sources, model: 'm' },
      field_confidence: Object.fromEntries(names.map((name) => [name, 0.99])),
    }
    return { row, prediction: predictByResult(scheme, row.indicator, result, false) }
  })
  const both = fitConfidence(scheme, byModel, fields)
  assert.deepEqual([both.rules, Object.keys(both.model)], [alone.rules, names])
  assert.ok((both.model['type'] ?? 1) < 1)
  assert.match(
    formatCalibration(both),
    /^export const CALIBRATION: Calibration = \{\n {2}records: 2,\n {2}rules: \{\n {4}type: \{ sure: 0\.\d+, guess: 0\.\d+ \},\n/,
  )
  const { rows: news } = parse(lines({ indicator_id: 'A', name: 'x', labels: { kind: 'figures' } }), topics.codebook)
  const unread = news.map((row) => ({ row, prediction: predictByRules(topics, row.indicator) }))
  const { rules } = fitConfidence(topics, unread, scoredFields(topics.codebook, news))
  assert.deepEqual(rules['kind'], { sure: 0.8, guess: 0.8 })
})

test('the shipped calibration is what the fit on its labels gives', () => {
  const file = new URL('../../../src/codebooks/economic-indicators/calibration-labels.jsonl', import.meta.url)
  const { rows, problems } = parseGold(readFileSync(file, 'utf8'))
  assert.deepEqual(problems, [])
  const scored = rows.map((row) => ({ row, prediction: predictByRules(scheme, row.indicator) }))
  assert.deepEqual(fitConfidence(scheme, scored, scoredFields(codebook, rows)), scheme.code?.calibration)
})

test('a result gives back what its model stated, and a guess of the offline model is a guess', () => {
  const [row] = parseGold(lines(ROW)).rows
  assert.ok(row)
  const result = {
    ...{ labels: LABELS, confidence: 0.5, model: 'm' },
    field_source: { type: 'model', orientation: 'person', frequency: 'periodicity-word' },
    field_confidence: { type: 0.6, orientation: 1, frequency: 0.9 },
  }
  const kinds = (isGuess: boolean) => predictByResult(scheme, row.indicator, result, isGuess).answers
  assert.deepEqual(
    kinds(false).map(({ kind }) => kind),
    ['model', 'person', 'sure'],
  )
  assert.equal(kinds(true)[0]?.kind, 'guess')
  const factored = { ...scheme, code: { ...(scheme.code ?? assert.fail()) } }
  factored.code.calibration = { ...factored.code.calibration, model: { type: 0.8 } }
  const [type] = predictByResult(factored, row.indicator, result, false).answers
  assert.ok(Math.abs((type?.stated ?? 0) - 0.75) < 1e-9)
})

test('recall says how often a shortlist of each length holds the code that a person gave', () => {
  const { rows } = parse(
    lines(
      { indicator_id: 'A', name: 'Retail bakery', labels: { industry: '3118' } },
      { indicator_id: 'B', name: 'Zzzz', labels: { industry: '9281' } },
    ),
    activities.codebook,
  )
  const recall = measureRecall(
    activities.codebook,
    rows.map(({ indicator, labels }) => ({ record: indicator, labels })),
  )
  assert.deepEqual(
    recall.map(({ first, records }) => [first, records]),
    [
      [5, 2],
      [10, 2],
      [20, 2],
      [80, 2],
    ],
  )
  assert.equal(recall.find(({ first }) => first === 20)?.found, 1)
})
