/** The command `cluster:logs`: shows the logs of all services of the cluster, or of those that the user names. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { wholeNumber } from '../ui/option-values.ts'
import { isInterrupted, underInterrupts } from '../ui/terminal.ts'
import { type CommandResult, type Compose, findCompose, requireSuccess } from './compose.ts'
import { listContainers, nameOf } from './containers.ts'

interface LogsOptions {
  readonly follow: boolean
  readonly tail?: number
}

export function addClusterLogsCommand(program: Command): void {
  program
    .command('cluster:logs')
    .description('Follow the logs of the cluster until Ctrl+C')
    .argument(
      '[part...]',
      'parts to show (default: all), such as restate-1, nginx, classify-service (all replicas) or classify-service-3',
    )
    .option('--no-follow', 'print the logs so far and exit')
    .option('--tail <n>', 'start with the last N lines of each container (default: all)', wholeNumber(0, 1_000_000))
    .action(async (parts: readonly string[], options: LogsOptions) => {
      const config = readConfig()
      const showUntilInterrupted = async (signal: AbortSignal) => {
        const compose = await findCompose(config, signal)
        requireSuccess('docker compose logs', await showLogs(compose, parts, options, signal))
      }
      try {
        await underInterrupts(
          () => undefined,
          ({ first }) => showUntilInterrupted(first),
        )
      } catch (error) {
        // Ctrl+C is the usual end of this command, so it counts as a success.
        if (!isInterrupted(error)) throw error
      }
    })
}

/** Builds the arguments that `docker compose logs` and `docker logs` both accept. */
export function logArguments({ follow, tail }: LogsOptions): string[] {
  return [...(follow ? ['--follow'] : []), ...(tail === undefined ? [] : ['--tail', String(tail)])]
}

async function showLogs(
  compose: Compose,
  parts: readonly string[],
  options: LogsOptions,
  signal: AbortSignal,
): Promise<CommandResult> {
  const shown = { output: 'inherited', allProfiles: true, signal } as const
  const containers = await listContainers(compose, signal)
  const isService = (name: string) => containers.some(({ service }) => service === name)
  const single = parts.filter((name) => !isService(name))
  if (containers.length > 0 && single.length > 0) {
    // Compose shows the logs of a whole service only, so the logs of a single replica are read from Docker by
    // container.
    const found = containers.find((container) => nameOf(container) === single[0])
    if (found === undefined || parts.length > 1) {
      const known = [...new Set(containers.flatMap((container) => [container.service, nameOf(container)]))].join(', ')
      const problem = found === undefined ? `There is no part "${single[0]}"` : 'Name one replica, and nothing else'
      throw new ServiceError('input-invalid', `${problem}; the parts are ${known}`)
    }
    return await compose.docker(['logs', ...logArguments(options), found.id], shown)
  }
  return await compose.run(['logs', ...logArguments(options), ...parts], shown)
}
