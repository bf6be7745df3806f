/** Tests of 10,800 generated catalogue files that none makes its reading fail in an unexpected way. */
import { test } from 'node:test'
import { assertCellsAreRead, assertReadOrRefused, FUZZED } from '../helpers/catalogues/fuzzed-catalogues.ts'

for (const { what, format } of FUZZED) {
  test(`900 × ${what} as ${format} are read or refused, and nothing else is thrown`, () =>
    assertReadOrRefused(what, format, 900))
}

test('10,000 × cells that csv-stringify wrote are read as csv-parse reads them, with the lines of the text', () =>
  assertCellsAreRead(10_000))
