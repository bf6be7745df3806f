/** The finder of stalls: a run that stands still for over 30 s is one, unless a line says in time what it waits for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatProgress, type ProgressView } from '../../../src/cli/ui/progress-text.ts'
import { explainWait, formatReason } from '../../../src/cli/waiting/reason.ts'
import { findStalls } from '../../chaos/stalls.ts'

const view: ProgressView = {
  ...{ finished: 10, total: 100, failed: 0, needsReview: 0, unverified: 0, inFlight: 8 },
  ...{ perMinute: undefined, etaMs: undefined },
}
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
  const waiting = formatReason(explainWait({ nodes: [], replica: { state: 'silent' } }) ?? { sentence: '' })
  for (const text of [
    formatProgress({ ...view, waiting }),
    formatProgress({ ...view, pause: { endsAt: Date.now(), reason: '429' } }),
  ]) {
    assert.equal(at(40, text), 0, text)
    assert.equal(at(60, text), 1, text)
    assert.equal(at(5, text), 1, text)
  }
  assert.equal(at(30, formatProgress(view)), 1)
  assert.equal(at(30, 'http://127.0.0.1:8080 does not answer (ECONNREFUSED); its batches are tried again'), 1)
})
