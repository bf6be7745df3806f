/** The failure codes in the documentation against the one table of failures. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAILURES } from '../../../src/errors.ts'
import { REFUSALS } from '../../../src/guard/refusals.ts'
import { onlyQuoted, readPage, rowsOf } from './pages.ts'

test('docs/operations/guard.md has every refusal of the guard with its HTTP status, and no other', () => {
  const documented = rowsOf(readPage('docs/operations/guard.md'), 'refusal').map((row) => {
    return [onlyQuoted(row['refusal'] ?? ''), row['HTTP']]
  })
  assert.deepEqual(
    documented,
    Object.entries(REFUSALS).map(([code, status]) => [code, String(status)]),
  )
})

test('docs/http-api.md has every failure code with scope, HTTP status and retry, and no other', () => {
  const documented = rowsOf(readPage('docs/http-api.md'), 'code').map((row) => {
    return [onlyQuoted(row['code'] ?? ''), row['scope'], row['HTTP'], row['retried by Restate']]
  })
  const found = Object.entries(FAILURES).map(([code, { scope, status, retry }]) => {
    return [code, scope, String(status), retry === 'retryable' ? 'yes' : 'no']
  })
  assert.deepEqual(documented, found)
})
