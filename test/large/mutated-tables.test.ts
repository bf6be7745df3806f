/** Tests 10,000 changed copies of public tables: read, or refused with what to do, without a hang or another error. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../src/offline-model/random.ts'
import { assertMutationsAreRead } from '../helpers/catalogues/mutated-tables.ts'

test('10,000 changed tables are read as the ones they were made of, or refused with what to do', async () => {
  const { read, refused } = await assertMutationsAreRead(10_000, createRandom(17))
  assert.equal(read + refused, 10_000)
  assert.ok(read > 5_000 && refused > 500, `${read} read, ${refused} refused`)
})
