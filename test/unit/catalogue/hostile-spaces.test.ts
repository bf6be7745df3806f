/** Texts of nothing but spaces do not hold the reading of a file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findSeriesHead } from '../../../src/catalogue/formats/series-head.ts'
import { bytesOf } from '../../../src/catalogue/layout/left-over.ts'
import { endsSoon } from '../../helpers/ends-soon.ts'

const SPACES = ' '.repeat(400_000)

test('the label of a row of series is read in time, however many spaces it has', () => {
  const rows = [
    ['Series', 'Output', 'Prices'],
    [`Unit${SPACES}of :`, 'USD', 'EUR'],
    ['2020', '1', '2'],
    ['2021', '3', '4'],
  ]
  const head = endsSoon(() => findSeriesHead(rows))
  assert.deepEqual(
    head?.facts.map(({ name }) => name),
    ['Series', `Unit${SPACES}of`],
  )
})

test('a JSON record that is left out comes on one line in time, however many spaces it has', () => {
  const left = { bytes: Buffer.from(`{ \n  "a":\n\n "b${SPACES}c" }`), outcome: { kind: 'invalid' }, cells: undefined }
  type Given = Parameters<typeof bytesOf>
  const line = endsSoon(() => bytesOf(left as unknown as Given[0], { format: 'json' } as Given[1]))
  assert.equal(String(line), `{ "a": "b${SPACES}c" }`)
})
