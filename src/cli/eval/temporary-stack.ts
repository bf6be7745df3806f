/** A service of its own for one evaluation, which is removed afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { freePort } from '../../embedded/ports.ts'
import { startStack } from '../../embedded/stack.ts'
import { describeModel } from '../start/start.ts'
import { createCliLog } from '../ui/log.ts'
import { type Interrupts, say } from '../ui/terminal.ts'
import { type Exchange, type ExchangeChoice, openExchange } from './exchange.ts'

/** What the work on a temporary service gets. */
export interface TemporaryService {
  readonly url: string
  /** The interrupts of the user, and the end of the exchange with the model where it cannot go on. */
  readonly interrupts: Interrupts
  readonly exchange: Exchange
}

/**
 * Starts a service with ports, a data directory and a database of its own, so that it disturbs no other service on the
 * machine, lets `work` use it, and removes it in every case.
 */
export async function withTemporaryStack<T>(
  choice: ExchangeChoice | undefined,
  given: Config,
  interrupts: Interrupts,
  work: (service: TemporaryService) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), 'classify-eval-'))
  try {
    const exchange = await openExchange(choice, await isolatedConfig(given, dataDir))
    try {
      return await runStack(exchange, interrupts, work)
    } finally {
      await exchange.close()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function runStack<T>(
  exchange: Exchange,
  interrupts: Interrupts,
  work: (service: TemporaryService) => Promise<T>,
): Promise<T> {
  const { config, replicaEnv } = exchange
  say('Starting PostgreSQL, restate-server, the model and a replica for this evaluation …')
  const stack = await startStack({
    config,
    log: createCliLog(config),
    say,
    signal: interrupts.first,
    kill: interrupts.second,
    replicaEnv,
  })
  try {
    say(`Model: ${describeModel(stack, config)}`)
    const first = AbortSignal.any([interrupts.first, exchange.failed])
    return await work({ url: stack.ingressUrl, interrupts: { first, second: interrupts.second }, exchange })
  } finally {
    await stack.stop()
  }
}

async function isolatedConfig(config: Config, dataDir: string): Promise<Config> {
  const ports = new Set<number>()
  while (ports.size < 4) ports.add(await freePort())
  const [ingressPort = 0, adminPort = 0, port = 0, modelPort = 0] = ports
  return {
    ...config,
    dataDir,
    port,
    database: { ...config.database, connection: null },
    embeddedPostgresPort: undefined,
    restate: { ...config.restate, ingressPort, adminPort },
    offlineModel: { ...config.offlineModel, port: modelPort },
  }
}
