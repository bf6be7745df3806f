/** The cells of a row group come back as they were pushed, for texts that repeat, for none, and over several groups. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHeldColumn } from '../../../../src/catalogue/output/held-columns.ts'

test('texts come back in their order, whether they repeat, are missing, or are many', () => {
  const column = createHeldColumn('text')
  const groups = [
    ['a', null, 'ä€𝄞', 'a', '', 'a\ud800', 'ä€𝄞'],
    Array.from({ length: 5_000 }, (_, row) =>
      row % 7 === 0 ? null : `${row % 3 === 0 ? 'again' : 'x'.repeat(row % 90)}`,
    ),
    Array.from({ length: 3_000 }, (_, row) => `text ${row % 1_500}`),
  ]
  for (const cells of groups) {
    for (const cell of cells) column.push(cell)
    const expected = cells.map((cell) => (cell === '' ? null : (cell?.toWellFormed() ?? null)))
    assert.deepEqual(column.values(), expected)
    assert.deepEqual(column.values(), expected)
    column.clear()
    assert.equal(column.bytes, 0)
  }
})

test('what stands in a column again and again takes its bytes once', () => {
  const column = createHeldColumn('text')
  for (let row = 0; row < 1_000; row += 1) column.push(row % 2 === 0 ? 'flow' : 'stock')
  assert.equal(column.bytes, 'flowstock'.length)
})

test('whole numbers are big integers, and lists are one text', () => {
  const numbers = createHeldColumn('integer')
  for (const cell of ['12', '', 7]) numbers.push(cell)
  assert.deepEqual(numbers.values(), [12n, null, 7n])
  const lists = createHeldColumn('texts')
  lists.push(['a', 'b'])
  assert.deepEqual(lists.values(), ['a; b'])
})
