/** The Compose cluster as a stack for the drill, which loses all its volumes. */
import { createCluster } from '../compose/cluster.ts'
import { type DrillStack, succeed } from './drill.ts'

/** Slow enough that a batch of forty requests is under way when the cluster stops. */
const ENV = { OFFLINE_MODEL_LATENCY_MS: '400', RATE_RPM: '300', CLUSTER_REPLICAS: '2', DRAIN_TIMEOUT_MS: '500' }
const UNDER_WAY = 40

export async function clusterStack(): Promise<DrillStack> {
  const cluster = await createCluster({ project: 'classify-drill', env: ENV })
  return {
    ...cluster,
    flags: ['--cluster'],
    underWay: UNDER_WAY,
    start: async () => {
      await cluster.up()
      await cluster.register()
    },
    stop: () => succeed(cluster.command(['cluster:stop'])),
    lose: async () => {
      await cluster.compose('down', '--volumes')
    },
    remove: () => cluster.down(),
  }
}
