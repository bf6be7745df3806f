/** `cluster:start`: what was stopped goes on from its data. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { EXIT_OK } from '../ui/terminal.ts'
import { sayCluster } from './addresses.ts'
import { findCompose, mustSucceed } from './compose.ts'
import { listContainers, REPLICAS } from './containers.ts'
import { leavingContainers, TIMEOUT_OPTION } from './five-node.ts'
import { describeCluster, ensureClusterIdentity, verifySigned } from './up.ts'
import { waitUntilReady } from './wait.ts'

export function addClusterStartCommand(program: Command): void {
  program
    .command('cluster:start')
    .description('Start the cluster that was stopped, with its data, and wait until it is ready')
    .option(...TIMEOUT_OPTION)
    .action(async ({ timeout: timeoutMs }: { readonly timeout: number }) => {
      const config = readConfig()
      await leavingContainers(async (signal) => {
        const compose = await findCompose(config, signal)
        const stopped = await listContainers(compose, signal)
        if (stopped.length === 0) {
          throw new ServiceError('cluster-failed', 'There is no cluster to start: npm run cluster:5node makes one')
        }
        const identity = await ensureClusterIdentity(config)
        // By name: with a profile's name Compose would look for services that were never made.
        const services = [...new Set(stopped.map(({ service }) => service))]
        const started = await compose.run(['start', ...services], { output: 'stderr', allProfiles: true, signal })
        mustSucceed('docker compose start', started)
        const replicas = stopped.filter(({ service }) => service === REPLICAS).length
        const containers = await waitUntilReady({ compose, replicas, timeoutMs, signal })
        await verifySigned(compose, containers, identity, signal)
        await sayCluster(describeCluster(containers, identity), signal)
      })
      process.exitCode = EXIT_OK
    })
}
