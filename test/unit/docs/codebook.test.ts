/** The values of a result in the documentation against the codebook. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInFile, loadCodebook } from '../../../src/catalogue/codebook-files.ts'
import {
  AGGREGATIONS,
  CUMULATIVE_PATTERNS,
  FREQUENCIES,
  ORIENTATIONS,
  TIME_BASES,
  TYPES,
  UNIT_KINDS,
} from '../../../src/codebooks/economic-indicators/labels.ts'
import { quotedIn, readPage, rowsOf } from './pages.ts'

const page = readPage('docs/http-api.md')
const { codebook } = await loadCodebook(builtInFile('economic-indicators') ?? '')

test('docs/http-api.md has every type under its family', () => {
  const documented = rowsOf(page, 'family').flatMap((row) =>
    quotedIn(row['types'] ?? '').map((type) => `${type}: ${quotedIn(row['family'] ?? '').join()}`),
  )
  const family = codebook.field.get('family')?.type
  assert.ok(family?.kind === 'derived')
  assert.deepEqual(documented.toSorted(), TYPES.map((type) => `${type}: ${family.valueOf.get(type)}`).toSorted())
})

test('docs/http-api.md lists the values of each field as the codebook has them', () => {
  const valuesOf = (field: string) => {
    const row = rowsOf(page, 'field').find((candidate) => candidate['field'] === `\`${field}\``)
    return quotedIn(row?.['values'] ?? '')
  }
  assert.deepEqual(valuesOf('temporal_aggregation'), [...AGGREGATIONS])
  assert.deepEqual(valuesOf('time_basis'), [...TIME_BASES])
  assert.deepEqual(valuesOf('orientation'), [...ORIENTATIONS])
  assert.deepEqual(valuesOf('frequency'), [...FREQUENCIES])
  assert.deepEqual(valuesOf('cumulative_pattern'), [...CUMULATIVE_PATTERNS])
  const kinds = /^### Kinds of unit\n(.*?)^## /ms.exec(page.text)?.[1] ?? ''
  assert.deepEqual(quotedIn(kinds), [...UNIT_KINDS])
})
