/** A database of a user's own for tests, on the server of a test stack, reached through PgBouncer where the machine has one. */
import { createPool, type DatabasePool } from '../../../src/store/pool.ts'
import type { TestStack } from '../stack/stack.ts'
import { pgBouncerSkip, silent, startPgBouncer } from './postgres.ts'

export interface UserDatabase {
  /** The URL with its password. */
  readonly url: string
  /** The URL without it. */
  readonly openUrl: string
  readonly password: string
  /** Whether the URL leads through PgBouncer in transaction mode. */
  readonly isPooled: boolean
  /** A pool that reaches the database without PgBouncer. */
  readonly pool: DatabasePool
  stop(): Promise<void>
}

/** Creates the database `name` on the server of the stack. */
export async function startUserDatabase(stack: TestStack, name: string): Promise<UserDatabase> {
  const direct = new URL(stack.databaseUrl)
  const admin = createPool({ connectionString: direct.href, max: 1, log: silent })
  await admin.query(`create database ${name}`).finally(() => admin.end())
  const server = {
    url: direct.href,
    host: direct.hostname,
    port: Number(direct.port),
    user: decodeURIComponent(direct.username),
    password: decodeURIComponent(direct.password),
  }
  direct.pathname = name
  const isPooled = (await pgBouncerSkip()) === false
  const bouncer = isPooled ? await startPgBouncer(server) : undefined
  const url = bouncer?.urlFor(direct.href) ?? direct.href
  const open = new URL(url)
  open.password = ''
  const pool = createPool({ connectionString: direct.href, max: 2, log: silent })
  return {
    url,
    openUrl: open.href,
    password: server.password,
    isPooled,
    pool,
    stop: async () => {
      await pool.end()
      await bouncer?.stop()
    },
  }
}
