/** What people see of runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeRun, formatRuns } from '../../../../src/cli/runs/format.ts'
import { formatWant } from '../../../../src/cli/runs/want.ts'
import { driveRequestSchema, type RunBody } from '../../../../src/restate/contract.ts'

const driver = { host: 'laptop', pid: 42, since: '2026-11-29T10:00:00.000Z', expires_in_ms: 9_000 }
const run: RunBody = {
  ...{ run_id: 'run-1', started_at: '2026-11-29T10:00:00.000Z', updated_at: '2026-11-29T10:05:00.000Z' },
  ...{ state: 'running', wanted: 'running', driver, catalogue: 'prices', codebook: 'economic-indicators@2' },
  ...{ command: 'classify', size: 10_903, indicators_per_minute: 2_310, batches: 12, answered: 900 },
  ...{ indicators: 1_200, classified: 1_000, unchanged: 200, needs_review: 7, unverified: 0 },
  by_source: { rules: 0, reuse: 100, model: 900, escalation: 0, person: 0 },
  ...{ model_requests: 90, tokens: { input: 1, cached: 0, output: 1 }, cost_usd: 0.12345 },
}

test('the list has a line for each run, with what nothing tells left open', () => {
  const posted: RunBody = {
    ...run,
    run_id: 'nightly',
    state: 'untracked',
    driver: null,
    catalogue: null,
    codebook: null,
  }
  const text = formatRuns([run, { ...posted, command: null, size: null }])
  assert.deepEqual(
    text.split('\n').map((line) => line.split(/ {2,}/)),
    [
      ['run', 'catalogue', 'codebook', 'began', 'command', 'rows', 'review', 'cost USD', 'a minute', 'state'],
      [
        'run-1',
        'prices',
        'economic-indicators@2',
        '2026-11-29 10:00',
        'classify',
        '1,200 of 10,903',
        '7',
        '0.1235',
        '2,310',
        'running',
      ],
      ['nightly', '-', '-', '2026-11-29 10:00', '-', '1,200', '7', '0.1235', '2,310', 'untracked'],
    ],
  )
  assert.match(formatRuns([]), /npm run classify -- FILE/)
})

test('where a run is: how far, how fast, by whom, and what takes it on', () => {
  assert.deepEqual(describeRun(run), [
    'Run run-1 is under way: 1,200 of 10,903 (11 %) indicators, 2,310 a minute; driven by host laptop, pid 42, since 2026-11-29T10:00:00.000Z',
  ])
  assert.match(
    describeRun({ ...run, state: 'paused' }).join('\n'),
    /is paused: .*\n {2}It goes on with: npm run resume -- run-1$/s,
  )
  assert.match(
    describeRun({ ...run, state: 'abandoned' }).join('\n'),
    /last driven by host laptop.*\n.*classify -- --resume run-1$/s,
  )
  assert.match(
    describeRun({ ...run, state: 'abandoned', wanted: 'paused' }).join('\n'),
    /\n.*classify -- --resume run-1\n {2}It is paused, and goes on with: npm run resume -- run-1$/s,
  )
  assert.deepEqual(describeRun({ ...run, state: 'complete', driver: null, size: 0 }), [
    'Run run-1 is complete: 1,200 indicators',
  ])
})

test('a command says whether a living process hears it', () => {
  const live = { run_id: 'run-1', state: 'paused', wanted: 'paused', driver } as const
  assert.match(
    formatWant(live),
    /its driver \(host laptop, pid 42, .*\) starts no further request within a few seconds/,
  )
  assert.match(
    formatWant({ ...live, state: 'abandoned', driver: null }),
    /no process drives it \(abandoned\).*--resume run-1$/,
  )
  assert.doesNotMatch(formatWant({ ...live, state: 'complete', driver: null }), /--resume/)
})

test('a request to drive does one thing', () => {
  const refused = [{}, { wanted: 'running', renew: 't' }, { wanted: 'killed' }, { renew: '' }, { take: { driver } }]
  for (const body of refused) assert.equal(driveRequestSchema.safeParse({ run_id: 'r', ...body }).success, false)
  assert.equal(driveRequestSchema.safeParse({ run_id: 'r', wanted: 'paused' }).success, true)
})
