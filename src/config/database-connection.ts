/** How to reach PostgreSQL by the configuration, seen from a container or from the host itself. */
import { type DatabaseTls, readTls, splitDatabaseUrl, urlWithTls, WITHOUT_TLS } from './database-tls.ts'
import type { Variables } from './variables.ts'

export interface DatabaseConfig {
  /** Null where no database was configured, so that the embedded stack starts its own PostgreSQL. */
  readonly connection: DatabaseConnection | null
  /** The most database connections that one replica opens. */
  readonly poolSize: number
  /** Days after which old rows are deleted; null where all rows are kept. */
  readonly retentionDays: number | null
}

/** Where PostgreSQL is and as which user to log in: one URL, or its parts. */
type Address =
  | { readonly url: string }
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string | undefined
      readonly database: string
    }

/** An address and how it is reached. Without `tls` nothing is encrypted, as for a server of the embedded stack. */
export type DatabaseConnection = Address & { readonly tls?: DatabaseTls }

/**
 * The address from `DATABASE_URL` where it is set, else from `POSTGRES_HOST` and the other `POSTGRES_` variables, else
 * null. Throws `ServiceError` config-invalid where the settings of TLS cannot be kept.
 */
export function buildConnection(values: Variables): DatabaseConnection | null {
  const settings = { mode: values.POSTGRES_SSLMODE, rootCert: values.POSTGRES_SSLROOTCERT }
  if (values.DATABASE_URL !== undefined) return splitDatabaseUrl(values.DATABASE_URL, settings)
  if (values.POSTGRES_HOST === undefined) return null
  return {
    host: values.POSTGRES_HOST,
    port: values.POSTGRES_PORT ?? 5432,
    user: values.POSTGRES_USER,
    password: values.POSTGRES_PASSWORD,
    database: values.POSTGRES_DB,
    tls: readTls(settings),
  }
}

/** The connection of a URL that `connectionUrl` wrote. */
export function readConnectionUrl(url: string): { readonly url: string; readonly tls: DatabaseTls } {
  return splitDatabaseUrl(url, { mode: 'disable', rootCert: undefined })
}

/** The connection as one URL, with its password and its settings of TLS, for child processes. */
export function connectionUrl(connection: DatabaseConnection): string {
  const { tls = WITHOUT_TLS } = connection
  if ('url' in connection) return urlWithTls(connection.url, tls)
  const { host, port, user, password, database } = connection
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const url = `postgres://${encodeURIComponent(user)}${secret}@${host}:${port}/${encodeURIComponent(database)}`
  return urlWithTls(url, tls)
}

/**
 * How a process on the host reaches the database of `connection`: host.docker.internal, by which the containers of the
 * Compose file reach the host, becomes 127.0.0.1.
 */
export function connectionFromThisHost(connection: DatabaseConnection): DatabaseConnection {
  if ('url' in connection || connection.host !== 'host.docker.internal') return connection
  return { ...connection, host: '127.0.0.1' }
}

/** The address in the form that the pool of database connections takes. */
export function addressOf(connection: DatabaseConnection) {
  const { tls } = connection
  if ('url' in connection) return { connectionString: connection.url, tls }
  return { ...connection, password: connection.password ?? '', tls }
}
