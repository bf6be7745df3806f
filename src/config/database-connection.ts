/** How to reach PostgreSQL by the configuration, seen from a container or from the host itself. */
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
export type DatabaseConnection =
  | { readonly url: string }
  | {
      readonly host: string
      readonly port: number
      readonly user: string
      readonly password: string | undefined
      readonly database: string
    }

/**
 * The address from `DATABASE_URL` where it is set, else from `POSTGRES_HOST` and the other `POSTGRES_` variables, else
 * null.
 */
export function buildConnection(values: Variables): DatabaseConnection | null {
  if (values.DATABASE_URL !== undefined) return { url: values.DATABASE_URL }
  if (values.POSTGRES_HOST === undefined) return null
  return {
    host: values.POSTGRES_HOST,
    port: values.POSTGRES_PORT ?? 5432,
    user: values.POSTGRES_USER,
    password: values.POSTGRES_PASSWORD,
    database: values.POSTGRES_DB,
  }
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
  if ('url' in connection) return { connectionString: connection.url }
  return { ...connection, password: connection.password ?? '' }
}
