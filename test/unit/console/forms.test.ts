/** What a form of the console may say of a cost, and the sentence that a wrong one is refused with. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { checked, costField, optionalCostField } from '../../../src/console/routes/forms.ts'

const required = z.object({ max_cost: costField })
const optional = z.object({ max_cost: optionalCostField })

test('a cost is a plain number of US dollars, which may be left out where no limit is set', () => {
  for (const schema of [required, optional]) {
    for (const [text, usd] of [
      ['2.50', 2.5],
      [' 0.000001 ', 0.000_001],
      ['1000000', 1_000_000],
      // As people write it in most of Europe.
      ['2,50', 2.5],
      ['0,003', 0.003],
      ['12,0625', 12.0625],
    ] as const) {
      assert.deepEqual(checked(schema, { max_cost: text }), { max_cost: usd })
    }
  }
  assert.equal(checked(optional, { max_cost: ' ' }).max_cost, undefined)
  assert.equal(checked(optional, undefined).max_cost, undefined)
})

test('another is refused by the name of its field and what it must be', () => {
  const refusal = {
    code: 'input-invalid',
    message: 'May cost at most: must be a number of US dollars up to 1000000, such as 2.50 or 1000',
  }
  for (const text of [
    '1000000.01',
    '-1',
    '1e3',
    '0x10',
    '1,500',
    '1.000,5',
    '1,000,000',
    '0.0000001',
    'much',
    'Infinity',
  ]) {
    for (const schema of [required, optional]) assert.throws(() => checked(schema, { max_cost: text }), refusal, text)
  }
  assert.throws(() => checked(required, { max_cost: '' }), refusal)
  assert.throws(() => checked(required, undefined), { code: 'input-invalid' })
})
