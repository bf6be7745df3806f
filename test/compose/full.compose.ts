/** All lines of the cluster's acceptance that one running cluster can show, one after the other. */
import { after, before, test } from 'node:test'
import { type Cluster, createCluster, isKept } from './cluster.ts'
import { noteFigures } from './figures.ts'
import { faultTests } from './full/faults.ts'
import { memoryTests } from './full/memory.ts'
import { metricsTests } from './full/metrics.ts'
import { scalingTests } from './full/scaling.ts'
import { securityTests } from './full/security.ts'
import { stopStartTests } from './full/stop-start.ts'
import { seconds } from './run-under-faults.ts'

/** 3,000 indicators, ten to a request, then take half a minute: a fault and its end fall into the run. */
const RPM = '600'

let cluster: Cluster

before(async () => {
  cluster = await createCluster({
    project: process.env.COMPOSE_TEST_PROJECT ?? `classify-full-${process.pid}`,
    profiles: ['prometheus'],
    env: { OFFLINE_MODEL_LATENCY_MS: '800', RATE_RPM: RPM, ...settings() },
  })
})

after(async () => {
  if (!isKept) await cluster?.down()
})

test('it comes up healthy with Prometheus', async () => {
  const startedAt = performance.now()
  await cluster.up()
  noteFigures('up and healthy with Prometheus', { seconds: seconds(performance.now() - startedAt) })
  await cluster.register()
})

const the = () => cluster
memoryTests(the)
securityTests(the)
faultTests(the)
scalingTests(the)
metricsTests(the)
stopStartTests(the)

/** Further variables of the Compose file for all of it: COMPOSE_TEST_ENV="CLUSTER_REPLICATION=3 RATE_RPM=300". */
function settings(): Record<string, string> {
  const pairs = (process.env.COMPOSE_TEST_ENV ?? '').split(/\s+/).filter((pair) => pair.includes('='))
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
