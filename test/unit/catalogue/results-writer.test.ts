/** Tests of the writer of results as CSV and JSON Lines. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import {
  createResultsWriter,
  csvColumnsOf,
  escapeFormula,
  type ResultsFormat,
  ROWS_AT_ONCE,
  textCell,
  textsOfCell,
} from '../../../src/catalogue/results-writer.ts'
import { toResultBody } from '../../../src/classification/result-body.ts'
import type { PreparedScheme } from '../../../src/classification/scheme.ts'
import type { Classification } from '../../../src/classification/types.ts'
import { visibleText } from '../../../src/lib/visible-text.ts'
import { anyText } from '../../helpers/any-text.ts'
import { economic, RIGHT, shop } from '../classification/schemes.ts'

const CLASSIFICATION: Classification = {
  indicator_id: 'X1',
  name: 'Trade balance, "goods"\nand services',
  catalogue: 'wb',
  codebook: 'economic-indicators@2',
  codebook_hash: 'hash',
  labels: {
    type: 'balance',
    family: 'physical-fundamental',
    temporal_aggregation: 'period-total',
    time_basis: 'per-period',
    orientation: 'higher-is-positive',
    unit_kind: 'currency',
    unit_scale: 1e12,
    unit_currency: 'USD',
    unit_per: null,
    frequency: 'monthly',
    cumulative_pattern: 'year-to-date',
    cumulative_reset_month: 1,
  },
  field_confidence: { type: 0.9 },
  field_source: { type: 'model', unit_kind: 'unit-from-text' },
  confidence: 0.9,
  source: 'model',
  status: 'needs-review',
  issues: [
    { code: 'low-confidence', message: 'below 0.7' },
    { code: 'unit-unknown', message: 'no units' },
  ],
  reason: '=HYPERLINK("http://evil.example")',
  model: null,
  prompt_version: 'p1',
  run_id: 'run-1',
  classified_at: '2026-11-22T12:00:00.000Z',
}

async function exported(
  format: ResultsFormat,
  classifications: readonly Classification[],
  scheme: PreparedScheme = economic,
): Promise<string> {
  let text = ''
  const writer = createResultsWriter({
    format,
    scheme,
    write: (part) => {
      text += part
    },
  })
  for (const one of classifications) await writer.write(one)
  await writer.end()
  return text
}

test('JSON Lines hold the results as HTTP bodies do, unchanged', async () => {
  const lines = (await exported('jsonl', [CLASSIFICATION, { ...CLASSIFICATION, indicator_id: '=1' }])).split('\n')
  const first: Record<string, unknown> = JSON.parse(lines[0] ?? '')
  assert.deepEqual(first, toResultBody(CLASSIFICATION, economic))
  assert.deepEqual([first['type'], first['unit_scale']], ['balance', 1e12])
  assert.deepEqual(first['unit'], { kind: 'currency', scale: 1e12, currency: 'USD', per: null })
  assert.equal(JSON.parse(lines[1] ?? '').indicator_id, '=1')
  assert.deepEqual(lines.slice(2), [''])
  assert.equal(await exported('jsonl', []), '')
})

test('CSV is flat, quoted and has its header even with no row', async () => {
  assert.equal(await exported('csv', []), `${csvColumnsOf(economic).join(',')}\n`)
  const rows: Record<string, string>[] = parse(await exported('csv', [CLASSIFICATION]), { columns: true })
  assert.deepEqual(rows, [
    {
      indicator_id: 'X1',
      // A record is one line, so that no text can look like a row of its own.
      name: 'Trade balance, "goods"\\nand services',
      type: 'balance',
      family: 'physical-fundamental',
      temporal_aggregation: 'period-total',
      time_basis: 'per-period',
      orientation: 'higher-is-positive',
      unit_kind: 'currency',
      unit_scale: '1000000000000',
      unit_currency: 'USD',
      unit_per: '',
      frequency: 'monthly',
      cumulative_pattern: 'year-to-date',
      cumulative_reset_month: '1',
      confidence: '0.9',
      source: 'model',
      status: 'needs-review',
      issues: 'low-confidence; unit-unknown',
      reason: '\'=HYPERLINK("http://evil.example")',
      model: '',
      codebook_version: '2',
      prompt_version: 'p1',
      run_id: 'run-1',
      classified_at: '2026-11-22T12:00:00.000Z',
      catalogue: 'wb',
      codebook: 'economic-indicators@2',
      field_confidence: '{"type":0.9}',
      field_source: '{"type":"model","unit_kind":"unit-from-text"}',
    },
  ])
})

test('the first columns of economic indicators are those of earlier releases, in their order', () => {
  const earlier = [
    ...['indicator_id', 'name', 'type', 'family', 'temporal_aggregation', 'time_basis', 'orientation'],
    ...['unit_kind', 'unit_scale', 'unit_currency', 'unit_per', 'frequency'],
    ...['cumulative_pattern', 'cumulative_reset_month', 'confidence', 'source', 'status', 'issues', 'reason', 'model'],
    ...['codebook_version', 'prompt_version', 'run_id', 'classified_at'],
  ]
  assert.deepEqual(csvColumnsOf(economic).slice(0, earlier.length), earlier)
})

test('the columns of any codebook are its fields; several labels share a cell, and a label is no formula', async () => {
  const labels = { ...RIGHT, uses: ['kitchen', 'garden'], maker: '=cmd', tone: 'bright' }
  const one: Classification = { ...CLASSIFICATION, codebook: 'shop-goods@3', labels }
  const rows: Record<string, string>[] = parse(await exported('csv', [one], shop), { columns: true })
  const [row = {}] = rows
  assert.deepEqual(Object.keys(row), csvColumnsOf(shop))
  const names = shop.codebook.fields.map(({ name }) => name)
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, row[name]])), {
    ...{ shade: 'pale', tone: 'bright', uses: 'kitchen; garden', pack: '1', origin: '', weight: '2.5' },
    // The field "shelf" has no label in the result.
    ...{ maker: "'=cmd", product: '12', shelf: '' },
  })
  assert.equal(row['codebook_version'], '3')
  const body = JSON.parse(await exported('jsonl', [one], shop))
  assert.deepEqual([body.uses, body.weight, body.origin, body.shelf], [['kitchen', 'garden'], 2.5, null, null])
  assert.ok(!('unit' in body), 'no property of another codebook')
})

test('more rows than are formatted together keep their order and one header', async () => {
  const many = Array.from({ length: 501 }, (_, index) => ({ ...CLASSIFICATION, indicator_id: `X${index}` }))
  const rows: string[][] = parse(await exported('csv', many))
  assert.deepEqual(
    rows.map(([id]) => id),
    ['indicator_id', ...many.map((one) => one.indicator_id)],
  )
})

test('a slow reader slows down the export', async () => {
  let release: () => void = () => {}
  const writer = createResultsWriter({
    format: 'jsonl',
    scheme: economic,
    write: () => new Promise((resolve) => (release = resolve)),
  })
  for (let row = 1; row < ROWS_AT_ONCE; row += 1) await writer.write(CLASSIFICATION)
  let isWritten = false
  const writing = writer.write(CLASSIFICATION).then(() => {
    isWritten = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isWritten, false)
  release()
  await writing
})

const NEUTRALISED: readonly (readonly [string, string])[] = [
  ['=1+1', "'=1+1"],
  ['+SUM(A1)', "'+SUM(A1)"],
  ['-2+3', "'-2+3"],
  ['@cmd', "'@cmd"],
  ['\tx', "'\tx"],
  ['\rx', "'\rx"],
  ['＝1+1', "'＝1+1"],
  ['-', "'-"],
  ['-1.5', '-1.5'],
  ['+3', '+3'],
  ['-1e-7', '-1e-7'],
  ['-1.5-2', "'-1.5-2"],
  ['GDP = C + I', 'GDP = C + I'],
  ['', ''],
]
for (const [cell, expected] of NEUTRALISED) {
  test(`the cell ${JSON.stringify(cell)} becomes ${JSON.stringify(expected)}`, () => {
    assert.equal(escapeFormula(cell), expected)
  })
}

test('whatever the text, every cell reads back as text that is no formula', async () => {
  const text = fc.oneof(
    anyText(),
    fc.array(fc.constantFrom('=', '-', '1', '"', ',', '\n', '\r')).map((p) => p.join('')),
  )
  const property = fc.asyncProperty(text, async (reason) => {
    const rows: Record<string, string>[] = parse(await exported('csv', [{ ...CLASSIFICATION, reason }]), {
      columns: true,
      bom: false,
    })
    assert.equal(rows.length, 1)
    const read = rows[0]?.reason ?? ''
    assert.equal(read, textCell(reason))
    assert.equal(visibleText(read), read)
    assert.ok(textsOfCell(read).includes(reason) || reason.includes('\\'), 'the text can be read back')
    assert.ok(!/^[=+@\t\r-]/.test(read) || Number.isFinite(Number(read)), JSON.stringify(read))
  })
  await fc.assert(property, { numRuns: 1_000, seed: 20_261_122 })
})
