/** Turns what node-postgres throws into a `ServiceError`: worth a retry or a defect is decided here alone. */
import { isServiceError, ServiceError } from '../errors.ts'
import { isRecord } from '../lib/json.ts'

/** SQLSTATE classes: 08 connection (all that PgBouncer says itself), 53 resources, 57 operator intervention. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57'])

/** Deadlock, serialization, lock timeout, idle or transaction timeout, read-only after a failover. */
const UNAVAILABLE_STATES = new Set(['40001', '40P01', '55P03', '25P03', '25P04', '25006'])

const UNAVAILABLE_ERRNOS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ENOENT',
])

/** What node-postgres and its pool say without a code, when the other side is gone, silent or being closed. */
const UNAVAILABLE_SENTENCES =
  /^(Connection terminated|Connection ended|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client was closed|Client has encountered a connection error|Cannot use a pool after calling end)/

const SQLSTATE = /^[0-9A-Z]{5}$/

/** The words of a server error that name parts of our schema, never values of a row. */
const SCHEMA_WORDS = ['constraint', 'table', 'column', 'dataType', 'routine'] as const

/**
 * The `ServiceError` for `error`, thrown while we tried to `doing` ("save a batch"). A `ServiceError` passes as it is.
 * Neither message nor cause holds what the server said in words: those quote values of rows.
 */
export function toDatabaseError(error: unknown, doing: string): ServiceError {
  if (isServiceError(error)) return error
  const code = textField(error, 'code')
  const cause = wordless(error, code)
  return isUnavailable(error, code)
    ? new ServiceError('database-unavailable', `The database is not available to ${doing}: ${cause.message}`, { cause })
    : new ServiceError('database-failed', `The database failed to ${doing}: ${cause.message}`, { cause })
}

function isUnavailable(error: unknown, code: string | undefined): boolean {
  if (code !== undefined && SQLSTATE.test(code) && textField(error, 'severity') !== undefined) {
    return UNAVAILABLE_CLASSES.has(code.slice(0, 2)) || UNAVAILABLE_STATES.has(code)
  }
  if (code !== undefined && UNAVAILABLE_ERRNOS.has(code)) return true
  return error instanceof Error && UNAVAILABLE_SENTENCES.test(error.message)
}

function wordless(error: unknown, code: string | undefined): Error {
  const cause = new Error(sentenceOf(error, code))
  cause.name = error instanceof Error ? error.name : 'Error'
  const frames = error instanceof Error ? error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) : undefined
  cause.stack = [`${cause.name}: ${cause.message}`, ...(frames ?? [])].join('\n')
  return cause
}

function sentenceOf(error: unknown, code: string | undefined): string {
  if (textField(error, 'severity') !== undefined) {
    const words = SCHEMA_WORDS.flatMap((word) => {
      const value = textField(error, word)
      return value === undefined ? [] : [`${word} ${value}`]
    })
    return [`SQLSTATE ${code ?? 'unknown'}`, ...words].join(', ')
  }
  if (code !== undefined && UNAVAILABLE_ERRNOS.has(code)) {
    const host = textField(error, 'address') ?? textField(error, 'hostname')
    const port = isRecord(error) && typeof error.port === 'number' ? `:${error.port}` : ''
    return host === undefined ? code : `${code} ${host}${port}`
  }
  const known = error instanceof Error && UNAVAILABLE_SENTENCES.exec(error.message)
  if (known) return known[0]
  return error instanceof Error ? `${error.name}${code === undefined ? '' : ` ${code}`}` : 'an unknown error'
}

function textField(value: unknown, field: string): string | undefined {
  const found = isRecord(value) ? value[field] : undefined
  return typeof found === 'string' && found !== '' ? found : undefined
}
