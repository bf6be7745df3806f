/** Labels of free text count by what they say: case and white space make no difference, neither between people nor to an answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { meansTheSame } from '../../../../src/classification/fields.ts'
import type { LabelValue } from '../../../../src/classification/types.ts'
import { agreementOf, casesOf } from '../../../../src/cli/certify/people.ts'
import { isRight, judgeRow, rowLabelOf } from '../../../../src/cli/certify/row-labels.ts'
import { isRight as isRightByGold } from '../../../../src/eval/fields.ts'
import type { RunRow, StoredLabel } from '../../../../src/store/types.ts'
import { economic } from '../../classification/schemes.ts'

const { codebook } = economic
const FREE = 'unit_per'
const LISTED = 'type'

const labelled = (field: string, label: LabelValue, by = 'Anna'): StoredLabel => ({
  ...{ indicatorId: 'X.1', inputHash: 'h', field, label, isKnown: true, by },
  ...{ adjudicates: false, blind: true, runId: 'run-1', note: '', at: '2026-11-29T08:00:00Z' },
})
const answer = (labels: Record<string, LabelValue>) => ({ classification: { labels } }) as unknown as RunRow

test('free text means the same in another case, with other white space and in full-width signs; other words do not', () => {
  const field = codebook.field.get(FREE)
  for (const [a, b] of [
    ['mmbtu', 'MMBtu'],
    ['1000  people', '1000 People'],
    [' day', 'day'],
    ['ＭＷｈ', 'mwh'],
  ])
    assert.ok(meansTheSame(field, a, b), `${a} and ${b}`)
  for (const [a, b] of [
    ['day', 'days'],
    ['day', null],
    [null, ''],
  ] as const)
    assert.ok(!meansTheSame(field, a, b), `${a} and ${b}`)
  // What a list or a form gives one spelling is only what it is, and so is a field that the codebook has no more.
  assert.ok(!meansTheSame(codebook.field.get(LISTED), 'flow', 'Flow'))
  assert.ok(!meansTheSame(undefined, 'flow', 'Flow'))
  assert.ok(meansTheSame(undefined, ['a', 'b'], ['b', 'a']))
})

test('a row of a certificate is right where its free text differs in case alone, and two people who write it so agree', () => {
  const labels = [labelled(FREE, 'mmbtu'), labelled(FREE, 'MMBtu', 'Ben'), labelled(LISTED, 'price')]
  const row = judgeRow({ id: 'X.1', labels }, codebook, [FREE, LISTED]) ?? assert.fail('the row has all labels')
  assert.deepEqual(
    row.fields.map(({ state }) => state),
    ['settled', 'settled'],
  )
  assert.deepEqual(rowLabelOf(row, answer({ [FREE]: 'MMBTU', [LISTED]: 'price' })).right, {
    [FREE]: true,
    [LISTED]: true,
  })
  assert.deepEqual(rowLabelOf(row, answer({ [FREE]: 'barrel', [LISTED]: 'Price' })).right, {
    [FREE]: false,
    [LISTED]: false,
  })
  const [free] = row.fields
  assert.ok(free !== undefined && isRight(free, 'MMBtu') && !isRight(free, null))
  assert.deepEqual(casesOf([row]), [])
  assert.equal(agreementOf([row], [FREE], 'seed')[0]?.disagreements, 0)
})

test('gold counts free text in the same way', () => {
  const field = codebook.field.get(FREE) ?? assert.fail('the field is there')
  const gold = { labels: { [FREE]: 'mmbtu' } } as unknown as Parameters<typeof isRightByGold>[0]
  assert.ok(isRightByGold(gold, field, { [FREE]: 'MMBtu' }))
  assert.ok(!isRightByGold(gold, field, { [FREE]: 'litre' }))
})
