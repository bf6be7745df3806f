/** The report of `purge`, and its refusal of a run under way. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuseOpen } from '../../../../src/cli/purge/journal.ts'
import { addCounts, buildPurgeReport, formatPurge, isEmpty } from '../../../../src/cli/purge/report.ts'
import type { PurgeCount, PurgedTable, RunContents } from '../../../../src/store/types.ts'

const CONTENTS: RunContents = { isKnown: true, counts: {}, laterRuns: [], answersOfEarlierReleases: 0 }

test('the counts of transactions add up, and tables without any are left out', () => {
  const sums: Partial<Record<PurgedTable, PurgeCount>> = {}
  addCounts(sums, { results: { removed: 2, kept: 1 }, claims: { removed: 0, kept: 0 } })
  addCounts(sums, { results: { removed: 500, kept: 0 } })
  assert.deepEqual(sums, { results: { removed: 502, kept: 1 } })
})

test('the report names each place, what stays and why, and what a user may do about it', () => {
  const contents = { ...CONTENTS, laterRuns: [{ runId: 'review-1', results: 3 }], answersOfEarlierReleases: 1_234 }
  const done = { dry_run: true, journal: { removed: 12 }, files: ['/data/runs/run-1.jsonl'] }
  const database = { shape_answers: { removed: 1_000, kept: 4 }, results: { removed: 7, kept: 0 } }
  const text = formatPurge(buildPurgeReport('run-1', contents, { ...done, database }))
  for (const expected of [
    '12 batches with journal and answer would be removed',
    '1,000 answers of models (shape_answers) would be removed, 4 stay, because another run brought the same text',
    '7 latest results (results) would be removed\n',
    'file: /data/runs/run-1.jsonl would be removed',
    'review-1 (3)',
    '1,234 answers of earlier releases name no run and stay; --earlier-answers',
  ]) {
    assert.ok(text.includes(expected), `${expected} is missing in\n${text}`)
  }
})

test('a report without anything to remove says so, and one without Restate says what follows', () => {
  const nothing = buildPurgeReport('run-1', CONTENTS, { dry_run: false, journal: null, database: {}, files: [] })
  assert.equal(isEmpty(nothing), true)
  const text = formatPurge(nothing)
  assert.match(text, /^Run run-1: nothing is left of its texts/)
  assert.match(text, /Restate was not asked/)
  assert.equal(isEmpty({ ...nothing, files: ['x'] }), false)
})

test('open work is refused with the command that ends it', () => {
  assert.doesNotThrow(() => refuseOpen('run-1', 0))
  assert.throws(() => refuseOpen('run-1', 2), /under way with 2 open batches.*npm run kill -- run-1/)
})
