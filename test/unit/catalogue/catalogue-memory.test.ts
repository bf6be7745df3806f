/** Tests that reading a large catalogue takes little memory. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DuplicateIndex } from '../../../src/catalogue/duplicate-index.ts'
import { assertMemoryStays } from '../../helpers/memory/catalogue-memory.ts'

test('60,000 rows cost at most 15 MB more than 10,903', async (t) => {
  t.diagnostic(await assertMemoryStays(10_903, 60_000, 15))
})

test('ids stay known whenever the table grows', () => {
  const seen = new DuplicateIndex()
  for (let line = 1; line <= 50_000; line += 1) assert.equal(seen.add(`ID${line}`, `content ${line}`, line), undefined)
  assert.equal(seen.count, 50_000)
  for (let line = 1; line <= 50_000; line += 7) {
    assert.deepEqual(seen.get(`ID${line}`, `content ${line}`), { line, isSameContent: true })
    assert.deepEqual(seen.add(`ID${line}`, 'other', 99), { line, isSameContent: false })
  }
  assert.equal(seen.get('ID0', ''), undefined)
  assert.equal(seen.count, 50_000)
})
