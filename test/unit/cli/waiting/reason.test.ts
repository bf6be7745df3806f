/** What a stack waits for, in words: one look of each kind, and which of several explains the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clip } from '../../../../src/cli/ui/progress-text.ts'
import { compareClocks, skewWarnings } from '../../../../src/cli/waiting/clocks.ts'
import type { Observations, SeenNode } from '../../../../src/cli/waiting/observations.ts'
import { explainWait, formatReason } from '../../../../src/cli/waiting/reason.ts'

const alive: SeenNode = { url: 'http://n1', state: 'answers' }
const healthy: Observations = { nodes: [alive], isRegistered: true, replica: { state: 'ok' }, inFlight: 0, open: 0 }

function said(seen: Partial<Observations>, runId?: string): string {
  const reason = explainWait({ ...healthy, ...seen }, runId)
  return reason === undefined ? 'nothing' : formatReason(reason)
}

const databaseSays = (message: string): Partial<Observations> => ({
  replica: {
    state: 'unavailable',
    failing: 'database',
    message: `The database is not available to answer a ping: ${message}`,
  },
})

test('each thing that holds work up has a sentence, and a command where one helps', () => {
  const cases: readonly (readonly [Partial<Observations>, RegExp])[] = [
    [
      { nodes: [{ url: 'http://n1', state: 'silent', message: 'no answer in 3 s' }] },
      /no Restate node answers: http:\/\/n1 is silent.*cluster:ps/,
    ],
    [
      { nodes: [{ url: 'http://n1', state: 'away', message: 'ECONNREFUSED' }] },
      /n1 is away \(ECONNREFUSED\).*npm start/,
    ],
    [
      { nodes: [alive, { url: 'http://n2', state: 'silent' }] },
      /a Restate node does not answer: http:\/\/n2 is silent/,
    ],
    [{ isRegistered: false }, /no replica is registered.*cluster:5node/],
    [databaseSays('ECONNREFUSED 10.0.0.1:5432'), /the database holds the work up.*ECONNREFUSED.*cluster:ps/],
    [
      databaseSays('SQLSTATE 28P01, the password is refused'),
      /SQLSTATE 28P01, the password is refused.*POSTGRES_PASSWORD/,
    ],
    // A new variable in .env reaches the cluster by cluster:5node alone.
    [databaseSays('SQLSTATE 08P01, the password is refused'), /08P01.*POSTGRES_PASSWORD.*then npm run cluster:5node/],
    [databaseSays('SQLSTATE 53100, its disk is full'), /its disk is full.*free disk space/],
    [databaseSays('SQLSTATE 25006, it takes no writes'), /takes no writes.*primary/],
    [
      {
        retrying: [
          {
            reason: '[503] database-unavailable: The database is not available to save a batch: SQLSTATE 53300, x',
            count: 3,
          },
        ],
      },
      /the database holds the work up.*max_connections/,
    ],
    [{ retrying: [{ reason: 'got status code 401 Unauthorized', count: 1 }] }, /refuse the signature.*npm run queue/],
    [
      { paused: { count: 2, id: 'inv_1', reason: 'the replica that held it died' } },
      /2 invocations paused.*died.*npm run resume -- inv_1/,
    ],
    [
      { orphaned: { count: 1, id: 'inv_2' } },
      /1 invocation of a deployment that was removed.*npm run kill -- inv_2 --force/,
    ],
    [{ pause: { leftMs: 42_400, reason: 'slow down' } }, /paused the cluster \(429\) for another 42 s \(slow down\)$/],
    [{ replica: { state: 'silent' } }, /no replica answers Restate: they are frozen.*restart classify-service/],
    [{ replica: { state: 'unavailable', failing: 'pressure', message: 'heap' } }, /not healthy: pressure \(heap\)/],
    [
      { retrying: [{ reason: 'error trying to connect: Connection refused', count: 1 }] },
      /Restate does not reach the replicas.*cluster:logs/,
    ],
    [
      { retrying: [{ reason: 'a defect', count: 4 }] },
      /4 attempts failed and will be made again \(a defect\): npm run queue/,
    ],
    [
      { running: { count: 3, silentMs: 45_000 }, open: 3 },
      /3 attempts silent for 45 s.*a replica may be frozen.*docker restart NAME/,
    ],
    [{ inFlight: 5, open: 9, running: { count: 9, silentMs: 45_000 } }, /5 requests to the model in flight/],
    [{ open: 1 }, /1 invocation waits for its turn in the rate budget/],
    [{ open: 7 }, /7 invocations wait for their turn in the rate budget/],
    [{}, /^nothing$/],
  ]
  for (const [seen, expected] of cases) assert.match(said(seen), expected)
})

test('a run is named in the command that helps it', () => {
  assert.match(said({ paused: { count: 1, id: 'inv_1' } }, 'run-7'), /npm run resume -- run-7$/)
  assert.match(said({ orphaned: { count: 1, id: 'inv_1' } }, 'run-7'), /npm run kill -- run-7 --force$/)
})

test('what lies below explains what lies above: a database that is away stands before the attempts that fail for it', () => {
  const retrying = [{ reason: 'error trying to connect', count: 9 }]
  assert.match(said({ ...databaseSays('ECONNREFUSED'), retrying, paused: { count: 1, id: 'inv_1' } }), /^the database/)
  assert.match(said({ nodes: [{ url: 'http://n1', state: 'away' }], replica: { state: 'silent' } }), /^no Restate node/)
})

test('a long message from outside is cut', () => {
  const reason = explainWait({ ...healthy, ...databaseSays('x'.repeat(5_000)) })
  assert.ok((reason?.sentence.length ?? 0) < 250)
  assert.equal(clip('abc', 2), 'a…')
})

test('clocks are compared with that of the database, and those that are far off are named', () => {
  const far: Observations = {
    nodes: [
      { ...alive, clockMs: 400 },
      { url: 'http://n2', state: 'answers', clockMs: -86_400_000 },
      { url: 'http://n3', state: 'silent' },
    ],
    replica: { state: 'ok', clocks: { databaseMs: 0, replicaMs: 7_500 } },
  }
  const reports = compareClocks(far)
  assert.deepEqual(
    reports.map(({ name, ahead_s: ahead }) => [name, ahead]),
    [
      ['node http://n1', 0.4],
      ['node http://n2', -86_400],
      ['replica', 7.5],
      ['this machine', 0],
    ],
  )
  assert.deepEqual(skewWarnings(reports), [
    "the clock of node http://n2 is 86400 s behind the database's: set it (NTP)",
    "the clock of replica is 8 s ahead of the database's: set it (NTP)",
  ])
  // The machine of the command may be the one that is off.
  const own = compareClocks({
    nodes: [{ ...alive, clockMs: 60_000 }],
    replica: { state: 'ok', clocks: { databaseMs: 60_000, replicaMs: 60_000 } },
  })
  assert.deepEqual(skewWarnings(own), ["the clock of this machine is 60 s behind the database's: set it (NTP)"])
})
