/**
 * The one way to a connection. It holds to what PgBouncer's transaction mode allows: no startup parameters beyond
 * user, database, encoding and application name, no named statements, no session state.
 */
import pg from 'pg'
import Pool from 'pg-pool'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../errors.ts'

export type DatabasePool = Pool<pg.Client>

export type DatabaseAddress =
  | { readonly connectionString: string }
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string
      readonly database: string
    }

export type PoolOptions = DatabaseAddress & {
  /** Connections at most. Default 10, minimum 1. */
  readonly max?: number
  /** How long a query waits for a connection, new or free. Default 5,000 ms, minimum 1. */
  readonly connectionTimeoutMs?: number
  /**
   * How long the client waits for the answer to one statement. It is measured on our side, so a silent server can't
   * hang a step; the statement may still end on the server. Default 30,000 ms, minimum 1.
   */
  readonly statementTimeoutMs?: number
  readonly applicationName?: string
  readonly log: Logger
}

/**
 * A pool that connects on first use. Throws `ServiceError` config-invalid for options it can't use; the message never
 * holds the password. The caller closes it with `end()`.
 */
export function createPool(options: PoolOptions): DatabasePool {
  const { log } = options
  const pool = new Pool<pg.Client>({
    ...addressOf(options),
    Client: pg.Client,
    max: atLeastOne('max', options.max ?? 10),
    connectionTimeoutMillis: atLeastOne('connectionTimeoutMs', options.connectionTimeoutMs ?? 5_000),
    query_timeout: atLeastOne('statementTimeoutMs', options.statementTimeoutMs ?? 30_000),
    application_name: options.applicationName ?? 'classify',
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    types: { getTypeParser },
  })
  pool.on('error', (error) => {
    log.warn({ reason: codeOf(error) }, 'An idle database connection was lost')
  })
  // A connection that breaks while it is checked out but between two statements has no other listener: without this
  // one the error event would end the process. The next statement on it rejects anyway.
  pool.on('connect', (client) => {
    client.on('error', (error: Error) => log.debug({ reason: codeOf(error) }, 'A database connection broke'))
  })
  return pool
}

function addressOf(options: PoolOptions): pg.ClientConfig {
  if (!('connectionString' in options)) {
    const { host, port, user, password, database } = options
    return { host, port, user, password, database }
  }
  // pg would throw an error that carries the whole string, password and all.
  if (!/^postgres(ql)?:\/\//.test(options.connectionString) || !URL.canParse(options.connectionString)) {
    throw new ServiceError(
      'config-invalid',
      'The database URL cannot be read: it must be postgres://user:password@host:port/database, with special characters percent-encoded',
    )
  }
  return { connectionString: options.connectionString }
}

function atLeastOne(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1) return value
  throw new ServiceError('config-invalid', `${option} must be a whole number from 1, got ${value}`)
}

/** A code where there is one: words of a connection error may name user and database, never more than that. */
function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : messageOf(error)
}

const { INT8, NUMERIC, TIMESTAMPTZ } = pg.types.builtins

/**
 * Counts (int8) and money (numeric) become numbers and points in time ISO 8601 strings in UTC with milliseconds, here
 * and not in `pg.types`, which is global. What a number cannot hold exactly is an error, not a wrong number.
 */
function getTypeParser(oid: number, format?: 'text' | 'binary'): ReturnType<typeof pg.types.getTypeParser> {
  if (format === 'binary') return pg.types.getTypeParser(oid, 'binary')
  if (oid === INT8) return parseInt8
  if (oid === NUMERIC) return Number
  if (oid === TIMESTAMPTZ) return parseTimestamp
  return pg.types.getTypeParser(oid, 'text')
}

function parseInt8(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new ServiceError('database-failed', `The database gave a count beyond what a number holds: ${text}`)
}

function parseTimestamp(text: string): string {
  const date: unknown = pg.types.getTypeParser(TIMESTAMPTZ, 'text')(text)
  if (date instanceof Date) return date.toISOString()
  throw new ServiceError('database-failed', `The database gave no point in time: ${text}`)
}
