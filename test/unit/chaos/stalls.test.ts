/** The finder of stalls: a run that stands still for over 30 s is one, unless a line says in time what it waits for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findStalls } from '../../chaos/stalls.ts'

const run = { name: 'run-1', startedAt: 0, endedAt: 100_000, lines: [] }
const every10s = [10, 20, 30, 40, 50, 60, 70, 80, 90].map((s) => s * 1_000)
const after = (s: number) => every10s.filter((at) => at >= s * 1_000)

test('steady progress is no stall, and neither is a gap of 30 s', () => {
  assert.deepEqual(findStalls({ ...run, progressAt: every10s }), [])
  assert.deepEqual(findStalls({ ...run, progressAt: [10_000, ...after(40)] }), [])
})

test('a longer gap is a stall, also at the beginning and at the end', () => {
  assert.deepEqual(findStalls({ ...run, progressAt: [10_000, ...after(50)] }), [
    { name: 'run-1', from: 10_000, seconds: 40 },
  ])
  assert.deepEqual(findStalls({ ...run, progressAt: after(40) }), [{ name: 'run-1', from: 0, seconds: 40 }])
  assert.deepEqual(findStalls({ ...run, progressAt: [30_000] }), [{ name: 'run-1', from: 30_000, seconds: 70 }])
})

test('a reason in time excuses it; one that comes late, or before it, or a line without one does not', () => {
  const at = (s: number, text: string) =>
    findStalls({ ...run, progressAt: [10_000, ...after(80)], lines: [{ at: s * 1_000, text }] }).length
  for (const text of [
    '10/100  10%  waiting for the database (it takes no writes)',
    'http://127.0.0.1:8080 does not answer (ECONNREFUSED); its batches are tried again',
    '10/100  10%  paused until 10:00:00 (429)',
  ]) {
    assert.equal(at(40, text), 0, text)
    assert.equal(at(60, text), 1, text)
    assert.equal(at(5, text), 1, text)
  }
  assert.equal(at(30, '10/100  10%  -- /min  ETA --  failed 0  in flight 8'), 1)
})
