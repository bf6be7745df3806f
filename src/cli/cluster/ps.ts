/** `cluster:ps`: all containers of the cluster, running or not. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { findCompose, mustSucceed } from './compose.ts'

export function addClusterPsCommand(program: Command): void {
  program
    .command('cluster:ps')
    .description('List the containers of the cluster with their health and ports')
    .action(async () => {
      const compose = await findCompose(readConfig())
      const ran = await compose.run(['ps', '--all'], { output: 'inherited', allProfiles: true })
      mustSucceed('docker compose ps', ran)
    })
}
