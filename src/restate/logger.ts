/** Writes the log lines of the Restate SDK to the replica's own log. */
import type { LoggerTransport } from '@restatedev/restate-sdk'
import type { Logger } from 'pino'

/**
 * Creates the SDK's log writer. It leaves out the lines of a replay, since they were written when the steps really ran.
 */
export function createRestateLogger(log: Logger): LoggerTransport {
  return (meta, message, ...rest) => {
    if (meta.replaying) return
    // The start and the end of every attempt, which the SDK reports at level info, go to level debug, because the
    // metrics count them already.
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
    // The message of the error is left to the log's own form of errors, which shows no sentence that may quote a record.
    log[level](fields, text || 'Restate SDK')
  }
}
