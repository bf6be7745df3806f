/** Turns what node-postgres throws into a `ServiceError`, and tells outages from defects.
 *
 * An outage is worth a retry (database-unavailable); a defect is not (database-failed).
 */
import { isServiceError, ServiceError } from '../errors.ts'
import { isRecord } from '../lib/json/json.ts'

/** The SQLSTATE classes that a retry may mend: 08 connection (PgBouncer's own errors too), 53 resources, 57 operator. */
const UNAVAILABLE_CLASSES = new Set(['08', '53', '57'])

/**
 * The single SQLSTATEs that a retry may mend: serialization failure, deadlock, lock timeout, timeout of an idle or of a
 * long transaction, and a server that is read-only after a failover.
 */
const UNAVAILABLE_STATES = new Set(['40001', '40P01', '55P03', '25P03', '25P04', '25006'])

/** The error codes of Node.js that say that the server cannot be reached. */
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

/**
 * Errors of node-postgres and its pool that have no code and that a retry may mend: the server is gone or silent, or
 * the pool closes.
 */
const UNAVAILABLE_MESSAGES =
  /^(Connection terminated|Connection ended|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client was closed|Client has encountered a connection error|Cannot use a pool after calling end)/

/** What node-postgres says where TLS is demanded of a server that has none. */
const NO_TLS = /^The server does not support SSL connections/

/** The codes of Node.js for a certificate that is not believed. */
const CERTIFICATE_REFUSED = /^(?:ERR_TLS_CERT|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA$|HOSTNAME_MISMATCH$)/

const SQLSTATE = /^[0-9A-Z]{5}$/

/** What some SQLSTATEs mean, for people who see that work waits for the database. */
const MEANINGS: Readonly<Record<string, string>> = {
  '28P01': 'the password is refused',
  '28000': 'the login is refused',
  '3D000': 'there is no database of this name',
  '42501': 'the user lacks a right',
  '25006': 'it takes no writes: it is a standby or set read-only',
  '53100': 'its disk is full',
  '53200': 'it is out of memory',
  '53300': 'it has no connection left',
  '57P01': 'it was shut down',
  '57P03': 'it is starting or stopping',
  '57014': 'the statement took too long',
  '55P03': 'another transaction holds a lock',
}

/** How PgBouncer says, under a code for anything, that PostgreSQL or itself refuses the login. */
const PASSWORD_REFUSED = /password authentication failed|SASL authentication failed|server login failed/

/** The fields of a server error that name parts of the schema and never hold a value of a row. */
const SCHEMA_FIELDS = ['constraint', 'table', 'column', 'dataType', 'routine'] as const

/**
 * The `ServiceError` for an `error` that was thrown while the store tried to `doing`, such as "save a batch". A
 * `ServiceError` is returned as it is. Neither message nor cause repeats the server's text, which may quote values of
 * rows.
 */
export function toDatabaseError(error: unknown, doing: string): ServiceError {
  if (isServiceError(error)) return error
  const code = textField(error, 'code')
  const cause = withoutServerText(error, code)
  return isUnavailable(error, code)
    ? new ServiceError('database-unavailable', `The database is not available to ${doing}: ${cause.message}`, { cause })
    : new ServiceError('database-failed', `The database failed to ${doing}: ${cause.message}`, { cause })
}

function isUnavailable(error: unknown, code: string | undefined): boolean {
  if (code !== undefined && SQLSTATE.test(code) && textField(error, 'severity') !== undefined) {
    return UNAVAILABLE_CLASSES.has(code.slice(0, 2)) || UNAVAILABLE_STATES.has(code)
  }
  if (code !== undefined && UNAVAILABLE_ERRNOS.has(code)) return true
  // A certificate expires by itself and is renewed, so that work waits for it and is not given up.
  if (describeTls(error, code) !== undefined) return true
  return error instanceof Error && UNAVAILABLE_MESSAGES.test(error.message)
}

/** An error of the same name and stack frames as `error`, whose message holds only codes and names of the schema. */
function withoutServerText(error: unknown, code: string | undefined): Error {
  const cause = new Error(describe(error, code))
  cause.name = error instanceof Error ? error.name : 'Error'
  const frames = error instanceof Error ? error.stack?.split('\n').filter((line) => /^\s+at /.test(line)) : undefined
  cause.stack = [`${cause.name}: ${cause.message}`, ...(frames ?? [])].join('\n')
  return cause
}

function describe(error: unknown, code: string | undefined): string {
  if (textField(error, 'severity') !== undefined) {
    const names = SCHEMA_FIELDS.flatMap((field) => {
      const name = textField(error, field)
      return name === undefined ? [] : [`${field} ${name}`]
    })
    const isRefused = error instanceof Error && PASSWORD_REFUSED.test(error.message)
    const meaning = isRefused ? MEANINGS['28P01'] : MEANINGS[code ?? '']
    return [`SQLSTATE ${code ?? 'unknown'}`, ...(meaning === undefined ? [] : [meaning]), ...names].join(', ')
  }
  if (code !== undefined && UNAVAILABLE_ERRNOS.has(code)) {
    const host = textField(error, 'address') ?? textField(error, 'hostname')
    const port = isRecord(error) && typeof error.port === 'number' ? `:${error.port}` : ''
    return host === undefined ? code : `${code} ${host}${port}`
  }
  const tls = describeTls(error, code)
  if (tls !== undefined) return tls
  const known = error instanceof Error && UNAVAILABLE_MESSAGES.exec(error.message)
  if (known) return known[0]
  return error instanceof Error ? `${error.name}${code === undefined ? '' : ` ${code}`}` : 'an unknown error'
}

/** What is wrong with TLS, and which setting to look at; undefined for every other failure. */
function describeTls(error: unknown, code: string | undefined): string | undefined {
  if (error instanceof Error && NO_TLS.test(error.message)) return 'it has no TLS, which POSTGRES_SSLMODE demands'
  if (code === undefined || !CERTIFICATE_REFUSED.test(code)) return undefined
  const advice = code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? 'it names another host' : 'see POSTGRES_SSLROOTCERT'
  return `its certificate is refused, ${code}: ${advice}`
}

function textField(value: unknown, field: string): string | undefined {
  const found = isRecord(value) ? value[field] : undefined
  return typeof found === 'string' && found !== '' ? found : undefined
}
