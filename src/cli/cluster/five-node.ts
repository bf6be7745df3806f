/** The command `cluster:5node`, which starts the whole cluster, and functions that `cluster:start` and `all-in-one` use too. */
import { type Command, Option } from 'commander'
import { readConfig } from '../../config/config.ts'
import { duration } from '../ui/option-values.ts'
import { EXIT_OK, isInterrupted, say, underInterrupts } from '../ui/terminal.ts'
import { sayAddresses } from './addresses.ts'
import { findCompose } from './compose.ts'
import { bringUp } from './up.ts'

/** The milliseconds that the whole cluster may take to become ready, unless --timeout sets another time. */
const DEFAULT_TIMEOUT_MS = 300_000

/** Creates the option --timeout for every command that waits for the cluster. */
export function createTimeoutOption(): Option {
  return new Option('--timeout <duration>', 'how long to wait until all parts are ready, such as 90s or 10m')
    .argParser(duration)
    .default(DEFAULT_TIMEOUT_MS, '5m')
}

export function addFiveNodeCommand(program: Command): void {
  program
    .command('cluster:5node')
    .description('Build and start the five-node cluster, wait until it is ready, and register its replicas')
    .addOption(createTimeoutOption())
    .action(async ({ timeout: timeoutMs }: { readonly timeout: number }) => {
      const config = readConfig()
      await keepingContainers(async (signal) => {
        const compose = await findCompose(config, signal)
        const cluster = await bringUp({ config, compose, signal, timeoutMs, replicas: config.cluster.replicas })
        await sayAddresses(cluster, { compose, config, signal })
      })
      process.exitCode = EXIT_OK
    })
}

/** Runs `work`, ends it on an interrupt, and then tells the user that the containers keep running. */
export async function keepingContainers(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  try {
    await underInterrupts(
      () => say('Stopping …'),
      ({ first }) => work(first),
    )
  } catch (error) {
    if (isInterrupted(error)) {
      const commands = 'npm run cluster:5node to continue, cluster:stop to stop them, cluster:clean to remove them'
      say(`The containers keep running. Use ${commands}.`)
    }
    throw error
  }
}
