/** Nodes that lose their volumes, and a node that has become a cluster of its own: held back, and brought back by one command. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CliResult } from '../../helpers/cli/cli.ts'
import { waitUntil } from '../../helpers/wait.ts'
import type { Cluster } from '../cluster.ts'
import { emptyVolume, loseVolume, start, stop, waitUntilHealthy } from '../container-faults.ts'
import { docker } from '../docker.ts'
import { noteFigures } from '../figures.ts'
import { runUnderFault, seconds } from '../run-under-faults.ts'

const INDICATORS = 1_000

interface NodeMark {
  readonly cluster: string | null
  readonly held: string | null
}

/** What the guard says of the node with this number. */
async function markOf(cluster: Cluster, node: number): Promise<NodeMark> {
  const response = await fetch(`${cluster.adminUrls[node - 1]}/guard/node`, { headers: cluster.authorization })
  assert.equal(response.status, 200)
  return (await response.json()) as NodeMark
}

/** Resolves once the node, without its volume, stays down. */
async function loseVolumeOf(cluster: Cluster, node: number): Promise<void> {
  await loseVolume(cluster, `restate-${node}`)
  await waitUntil(`restate-${node} stays down`, async () => (await markOf(cluster, node)).held !== null, {
    pollMs: 500,
  })
}

async function repair(cluster: Cluster, ...args: readonly string[]): Promise<CliResult> {
  return await cluster.command(['cluster:repair', ...args, '--yes']).result
}

/** Asserts that all five nodes are members in full: their log, their metadata, their partitions and one cluster. */
async function assertWhole(cluster: Cluster): Promise<void> {
  await waitUntilHealthy(cluster)
  const ps = await cluster.command(['cluster:ps']).result
  assert.equal(ps.code, 0, ps.stderr)
  assert.doesNotMatch(ps.stderr, /cluster:repair/)
  const marks = await Promise.all(cluster.adminUrls.map((_, index) => markOf(cluster, index + 1)))
  assert.equal(new Set(marks.map(({ cluster: number }) => number)).size, 1, JSON.stringify(marks))
  assert.deepEqual(new Set(marks.map(({ held }) => held)), new Set([null]))
  const { ID } = await cluster.container('restate-2')
  const listed = await docker([
    'exec',
    ID,
    'restatectl',
    '-s',
    'http://restate-2:5122',
    'metadata-server',
    'list-servers',
  ])
  for (const node of [1, 2, 3, 4, 5])
    assert.match(listed, new RegExp(`N${node} +Member +v[1-9]\\d* .*\\[N1,N2,N3,N4,N5\\]`))
}

/** The first node, which alone could make a cluster of its own in earlier releases. */
export function firstNodeTests(getCluster: () => Cluster): void {
  test('restate-1 without its volume makes no second cluster, and comes back under a run of 1,000', async () => {
    const cluster = getCluster()
    const before = await markOf(cluster, 1)
    assert.match(before.cluster ?? '', /^\d+$/)
    let repairedMs = 0
    const { report } = await runUnderFault(cluster, INDICATORS, async () => {
      await loseVolumeOf(cluster, 1)
      const refused = await fetch(`${cluster.ingressUrls[0]}/restate/health`, { headers: cluster.authorization })
      const { code, message } = (await refused.json()) as { code: string; message: string }
      assert.deepEqual([refused.status, code], [502, 'node-away'])
      assert.match(message, /restate-1 has lost its data.*npm run cluster:repair -- restate-1/)
      const startedAt = performance.now()
      const { code: exit, stderr } = await repair(cluster, 'restate-1')
      assert.equal(exit, 0, stderr)
      repairedMs = performance.now() - startedAt
    })
    assert.deepEqual(await markOf(cluster, 1), before)
    await assertWhole(cluster)
    noteFigures('volume of node 1 lost in a run', {
      lost: INDICATORS - report.classified,
      'repaired in, s': seconds(repairedMs),
      'run, s': seconds(report.elapsed_ms),
    })
  })
}

export function lostVolumeTests(getCluster: () => Cluster): void {
  test('two nodes lose their volumes in turn; the second is refused while another node is down', async () => {
    const cluster = getCluster()
    await loseVolumeOf(cluster, 3)
    const ps = await cluster.command(['cluster:ps']).result
    assert.match(ps.stderr, /restate-3 has lost its data: npm run cluster:repair -- restate-3/)
    const queue = await cluster.command(['queue', '--admin', cluster.adminUrls.join(',')]).result
    assert.match(queue.stderr, /npm run cluster:repair -- restate-3/)
    // Without a name the command takes the one that needs it.
    const first = await repair(cluster)
    assert.equal(first.code, 0, first.stderr)
    assert.match(first.stderr, /restate-3 is a full member again/)
    await assertWhole(cluster)

    const away = await cluster.container('restate-2')
    await stop(away)
    await loseVolumeOf(cluster, 4)
    const refused = await repair(cluster, 'restate-4')
    assert.equal(refused.code, 1, refused.stderr)
    assert.match(refused.stderr, /restate-4 cannot be repaired now[\s\S]*restate-2 does not run[\s\S]*cluster:start/)
    await start(away)
    await waitUntil('restate-2 is a member again', async () => {
      const { code, stderr } = await repair(cluster, 'restate-4')
      assert.ok(code === 0 || /restate-2 (does not|takes no|holds no)/.test(stderr), stderr)
      return code === 0
    })
    await assertWhole(cluster)
  })

  test('a node that has become a cluster of its own is sent nothing, and comes back with its data set aside', async () => {
    const cluster = getCluster()
    const before = await markOf(cluster, 1)
    await stop(await cluster.container('restate-1'))
    await emptyVolume(cluster, 'restate-1')
    // As an earlier release did: it makes a cluster by itself, and knows no others.
    const alone = [
      '-e',
      'RESTATE_AUTO_PROVISION=true',
      '-e',
      'RESTATE_METADATA_CLIENT__ADDRESSES=["http://restate-1:5122"]',
    ]
    const id = (await cluster.compose('run', '-d', '--no-deps', ...alone, 'restate-1')).trim().split('\n').at(-1) ?? ''
    const stray = await waitUntil('restate-1 is a cluster of its own', async () => {
      const { cluster: number } = await markOf(cluster, 1)
      return number !== null && number !== before.cluster && number
    })
    await docker(['stop', id])
    await docker(['rm', '-f', id])
    await start(await cluster.container('restate-1'))
    for (const url of [cluster.ingressUrls[0], cluster.adminUrls[0]]) {
      const refused = await fetch(`${url}/health`, { headers: cluster.authorization })
      assert.deepEqual([refused.status, ((await refused.json()) as { code: string }).code], [502, 'node-stray'])
    }
    const { report, stderr } = await runUnderFault(cluster, 200, async () => undefined)
    assert.match(stderr, new RegExp(`belongs to another cluster \\(${stray}\\) than the other nodes`))
    assert.ok(!Object.keys(report.nodes).includes(cluster.ingressUrls[0] ?? ''))
    const { code, stderr: said } = await repair(cluster, 'restate-1')
    assert.equal(code, 0, said)
    assert.deepEqual(await markOf(cluster, 1), before)
    const { ID } = await cluster.container('restate-1')
    assert.match(await docker(['exec', ID, 'ls', '/restate-data']), /^restate-1\.set-aside-\d+$/m)
    await assertWhole(cluster)
  })
}
