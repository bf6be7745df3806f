/** The script that starts the cluster's database: what it makes of the lock file that a crash has left. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'

const SCRIPT = readFileSync(new URL('../../docker/timescaledb/start.sh', import.meta.url), 'utf8')
const directory = mkdtempSync(join(tmpdir(), 'classify-timescaledb-'))
after(() => rmSync(directory, { recursive: true, force: true }))

const data = join(directory, 'data')
mkdirSync(data)
writeFileSync(join(directory, 'password'), 'of the test\n')
// PostgreSQL takes a process of this number for no other server: src/backend/utils/init/miscinit.c, CreateLockFile.
const said = '#!/bin/sh\necho "$(basename "$0")" "$1 passes over [$PG_GRANDPARENT_PID]"\n'
for (const name of ['docker-entrypoint.sh', 'postgres']) writeFileSync(join(directory, name), said, { mode: 0o755 })

/** Runs the script with stand-ins for the server and resolves with what they were told. */
async function start(): Promise<string[]> {
  const script = SCRIPT.replaceAll('/tmp/', `${directory}/`)
    .replace(`> ${directory}/password.out 2>&1`, `| tee ${directory}/password.out`)
    .replace('/secrets/database/POSTGRES_PASSWORD', join(directory, 'password'))
  const { stdout } = await promisify(execFile)('sh', ['-c', script], {
    env: { PATH: `${directory}:${process.env.PATH}`, PGDATA: data, POSTGRES_USER: 'tester' },
  })
  return stdout.trim().split('\n')
}

test('a new database is made by the entrypoint of the image', async () => {
  assert.deepEqual(await start(), ['docker-entrypoint.sh postgres passes over []'])
})

test('the number in the lock file of a crash keeps no server from starting, whichever process has it now', async () => {
  writeFileSync(join(data, 'PG_VERSION'), '18\n')
  writeFileSync(join(data, 'postmaster.pid'), '8\n/var/lib/postgresql/18/docker\n')
  // At the first start the password is set by a server that runs alone, which looks at the same file.
  assert.deepEqual(await start(), [
    'postgres --single passes over [8]',
    'The user tester has got the password of the secret',
    'docker-entrypoint.sh postgres passes over [8]',
  ])
  assert.deepEqual(await start(), ['docker-entrypoint.sh postgres passes over [8]'])
  rmSync(join(data, 'postmaster.pid'))
  assert.deepEqual(await start(), ['docker-entrypoint.sh postgres passes over []'])
})
