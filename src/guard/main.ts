/** Starts the guard as a process of its own, from the configuration. It ends on SIGTERM, on SIGINT and with its parent process. */
import { pino } from 'pino'
import { readConfig } from '../config/config.ts'
import { forgetDatabaseVariables } from '../config/environment.ts'
import { runPart } from '../lib/ending/part-process.ts'
import { LOG_HOOKS } from '../lib/visible-text.ts'
import { startGuard } from './guard.ts'

runPart(async () => {
  forgetDatabaseVariables()
  const config = readConfig()
  const log = pino({ level: config.logLevel ?? 'info', base: { service: 'guard' }, hooks: LOG_HOOKS })
  const guard = await startGuard({ config, log })
  const { ingress, admin, publishedOn, tokensFile } = config.guard
  const ports = [...ingress, ...admin].map(({ port }) => port)
  log.info({ ports, publishedOn, tokens: tokensFile !== undefined }, 'The guard listens')

  return (reason) => {
    log.info({ reason }, 'The guard drains')
    return guard.close()
  }
})
