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
    message: 'max_cost: must be a number of US dollars up to 1000000, such as 2.50',
  }
  for (const text of ['1000000.01', '-1', '1e3', '2,50', '0x10', '0.0000001', 'much', 'Infinity']) {
    for (const schema of [required, optional]) assert.throws(() => checked(schema, { max_cost: text }), refusal, text)
  }
  assert.throws(() => checked(required, { max_cost: '' }), refusal)
  assert.throws(() => checked(required, undefined), { code: 'input-invalid' })
})
