/** The log of a command, apart from what every command writes: most commands have none, and need not load its library. */
import { type Logger, pino } from 'pino'
import type { Config } from '../../config/config.ts'
import { LOG_HOOKS } from '../../lib/visible-text.ts'

/** Creates the log on stderr, which shows only errors unless LOG_LEVEL sets another level. */
export function createCliLog(config: Config): Logger {
  const stderr = pino.destination({ dest: 2, sync: true })
  stderr.on('error', () => undefined)
  return pino({ level: config.logLevel ?? 'error', base: null, hooks: LOG_HOOKS }, stderr)
}
