/** What a repair does in each state of the nodes, and what is told of them; the answers are those of restate-server 1.7.12. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addTroubles, isWorthASurvey } from '../../../../src/cli/cluster/readiness.ts'
import { logsInUse, logsWithoutSnapshot, planRepair, snapshotsNeeded } from '../../../../src/cli/nodes/repair-plan.ts'
import {
  type LogSegment,
  MARK,
  type MemberRow,
  type NodeReport,
  parseClusterReport,
  parseReport,
  type Survey,
} from '../../../../src/cli/nodes/survey.ts'
import { findTroubles, isLasting, needsRepair } from '../../../../src/cli/nodes/troubles.ts'

const NAMES = ['restate-1', 'restate-2', 'restate-3', 'restate-4', 'restate-5']
const CLUSTER = '2138899059585259455'

interface Changes {
  readonly report?: Partial<NodeReport>
  readonly member?: Partial<MemberRow>
}

/** A sound cluster, but for the changes of the nodes named. */
function survey(changes: Readonly<Record<string, Changes>> = {}, segments: readonly LogSegment[] = []): Survey {
  return {
    reports: NAMES.map((name) => {
      const report: NodeReport = { name, isRunning: true, metadata: 'Member', cluster: CLUSTER }
      return { ...report, ...changes[name]?.report }
    }),
    cluster: {
      metadata: new Set(['N1', 'N2', 'N3', 'N4', 'N5']),
      members: NAMES.map((name, index) => {
        const member: MemberRow = { name, plain_node_id: `N${index + 1}`, state: 'alive', storage_state: 'read-write' }
        return { ...member, ...changes[name]?.member }
      }),
      segments,
      replicas: [],
    },
  }
}

const LOST: Changes = {
  report: { isRunning: false, metadata: undefined, cluster: null },
  member: { state: 'dead', storage_state: 'data-loss' },
}
const AWAY: Changes = { report: { isRunning: false, metadata: undefined, cluster: null }, member: { state: 'dead' } }
const STANDBY: Changes = { report: { metadata: 'Standby' } }
const STRAY: Changes = { report: { cluster: '77' }, member: { state: 'dead' } }

const segment = (log_id: number, segment_index: number, base_lsn: number, nodes: string, copies = 2): LogSegment => {
  return { log_id, segment_index, base_lsn, copies, nodes: nodes.split(' ') }
}

test('the answers of a node and of restatectl are read as they come', () => {
  const health = '{"status":"Alive","node_id":"N3:1","cluster_name":"classify","metadata_server_status":"Member"}'
  const marker = `{"cluster_name":"classify","cluster_fingerprint":${CLUSTER},"is_provisioned":true}`
  assert.deepEqual(parseReport('restate-3', `${health}\n${MARK}\n${marker}\n`), {
    ...{ name: 'restate-3', isRunning: true, metadata: 'Member', cluster: CLUSTER },
  })
  assert.deepEqual(parseReport('restate-3', `\n${MARK}\n`), {
    ...{ name: 'restate-3', isRunning: true, metadata: undefined, cluster: null },
  })
  const answers = [
    '[{"name":"restate-3","plain_node_id":"N3","state":"dead","storage_state":"data-loss"}]',
    '[{"log_id":21,"segment_index":0,"base_lsn":1,"replication":"{node: 2}","nodeset":"[N1, N4, N3]"}]',
    '[{"partition_id":0,"plain_node_id":"N3"},{"partition_id":0,"plain_node_id":"N4"}]',
    '[{"partition_id":0,"plain_node_id":"N4","replay_status":"active"},{"partition_id":0,"plain_node_id":"N3"}]',
    `Metadata service
 NODE  STATUS   VERSION  LEADER  MEMBERS           APPLIED  COMMITTED  TERM  LOG-LENGTH  SNAP-INDEX  SNAP-SIZE
 N1    Member   v7       N2      [N1,N2,N3,N4,N5]  259      259        2     1           258         26.9 KiB
 N3    Standby  v0       -       []                0        0          0     0           0           0 B
 N4    Member   v0       -       []                0        0          0     0           0           0 B`,
  ]
  const report = parseClusterReport(answers.join(`\n${MARK}\n`))
  assert.deepEqual(report?.segments, [segment(21, 0, 1, 'N1 N4 N3')])
  assert.deepEqual(report?.replicas, [
    { partition_id: 0, plain_node_id: 'N3', isActive: false },
    { partition_id: 0, plain_node_id: 'N4', isActive: true },
  ])
  assert.equal(report?.members[0]?.storage_state, 'data-loss')
  assert.deepEqual(report?.metadata, new Set(['N1']))
  for (const broken of ['', '[]', answers.slice(0, 3).join(`\n${MARK}\n`), 'Error: not provisioned']) {
    assert.equal(parseClusterReport(broken), undefined, broken)
  }
})

test('each trouble of a node is named with the command that helps, and a sound node has none', () => {
  assert.deepEqual(findTroubles(survey()), [])
  const troubles = findTroubles(
    survey({ 'restate-1': STRAY, 'restate-3': LOST, 'restate-4': STANDBY, 'restate-5': AWAY }),
  )
  assert.deepEqual(
    troubles.map((trouble) => [trouble.name, trouble.kind, needsRepair(trouble), isLasting(trouble)]),
    [
      ['restate-1', 'other-cluster', true, true],
      ['restate-3', 'data-lost', true, true],
      ['restate-4', 'no-metadata', true, false],
    ],
  )
  for (const { name, reason } of troubles) assert.ok(reason.includes(`npm run cluster:repair -- ${name}`), reason)
  const behind = survey()
  const replicas = [{ partition_id: 0, plain_node_id: 'N2', isActive: false }]
  const slow = { ...behind, cluster: behind.cluster && { ...behind.cluster, replicas } }
  assert.deepEqual(
    findTroubles(slow).map(({ name, kind }) => [name, kind]),
    [['restate-2', 'partitions-behind']],
  )
  const joining = {
    ...behind,
    cluster: behind.cluster && { ...behind.cluster, metadata: new Set(['N1', 'N2', 'N3', 'N4']) },
  }
  assert.deepEqual(
    findTroubles(joining).map(({ name, kind }) => [name, kind]),
    [['restate-5', 'not-joined']],
  )
})

test('readiness counts what a survey finds, and tells a lost volume in the place of "unhealthy"', () => {
  const unhealthy = { service: 'restate-3', name: 'restate-3', reason: 'unhealthy', isFailing: false }
  assert.ok(isWorthASurvey([]) && isWorthASurvey([unhealthy]))
  assert.ok(!isWorthASurvey([{ ...unhealthy, service: 'nginx', name: 'nginx' }]))
  const [lost, ...rest] = addTroubles([unhealthy], survey({ 'restate-3': LOST }))
  assert.deepEqual(rest, [])
  assert.match(lost?.reason ?? '', /has lost its data: npm run cluster:repair -- restate-3/)
  assert.equal(lost?.isFailing, true)
  const [standby] = addTroubles([], survey({ 'restate-4': STANDBY }))
  assert.match(standby?.reason ?? '', /standby/)
  const starting = { ...unhealthy, reason: 'starting' }
  assert.deepEqual(addTroubles([starting], survey()), [starting])
})

test('a lost volume, an empty log of an earlier try, a member on standby and a node of another cluster are repaired', () => {
  const empties = { 'restate-3': LOST }
  for (const [changes, name, emptiesLog, setsDataAside] of [
    [empties, 'restate-3', true, false],
    [{ 'restate-1': LOST }, 'restate-1', true, false],
    [{ 'restate-3': { ...LOST, member: { state: 'dead', storage_state: 'provisioning' } } }, 'restate-3', true, false],
    [{ 'restate-4': STANDBY }, 'restate-4', false, false],
    [{ 'restate-1': STRAY }, 'restate-1', true, true],
  ] as const) {
    const plan = planRepair(name, survey(changes))
    assert.equal(plan.kind, 'repair', JSON.stringify(plan))
    if (plan.kind !== 'repair') continue
    assert.deepEqual([plan.emptiesLog, plan.setsDataAside], [emptiesLog, setsDataAside])
    assert.notEqual(plan.helper, name)
  }
  assert.equal(planRepair('restate-3', survey()).kind, 'nothing')
  assert.match(planRepair('restate-3', survey({ 'restate-3': AWAY })).lines.join('\n'), /does not run/)
})

test('nothing is repaired where the copies of an entry, or a quorum of the metadata, may be gone', () => {
  const refused = (name: string, given: Survey) => {
    const plan = planRepair(name, given)
    assert.equal(plan.kind, 'refused', JSON.stringify(plan))
    return plan.lines.join('\n')
  }
  assert.match(refused('restate-3', survey({ 'restate-3': LOST, 'restate-5': AWAY })), /restate-5 does not run/)
  assert.match(refused('restate-3', survey({ 'restate-3': LOST, 'restate-5': AWAY })), /npm run cluster:start/)
  assert.match(refused('restate-3', survey({ 'restate-3': LOST, 'restate-4': LOST })), /restate-4 has lost its data/)
  assert.match(refused('restate-3', survey({ 'restate-3': LOST, 'restate-4': LOST })), /npm run export/)
  assert.match(refused('restate-3', survey({ 'restate-3': LOST, 'restate-4': STANDBY })), /restate-4 holds no copy/)
  const frozen: Changes = { report: { metadata: undefined } }
  assert.match(refused('restate-3', survey({ 'restate-3': LOST, 'restate-4': frozen })), /restate-4 does not answer/)
  // Three copies of each entry leave one on another node, even where two nodes are gone.
  const three = [segment(0, 0, 1, 'N1 N2 N3 N5', 3), segment(0, 1, 5, 'N1 N2 N4', 3)]
  assert.equal(planRepair('restate-3', survey({ 'restate-3': LOST, 'restate-5': AWAY }, three)).kind, 'repair')
  const mixed = [...three, segment(1, 0, 1, 'N3 N4', 2)]
  assert.equal(planRepair('restate-3', survey({ 'restate-3': LOST, 'restate-5': AWAY }, mixed)).kind, 'refused')
  const away = { 'restate-3': LOST, 'restate-4': AWAY, 'restate-5': AWAY }
  assert.match(refused('restate-3', survey(away, three)), /only 2 of the other nodes are sound/)
  assert.match(refused('restate-3', { ...survey(away), cluster: undefined }), /three|3 of five/)
  const split = { 'restate-1': STRAY, 'restate-2': STRAY, 'restate-5': AWAY }
  assert.match(refused('restate-3', survey(split)), /form no cluster/)
})

test('a log counts on a node by its newest segment, and a snapshot has to cover the last entry that the node may hold', () => {
  const segments = [
    segment(0, 0, 1, 'N2 N3 N4'),
    segment(0, 1, 3, 'N1 N3 N4'),
    segment(0, 2, 5, 'N1 N2 N4'),
    segment(1, 0, 1, 'N1 N2 N3'),
    segment(2, 0, 1, 'N3 N4 N5'),
    segment(2, 1, 1, 'N1 N2 N4'),
  ]
  assert.deepEqual(logsInUse('N3', segments), [1])
  const needed = snapshotsNeeded('N3', segments)
  assert.deepEqual([...needed], [[0, 4]])
  const made = (lsn: number) => `Snapshot created for partition 0: snap_15a7K6iuEP4B5wsPpEA7xMl (log 0 @ LSN >= ${lsn})`
  assert.deepEqual(
    logsWithoutSnapshot(needed, `${made(4)}\nSnapshot created for partition 1: x (log 1 @ LSN >= 9)`),
    [],
  )
  assert.deepEqual(logsWithoutSnapshot(needed, made(3)), [0])
  assert.deepEqual(logsWithoutSnapshot(needed, ''), [0])
})
