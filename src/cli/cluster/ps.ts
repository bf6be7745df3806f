/** The command `cluster:ps`: lists all containers of the cluster, including those that do not run. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { findCompose, requireSuccess } from './compose.ts'

export function addClusterPsCommand(program: Command): void {
  program
    .command('cluster:ps')
    .description('List the containers of the cluster with their health and ports')
    .action(async () => {
      const compose = await findCompose(readConfig())
      const result = await compose.run(['ps', '--all'], { output: 'inherited', allProfiles: true })
      requireSuccess('docker compose ps', result)
    })
}
