/** Checks that the database of the cluster takes the password of its secret on a new connection. */
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { clip } from '../ui/progress-text.ts'
import type { CommandResult, Compose } from './compose.ts'
import type { Container } from './containers.ts'

/** A database that has just started may refuse a login for a moment. */
const PATIENCE_MS = 15_000
const RETRY_MS = 1_000
/** What a shell gives for a program that is not there; images of PgBouncer other than ours may have no psql. */
const NOT_FOUND = 127
const MAX_LINE = 200

/**
 * Rejects with ServiceError cluster-failed where a new connection is refused, to PgBouncer or by it to the database. The replicas
 * may be healthy then, because connections that are open already outlive a change of the password.
 */
export async function verifyLogin(
  compose: Compose,
  containers: readonly Container[],
  signal: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  const pgbouncer = containers.find(({ service }) => service === 'pgbouncer')
  if (pgbouncer === undefined) return
  let last: CommandResult | undefined
  const login = async () => {
    const args = ['exec', pgbouncer.id, 'sh', '/files/pgbouncer/login.sh']
    last = await compose.docker(args, { output: 'captured', signal })
    return last.code === 0 || last.code === NOT_FOUND ? true : undefined
  }
  if ((await retryFor(login, { delayMs: RETRY_MS, patienceMs, signal })) === true) return
  throw new ServiceError('cluster-failed', [
    'A new connection to the database is refused, although open ones may go on:',
    ...(last?.stderr ?? '')
      .split('\n')
      .flatMap((line) => (line.trim() === '' ? [] : [`  ${clip(line.trim(), MAX_LINE)}`])),
    'Give the password that the database has as POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD in .env, then npm run cluster:5node: docs/cluster/secrets.md',
  ])
}
