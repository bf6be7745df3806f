/** The bounded reader: what it keeps is what JSON.parse would have kept of the shape, and no bytes make it slow or deep. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { boundJson } from '../../../src/lib/json/bounded-json.ts'
import { isRecord } from '../../../src/lib/json/json.ts'
import { fieldText, flatKeys } from '../../../src/lib/json/json-cursor.ts'
import { type JsonShape, MAX_DEPTH, MAX_FIELDS, MAX_VALUES } from '../../../src/lib/json/json-shape.ts'

const ANY: JsonShape = { kind: 'any', maxBytes: 1_000, maxValues: 100, beyond: 'refuse' }
const POINT: JsonShape = { kind: 'any', maxBytes: 60, maxValues: 5, beyond: 'null' }
const RECORD: JsonShape = {
  kind: 'fields',
  fields: new Map<string, JsonShape>([
    ['id', ANY],
    ['points', { kind: 'list', maxItems: 3, noun: 'points', items: POINT }],
  ]),
}
const ROWS: JsonShape = {
  kind: 'fields',
  fields: new Map<string, JsonShape>([['rows', { kind: 'list', maxItems: 5, noun: 'rows', items: RECORD }]]),
}

function bound(text: string, shape: JsonShape = ROWS) {
  return boundJson(Buffer.from(text), shape)
}

function kept(text: string, shape: JsonShape = ROWS): unknown {
  const found = bound(text, shape)
  assert.equal(found.kind, 'kept', JSON.stringify(found))
  return found.kind === 'kept' ? JSON.parse(Buffer.from(found.bytes).toString()) : undefined
}

test('known fields stay as they are; unknown ones keep a name and lose their value', () => {
  const text =
    '{ "rows" : [ {"x":[[1]], "id":"a\\"]}", "points":[{"date":"2024"}, [1,2,3,4,5,6], 7] } , 5 ], "y" : "z" }'
  assert.deepEqual(kept(text), { rows: [{ x: null, id: 'a"]}', points: [{ date: '2024' }, null, 7] }, 5], y: null })
  const plain = Buffer.from('{"rows":[{"id":1}]}')
  const same = boundJson(plain, ROWS)
  assert.ok(same.kind === 'kept' && same.bytes === plain, 'nothing is copied where nothing is left out')
  assert.deepEqual(kept('{"rows":[{"\\u0069d":1}]}'), { rows: [{ id: 1 }] }, 'a name may be escaped')
})

test('of many unknown fields only the first keep their names, wherever the known ones stand', () => {
  const strangers = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `"s${from + index}":{"a":[1,{}]}`).join(',')
  const long = `"${'n'.repeat(300)}":1`
  const text = `{${long},${strangers(0, 150)},"id":1,${long},${strangers(150, 300)},"points":[],${long}}`
  const found = kept(text, RECORD) as Record<string, unknown>
  assert.deepEqual(Object.keys(found).slice(-2), ['id', 'points'])
  assert.ok(Object.keys(found).length <= 102)
  assert.deepEqual(kept(`{${long}}`, RECORD), {})
  assert.deepEqual(kept(`{${long},${long}}`, RECORD), {})
})

test('every bound is named, with the way to the value', () => {
  const deep = `${'['.repeat(MAX_DEPTH + 1)}${']'.repeat(MAX_DEPTH + 1)}`
  const fields = Array.from({ length: MAX_FIELDS + 1 }, (_, index) => `"f${index}":0`).join(',')
  for (const [row, path, message] of [
    [`{"id":"${'x'.repeat(2_000)}"}`, ['rows', 1, 'id'], /at most 1000 bytes, got 2002/],
    [`{"id":${deep}}`, ['rows', 1, 'id'], /at most 32 levels deep, got 33/],
    [`{"id":[${'0,'.repeat(200)}0]}`, ['rows', 1, 'id'], /at most 100 values, got 202/],
    ['{"points":[1,2,3,4]}', ['rows', 1, 'points'], /at most 3 points, got 4/],
    [`{${fields}}`, ['rows', 1], /at most 1000 fields/],
  ] as const) {
    const found = bound(`{"rows":[{},${row}]}`)
    assert.ok(found.kind === 'refused', JSON.stringify(found))
    assert.deepEqual(found.path, path)
    assert.match(found.message, message)
  }
})

test('the values of a text are bounded in all', () => {
  const values = Array.from({ length: 40 }, () => `[${'0,'.repeat(MAX_VALUES / 32)}0]`)
  const shape: JsonShape = {
    ...{ kind: 'list', maxItems: 100, noun: 'lists' },
    items: { kind: 'any', maxBytes: 1e9, maxValues: 1e9, beyond: 'refuse' },
  }
  const found = bound(`[${values.join()}]`, shape)
  assert.ok(found.kind === 'refused' && /values in all/.test(found.message), found.kind)
})

test('what is no JSON is said so', () => {
  for (const text of [
    '',
    ' ',
    '{',
    '{"rows"',
    '{"rows":',
    '{"rows":[',
    '{"rows":[1',
    '{"rows":[1}',
    '{"a":"',
    '{"a":1,}',
  ]) {
    assert.equal(bound(text).kind, 'no-json', text)
  }
  for (const text of ['{"a":1} x', '{"a" 1}', '{a:1}', '{"a":}', '{"a":[', '{"a":1,,"b":1}', '{"\\x":1}']) {
    assert.equal(bound(text).kind, 'no-json', text)
  }
})

test('ten million bytes of brackets, quotes or strangers are passed over', () => {
  const nested = `${'['.repeat(5_000_000)}${']'.repeat(5_000_000)}`
  assert.deepEqual(kept(`{"rows":[{"x":${nested},"id":1}]}`), { rows: [{ x: null, id: 1 }] })
  assert.equal(bound(`{"rows":[{"id":${nested}}]}`).kind, 'refused')
  assert.equal(bound(nested).kind, 'refused')
  assert.equal(bound('['.repeat(10_000_000)).kind, 'no-json')
  assert.equal(bound(`{"a":"${'\\"'.repeat(5_000_000)}`).kind, 'no-json')
  assert.equal(bound(`{${'"a":1,'.repeat(1_000_000)}`).kind, 'refused')
})

test('for any JSON value, what is kept is the part of it that the shape knows', () => {
  const value = fc.jsonValue({ maxDepth: 4 })
  const row = fc.oneof(
    fc.record({ id: value, points: fc.array(value, { maxLength: 3 }), other: value }, { requiredKeys: [] }),
    value,
  )
  const whole = fc.record({ rows: fc.array(row, { maxLength: 4 }), else: value }, { requiredKeys: [] })
  fc.assert(
    fc.property(fc.oneof(whole, value), fc.boolean(), (given, isSpaced) => {
      const text = JSON.stringify(given, null, isSpaced ? 1 : undefined)
      const found = bound(text)
      if (found.kind === 'refused') return
      assert.equal(found.kind, 'kept', text)
      const read: unknown = JSON.parse(Buffer.from(found.kind === 'kept' ? found.bytes : []).toString())
      const whole: unknown = JSON.parse(text)
      if (!isRecord(whole)) assert.deepEqual(read, whole)
      else assert.deepEqual(known(read, read), known(whole, read))
    }),
    { numRuns: 500 },
  )
})

test('any bytes get an answer, and what is kept of valid JSON stays valid', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), fc.stringMatching(/^[[\]{}",:\\ a0]{0,40}$/)), (text) => {
      const found = bound(text)
      let isJson = true
      try {
        JSON.parse(text)
      } catch {
        isJson = false
      }
      if (isJson && found.kind === 'kept') JSON.parse(Buffer.from(found.bytes).toString())
      if (isJson) assert.notEqual(found.kind, 'no-json', text)
    }),
    { numRuns: 2_000 },
  )
})

/**
 * The rows of a value with their known fields, where `read` is what was kept. A point that is null in it counts as null, if it is
 * large enough for that.
 */
function known(value: unknown, read: unknown): unknown {
  const list = isRecord(value) ? value.rows : undefined
  const readList: unknown = isRecord(read) ? read.rows : undefined
  if (!Array.isArray(list)) return list
  return list.map((row: unknown, index) => {
    if (!isRecord(row)) return row
    const readRow: unknown = Array.isArray(readList) ? readList[index] : undefined
    const readPoints = isRecord(readRow) && Array.isArray(readRow.points) ? readRow.points : []
    const { points } = row
    const isLarge = (point: unknown) =>
      JSON.stringify(point, null, 1).length > 30 || /[[{,]/.test(JSON.stringify(point))
    const left = (point: unknown, at: number) => (readPoints[at] === null && isLarge(point) ? null : point)
    return { id: row.id, points: Array.isArray(points) ? points.map(left) : points }
  })
}

test('the keys of a flat object are those that its parser finds, in order', () => {
  // V8 may read a name that is a quotation mark as the backslash that an object before had at this place.
  const name = fc.string({ maxLength: 8 }).filter((text) => !text.includes('\\'))
  const text = fc.oneof(name, fc.constantFrom('a', 'b', 'é', '"', '\n', '__proto__'))
  const value = fc.oneof(text, fc.double({ noNaN: true }), fc.constant(null), fc.array(fc.object({ maxDepth: 1 })))
  fc.assert(
    fc.property(fc.dictionary(text, value), fc.constantFrom(0, 1), (object, indent) => {
      const parsed: unknown = JSON.parse(JSON.stringify(object))
      const keys = Object.keys(parsed ?? {})
      const a = isRecord(parsed) ? parsed['a'] : undefined
      assert.equal(
        fieldText(Buffer.from(JSON.stringify(object, null, indent)), 'a'),
        typeof a === 'string' ? a : undefined,
      )
      const found = flatKeys(Buffer.from(JSON.stringify(object, null, indent)))
      if (keys.length === 0) assert.equal(found, undefined)
      else assert.equal(found, keys.map((key) => `${key.length}:${key}`).join(''))
    }),
  )
  assert.equal(flatKeys(Buffer.from('{"\\u0061":1,"b":[{}]}')), '1:a1:b')
  assert.equal(fieldText(Buffer.from('{"\\u0061":"x","a":"y\\"}"}'), 'a'), 'y"}')
  for (const other of ['{"a":"x"', '{"a":"x","a":1}', '{"b":"x"}', '{"a":"\\x"}']) {
    assert.equal(fieldText(Buffer.from(other), 'a'), undefined, other)
  }
  for (const other of ['', '[]', '1', '{"a":{}}', '{"a":1', '{"a":1]', '{"a" 1}', '{a:1}', '{"a":1,}']) {
    assert.equal(flatKeys(Buffer.from(other)), undefined, other)
  }
})
