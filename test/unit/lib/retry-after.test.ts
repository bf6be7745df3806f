/** Retry-After as HTTP knows it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRetryAfterMs } from '../../../src/lib/network/retry-after.ts'

test('seconds and dates are milliseconds of wait, and anything else is nothing', () => {
  const nowMs = Date.parse('2026-11-28T12:00:00.000Z')
  const read = (text: string) => parseRetryAfterMs(text, nowMs)
  assert.deepEqual(['0', '2', ' 1.5 '].map(read), [0, 2_000, 1_500])
  assert.equal(read('Sat, 28 Nov 2026 12:00:07 GMT'), 7_000)
  assert.equal(read('Sat, 28 Nov 2026 11:00:00 GMT'), 0)
  assert.deepEqual(['', '-5', 'soon', '1h'].map(read), [undefined, undefined, undefined, undefined])
})
