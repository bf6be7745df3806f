/** Tests that no content of a catalogue file makes its reading fail in an unexpected way; test/large has more of each. */
import { test } from 'node:test'
import { assertCellsAreRead, assertReadOrRefused, FUZZED } from '../../helpers/catalogues/fuzzed-catalogues.ts'

for (const { what, format } of FUZZED) {
  test(`${what} as ${format} are read or refused, and nothing else is thrown`, () =>
    assertReadOrRefused(what, format, 150))
}

test('cells that csv-stringify wrote are read as csv-parse reads them, with the lines of the text', () =>
  assertCellsAreRead(1_500))
