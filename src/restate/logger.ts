/** Brings the SDK's log lines to pino. */
import type { LoggerTransport } from '@restatedev/restate-sdk'
import type { Logger } from 'pino'

/** No lines while replaying: they were written when the step really ran. */
export function createRestateLogger(log: Logger): LoggerTransport {
  return (meta, message, ...rest) => {
    if (meta.replaying) return
    // The SDK tells of every start and end of an attempt at info; the metrics count them.
    const level = meta.level === 'info' && meta.source === 'SYSTEM' ? 'debug' : meta.level
    if (!log.isLevelEnabled(level)) return
    const fields: Record<string, unknown> = {}
    if (meta.context !== undefined) {
      fields.invocation = meta.context.invocationId
      fields.target = meta.context.invocationTarget
    }
    const error = [message, ...rest].find((part) => part instanceof Error)
    if (error !== undefined) fields.err = error
    const text = [message, ...rest].filter((part) => typeof part === 'string').join(' ')
    log[level](fields, text || (error instanceof Error ? error.message : 'Restate SDK'))
  }
}
