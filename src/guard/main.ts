/** Starts the guard as a process of its own, from the configuration. It ends on SIGTERM, on SIGINT and with its parent process. */
import { pino } from 'pino'
import { readConfig } from '../config/config.ts'
import { forgetDatabaseVariables } from '../config/environment.ts'
import { isServiceError, messageOf } from '../errors.ts'
import { onEnd } from '../lib/ending/process-end.ts'
import { LOG_HOOKS, visibleLines } from '../lib/visible-text.ts'
import { startGuard } from './guard.ts'

/** Exit code of a wrong configuration, which no restart mends. */
const EXIT_CONFIG = 2

async function main(): Promise<void> {
  forgetDatabaseVariables()
  const config = readConfig()
  const log = pino({ level: config.logLevel ?? 'info', base: { service: 'guard' }, hooks: LOG_HOOKS })
  const guard = await startGuard({ config, log })
  const { ingress, admin, publishedOn, tokensFile } = config.guard
  const ports = [...ingress, ...admin].map(({ port }) => port)
  log.info({ ports, publishedOn, tokens: tokensFile !== undefined }, 'The guard listens')

  onEnd((reason) => {
    log.info({ reason }, 'The guard drains')
    guard.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  })
}

function fail(error: unknown): void {
  process.stderr.write(`${visibleLines(messageOf(error))}\n`)
  process.exit(isServiceError(error) && error.code === 'config-invalid' ? EXIT_CONFIG : 1)
}

main().catch(fail)
