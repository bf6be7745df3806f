/** The command `cluster:ps`: lists all containers of the cluster, including those that do not run. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { findMissingServices } from '../docker/missing-services.ts'
import { surveyNodes } from '../nodes/ask-nodes.ts'
import { findTroubles, needsRepair } from '../nodes/troubles.ts'
import { say, underInterrupts } from '../ui/terminal.ts'
import { findCompose, requireSuccess } from './compose.ts'
import { listContainers } from './containers.ts'

export function addClusterPsCommand(program: Command): void {
  program
    .command('cluster:ps')
    .description('List the containers of the cluster with their health and ports, and the parts that are missing')
    .action(async () => {
      const compose = await findCompose(readConfig())
      const result = await compose.run(['ps', '--all'], { output: 'inherited', allProfiles: true })
      requireSuccess('docker compose ps', result)
      await underInterrupts(
        () => undefined,
        async ({ first: signal }) => {
          const containers = await listContainers(compose, signal)
          const missing = containers.length === 0 ? [] : await findMissingServices(compose, containers, signal)
          for (const service of missing) say(`${service} is missing: npm run cluster:start creates it`)
          const survey = await surveyNodes(compose, containers, signal)
          for (const { name, reason } of findTroubles(survey).filter(needsRepair)) say(`${name} ${reason}`)
        },
      )
    })
}
