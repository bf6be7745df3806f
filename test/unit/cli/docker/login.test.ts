/** The script that logs in anew beside PgBouncer, run here by sh with a program that answers for psql. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const SCRIPT = readFileSync(new URL('../../../../docker/pgbouncer/login.sh', import.meta.url), 'utf8')
const root = mkdtempSync(join(tmpdir(), 'classify-login-'))
after(() => rmSync(root, { recursive: true, force: true }))

/** Runs the script where psql refuses at the addresses of `refusals`, each with a text. */
async function login(refusals: Readonly<Record<string, string>>, hasPsql = true) {
  const bin = mkdtempSync(join(root, 'bin-'))
  const cases = Object.entries(refusals).map(([address, text]) => `  *'${address}') echo '${text}' >&2; exit 2 ;;\n`)
  const psql = `#!/bin/sh\necho "$PGUSER $PGDATABASE $PGSSLMODE $PGPASSWORD $*" >>'${bin}/asked'\ncase "$*" in\n${cases.join('')}esac\n`
  if (hasPsql) {
    writeFileSync(join(bin, 'psql'), psql)
    chmodSync(join(bin, 'psql'), 0o755)
  }
  writeFileSync(join(bin, 'password'), 'the password\n')
  writeFileSync(join(bin, 'ini'), '[databases]\nshop = host=db.example port=5433\n\n[pgbouncer]\nlisten_port = 6432\n')
  const script = SCRIPT.replaceAll('/secrets/database/POSTGRES_PASSWORD', join(bin, 'password'))
    .replaceAll('/tmp/pgbouncer.ini', join(bin, 'ini'))
    .replaceAll('/postgres-ca.pem', join(bin, 'no-authority'))
  const env = {
    PATH: hasPsql ? `${bin}:${process.env['PATH']}` : bin,
    DB_USER: 'ann',
    DB_NAME: 'shop',
    DB_SSLMODE: 'require',
  }
  return await new Promise<{ code: number; said: string; asked: string[] }>((resolve) => {
    execFile('/bin/sh', ['-c', script], { env }, (error, _, stderr) => {
      const asked = hasPsql ? readFileSync(join(bin, 'asked'), 'utf8').trimEnd().split('\n') : []
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stderr, asked })
    })
  })
}

test('PgBouncer and the database behind it are both asked for a new login', async () => {
  const { code, asked } = await login({})
  assert.equal(code, 0)
  assert.equal(asked.length, 2)
  assert.match(asked[0] ?? '', /^ann shop disable the password .*-h 127\.0\.0\.1 -p 6432$/)
  assert.match(asked[1] ?? '', /^ann shop require the password .*-h db\.example -p 5433$/)
})

test('a refusal by either is told in its own words', async () => {
  const pool = await login({ '-p 6432': 'FATAL: SASL authentication failed' })
  assert.equal(pool.code, 1)
  assert.match(pool.said, /SASL authentication failed\nPgBouncer takes no new login/)
  const database = await login({ '-p 5433': 'FATAL: password authentication failed' })
  assert.equal(database.code, 1)
  assert.match(database.said, /password authentication failed\nThe database takes no new login/)
})

test('a database whose connections are all taken refuses no password, and without psql nothing is known', async () => {
  assert.equal((await login({ '-p 5433': 'FATAL: sorry, too many clients already' })).code, 0)
  assert.equal((await login({ '-p 5433': 'FATAL: remaining connection slots are reserved' })).code, 0)
  assert.equal((await login({}, false)).code, 127)
})
