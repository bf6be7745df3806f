/** The report of `queue` and the words of `kill`, without a node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sqlText } from '../../../../src/cli/client/admin.ts'
import { formatWholeQueue } from '../../../../src/cli/queue/held.ts'
import { formatKill } from '../../../../src/cli/queue/kill.ts'
import { buildQueueReport, cleanReason, formatAge, formatQueue } from '../../../../src/cli/queue/queue-report.ts'
import { bodyPattern, headerPattern, isKeyOf } from '../../../../src/cli/queue/run-invocations.ts'

const now = new Date('2026-11-22T12:00:00.000Z')

test('the report adds up, knows ages, and puts failures with the same reason together', () => {
  const report = buildQueueReport(
    'http://a:9070',
    now,
    [
      {
        service: 'classifier',
        handler: 'chunk',
        status: 'running',
        count: 1_200,
        oldest_at: '2026-11-22T11:59:30.000Z',
      },
      {
        service: 'classify-api',
        handler: 'batch',
        status: 'suspended',
        count: 3,
        oldest_at: '2026-11-22T12:00:01.000Z',
      },
    ],
    [
      {
        service: 'classifier',
        handler: 'chunk',
        status: 'backing-off',
        reason: 'no route\n  at x',
        count: 2,
        latest_at: '2026-11-22T11:00:00.000Z',
      },
      {
        service: 'classifier',
        handler: 'chunk',
        status: 'backing-off',
        reason: 'no route\n  at y',
        count: 5,
        latest_at: '2026-11-22T11:30:00.000Z',
      },
      { service: 'classify-api', handler: 'batch', status: 'failed', reason: null, count: 1 },
    ],
  )
  assert.equal(report.total, 1_203)
  assert.deepEqual(
    report.backlog.map((row) => row.oldest_age_ms),
    [30_000, 0],
  )
  assert.deepEqual(report.failures, [
    {
      service: 'classifier',
      handler: 'chunk',
      status: 'backing-off',
      reason: 'no route',
      count: 7,
      latest_at: '2026-11-22T11:30:00.000Z',
    },
    {
      service: 'classify-api',
      handler: 'batch',
      status: 'failed',
      reason: 'no reason given',
      count: 1,
      latest_at: null,
    },
  ])
  assert.equal(
    formatQueue(report),
    [
      'Backlog at http://a:9070: 1,203 invocations',
      '  handler             status     count  oldest',
      '  classifier/chunk    running    1,200    30 s',
      '  classify-api/batch  suspended      3    0 ms',
      'Failures:',
      '  7 × classifier/chunk (backing-off): no route',
      '  1 × classify-api/batch (failed): no reason given',
    ].join('\n'),
  )
  assert.equal(formatQueue(buildQueueReport('u', now, [], [])), 'Backlog at u: 0 invocations')
})

test('batches that were posted are listed with what kill takes, and a key from outside is one clean line', () => {
  const row = { id: 'inv_1abcdefghijk', status: 'suspended', created_at: '2026-11-22T11:59:30.000Z' }
  const report = buildQueueReport('u', now, [], [], [row, { ...row, idempotency_key: 'a\u001b[2J\nb' }])
  assert.deepEqual(report.posted[0], { id: row.id, status: 'suspended', idempotency_key: null, age_ms: 30_000 })
  const lines = formatQueue(report).split('\n').slice(2)
  assert.deepEqual(lines, [`  ${row.id}  suspended  30 s`, `  ${row.id}  suspended  30 s  key a\\u{1b}[2J; b`])
})

test('the body of a batch names a run by its property alone, with any spaces', () => {
  const names = (json: string, run = 'r.1') => new RegExp(bodyPattern(run)).test(Buffer.from(json).toString('hex'))
  for (const json of ['{"run_id":"r.1"}', '{ "run_id" :\n\t"r.1" }']) assert.ok(names(json), json)
  for (const json of ['{"run_id":"r.12"}', '{"run_id":"rx1"}', '{"name":"\\"run_id\\":\\"r.1\\""}', '{}']) {
    assert.ok(!names(json), json)
  }
})

test('a header names a run by its whole value alone', () => {
  // A header in the protocol of Restate: its name and its value, each behind a tag and its length.
  const header = (name: string, value: string) =>
    Buffer.concat([
      Buffer.from([10, name.length]),
      Buffer.from(name),
      Buffer.from([18, value.length]),
      Buffer.from(value),
    ])
  const names = (bytes: Buffer) => new RegExp(headerPattern('r.1')).test(bytes.toString('hex'))
  assert.ok(names(header('x-run-id', 'r.1')))
  for (const [name, value] of [
    ['x-run-id', 'r.12'],
    ['x-run-id', 'xr.1'],
    ['x-run-part', 'r.1'],
  ] as const)
    assert.ok(!names(header(name, value)), value)
})

test('a reason is one short line without control characters and without a stack', () => {
  assert.equal(cleanReason('  red \u001b[31malert\u0007 \n second line'), 'red \\u{1b}[31malert\\u{7}; second line')
  assert.equal(
    cleanReason('TypeError: x is not a function\n    at f (file.ts:1:2)\n    at g'),
    'TypeError: x is not a function',
  )
  assert.equal(cleanReason(' \n '), '')
  assert.equal(cleanReason('x'.repeat(1_000)).length, 300)
})

test('a reason of several lines is not cut off after its first one', () => {
  const message = '[400] Standard schema validation failed:\n/indicators/0/name: must not be empty\n/run_id: too long'
  const shown = '[400] Standard schema validation failed: /indicators/0/name: must not be empty; /run_id: too long'
  assert.equal(cleanReason(message), shown)
})

test('ages in the unit that says most', () => {
  const cases: Record<string, number> = {
    '0 ms': 0,
    '999 ms': 999,
    '1 s': 1_000,
    '90 s': 90_000,
    '2 min': 120_000,
    '119 min': 7_199_000,
    '2 h': 7_200_000,
    '3 d': 3 * 86_400_000,
  }
  for (const [text, ms] of Object.entries(cases)) assert.equal(formatAge(ms), text)
})

test('a text in a query cannot end it', () => {
  assert.equal(sqlText("a' or '1'='1"), "'a'' or ''1''=''1'")
})

test('the keys of a run are its own, also where another run has a longer name', () => {
  for (const key of ['run-1-0', 'run-1-12', 'run-1-12-retry-2']) assert.ok(isKeyOf('run-1', key), key)
  for (const key of ['run-1', 'run-1-', 'run-1-2-3', 'run-12-3', 'run-1-x', 'run-1-2-retry-', 'other-1']) {
    assert.ok(!isKeyOf('run-1', key), key)
  }
})

test('kill reports how many it ended, how many are left, and how to go on', () => {
  const report = { run_id: 'r', batches: 2, chunks: 1_000, still_ending: 0 }
  assert.match(formatKill(report, 'cancel'), /2 batches and 1,000 chunks cancelled.*--resume r/s)
  assert.match(formatKill({ ...report, still_ending: 3 }, 'kill'), /killed.*3 have not ended yet/s)
  assert.match(formatKill({ ...report, batches: 0, chunks: 0 }, 'cancel'), /nothing is under way/)
})

test('the whole report for people has lines and no escapes of them, and counts one of a thing as one', () => {
  const row = { service: 'classify-api', handler: 'status', status: 'running', count: 1, oldest_at: now.toISOString() }
  const report = buildQueueReport('http://a:9070', now, [row], [{ ...row, status: 'failed', reason: 'no' }])
  const held = { paused: [], orphaned: [], clocks: [] }
  const text = formatWholeQueue({ ...report, ...held, warnings: ['two clocks are apart'] })
  assert.deepEqual(text.split('\n').slice(0, 2), [
    'Backlog at http://a:9070: 1 invocation',
    '  handler              status   count  oldest',
  ])
  assert.doesNotMatch(text, /\\n/)
  assert.match(text, /\nWarning: two clocks are apart$/)
  assert.doesNotMatch(formatWholeQueue({ ...report, ...held, warnings: [] }), /\\n|\n$/)
  const one = { run_id: 'r', batches: 1, chunks: 2, still_ending: 1 }
  assert.match(formatKill(one, 'cancel'), /^Run r: 1 batch and 2 chunks cancelled\.\n1 has not ended yet/)
})
