/** Starts the console as a process of its own, from the configuration. It ends on SIGTERM, on SIGINT and with its parent process. */
import { pino } from 'pino'
import { readConfig } from '../config/config.ts'
import { isServiceError, messageOf } from '../errors.ts'
import { onEnd } from '../lib/ending/process-end.ts'
import { LOG_HOOKS, visibleLines } from '../lib/visible-text.ts'
import { startConsole } from './console.ts'

/** Exit code of a wrong configuration, which no restart mends. */
const EXIT_CONFIG = 2

async function main(): Promise<void> {
  const config = readConfig()
  const log = pino({ level: config.logLevel ?? 'info', base: { service: 'console' }, hooks: LOG_HOOKS })
  const running = await startConsole({ config, log })
  log.info({ port: config.console.port, bind: config.console.bind, url: config.console.url }, 'The console listens')
  // A parent tells its user the link. It stands in no log, because it opens the console.
  process.send?.({ link: running.link })

  onEnd((reason) => {
    log.info({ reason }, 'The console ends')
    running.close().then(
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
