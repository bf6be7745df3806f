/** The command `cluster:clean`: removes the cluster and its data from this machine, but keeps its image and its signing key. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { isAgreed, requireYesOrTerminal, YES_OPTION } from '../ui/confirm.ts'
import { EXIT_FAILED, say, underInterrupts } from '../ui/terminal.ts'
import { findCompose, requireSuccess } from './compose.ts'
import { removeSecretFiles } from './secrets.ts'

const QUESTION = 'This removes the classifications, the workflow state and the snapshots of the cluster. Continue?'

export function addClusterCleanCommand(program: Command): void {
  program
    .command('cluster:clean')
    .description('Remove the containers, volumes and networks of the cluster, and with them all its data')
    .option(...YES_OPTION)
    .action(async (options: { readonly yes?: boolean }) => {
      // Before Docker is looked for, so that a script learns of it on any machine.
      requireYesOrTerminal(options)
      const config = readConfig()
      await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => {
          const compose = await findCompose(config, signal)
          if (!(await isAgreed(QUESTION, options, signal))) {
            say('Nothing was removed.')
            process.exitCode = EXIT_FAILED
            return
          }
          const down = ['down', '--volumes', '--remove-orphans']
          const result = await compose.run(down, { output: 'stderr', allProfiles: true, signal })
          requireSuccess('docker compose down', result)
          await removeSecretFiles(config)
          say('Removed the containers, volumes and networks. The image and the signing key are kept.')
        },
      )
    })
}
