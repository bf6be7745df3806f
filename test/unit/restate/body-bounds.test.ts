/** The bounds of bodies: they change nothing that a handler reads, and name the field and the bound of what they refuse. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { batchRequestSchema } from '../../../src/classification/batch-request.ts'
import { normaliseIndicator } from '../../../src/classification/indicator.ts'
import { OPTIONAL_TEXTS } from '../../../src/codebooks/record-texts.ts'
import { boundBody } from '../../../src/restate/body-bounds.ts'

const FULL = {
  indicator_id: 'a',
  name: '\u0000'.repeat(1_000),
  ...Object.fromEntries(
    OPTIONAL_TEXTS.map((field) => [field, '\u0000'.repeat(field === 'description' ? 10_000 : 1_000)]),
  ),
  sample_values: Array.from({ length: 5_000 }, (_, index) => ({
    date: `2024-01-0${1 + (index % 9)}`,
    value: String(index),
  })),
}

function kept(handler: string, body: unknown): unknown {
  const found = boundBody(handler, Buffer.from(JSON.stringify(body)))
  assert.equal(found.kind, 'kept', JSON.stringify(found).slice(0, 300))
  return found.kind === 'kept' ? JSON.parse(Buffer.from(found.bytes).toString()) : undefined
}

function refusal(handler: string, body: string): string {
  const found = boundBody(handler, Buffer.from(body))
  return found.kind === 'refused' ? found.message : ''
}

test('a record of the longest texts, each character escaped, and of the most samples stays as it is', () => {
  const body = { indicators: [FULL], run_id: 'r', catalogue: 'c', codebook: 'x@1', force: true, options: { pack: 5 } }
  assert.deepEqual(kept('batch', body), body)
  assert.deepEqual(kept('estimate', body), body)
})

test('the value of an unknown field goes, and its name stays for the warning of a record and the refusal of a body', () => {
  const body = { indicators: [{ indicator_id: 'a', name: 'b', secret: ['x'] }], modes: 'rules', options: { mood: 1 } }
  const found = kept('batch', body)
  assert.deepEqual(found, {
    indicators: [{ indicator_id: 'a', name: 'b', secret: null }],
    modes: null,
    options: { mood: 1 },
  })
  const checked = batchRequestSchema.safeParse(found)
  const issues = checked.error?.issues.map(({ message }) => message)
  assert.deepEqual(issues, ['unknown field "mood"', 'unknown field "modes"'])
})

test('a refusal names the field and the bound', () => {
  const record = (fields: string) => `{"indicators":[{"indicator_id":"a","name":"b"},{"indicator_id":"c",${fields}}]}`
  const nested = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  assert.match(
    refusal('batch', record(`"name":"${'x'.repeat(7_000)}"`)),
    /^\(at \/indicators\/1\/name\) .* 6002 bytes, got 7002/,
  )
  assert.match(
    refusal('batch', record(`"name":${nested}`)),
    /^\(at \/indicators\/1\/name\) must take at most 6002 bytes/,
  )
  assert.match(refusal('batch', `{"options":{"mode":${nested}}}`), /^\(at \/options\) must take at most 65536 bytes/)
  assert.match(refusal('batch', record(`"sample_values":[${'0,'.repeat(5_000)}0]`)), /at most 5000 points, got 5001/)
  assert.match(
    refusal('batch', record(`"sample_values":"${'0'.repeat(1_600_000)}"`)),
    /must take at most 1572866 bytes/,
  )
  assert.match(refusal('status', `{"run_id":${nested}}`), /^\(at \/\) must take at most 65536 bytes/)
  assert.match(refusal('codebook', `{"text":${nested}}`), /nested at most 32 levels/)
  assert.match(refusal('batch', `{"indicators":["${'x'.repeat(70_000)}`), /no JSON/)
  assert.equal(boundBody('batch', Buffer.from('{"indicators":')).kind, 'kept', 'the parser words small faults')
  assert.equal(boundBody('unknown', Buffer.from(nested)).kind, 'kept')
})

test('a sample point of many bytes or values counts as one without a readable date and number', () => {
  const point = { date: '2024', value: 1 }
  const large = [
    { ...point, note: 'x'.repeat(1_000) },
    { ...point, list: Array.from({ length: 50 }, () => 0) },
  ]
  const body = { indicators: [{ indicator_id: 'a', name: 'b', sample_values: [point, ...large] }] }
  const [record] = batchRequestSchema.parse(kept('batch', body)).indicators
  assert.ok(record)
  const { indicator, warnings } = normaliseIndicator(record)
  assert.equal(indicator.sample_values.length, 1)
  assert.equal(warnings.droppedPoints, 2)
})

test('what a schema makes of a body is the same with the bounds, except for the values of unknown fields', () => {
  const value = fc.jsonValue({ maxDepth: 3 })
  const point = fc.oneof(
    fc.record({ date: fc.constantFrom('2024', '2024-02'), value: fc.double({ noNaN: true }) }),
    value,
  )
  const record = fc.record(
    {
      indicator_id: fc.string(),
      name: fc.string(),
      units: fc.option(fc.string()),
      sample_values: fc.array(point),
      x: value,
    },
    { requiredKeys: [] },
  )
  const body = fc.record(
    { indicators: fc.oneof(fc.array(record), value), run_id: value, y: value },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(fc.oneof(body, value), (given) => {
      const found = boundBody('batch', Buffer.from(JSON.stringify(given)))
      if (found.kind === 'refused') return
      const bounded = batchRequestSchema.safeParse(JSON.parse(Buffer.from(found.bytes).toString()))
      const whole = batchRequestSchema.safeParse(JSON.parse(JSON.stringify(given)))
      assert.equal(bounded.success, whole.success)
      assert.deepEqual(
        bounded.error?.issues.map(({ path }) => path),
        whole.error?.issues.map(({ path }) => path),
      )
      if (!bounded.success || !whole.success) return
      assert.deepEqual(bounded.data.indicators.map(normaliseIndicator), whole.data.indicators.map(normaliseIndicator))
    }),
    { numRuns: 500 },
  )
})
