/** Databases that a user names by a URL: where their passwords come from, and where none of them goes. */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { readOutsideDatabase } from '../../../src/config/outside-database.ts'

const SECRET = 'hunter2:@/ü'
const saved = { password: process.env.PGPASSWORD, file: process.env.PGPASSFILE }
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'classify-pgpass-'))
})

afterEach(() => {
  delete process.env.PGPASSWORD
  process.env.PGPASSFILE = join(folder, 'none')
})

after(async () => {
  delete process.env.PGPASSFILE
  if (saved.password !== undefined) process.env.PGPASSWORD = saved.password
  if (saved.file !== undefined) process.env.PGPASSFILE = saved.file
  await rm(folder, { recursive: true, force: true })
})

function passwordOf(url: string): string {
  const { at } = readOutsideDatabase(url, '--from')
  assert.ok(at.kind === 'postgres' && 'url' in at.connection)
  return decodeURIComponent(new URL(at.connection.url).password)
}

async function passFile(text: string, mode = 0o600): Promise<void> {
  const path = join(folder, 'pgpass')
  await writeFile(path, text)
  await chmod(path, mode)
  process.env.PGPASSFILE = path
}

test('the password of the URL counts before PGPASSWORD, and this before the file', async () => {
  await passFile('*:*:*:*:from file\n')
  assert.equal(passwordOf('postgres://me@h/d'), 'from file')
  process.env.PGPASSWORD = SECRET
  assert.equal(passwordOf('postgres://me@h/d'), SECRET)
  assert.equal(passwordOf('postgres://me:own@h/d'), 'own')
  assert.equal(passwordOf('postgres://me@h/d?password=own'), 'own')
})

test('a line of the file fits by host, port, database and user, and escapes colons', async () => {
  await passFile(
    '# h:5432:d:me:comment\nother:*:*:*:1\nh:6432:d:me:2\nh:5432:*:you:3\nh:5432:d:me:a\\:b\\\\c\n*:*:*:*:4\n',
  )
  assert.equal(passwordOf('postgres://me@h/d'), 'a:b\\c')
  assert.equal(passwordOf('postgres://you@h/x'), '3')
  assert.equal(passwordOf('postgres://me@h:6432/d'), '2')
  assert.equal(passwordOf('postgres://me@elsewhere/d'), '4')
})

test('a file that others may read is refused, and one that is not there is none', async () => {
  await passFile('*:*:*:*:x\n', 0o644)
  assert.throws(() => readOutsideDatabase('postgres://me@h/d', '--to'), {
    code: 'config-invalid',
    message: /others may read it.*chmod 600/,
  })
  process.env.PGPASSFILE = join(folder, 'none')
  assert.equal(passwordOf('postgres://me@h/d'), '')
})

test('what is kept and shown has no password, wherever it stood', () => {
  const { url, label, name } = readOutsideDatabase(
    `postgres://me:hunter2@h:6432/my%20stats?password=hunter2&sslmode=disable&sslpassword=hunter2`,
    '--from',
  )
  assert.ok(!`${url}${label}`.includes('hunter2'))
  assert.deepEqual([label, name], ['postgres://h:6432/my stats', 'my stats'])
  assert.throws(
    () => readOutsideDatabase('postgres://me:hunter2@h/d?sslmode=maybe', '--from'),
    (error: Error) => !error.message.includes('hunter2') && /the URL of --from: its sslmode/.test(error.message),
  )
})
