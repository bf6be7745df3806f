/** Public files as they come, in small: what is read of each, which column becomes which field, and what is left over. */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { openCatalogue } from '../../../src/catalogue/open-catalogue.ts'

const FIXTURES = fileURLToPath(new URL('../../fixtures/', import.meta.url))
const FOLDER = join(FIXTURES, 'catalogue/public')
const FILES = (await readdir(FOLDER)).sort()

interface Expected {
  /** Records, format, encoding and layout. */
  readonly read: string
  readonly mapping: Readonly<Record<string, string>>
  readonly unused: readonly string[]
  /** Id and name of the first record, with the number of its sample values and the last of them. */
  readonly first: string
}

/** Each was checked by eye against its file. */
const EXPECTED: Readonly<Record<string, Expected>> = parse(await readFile(join(FIXTURES, 'public-files.yaml'), 'utf8'))

for (const name of FILES) {
  test(`${name} is read without options`, async () => {
    const catalogue = await openCatalogue(join(FOLDER, name))
    try {
      const { format, encoding, layout, mapping, unused } = catalogue.reading
      const records = []
      for await (const { indicator } of catalogue.indicators()) records.push(indicator)
      const [first] = records
      const last = first?.sample_values.at(-1)
      const points = last === undefined ? '' : ` | ${first?.sample_values.length} points, ${last.date} = ${last.value}`
      assert.deepEqual(
        {
          read: `${catalogue.count} ${format} ${encoding} ${layout}`,
          mapping,
          unused: unused.map(({ column }) => column),
          first: `${first?.indicator_id} | ${first?.name}${points}`,
        },
        EXPECTED[name],
      )
      assert.equal(new Set(records.map((record) => record.indicator_id)).size, catalogue.count)
    } finally {
      await catalogue.close()
    }
  })
}

test('every public file has an expectation, and every expectation a file', () => {
  assert.deepEqual(FILES, Object.keys(EXPECTED).sort())
})
