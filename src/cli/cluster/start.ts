/** The command `cluster:start`: starts the containers of a stopped cluster again, with the data that they had. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { createServices, findMissingServices } from '../docker/missing-services.ts'
import { waitForPublishedPorts } from '../docker/published-ports.ts'
import { EXIT_OK } from '../ui/terminal.ts'
import { sayAddresses } from './addresses.ts'
import { findCompose, requireSuccess } from './compose.ts'
import { listContainers, REPLICA_SERVICE } from './containers.ts'
import { createTimeoutOption, keepingContainers } from './five-node.ts'
import { verifyLogin } from './login.ts'
import { restartOutdated } from './outdated.ts'
import { describeCluster, ensureClusterIdentity, verifySigned } from './up.ts'
import { waitUntilReady } from './wait.ts'

export function addClusterStartCommand(program: Command): void {
  program
    .command('cluster:start')
    .description('Start the stopped cluster with its data, and wait until it is ready')
    .addOption(createTimeoutOption())
    .action(async ({ timeout: timeoutMs }: { readonly timeout: number }) => {
      const config = readConfig()
      await keepingContainers(async (signal) => {
        const compose = await findCompose(config, signal)
        const stopped = await listContainers(compose, signal)
        if (stopped.length === 0) {
          throw new ServiceError(
            'cluster-failed',
            `There is no cluster to start in this Docker engine (${compose.place}): create it with npm run cluster:5node, or choose its engine with docker context use`,
          )
        }
        await waitForPublishedPorts(compose, signal)
        const identity = await ensureClusterIdentity(config)
        const missing = await findMissingServices(compose, stopped, signal)
        if (missing.length > 0) await createServices(compose, missing, signal)
        // The services are named in the call, because Compose would otherwise fail on services of a profile that were
        // never created.
        const services = [...new Set([...stopped.map(({ service }) => service), ...missing])]
        const result = await compose.run(['start', ...services], { output: 'stderr', allProfiles: true, signal })
        requireSuccess('docker compose start', result)
        await restartOutdated(compose, identity, signal)
        const replicas = stopped.filter(({ service }) => service === REPLICA_SERVICE).length || config.cluster.replicas
        const containers = await waitUntilReady({ compose, replicas, timeoutMs, signal })
        await verifyLogin(compose, containers, signal)
        await verifySigned(compose, containers, identity, signal)
        await sayAddresses(describeCluster(containers, identity), { compose, config, signal })
      })
      process.exitCode = EXIT_OK
    })
}
