/** The commands `backup` and `restore`: the data of a stack that does not run, to a folder and back. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { formatCount, say, underInterrupts } from '../ui/terminal.ts'
import { backUpEmbedded, restoreEmbedded } from './embedded.ts'
import type { Manifest } from './manifest.ts'
import { backUpCluster, restoreCluster } from './volumes.ts'

interface Options {
  readonly cluster?: boolean
}

export function addBackupCommand(program: Command): void {
  program
    .command('backup')
    .description('Copy all data of the service to a folder, while it does not run')
    .argument('<directory>', 'a folder that is new or empty')
    .option('--cluster', 'the volumes of the Compose cluster, and not the embedded stack')
    .action(async (directory: string, { cluster = false }: Options) => {
      const made = await interruptibly((signal) =>
        (cluster ? backUpCluster : backUpEmbedded)(readConfig(), directory, signal),
      )
      say(`Backed up ${describe(made)} to ${directory}. Whoever reads it reads passwords and texts of catalogues.`)
    })
}

export function addRestoreCommand(program: Command): void {
  program
    .command('restore')
    .description('Bring a backup back, where no data is')
    .argument('<directory>', 'the folder of the backup')
    .option('--cluster', 'into the volumes of the Compose cluster')
    .action(async (directory: string, { cluster = false }: Options) => {
      const made = await interruptibly((signal) =>
        (cluster ? restoreCluster : restoreEmbedded)(readConfig(), directory, signal),
      )
      const next = cluster ? 'npm run cluster:5node' : 'npm start'
      say(`Restored ${describe(made)}, as of ${made.made_at}. Start it: ${next}`)
    })
}

async function interruptibly<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return await underInterrupts(
    () => say('Stopping …'),
    ({ first }) => work(first),
  )
}

function describe({ files }: Manifest): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  return `${formatCount(files.length)} files, ${formatCount(bytes / 1_048_576)} MiB`
}
