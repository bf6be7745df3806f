/** Leases while the database is away: they run out, and no replica starts a request until the database is back. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { freePort } from '../../../src/embedded/ports.ts'
import { startPostgres } from '../../../src/embedded/postgres.ts'
import { createLeaseClient } from '../../../src/rate/lease/lease-client.ts'
import { createLeaseStore } from '../../../src/rate/lease/lease-store.ts'
import { createRateLimiter } from '../../../src/rate/limiter/limiter.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { createPool } from '../../../src/store/pool.ts'
import { createBudgetStore } from '../../../src/store/rate-budget.ts'
import { silent } from '../../helpers/database/postgres.ts'
import { temporaryDirectory } from '../../helpers/temporary-directory.ts'
import { waitUntil } from '../../helpers/wait.ts'

const RPM = 1_200
const AT_FIRST = { requestsPerMinute: 1, tokensPerMinute: null }

function startReplica(url: string) {
  const options = { connectionString: url, max: 2, connectionTimeoutMs: 1_500, statementTimeoutMs: 1_500, log: silent }
  const pool = createPool(options)
  const limiter = createRateLimiter(AT_FIRST)
  const replicaId = randomUUID()
  const leaseClient = createLeaseClient({
    leases: createLeaseStore(createBudgetStore(pool), { rpm: RPM, tpm: null, safety: 1, by: 'test' }),
    limiter,
    replicaId,
    name: replicaId,
    log: silent,
  })
  const close = async () => {
    await limiter.close()
    await leaseClient.close()
    await pool.end()
  }
  return { leaseClient, limiter, rpm: () => limiter.stats().requestsPerMinute, close }
}

test('an outage lets leases run out, never grow, and ends with the database; a pause reaches every replica', async () => {
  const dir = await temporaryDirectory()
  const dataDir = join(dir, 'postgres')
  let server = await startPostgres({ dataDir, port: await freePort(), log: silent })
  const pool = createPool({ connectionString: server.url, log: silent })
  await migrate(pool, silent)
  await pool.end()
  const replicas = [startReplica(server.url), startReplica(server.url)]
  const sum = () => replicas.reduce((total, replica) => total + replica.rpm(), 0)
  const isWhole = () => replicas.every((replica) => Math.abs(replica.rpm() - RPM / 2) < 1)
  try {
    await Promise.all(replicas.map(({ leaseClient }) => leaseClient.start(30_000)))
    await waitUntil('the parts are equal', isWhole)

    await server.stop()
    const seen = [sum()]
    await waitUntil('nothing is left', () => {
      if (sum() !== seen.at(-1)) seen.push(sum())
      return sum() === 0
    })
    assert.ok(
      seen.every((pace, index) => index === 0 || pace < (seen[index - 1] ?? 0)),
      `it grew: ${seen.join(' ')}`,
    )
    assert.ok(seen.length > 3, `it fell at once: ${seen.join(' ')}`)

    server = await startPostgres({ dataDir, port: server.port, log: silent })
    await waitUntil('the parts are equal again', isWhole)

    replicas[0]?.leaseClient.pauseCluster(60_000, 'slow down')
    await waitUntil('all are paused', () => replicas.every(({ limiter }) => limiter.stats().pausedMs > 30_000))
    assert.ok(replicas.every(({ leaseClient }) => leaseClient.stats().paceFactor === 0.8))
  } finally {
    await Promise.all(replicas.map((replica) => replica.close()))
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  }
})
