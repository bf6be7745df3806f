/** A database volume as a release before this one has made it, with the password that was the same in every cluster. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './cluster.ts'
import { docker, tryDocker } from './docker.ts'

const OLD_PASSWORD = 'classify'
const PATIENCE_MS = 60_000

/** Makes the volume of the cluster's database before the cluster starts. The database ends by SIGKILL, as in a crash. */
export async function makeOldDatabase({ project, env }: Cluster): Promise<void> {
  const volume = `${project}_timescaledb`
  const label = `com.docker.compose.project=${project}`
  await docker(['volume', 'create', '--label', label, '--label', 'com.docker.compose.volume=timescaledb', volume])
  const name = `${project}-old-database`
  const account = [`POSTGRES_USER=${env.POSTGRES_USER}`, `POSTGRES_DB=${env.POSTGRES_DB}`]
  const settings = [...account, `POSTGRES_PASSWORD=${OLD_PASSWORD}`, 'PGDATA=/var/lib/postgresql/18/docker']
  const image = env.TIMESCALEDB_IMAGE ?? 'timescale/timescaledb:2.30.1-pg18'
  await docker([
    ...['run', '-d', '--name', name, '--label', label, '--user', 'postgres', '-v', `${volume}:/var/lib/postgresql`],
    ...settings.flatMap((setting) => ['-e', setting]),
    image,
  ])
  const ready = ['exec', name, 'pg_isready', '-q', '-h', '127.0.0.1', '-U', env.POSTGRES_USER ?? '']
  const deadline = performance.now() + PATIENCE_MS
  while ((await tryDocker(ready)).code !== 0) {
    if (performance.now() > deadline)
      throw new Error(`The old database does not start: ${await docker(['logs', name])}`)
    await sleep(200)
  }
  await docker(['rm', '-f', name])
}
