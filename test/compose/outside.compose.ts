/** A cluster with other settings: callers need a token, the database is outside of it, reached through the host, and log and partitions have three copies. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts } from '../helpers/ports.ts'
import { type Cluster, createCluster, isKept, plant } from './cluster.ts'
import { crash, waitUntilHealthy } from './container-faults.ts'
import { docker, tryDocker } from './docker.ts'
import { noteFigures } from './figures.ts'
import { secretTests } from './full/secrets.ts'
import { findLeftovers } from './project.ts'
import { runUnderFault, seconds } from './run-under-faults.ts'

const INDICATORS = 1_000

let cluster: Cluster
let database: string

before(async () => {
  const project = process.env.COMPOSE_TEST_PROJECT ?? `classify-outside-${process.pid}`
  const [port] = await freePorts(1)
  const password = plant()
  database = `${project}-database`
  // Containers reach the host at this address, for which `host-gateway` stands in the Compose file.
  const gateway = await docker(['network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}'])
  const account = { POSTGRES_USER: 'outsider', POSTGRES_DB: 'outside' }
  const settings = Object.entries({ ...account, POSTGRES_PASSWORD: password }).flatMap(([name, value]) => [
    '-e',
    `${name}=${value}`,
  ])
  const image = process.env.TIMESCALEDB_IMAGE ?? 'timescale/timescaledb:2.30.1-pg18'
  const label = `com.docker.compose.project=${project}`
  const published = `${gateway.trim()}:${port}:5432`
  await docker(['run', '-d', '--name', database, '--label', label, '-p', published, ...settings, image])
  cluster = await createCluster({
    project,
    env: {
      ...account,
      // The offline model answers as an endpoint with a key, so that a key is planted too.
      OPENAI_BASE_URL: 'http://offline-model:9085/v1',
      POSTGRES_HOST: 'host.docker.internal',
      POSTGRES_PORT: String(port),
      CLUSTER_SCALE_TIMESCALEDB: '0',
      CLUSTER_REPLICATION: '3',
      OFFLINE_MODEL_LATENCY_MS: '800',
      RATE_RPM: '300',
    },
    token: plant(),
    secrets: { POSTGRES_PASSWORD: password, OPENAI_API_KEY: `sk-${plant()}` },
  })
})

after(async () => {
  if (isKept) return
  await tryDocker(['rm', '-f', '-v', database])
  await cluster?.down()
})

test('the cluster comes up without a database of its own', async () => {
  await cluster.up()
  await cluster.register()
  const services = (await cluster.containers()).map(({ Service }) => Service)
  assert.ok(!services.includes('timescaledb'), services.join(' '))
})

test('who shows no token, or another one, is refused on every port', async () => {
  const ask = (url: string, headers: Readonly<Record<string, string>>) => {
    return fetch(`${url}/classify-api/budget`, { method: 'POST', headers, body: '{}' }).then(({ status }) => status)
  }
  for (const url of [...cluster.ingressUrls, ...cluster.adminUrls]) {
    assert.equal(await ask(url, {}), 401)
    assert.equal(await ask(url, { authorization: 'Bearer another' }), 401)
  }
  const json = { 'content-type': 'application/json', ...cluster.authorization }
  for (const url of cluster.ingressUrls) assert.equal(await ask(url, json), 200)
})

test('with three copies a run survives two nodes that die at once', async () => {
  const nodes = await Promise.all([cluster.container('restate-2'), cluster.container('restate-4')])
  let killedAt = 0
  let chunksInFlight = 0
  const { report, watch, paidTwice } = await runUnderFault(cluster, INDICATORS, async (running) => {
    chunksInFlight = await running.chunksInFlight()
    killedAt = performance.now()
    await Promise.all(nodes.map(crash))
    await sleep(1_000)
  })
  noteFigures('three copies, kill -9 of two nodes, outside database', {
    lost: INDICATORS - report.classified,
    'paid twice': paidTwice,
    'in flight': chunksInFlight,
    'longest pause, s': seconds(watch.longestGap(killedAt, watch.lastResultAt)),
    'run, s': seconds(report.elapsed_ms),
  })
  await waitUntilHealthy(cluster)
})

test('the results are in the outside database', async () => {
  const counted = await docker([
    'exec',
    database,
    'psql',
    '-U',
    'outsider',
    '-d',
    'outside',
    '-tAc',
    'select count(*) from results',
  ])
  assert.equal(counted.trim(), String(INDICATORS))
})

secretTests(() => cluster)

test('nothing is left of the cluster after it is removed', { skip: isKept }, async () => {
  await tryDocker(['rm', '-f', '-v', database])
  await cluster.compose('down', '-v', '--timeout', '20')
  assert.deepEqual(await findLeftovers(cluster.project), [])
})
