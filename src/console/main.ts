/** Starts the console as a process of its own, from the configuration. It ends on SIGTERM, on SIGINT and with its parent process. */
import { pino } from 'pino'
import { readConfig } from '../config/config.ts'
import { runPart } from '../lib/ending/part-process.ts'
import { LOG_HOOKS } from '../lib/visible-text.ts'
import { startConsole } from './console.ts'

runPart(async () => {
  const config = readConfig()
  const log = pino({ level: config.logLevel ?? 'info', base: { service: 'console' }, hooks: LOG_HOOKS })
  const running = await startConsole({ config, log })
  log.info({ port: config.console.port, bind: config.console.bind, url: config.console.url }, 'The console listens')
  // A parent tells its user the link. It stands in no log, because it opens the console.
  process.send?.({ link: running.link })

  return (reason) => {
    log.info({ reason }, 'The console ends')
    return running.close()
  }
})
