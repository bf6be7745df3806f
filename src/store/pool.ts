/** Creates the pool of database connections that the rest of the store uses.
 *
 * It keeps to what PgBouncer's transaction mode allows: no startup parameters beyond user, database, encoding and
 * application name, no session state, and no named statements but those of `connection/named-statements.ts`, which do without.
 */
import pg from 'pg'
import Pool from 'pg-pool'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../errors.ts'
import { type TlsOptions, tlsClient } from './connection/tls.ts'

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
  /** The most connections that are open at once. Default 10, minimum 1. */
  readonly max?: number
  /** Milliseconds that a query waits for a connection to be opened or to become free. Default 5,000, minimum 1. */
  readonly connectionTimeoutMs?: number
  /**
   * Milliseconds that the client waits for the answer to one statement. The client measures them, so that a silent
   * server cannot hang a step; the statement may still complete on the server. Default 30,000, minimum 1.
   */
  readonly statementTimeoutMs?: number
  readonly applicationName?: string
  /** How the connections use TLS. Default: they do not. */
  readonly tls?: TlsOptions | undefined
  readonly log: Logger
}

/**
 * A connection on which nothing came for so many milliseconds is probed once a second, and given up after ten probes without an
 * answer (by Node.js, on Linux), so that what was cut off from the network is not waited for. Without it the first probe comes
 * after two hours.
 */
const PROBE_AFTER_MS = 5_000

/**
 * A pool that opens its first connection when it is first used. Throws `ServiceError` config-invalid for options that
 * it cannot use, with a message that never holds the password. The caller closes the pool with `end()`.
 */
export function createPool(options: PoolOptions): DatabasePool {
  const { log } = options
  const pool = new Pool<pg.Client>({
    ...addressOf(options),
    ...tlsClient(options.tls, 'host' in options ? options.host : undefined),
    max: atLeastOne('max', options.max ?? 10),
    connectionTimeoutMillis: atLeastOne('connectionTimeoutMs', options.connectionTimeoutMs ?? 5_000),
    query_timeout: atLeastOne('statementTimeoutMs', options.statementTimeoutMs ?? 30_000),
    application_name: options.applicationName ?? 'classify',
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: PROBE_AFTER_MS,
    types: { getTypeParser },
  })
  pool.on('error', (error) => {
    log.warn({ reason: codeOf(error) }, 'An idle database connection was lost')
  })
  // A connection may break while a transaction has it, between two statements. Without this listener the error event
  // would end the process; the transaction learns of the failure from its next statement.
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
  // The address is checked here because the error that pg throws for a bad one holds the whole address with the password.
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

/** The code of a connection error, or its message where it has no code; neither of them holds a password. */
function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : messageOf(error)
}

const { INT8, NUMERIC, TIMESTAMPTZ } = pg.types.builtins

/**
 * Finds the parser that turns a PostgreSQL value into JavaScript: counts (int8) and money (numeric) become numbers,
 * points in time become ISO 8601 texts in UTC with milliseconds. A count that a number cannot hold exactly is an error.
 * The parsers belong to this pool, because those of `pg.types` are global to the process.
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
