/** Faults of the database itself: it takes no writes, refuses the password, or is stopped for a while. */

import type { Cluster } from '../../compose/cluster.ts'
import { start, stop } from '../../compose/container-faults.ts'
import { docker } from '../../compose/docker.ts'
import type { Fault } from './types.ts'

/** Runs a statement in the database's own container, past PgBouncer, as the owner of everything, also while it takes no writes. */
async function runInside(cluster: Cluster, statement: string): Promise<void> {
  const { ID } = await cluster.container('timescaledb')
  const { POSTGRES_USER: user = '', POSTGRES_DB: database = '' } = cluster.env
  await docker(
    [
      'exec',
      '-e',
      'PGOPTIONS=-c default_transaction_read_only=off',
      ID,
      'psql',
      '-h',
      '127.0.0.1',
      '-U',
      user,
      '-d',
      database,
      '-v',
      'ON_ERROR_STOP=1',
      '-c',
      statement,
    ],
    {
      timeoutMs: 60_000,
    },
  )
}

const END_OTHERS =
  'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename is not null'

export const DATABASE_FAULTS: readonly Fault[] = [
  {
    name: 'read-only',
    what: 'The database takes no writes, as after a failover to a standby.',
    group: 'database',
    targets: ['timescaledb'],
    holdS: [10, 40],
    inject: async ({ cluster }) => {
      const database = cluster.env.POSTGRES_DB
      const set = (value: string) =>
        runInside(cluster, `alter database "${database}" set default_transaction_read_only = ${value}`)
      await set('on')
      await runInside(cluster, END_OTHERS)
      return async () => {
        await runInside(cluster, `alter database "${database}" reset default_transaction_read_only`)
        await runInside(cluster, END_OTHERS)
      }
    },
  },
  {
    name: 'password',
    what: 'The database gets another password, and the old one back.',
    group: 'database',
    targets: ['timescaledb'],
    holdS: [10, 40],
    inject: async ({ cluster }) => {
      const set = (word: string) => runInside(cluster, `alter role "${cluster.env.POSTGRES_USER}" password '${word}'`)
      await set('changed-by-chaos')
      await runInside(cluster, END_OTHERS)
      return async () => {
        await set(cluster.secrets.POSTGRES_PASSWORD ?? '')
      }
    },
  },
  {
    name: 'database-stopped',
    what: 'The database is stopped in order, and started again.',
    group: 'database',
    targets: ['timescaledb'],
    holdS: [10, 30],
    inject: async ({ cluster }) => {
      const database = await cluster.container('timescaledb')
      await stop(database)
      return () => start(database)
    },
  },
]
