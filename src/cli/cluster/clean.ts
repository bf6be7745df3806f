/** `cluster:clean`: nothing of the cluster stays on this machine but its image and its key. */
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { EXIT_FAILED, say, underInterrupts } from '../ui/terminal.ts'
import { findCompose, mustSucceed } from './compose.ts'

export function addClusterCleanCommand(program: Command): void {
  program
    .command('cluster:clean')
    .description('Remove the containers, volumes and networks of the cluster, and all its data')
    .option('-y, --yes', 'do not ask (without a terminal nothing is asked either)')
    .action(async ({ yes = false }: { readonly yes?: boolean }) => {
      const config = readConfig()
      await underInterrupts(
        () => say('Stopping to wait …'),
        async ({ first: signal }) => {
          const compose = await findCompose(config, signal)
          if (!yes && process.stdin.isTTY && !(await confirm(signal))) {
            say('Nothing was removed.')
            process.exitCode = EXIT_FAILED
            return
          }
          const down = ['down', '--volumes', '--remove-orphans']
          const ran = await compose.run(down, { output: 'stderr', allProfiles: true, signal })
          mustSucceed('docker compose down', ran)
          say('Removed: containers, volumes, networks. The image and the key that signs calls stay.')
        },
      )
    })
}

async function confirm(signal: AbortSignal): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const question =
      'This removes the classifications, the workflow state and the snapshots of the cluster. Go on? [y/N] '
    return /^y(es)?$/i.test((await terminal.question(question, { signal })).trim())
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    terminal.close()
  }
}
