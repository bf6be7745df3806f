/** The forms of a review file, and the message for each fault in one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ORIENTATIONS, TYPES } from '../../../src/classification/codebook.ts'
import { decideLabels } from '../../../src/cli/review/decide-labels.ts'
import { parseReview } from '../../../src/cli/review/review-file.ts'
import { classification } from '../../helpers/batches.ts'

const parse = (text: string) => parseReview(Buffer.from(text))

/** Each decided line as "id decision field=value …"; the file must be without a problem. */
function decided(text: string): string[] {
  const { lines, problems } = parse(text)
  assert.deepEqual(problems, [])
  return lines.map(({ indicatorId, decision, corrections }) => {
    return [indicatorId, decision, ...corrections.map(([field, value]) => `${field}=${value}`)].join(' ')
  })
}

/** The one problem of the file, as "line field: message". */
function problem(text: string): string {
  const { problems } = parse(text)
  assert.equal(problems.length, 1, JSON.stringify(problems))
  return problems.map(({ line, field, message }) => `${line} ${field}: ${message}`).join()
}

test('JSON lines take accept, corrections as object, text or list, and corrections in place of the decision', () => {
  const lines = [
    { indicator_id: 'A', decision: 'accept' },
    { indicator_id: 'B', corrections: { type: 'flow' } },
    { indicator_id: 'C', decision: 'type=flow' },
    { indicator_id: 'D', decision: 'correct', corrections: 'type=flow temporal_aggregation=period-total' },
    { indicator_id: 'E', decision: '', corrections: ['type=flow', 'orientation = neutral'] },
    { indicator_id: 'F', decision: { type: 'flow' }, note: 'sure of it' },
    { indicator_id: 'G', decision: '', corrections: {}, note: '', name: 'x', same_shape: 4 },
    { indicator_id: 'H', decision: null, corrections: { type: '', orientation: null } },
    { indicator_id: 'I', decision: 'Skip' },
  ]
  assert.deepEqual(decided(`\ufeff${lines.map((line) => JSON.stringify(line)).join('\r\n\n')}\n`), [
    'A accept',
    'B correct type=flow',
    'C correct type=flow',
    'D correct type=flow temporal_aggregation=period-total',
    'E correct type=flow orientation=neutral',
    'F correct type=flow',
    'G undecided',
    'H undecided',
    'I undecided',
  ])
})

test('CSV takes any delimiter and order of columns, quotes, line ends and line breaks in cells', () => {
  const rows = [
    ['name', 'Indicator ID', 'decision', 'corrections', 'type'],
    ['"a, b"', 'A', 'accept', '', 'flow'],
    ['"two\nlines"', '"B ""2"""', '', 'type=flow orientation=neutral', ''],
    ['', 'C', '', '"{""type"":""flow""}"', ''],
    ['', '', '', '', ''],
    ['x', 'D', '', '', ''],
  ]
  const expected = ['A accept', 'B "2" correct type=flow orientation=neutral', 'C correct type=flow', 'D undecided']
  for (const delimiter of [',', ';', '\t']) {
    const text = rows.map((row) => row.join(delimiter)).join('\r\n')
    assert.deepEqual(decided(text), expected)
    assert.deepEqual(
      parse(text).lines.map(({ line }) => line),
      [2, 3, 5, 7],
    )
  }
  assert.deepEqual(parse(rows.map((row) => row.join()).join('\n')).lines[0]?.seen, { type: 'flow' })
})

test('plain lines take an id, also one with spaces or in quotes, and what was decided', () => {
  const text = `# reviewed on Monday
NY.GDP accept

A,type=flow,temporal_aggregation=period-total
Two words of id   type = flow  orientation=neutral
"a=b accept" accept
'=cmd ok
`
  assert.deepEqual(decided(text), [
    'NY.GDP accept',
    'A correct type=flow temporal_aggregation=period-total',
    'Two words of id correct type=flow orientation=neutral',
    'a=b accept accept',
    "'=cmd accept",
  ])
})

test('the message for a fault names its line, its field, its value and how to correct it', () => {
  assert.match(problem('{"indicator_id":"A","decision":"acept"}'), /^1 decision: is "acept" \(did you mean accept\?\)/)
  assert.match(problem('{"indicator_id":"A","desicion":"accept"}'), /^1 desicion: .*did you mean decision\?/)
  assert.match(problem('{"indicator_id":"A"}\n\n{"decision":"accept"}'), /^3 indicator_id: must name .*got none/)
  assert.match(problem('{"indicator_id":"A"}\nnonsense'), /^2 : must be one JSON object/)
  assert.match(problem('{"indicator_id":"A","decision":true}'), /^1 decision: is true/)
  assert.match(
    problem('{"indicator_id":"A","decision":"accept","corrections":{"type":"flow"}}'),
    /^1 decision: .*give one/,
  )
  assert.match(problem('{"indicator_id":"A","decision":"correct"}'), /^1 corrections: there are none/)
  assert.match(problem('{"indicator_id":"A","corrections":"type=flow type=stock"}'), /^1 type: is corrected twice/)
  assert.match(problem('{"indicator_id":"A","corrections":"type flow"}'), /^1 corrections: holds "type"/)
  assert.match(problem('A accept\nB accept\nA type=flow'), /^3 indicator_id: "A" is in line 1 already/)
  assert.match(problem('A accept\njust words'), /^2 : must be an indicator_id and then accept/)
  assert.match(problem('indicator_id,decision\nA,"accept'), /^2 decision: a quote is opened/)
  assert.match(problem('indicator_id,decision\nA,accept,x'), /^2 : 3 cells where the header has 2/)
  assert.match(problem('indicator_id,decision,decision\nA,accept,x'), /^1 decision: two columns/)
  assert.match(parseReview(Buffer.from([0x41, 0xff])).problems[0]?.message ?? '', /not UTF-8/)
})

test('corrections are checked against the codebook', () => {
  const current = classification('A', { type: 'flow', temporal_aggregation: 'period-total', orientation: 'neutral' })
  const check = (text: string) => {
    const [line] = parse(text).lines
    assert.ok(line)
    const outcome = decideLabels(line, current)
    return 'labels' in outcome
      ? Object.values(outcome.labels).join(' ')
      : outcome.problems.map(({ line: at, field, message }) => `${at} ${field}: ${message}`).join('\n')
  }
  assert.equal(check('A accept'), 'flow period-total neutral')
  assert.equal(check('A type=GROWTH_RATE temporal-aggregation=period-rate'), 'growth-rate period-rate neutral')
  assert.match(
    check('A type=flows'),
    /^1 type: "flows" is not in the codebook; did you mean flow\? Allowed: growth-rate, /,
  )
  assert.match(check('A orientation=up'), /^1 orientation: "up" .*higher-is-positive, lower-is-positive, neutral$/)
  assert.match(check('A typ=flow'), /^1 typ: is not a field .*did you mean type\?/)
  assert.match(check('A constructor=flow'), /^1 constructor: is not a field that can be corrected: type, /)
  assert.match(check('A family=other'), /^1 family: .*correct type/)
  assert.match(check('A unit.scale=1000'), /^1 unit.scale: .*correct units in the catalogue/)
  assert.match(check('A unit_kind=index'), /correct units in the catalogue/)
  assert.match(check('A frequency=monthly'), /correct periodicity/)
  assert.match(check('A type=growth-rate'), /^1 temporal_aggregation: a growth-rate is a period-rate, .*correct both/)
  assert.match(check('A temporal_aggregation=point-in-time'), /^1 type: a flow happens over a period/)
  // Both faults of one line are reported.
  assert.equal(check('A type=x orientation=y').split('\n').length, 2)
  // The stored result is not the one that the file shows.
  const seen = '{"indicator_id":"A","decision":"accept","type":"stock"}'
  assert.match(check(seen), /^1 type: the file says "stock", the stored result flow: /)
  assert.equal(check(seen.replace('"accept"', '"type=index"')), 'index period-total neutral')
})

test('every label of the codebook can be given', () => {
  for (const type of TYPES) assert.deepEqual(decided(`A type=${type}`), [`A correct type=${type}`])
  for (const label of ORIENTATIONS) {
    assert.deepEqual(decided(`A orientation=${label}`), [`A correct orientation=${label}`])
  }
})

test('whatever a file holds, nothing is thrown and every problem names a line of it', () => {
  const token = fc.constantFrom(
    ...['indicator_id', 'decision', 'corrections', 'accept', 'type=flow', ',', ';', '\n', '\r\n', '"', '{', '}', ':'],
    ...['"indicator_id":"A"', '[', ']', ' ', '=', '#', '\ufeff', '\0', '\u001b[31m', 'A', '\ud83d', '__proto__'],
  )
  const text = fc.oneof(
    fc.array(token, { maxLength: 40 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, (content) => {
      const bytes = Buffer.from(content)
      const { lines, problems } = parseReview(bytes)
      const count = bytes.toString('utf8').split('\n').length
      for (const { line } of [...lines, ...problems]) assert.ok(line >= 1 && line <= count, `${line} of ${count}`)
      for (const { field, message } of problems) {
        assert.ok(message.length > 0)
        // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal would obey them
        assert.doesNotMatch(message + field, /[\u0000-\u001f\u007f-\u009f]/)
      }
    }),
    { numRuns: 3_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      parseReview(Buffer.from(bytes))
    }),
  )
})

test('a control character in the name of a column does not reach the message about its row', () => {
  const { problems } = parseReview(Buffer.from('\u001b\tindicator_id\n"'))
  assert.deepEqual(
    problems.map(({ line, field }) => [line, field]),
    [[2, '\\u{1b}']],
  )
})

test('a long line is read in time', () => {
  const started = process.cpuUsage().user
  parse(`${'a '.repeat(200_000)}accept\n${'type=flow '.repeat(50_000)}`)
  parse(`{"indicator_id":"A","corrections":"${' ='.repeat(100_000)}"}`)
  assert.ok(process.cpuUsage().user - started < 20_000_000)
})

test('the three forms of docs/review.md say the same', () => {
  const csv = `indicator_id,decision,corrections,note
NY.GDP.MKTP.CD,accept,,
A.1,,type=flow temporal_aggregation=period-total,read the source's manual
A.2,orientation=neutral,,
`
  const json = `{"indicator_id":"NY.GDP.MKTP.CD","decision":"accept"}
{"indicator_id":"A.1","corrections":{"type":"flow","temporal_aggregation":"period-total"},"note":"read the source's manual"}
{"indicator_id":"A.2","decision":"orientation=neutral"}
`
  const plain = `NY.GDP.MKTP.CD accept
A.1 type=flow temporal_aggregation=period-total
A.2 orientation=neutral
`
  const expected = [
    'NY.GDP.MKTP.CD accept',
    'A.1 correct type=flow temporal_aggregation=period-total',
    'A.2 correct orientation=neutral',
  ]
  for (const text of [csv, json, plain]) assert.deepEqual(decided(text), expected)
  assert.deepEqual(decided(`${csv}A.3,,,\n`).at(-1), 'A.3 undecided')
})
