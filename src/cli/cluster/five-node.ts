/** `cluster:5node`: five nodes, five replicas and all they need, up, registered and verified. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { duration } from '../ui/option-values.ts'
import { EXIT_OK, isInterrupted, say, underInterrupts } from '../ui/terminal.ts'
import { sayCluster } from './addresses.ts'
import { findCompose } from './compose.ts'
import { bringUp, DEFAULT_TIMEOUT_MS } from './up.ts'

export const TIMEOUT_OPTION = [
  '--timeout <duration>',
  'how long to wait until all is ready, such as 90s or 10m',
  duration,
  DEFAULT_TIMEOUT_MS,
] as const

export function addFiveNodeCommand(program: Command): void {
  program
    .command('cluster:5node')
    .description('Build and start the five-node cluster, wait until it is ready, register its replicas')
    .option(...TIMEOUT_OPTION)
    .action(async ({ timeout: timeoutMs }: { readonly timeout: number }) => {
      const config = readConfig()
      await leavingContainers(async (signal) => {
        const compose = await findCompose(config, signal)
        const cluster = await bringUp({ config, compose, signal, timeoutMs, replicas: config.cluster.replicas })
        await sayCluster(cluster, signal)
      })
      process.exitCode = EXIT_OK
    })
}

/** Runs `work`; an interrupt ends it, says that the containers go on, and is passed on. */
export async function leavingContainers(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  try {
    await underInterrupts(
      () => say('Stopping to wait …'),
      ({ first }) => work(first),
    )
  } catch (error) {
    if (isInterrupted(error)) {
      say(
        'The containers stay as they are. npm run cluster:5node goes on, cluster:stop stops, cluster:clean removes them.',
      )
    }
    throw error
  }
}
