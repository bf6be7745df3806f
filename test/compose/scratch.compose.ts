/** Scratch: the silences alone. */
import { after, before, test } from 'node:test'
import { type Cluster, createCluster } from './cluster.ts'
import { silenceTests } from './full/silence.ts'

let cluster: Cluster
before(async () => {
  cluster = await createCluster({
    project: `classify-silence-${process.pid}`,
    env: { OFFLINE_MODEL_LATENCY_MS: '800', RATE_RPM: '600' },
  })
})
after(async () => {
  await cluster?.down()
})
test('up', async () => {
  await cluster.up()
  await cluster.register()
})
silenceTests(() => cluster)
