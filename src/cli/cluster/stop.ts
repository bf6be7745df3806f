/** `cluster:stop`: everything ends, the data stays. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { say, underInterrupts } from '../ui/terminal.ts'
import { findCompose, mustSucceed } from './compose.ts'

export function addClusterStopCommand(program: Command): void {
  program
    .command('cluster:stop')
    .description('Stop the cluster and keep its data')
    .action(async () => {
      const config = readConfig()
      await underInterrupts(
        () => say('Stopping to wait; what has not ended goes on …'),
        async ({ first: signal }) => {
          const compose = await findCompose(config, signal)
          const ran = await compose.run(['stop'], { output: 'stderr', allProfiles: true, signal })
          mustSucceed('docker compose stop', ran)
        },
      )
      say('Stopped. The data stays; npm run cluster:start goes on from it.')
    })
}
