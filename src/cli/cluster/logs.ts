/** `cluster:logs`: what the parts of the cluster write, all of them or some. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { wholeNumber } from '../ui/option-values.ts'
import { isInterrupted, underInterrupts } from '../ui/terminal.ts'
import { type Compose, findCompose, mustSucceed, type Ran } from './compose.ts'
import { listContainers, nameOf } from './containers.ts'

interface LogsOptions {
  readonly follow: boolean
  readonly tail?: number
}

export function addClusterLogsCommand(program: Command): void {
  program
    .command('cluster:logs')
    .description('Follow the logs of the cluster; Ctrl+C ends it')
    .argument('[service...]', 'such as restate-1, nginx, classify-service (all replicas) or classify-service-3')
    .option('--no-follow', 'print what there is and end')
    .option('--tail <n>', 'begin with the last N lines of each container (default: all)', wholeNumber(0, 1_000_000))
    .action(async (services: readonly string[], options: LogsOptions) => {
      const config = readConfig()
      const work = async (signal: AbortSignal) => {
        const compose = await findCompose(config, signal)
        mustSucceed('docker compose logs', await showLogs(compose, services, options, signal))
      }
      try {
        await underInterrupts(
          () => undefined,
          ({ first }) => work(first),
        )
      } catch (error) {
        // It is how one stops to follow.
        if (!isInterrupted(error)) throw error
      }
    })
}

/** The arguments that Compose and Docker share. */
export function logArguments({ follow, tail }: LogsOptions): string[] {
  return [...(follow ? ['--follow'] : []), ...(tail === undefined ? [] : ['--tail', String(tail)])]
}

async function showLogs(
  compose: Compose,
  services: readonly string[],
  options: LogsOptions,
  signal: AbortSignal,
): Promise<Ran> {
  const shown = { output: 'inherited', allProfiles: true, signal } as const
  const containers = await listContainers(compose, signal)
  const isService = (name: string) => containers.some(({ service }) => service === name)
  const single = services.filter((name) => !isService(name))
  if (containers.length > 0 && single.length > 0) {
    // One replica: Compose knows the service alone, Docker the container.
    const found = containers.find((one) => nameOf(one) === single[0])
    if (found === undefined || services.length > 1) {
      const known = [...new Set(containers.flatMap((one) => [one.service, nameOf(one)]))].join(', ')
      const rule = found === undefined ? `There is no part "${single[0]}"` : 'Name one replica alone'
      throw new ServiceError('input-invalid', `${rule}; the parts are ${known}`)
    }
    return await compose.docker(['logs', ...logArguments(options), found.id], shown)
  }
  return await compose.run(['logs', ...logArguments(options), ...services], shown)
}
