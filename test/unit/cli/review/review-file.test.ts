/** The forms of a review file, and the message for each fault in one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { askableFields } from '../../../../src/classification/fields.ts'
import type { PreparedScheme } from '../../../../src/classification/scheme.ts'
import type { Classification, Labels } from '../../../../src/classification/types.ts'
import { parseReview } from '../../../../src/cli/review/review-file.ts'
import { decideLabels } from '../../../../src/review/decide-labels.ts'
import { anyText } from '../../../helpers/any-text.ts'
import { endsSoon } from '../../../helpers/ends-soon.ts'
import { classification } from '../../../helpers/store/batches.ts'
import { economic, PRODUCTS, RIGHT, SHOP_YAML, schemeOfText, shop } from '../../classification/schemes.ts'

const namesOf = ({ codebook }: PreparedScheme) => askableFields(codebook).map(({ name }) => name)
const parse = (text: string, scheme = economic) => parseReview(Buffer.from(text), namesOf(scheme))

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
    { indicator_id: 'J', corrections: { uses: ['kitchen', 'garden'], unit_scale: 1000 } },
    { indicator_id: 'K', corrections: 'unit_per="1000 people", unit_currency=none' },
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
    'J correct uses=kitchen,garden unit_scale=1000',
    'K correct unit_per=1000 people unit_currency=none',
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
  const [first] = parse(rows.map((row) => row.join()).join('\n')).lines
  assert.deepEqual([first?.seen, first?.catalogue], [{ type: 'flow' }, undefined])
})

test('a line may name its catalogue, within which an id stands once', () => {
  const text = 'indicator_id,catalogue,decision\nA,wb,accept\nA,imf,accept\nA,,accept\n'
  assert.deepEqual(
    parse(text).lines.map(({ catalogue }) => catalogue),
    ['wb', 'imf', undefined],
  )
  assert.match(problem(`${text}A,imf,accept\n`), /^5 indicator_id: "A" is in line 3 already/)
  assert.match(problem('{"indicator_id":"A","catalogue":4,"decision":"accept"}'), /^1 catalogue: must be a text; got 4/)
})

test('the labels that a file showed are read from the columns of their fields, or from the object "labels"', () => {
  const csv = 'indicator_id,shade,uses,weight,other\nA,pale,kitchen; garden,2.5,x\n'
  const json = '{"indicator_id":"A","labels":{"shade":"pale","uses":["kitchen","garden"],"weight":2.5,"maker":null}}'
  const seen = { shade: 'pale', uses: 'kitchen; garden', weight: '2.5' }
  assert.deepEqual(parse(csv, shop).lines[0]?.seen, seen)
  // Null in JSON is what an empty cell is in CSV.
  assert.deepEqual(parse(json, shop).lines[0]?.seen, { ...seen, maker: '' })
  // A field may have the name of another column of the file.
  const [line] = parseReview(Buffer.from('indicator_id,note,label_note\nA,why,loud\n'), ['note']).lines
  assert.deepEqual([line?.note, line?.seen], ['why', { note: 'loud' }])
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
  assert.match(parseReview(Buffer.from([0x41, 0xff]), []).problems[0]?.message ?? '', /not UTF-8/)
})

/** What a line makes of a stored result: its labels in the order of the codebook, or its problems. */
function checkerOf(scheme: PreparedScheme, labels: Labels, more: Partial<Classification> = {}) {
  const current = classification('A', { labels, ...more })
  return (text: string) => {
    const [line] = parse(text, scheme).lines
    assert.ok(line)
    const outcome = decideLabels(line, current, scheme)
    if ('problems' in outcome) {
      return outcome.problems.map(({ line: at, field, message }) => `${at} ${field}: ${message}`).join('\n')
    }
    return JSON.stringify(Object.values(outcome.labels))
  }
}

const FLOW = {
  ...{ type: 'flow', family: 'physical-fundamental', temporal_aggregation: 'period-total', time_basis: 'per-period' },
  ...{ orientation: 'neutral', unit_kind: 'currency', unit_scale: 1e6, unit_currency: 'USD', unit_per: null },
  ...{ frequency: 'monthly', cumulative_pattern: 'none', cumulative_reset_month: null },
}
const CURRENCY = '"neutral","currency",1000000,"USD",null,"monthly"]'

test('corrections are checked against the codebook', () => {
  const check = checkerOf(economic, FLOW)
  assert.equal(check('A accept'), `["flow","period-total",${CURRENCY}`)
  assert.equal(check('A type=PRICE temporal-aggregation=period_average'), `["price","period-average",${CURRENCY}`)
  assert.match(
    check('A type=flows'),
    /^1 type: "flows" is not in the codebook; did you mean flow\? Allowed: growth-rate, /,
  )
  assert.match(check('A orientation=up'), /^1 orientation: "up" .*higher-is-positive, lower-is-positive, neutral$/)
  assert.match(check('A typ=flow'), /^1 typ: is not a field .*did you mean type\?/)
  assert.match(check('A constructor=flow'), /^1 constructor: is not a field that can be corrected: type, /)
  assert.match(check('A family=other'), /^1 family: .*correct type/)
  assert.match(check('A cumulative_pattern=none'), /^1 cumulative_pattern: .*never asked.*correct the catalogue/)
  assert.match(check('A type=growth-rate'), /^1 temporal_aggregation: a growth-rate is a period-rate, .*correct both/)
  assert.match(check('A temporal_aggregation=point-in-time'), /^1 type: a flow happens over a period/)
  assert.match(check('A unit_kind=percentage'), /^1 type: a flow is an amount, but the units are a percentage: /)
  // A constraint that only notes something stops no review.
  assert.match(check('A type=index temporal_aggregation=period-average'), /^\["index",/)
  // Both faults of one line are reported.
  assert.equal(check('A type=x orientation=y').split('\n').length, 2)
  // The stored result is not the one that the file shows.
  const seen = '{"indicator_id":"A","decision":"accept","type":"stock"}'
  assert.match(check(seen), /^1 type: was seen as "stock", and the stored result says flow: /)
  assert.match(check(seen.replace('"accept"', '"type=price"')), /^\["price",/)
  assert.match(
    check('{"indicator_id":"A","decision":"accept","labels":{"unit_scale":1000}}'),
    /^1 unit_scale: .*"1000"/,
  )
  assert.equal(check('indicator_id,decision,unit_scale\nA,accept,1E+06'), check('A accept'))
})

test('numbers, codes, several labels, forms and no label are read by the field, whatever the codebook', () => {
  const check = checkerOf(shop, RIGHT)
  assert.equal(check('A accept'), '["pale",["kitchen"],1,null,2.5,"Smith & Sons","12"]')
  assert.equal(
    check('A uses=kitchen+garden pack=12 origin=de weight=1e1 product=11'),
    '["pale",["kitchen","garden"],12,"DE",10,"Smith & Sons","11"]',
  )
  assert.match(
    check('{"indicator_id":"A","corrections":{"uses":["garden","kitchen"],"maker":"none"}}'),
    /\["garden","kitchen"\].*,null,"12"\]$/,
  )
  assert.match(check('A uses=kitchen|kitchen'), /^\["pale",\["kitchen"\]/)
  assert.match(check('A uses=kitchen+garden+office'), /^1 uses: takes at most 2 labels, and 3 are given/)
  assert.match(
    check('A uses=kitchen+cellar'),
    /^1 uses: "cellar" is not in the codebook\. Allowed: kitchen, garden, office/,
  )
  // A field with several labels may have an empty list; one with a single label needs it.
  assert.match(check('A uses=none'), /^\["pale",\[\],1,null,null,/)
  assert.match(check('A pack=none'), /^1 pack: "none" is not in the codebook/)
  assert.match(
    check('{"indicator_id":"A","corrections":{"shade":["pale","dark"]}}'),
    /^1 shade: takes one label, and 2 are given/,
  )
  // "none" is a value of this field, and no label in the next ones.
  assert.match(check('A shade=none'), /^\["none",/)
  assert.match(check('A maker=null origin=-'), /,null,2\.5,null,"12"\]$/)
  assert.match(check('A pack=7'), /^1 pack: "7" is not in the codebook.* Allowed: 1, 12/)
  assert.match(check('A weight=heavy'), /^1 weight: "heavy" is wrong: it must be a number from 0 to 100/)
  assert.match(check('A weight=101'), /^1 weight: "101" is wrong/)
  assert.match(check('A origin=deu'), /^1 origin: "deu" is wrong: it must be two capital letters/)
  assert.match(check('A maker=abcdefghijklmnopqrstuvwxyz'), /^1 maker: .* a text of 1 to 20 characters/)
  assert.match(
    check('A product=1'),
    /^1 product: "1" is a group of codes: give one of its codes, such as 11 Plates and bowls \(Kitchen goods\); 12 .*; 13 Pans \(Kitchen goods\)$/,
  )
  assert.match(
    check('A product=99'),
    /^1 product: "99" is no code and no title of the list, which has codes such as 11 /,
  )
  assert.match(check('A tone=dim'), /^1 tone: .*follows from shade, so correct shade/)
  assert.match(check('A shelf=top'), /^1 shelf: cannot be corrected in a review: it is never asked/)
  assert.match(check('A shade=dark'), /^1 uses: dark things \(dim, .* are not for the kitchen: correct both fields/)
})

test('a code is taken by its title or with it, and suggestions are codes that can be given, the likeliest first', () => {
  const check = checkerOf(shop, RIGHT)
  const give = (product: string) => check(JSON.stringify({ indicator_id: 'A', corrections: { product } }))
  for (const text of ['plates and  bowls', '11 Plates and bowls', '11 Plates and bowls (Kitchen goods)', '11']) {
    assert.equal(JSON.parse(give(text)).at(-1), '11', text)
  }
  assert.match(give('Kitchen goods'), /^1 product: "Kitchen goods" is the title of a group of codes: .* 11 /)
  assert.match(check('A product=shovels'), /no title of the list, which has codes such as 21 Spades \(Garden goods\); /)
  assert.match(check('A product=215'), /which has codes such as 21 Spades \(Garden goods\)$/)
  assert.match(give('11 Pans'), /is no code and no title of the list/)
  const twice = schemeOfText(
    SHOP_YAML,
    new Map([['products.csv', 'code,title,parent\n1,Kitchen,\n11,Pans,1\n2,Garden,\n21,Pans,2\n']]),
  )
  assert.match(
    checkerOf(twice, RIGHT)('A product=pans'),
    /^1 product: "pans" is the title of several codes, give one of them: 11 Pans \(Kitchen\); 21 Pans \(Garden\)/,
  )
})

test('a field with several labels takes no label in every form alike', () => {
  const check = checkerOf(shop, RIGHT)
  const none = check('A uses=none')
  assert.match(none, /^\["pale",\[\],1,null,null,/)
  for (const text of [
    'A uses=-',
    'A uses=null',
    'A uses=[]',
    'indicator_id,corrections\nA,uses=none',
    '{"indicator_id":"A","corrections":{"uses":[]}}',
    '{"indicator_id":"A","corrections":{"uses":["none"]}}',
    '{"indicator_id":"A","corrections":{"uses":"none"}}',
  ]) {
    assert.equal(check(text), none, text)
  }
  const nullable = checkerOf(
    schemeOfText(
      SHOP_YAML.replace('    multi: true\n', '    multi: true\n    nullable: true\n'),
      new Map([['products.csv', PRODUCTS]]),
    ),
    RIGHT,
  )
  assert.deepEqual(
    [nullable('A uses=null').slice(0, 12), nullable('A uses=none').slice(0, 10)],
    ['["pale",null', '["pale",[]'],
  )
})

test('a field that no longer applies loses its label, and a label for it is refused', () => {
  const check = checkerOf(shop, RIGHT)
  assert.equal(check('A uses=garden'), '["pale",["garden"],1,null,null,"Smith & Sons","12"]')
  assert.match(check('A uses=garden weight=3'), /^1 weight: applies only where uses is kitchen$/)
  assert.match(check('A uses=garden weight=none'), /^\["pale",\["garden"\],1,null,null/)
})

test('a label that is missing, or that the codebook dropped, has to be corrected', () => {
  const { shade: _, ...rest } = RIGHT
  const missing = checkerOf(shop, rest)
  assert.match(missing('A accept'), /^1 shade: has no label yet: write shade=… into corrections/)
  assert.match(missing('A pack=12'), /^1 shade: has no label yet/)
  assert.match(missing('A shade=pale'), /^\["pale",/)
  const dropped = checkerOf(shop, { ...RIGHT, shade: 'sepia' })
  assert.match(dropped('A accept'), /^1 shade: sepia is no label of this codebook: .* Allowed: pale, dark, none/)
  assert.match(dropped('A shade=none'), /^\["none",/)
})

test('every value of the codebook can be given as it stands', () => {
  for (const { name, type } of economic.codebook.fields) {
    if (type.kind !== 'values') continue
    for (const { value } of type.values) assert.deepEqual(decided(`A ${name}=${value}`), [`A correct ${name}=${value}`])
  }
})

test('whatever a file holds, nothing is thrown and every problem names a line of it', () => {
  const token = fc.constantFrom(
    ...['indicator_id', 'decision', 'corrections', 'accept', 'type=flow', ',', ';', '\n', '\r\n', '"', '{', '}', ':'],
    ...['"indicator_id":"A"', '[', ']', ' ', '=', '#', '\ufeff', '\0', '\u001b[31m', 'A', '\ud83d', '__proto__'],
  )
  const text = fc.oneof(
    fc.array(token, { maxLength: 40 }).map((parts) => parts.join('')),
    anyText(),
  )
  fc.assert(
    fc.property(text, (content) => {
      const bytes = Buffer.from(content)
      const { lines, problems } = parseReview(bytes, ['type', 'note'])
      const count = bytes.toString('utf8').split('\n').length
      for (const { line } of [...lines, ...problems]) assert.ok(line >= 1 && line <= count, `${line} of ${count}`)
      for (const { field, message } of problems) {
        assert.ok(message.length > 0)
        assert.doesNotMatch(message + field, /\p{Cc}/u, 'a terminal would obey it')
      }
    }),
    { numRuns: 3_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      parseReview(Buffer.from(bytes), [])
    }),
  )
})

test('a control character in the name of a column does not reach the message about its row', () => {
  const { problems } = parse('\u001b\tindicator_id\n"')
  assert.deepEqual(
    problems.map(({ line, field }) => [line, field]),
    [[2, '\\u{1b}']],
  )
})

test('a long line is read in time', () => {
  const spaces = ' '.repeat(400_000)
  for (const text of [
    `${'a '.repeat(200_000)}accept\n${'type=flow '.repeat(50_000)}`,
    `{"indicator_id":"A","corrections":"${' ='.repeat(100_000)}"}`,
    `{"indicator_id":"A","corrections":"type${spaces}flow"}`,
    `A type${spaces}flow`,
  ])
    endsSoon(() => parse(text))
  assert.deepEqual(decided(`A type${spaces}=${spaces}flow`), ['A correct type=flow'])
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
