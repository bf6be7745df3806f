/** The command `cluster:stop`: stops all containers of the cluster and keeps its data. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { say, underInterrupts } from '../ui/terminal.ts'
import { findCompose, requireSuccess } from './compose.ts'

export function addClusterStopCommand(program: Command): void {
  program
    .command('cluster:stop')
    .description('Stop the cluster and keep its data')
    .action(async () => {
      const config = readConfig()
      await underInterrupts(
        () => say('Interrupted: containers that have not stopped yet keep running …'),
        async ({ first: signal }) => {
          const compose = await findCompose(config, signal)
          const result = await compose.run(['stop'], { output: 'stderr', allProfiles: true, signal })
          requireSuccess('docker compose stop', result)
        },
      )
      say('Stopped. The data is kept; npm run cluster:start starts the cluster again.')
    })
}
