/** Tests that no content of a catalogue file makes its reading fail in an unexpected way. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { splitFields } from '../../../src/catalogue/csv-fields.ts'
import { openCatalogue } from '../../../src/catalogue/open-catalogue.ts'
import { type ReadAt, splitRecords } from '../../../src/catalogue/record-splitter.ts'
import { isServiceError } from '../../../src/errors.ts'

const SEED = 20_261_122
let folder = ''

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'catalogue-fuzz-'))
})
after(async () => {
  await rm(folder, { recursive: true, force: true })
})

/** Reads a file that must be accepted with as many entries as it counts, or refused as input-invalid. */
async function readsOrRefuses(content: Uint8Array | string, format: 'csv' | 'jsonl', skipInvalid: boolean) {
  const path = join(folder, 'fuzzed')
  writeFileSync(path, content)
  try {
    const catalogue = await openCatalogue(path, { format, skipInvalid })
    let count = 0
    for await (const { indicator } of catalogue.indicators()) count += indicator.name === '' ? 0 : 1
    assert.equal(count, catalogue.count)
    await catalogue.close()
  } catch (error) {
    if (!isServiceError(error) || error.code !== 'input-invalid') throw error
    assert.doesNotMatch(error.message.replaceAll('\n', ' '), /\p{Cc}/u)
  }
}

const csvPiece = fc.constantFrom(
  '"',
  '""',
  ',',
  ';',
  '\n',
  '\r\n',
  '\r',
  'X1',
  'GDP',
  ' ',
  '[',
  '{}',
  '\ufeff',
  'é',
  '=1',
)
const jsonPiece = fc.constantFrom(
  '{',
  '}',
  '"indicator_id"',
  ':',
  '"X1"',
  ',',
  '"name"',
  '\n',
  '[',
  ']',
  'null',
  '1e999',
  '"__proto__"',
)
const HEADER = 'indicator_id,name,sample_values\n'

const INPUTS = {
  'random bytes': fc.uint8Array({ maxLength: 400 }),
  'bytes below 128 but NUL': fc.uint8Array({ maxLength: 400, min: 9, max: 127 }),
  'CSV pieces below a header': fc.array(csvPiece, { maxLength: 60 }).map((pieces) => HEADER + pieces.join('')),
  'JSON pieces': fc.array(jsonPiece, { maxLength: 60 }).map((pieces) => pieces.join('')),
  'JSON values': fc.array(fc.json(), { maxLength: 5 }).map((values) => values.join('\n')),
  'records with odd values': fc
    .array(
      fc.record(
        { indicator_id: fc.anything(), name: fc.anything(), units: fc.anything(), sample_values: fc.anything() },
        { requiredKeys: [] },
      ),
      { maxLength: 5 },
    )
    .map((records) =>
      records
        .map((one) => JSON.stringify(one, (_, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)))
        .join('\n'),
    ),
} as const

for (const [what, arbitrary] of Object.entries(INPUTS)) {
  for (const format of ['csv', 'jsonl'] as const) {
    test(`${what} as ${format} are read or refused, and nothing else is thrown`, async () => {
      const property = fc.asyncProperty(fc.oneof(arbitrary), fc.boolean(), (content, skipInvalid) =>
        readsOrRefuses(content, format, skipInvalid),
      )
      await fc.assert(property, { numRuns: 900, seed: SEED })
    })
  }
}

const cell = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.array(fc.constantFrom('"', ',', '\n', '\r\n', 'a', ' '), { maxLength: 8 }).map((pieces) => pieces.join('')),
)
const rows = fc
  .integer({ min: 2, max: 5 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 8 }))

/** Reads the file in steps of `step` bytes, so that the end of a read falls on every byte in turn. */
function readerOf(content: Buffer, step: number): ReadAt {
  return async (buffer, offset, length, position) =>
    content.copy(buffer, offset, position, Math.min(content.length, position + Math.min(length, step)))
}

test('cells that csv-stringify wrote are read as csv-parse reads them, with the lines of the text', async () => {
  const property = fc.asyncProperty(
    rows,
    fc.constantFrom('\n', '\r\n'),
    fc.integer({ min: 1, max: 50 }),
    async (table, lineBreak, step) => {
      const text = stringify(table, { record_delimiter: lineBreak, quoted: true })
      const expected: string[][] = parse(text, { record_delimiter: ['\r\n', '\n'], bom: false })
      const got: string[][] = []
      const lines: number[] = []
      const split = { delimiter: 0x2c, maxBytes: 10_000, start: 0 }
      for await (const record of splitRecords(readerOf(Buffer.from(text), step), split)) {
        assert.equal(record.fault, undefined)
        const fields = splitFields(record.bytes.toString().replace(/\r$/, ''), ',')
        assert.ok('fields' in fields)
        got.push([...fields.fields])
        lines.push(record.line)
      }
      assert.deepEqual(got, expected)
      let line = 1
      for (const [index, row] of table.entries()) {
        assert.equal(lines[index], line)
        line += 1 + row.join('').toWellFormed().split('\n').length - 1
      }
    },
  )
  await fc.assert(property, { numRuns: 10_000, seed: SEED })
})
