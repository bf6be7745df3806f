/** The smoke test of the cluster: one run of 1,000 indicators in which a node, a replica, the database and the guard die. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Cluster, createCluster, isKept } from './cluster.ts'
import { countFalseAlarms, countRestarts, crash, waitUntilHealthy } from './container-faults.ts'
import { docker, tryDocker } from './docker.ts'
import { noteFigures } from './figures.ts'
import { firstNodeTests } from './full/lost-volumes.ts'
import { secretTests } from './full/secrets.ts'
import { surroundingsTests } from './full/surroundings.ts'
import { hypertableTests } from './hypertables.ts'
import { makeOldDatabase } from './old-database.ts'
import { pageTests } from './pages.ts'
import { findLeftovers } from './project.ts'
import { runUnderFault, seconds } from './run-under-faults.ts'
import type { Watch } from './run-watch.ts'

const INDICATORS = 1_000
/** Requests a minute, at which the run takes about 25 s, long enough for four faults. */
const RPM = '240'

let cluster: Cluster

before(async () => {
  cluster = await createCluster({
    project: process.env.COMPOSE_TEST_PROJECT ?? `classify-smoke-${process.pid}`,
    env: { OFFLINE_MODEL_LATENCY_MS: '800', RATE_RPM: RPM },
    isHostile: true,
  })
  await makeOldDatabase(cluster)
})

after(async () => {
  if (!isKept) await cluster?.down()
})

test('the Compose file is valid, and so is the configuration of NGINX in the image that reads it', async () => {
  await cluster.compose('config', '-q')
  const mounts = ['nginx.conf', 'health.conf', 'health-proxy.conf', 'call.conf'].flatMap((file) => [
    '-v',
    `${process.cwd()}/nginx/${file}:/etc/nginx/${file}:ro`,
  ])
  const image = cluster.env.NGINX_IMAGE ?? 'nginx:1.30'
  // NGINX looks names of the cluster up while it runs, so that the check of its configuration needs no cluster.
  await docker([
    'run',
    '--rm',
    '--read-only',
    '--user',
    '101:101',
    '--tmpfs',
    '/tmp:mode=1777',
    ...mounts,
    image,
    'nginx',
    '-t',
  ])
})

test('the cluster comes up healthy on a database of an earlier release, and the replicas are registered behind NGINX', async () => {
  const startedAt = performance.now()
  await cluster.up()
  noteFigures('up and healthy, the image built', { seconds: seconds(performance.now() - startedAt) })
  await cluster.register()
  const { deployments } = (await (await fetch(`${cluster.adminUrls[0]}/deployments`)).json()) as {
    deployments: { uri: string; protocol_type: string }[]
  }
  assert.deepEqual(
    deployments.map(({ uri, protocol_type }) => [uri, protocol_type]),
    [['http://nginx:9080/', 'BidiStream']],
  )
})

surroundingsTests(() => cluster)

test('health on the published port names five replicas in turn, and the port answers nothing else', async () => {
  const names: string[] = []
  for (let turn = 0; turn < 20; turn += 1) {
    const response = await fetch(`${cluster.nginxUrl}/classify-api/health`)
    assert.equal(response.status, 200)
    names.push(((await response.json()) as { service: string }).service)
  }
  const counts = [1, 2, 3, 4, 5].map((n) => names.filter((name) => name === `classify-service-${n}`).length)
  assert.deepEqual(counts, [4, 4, 4, 4, 4], names.join(' '))
  for (const path of ['/invoke/classify-api/batch', '/discover', '/metrics', '/', '/health/x']) {
    for (const method of ['GET', 'POST']) {
      const response = await fetch(`${cluster.nginxUrl}${path}`, { method })
      assert.equal(response.status, 404, `${method} ${path}`)
    }
  }
})

pageTests(() => cluster)

test('1,000 indicators while a node, a replica, the database and the guard are killed with SIGKILL', async () => {
  const node = await cluster.container('restate-3')
  const replica = await cluster.container('classify-service', 2)
  const database = await cluster.container('timescaledb')
  const guard = await cluster.container('guard')
  const parts = [
    { what: 'kill -9 of a node', part: node, at: 0.15, inFlight: 0, atModel: 0, gapMs: 0 },
    { what: 'kill -9 of a replica', part: replica, at: 0.35, inFlight: 0, atModel: 0, gapMs: 0 },
    { what: 'kill -9 of the database', part: database, at: 0.55, inFlight: 0, atModel: 0, gapMs: 0 },
    { what: 'kill -9 of the guard', part: guard, at: 0.75, inFlight: 0, atModel: 0, gapMs: 0 },
  ]
  const since = new Date()
  const result = await runUnderFault(cluster, INDICATORS, async (watch: Watch) => {
    for (const fault of parts) {
      await watch.waitForResults(INDICATORS * fault.at)
      fault.inFlight = await watch.chunksInFlight()
      const killedAt = performance.now()
      await crash(fault.part)
      await watch.waitForResults(INDICATORS * (fault.at + 0.15))
      fault.gapMs = watch.longestGap(killedAt)
      fault.atModel = watch.peakAtModel(performance.now() - killedAt + 1_000)
    }
  })
  for (const { what, inFlight, atModel, gapMs } of parts) {
    noteFigures(what, { 'no results for, s': seconds(gapMs), 'at the model': atModel, 'in flight': inFlight })
  }
  const bound = parts.reduce((sum, { inFlight }) => sum + inFlight, 0)
  noteFigures('the run of 1,000', {
    'calm gap, s': seconds(result.calmGapMs),
    'paid twice': result.paidTwice,
    'at most': bound,
  })
  const alarms = await countFalseAlarms(cluster, since, 3)
  if (alarms > 0) console.log(`Living nodes were declared dead ${alarms} times: the machine is short of CPU`)
  else assert.ok(result.paidTwice <= bound, `${result.paidTwice} chunks were paid twice, ${bound} were in flight`)
  for (const { what, part } of parts) assert.equal(await countRestarts(part), 1, what)
  await waitUntilHealthy(cluster)
})

firstNodeTests(() => cluster)

test('the database of an earlier release has got a password of its own, and no longer takes the old one', async () => {
  await cluster.query('select 1')
  const { ID } = await cluster.container('timescaledb')
  const { POSTGRES_USER, POSTGRES_DB } = cluster.env
  // By the address of the container, because the image lets everybody in who comes from 127.0.0.1.
  const login = `PGPASSWORD=classify psql -h "$(hostname -i)" -U ${POSTGRES_USER} -d ${POSTGRES_DB} -c 'select 1'`
  const old = await tryDocker(['exec', ID, 'sh', '-c', login])
  assert.match(old.stderr, /password authentication failed/)
  const log = await cluster.compose('logs', '--no-color', 'timescaledb')
  assert.match(log, /The user tester has got the password of the secret/)
})

secretTests(() => cluster)

hypertableTests(() => cluster.databaseUrl)

test('nothing is left of the cluster after it is removed', { skip: isKept }, async () => {
  await cluster.compose('down', '-v', '--timeout', '20')
  assert.deepEqual(await findLeftovers(cluster.project), [])
})
