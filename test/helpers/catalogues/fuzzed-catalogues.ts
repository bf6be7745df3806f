/** Generated catalogue files of any content, and tables as another library writes them: read, or refused in the expected way. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { splitFields } from '../../../src/catalogue/csv-fields.ts'
import { openCatalogue } from '../../../src/catalogue/open-catalogue.ts'
import { type ReadAt, splitRecords } from '../../../src/catalogue/record-splitter.ts'
import { isServiceError } from '../../../src/errors.ts'
import { anyText } from '../any-text.ts'
import { temporaryDirectory } from '../temporary-directory.ts'

type Format = 'csv' | 'jsonl'
const SEED = 20_261_122
/** Reads a file that must be accepted with as many entries as it counts, or refused as input-invalid. */
async function readsOrRefuses(
  path: string,
  content: Uint8Array | string,
  { format, skipInvalid }: { format: Format; skipInvalid: boolean },
) {
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

/** Every kind of content with the format as which it is read. */
export const FUZZED = Object.keys(INPUTS).flatMap((what) =>
  (['csv', 'jsonl'] as const).map((format) => ({ what: what as keyof typeof INPUTS, format })),
)

/** Asserts of `runs` generated files that each is read whole, or refused as input-invalid. */
export async function assertReadOrRefused(what: keyof typeof INPUTS, format: Format, runs: number): Promise<void> {
  const folder = await temporaryDirectory()
  const property = fc.asyncProperty(fc.oneof(INPUTS[what]), fc.boolean(), (content, skipInvalid) =>
    readsOrRefuses(join(folder, 'fuzzed'), content, { format, skipInvalid }),
  )
  try {
    await fc.assert(property, { numRuns: runs, seed: SEED })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const cell = fc.oneof(
  anyText({ maxLength: 12 }),
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

/** Asserts of `runs` tables that csv-stringify wrote that they are read as csv-parse reads them, with the lines of the text. */
export async function assertCellsAreRead(runs: number): Promise<void> {
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
  await fc.assert(property, { numRuns: runs, seed: SEED })
}
