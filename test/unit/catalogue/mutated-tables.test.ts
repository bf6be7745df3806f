/** Tests that public files are read, or refused with a line, also where people's copies of them differ. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../src/offline-model/random.ts'
import { assertMutationsAreRead } from '../../helpers/catalogues/mutated-tables.ts'

test('400 changed tables are read as the ones they were made of, or refused with what to do', async () => {
  const { read, refused } = await assertMutationsAreRead(400, createRandom(20_261_129))
  assert.ok(read > 200 && refused > 20, `${read} read, ${refused} refused`)
})
