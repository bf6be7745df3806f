/** Every test of the cluster that one running cluster can serve, one after the other: `npm run test:compose -- --full`. */
import { after, before, test } from 'node:test'
import { type Cluster, createCluster, isKept } from './cluster.ts'
import { noteFigures } from './figures.ts'
import { faultTests } from './full/faults.ts'
import { lostVolumeTests } from './full/lost-volumes.ts'
import { memoryTests } from './full/memory.ts'
import { metricsTests } from './full/metrics.ts'
import { scalingTests } from './full/scaling.ts'
import { secretTests } from './full/secrets.ts'
import { securityTests } from './full/security.ts'
import { silenceTests } from './full/silence.ts'
import { stopStartTests } from './full/stop-start.ts'
import { seconds } from './run-under-faults.ts'

/** Requests a minute, at which 3,000 indicators in requests of ten take half a minute, so that a fault and its end fall into it. */
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

test('the cluster comes up healthy with Prometheus', async () => {
  const startedAt = performance.now()
  await cluster.up()
  noteFigures('up and healthy with Prometheus', { seconds: seconds(performance.now() - startedAt) })
  await cluster.register()
})

const getCluster = () => cluster
memoryTests(getCluster)
securityTests(getCluster)
secretTests(getCluster)
faultTests(getCluster)
silenceTests(getCluster)
scalingTests(getCluster)
metricsTests(getCluster)
lostVolumeTests(getCluster)
stopStartTests(getCluster)

/** Variables of the Compose file from COMPOSE_TEST_ENV, such as "CLUSTER_REPLICATION=3 RATE_RPM=300". */
function settings(): Record<string, string> {
  const pairs = (process.env.COMPOSE_TEST_ENV ?? '').split(/\s+/).filter((pair) => pair.includes('='))
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
}
