/** TLS to a real PostgreSQL whose certificate is made here: each mode of libpq, right and wrong authorities, right and wrong hosts. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { chmod, chown, copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { readConfig } from '../../../src/config/config.ts'
import { connectionUrl, readConnectionUrl } from '../../../src/config/database-connection.ts'
import { openDatabase } from '../../../src/database-resources.ts'
import { waitForDatabase } from '../../../src/embedded/outside-database.ts'
import { type EmbeddedPostgres, startPostgres } from '../../../src/embedded/postgres.ts'
import { silent } from '../../helpers/database/postgres.ts'
import { makeAuthority, makeServerCert } from '../../helpers/servers/certificates.ts'

let directory: string
let server: EmbeddedPostgres
/** The certificates of the authority that has signed the server's, and of another one. */
let right: string
let wrong: string
/** Variables that lead to the server by a name that its certificate has, and by one that it has not. */
let byName: Record<string, string>
let byAddress: Record<string, string>

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-tls-'))
  const authority = await makeAuthority(directory, 'authority')
  right = authority.cert
  wrong = (await makeAuthority(directory, 'stranger')).cert
  const made = await makeServerCert(directory, 'localhost', authority)
  const dataDir = join(directory, 'postgres')
  server = await startPostgres({ dataDir, log: silent, settings: { fsync: 'off' } })
  // The server takes a key only from its own user.
  const { uid, gid } = await stat(join(dataDir, 'cluster'))
  for (const [from, to] of [
    [made.cert, 'tls.pem'],
    [made.key, 'tls.key'],
  ] as const) {
    const path = join(dataDir, 'cluster', to)
    await copyFile(from, path)
    await chmod(path, 0o600)
    await chown(path, uid, gid)
  }
  const { user, password, database, port } = server
  const account = {
    POSTGRES_PORT: String(port),
    POSTGRES_USER: user,
    POSTGRES_PASSWORD: password,
    POSTGRES_DB: database,
  }
  byName = { ...account, POSTGRES_HOST: 'localhost' }
  byAddress = { ...account, POSTGRES_HOST: '127.0.0.1' }
})

after(async () => {
  await server?.stop()
  await rm(directory, { recursive: true, force: true })
})

async function switchTls(isOn: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    for (const setting of [`ssl_cert_file='tls.pem'`, `ssl_key_file='tls.key'`, `ssl=${isOn ? 'on' : 'off'}`])
      await client.query(`alter system set ${setting}`)
    await client.query('select pg_reload_conf()')
    const isSet = async () =>
      (await client.query<{ ssl: string }>(`select current_setting('ssl') as ssl`)).rows[0]?.ssl ===
      (isOn ? 'on' : 'off')
    while (!(await isSet())) await new Promise((resolve) => setTimeout(resolve, 10))
  } finally {
    await client.end()
  }
}

/** Whether a connection by these variables is encrypted; the message where there is none. */
async function connect(env: Record<string, string>): Promise<boolean | string> {
  const { connection } = readConfig(env).database
  assert.ok(connection !== null)
  // The server may still be ending the connection of an earlier call.
  const name = `tls-${randomUUID()}`
  const database = openDatabase(connection, { poolSize: 1, applicationName: name, log: silent })
  try {
    await database.migrate()
    return await isEncrypted(name)
  } catch (error) {
    assert.ok(error instanceof Error)
    assert.ok(!`${error.stack} ${String(error.cause)}`.includes(server.password))
    return `${'code' in error ? error.code : ''}: ${error.message}`
  } finally {
    await database.close()
  }
}

/** Whether the server sees the connection of this application name as encrypted. */
async function isEncrypted(name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    const seen = await client.query<{ ssl: boolean }>(
      `select ssl from pg_stat_ssl join pg_stat_activity using (pid) where application_name = $1`,
      [name],
    )
    assert.equal(seen.rows.length, 1)
    return seen.rows[0]?.ssl === true
  } finally {
    await client.end()
  }
}

test('a server without TLS is used as it is by disable and prefer, and refused by every other mode', async () => {
  assert.equal(await connect(byName), false)
  assert.equal(await connect({ ...byName, POSTGRES_SSLMODE: 'disable' }), false)
  assert.equal(await connect({ ...byName, POSTGRES_SSLMODE: 'prefer' }), false)
  for (const mode of ['require', 'verify-ca', 'verify-full']) {
    const said = await connect({ ...byName, POSTGRES_SSLMODE: mode, POSTGRES_SSLROOTCERT: right })
    assert.match(String(said), /^database-unavailable: .*it has no TLS, which POSTGRES_SSLMODE demands/)
  }
})

test('a server with TLS: each mode as libpq means it', async () => {
  await switchTls(true)
  const refused =
    /^database-unavailable: .*its certificate is refused, (?:SELF_SIGNED|UNABLE_TO|DEPTH_ZERO).*POSTGRES_SSLROOTCERT/
  const otherHost = /^database-unavailable: .*ERR_TLS_CERT_ALTNAME_INVALID: it names another host/
  const cases: [
    mode: string,
    rootCert: string | undefined,
    host: Record<string, string>,
    expected: boolean | RegExp,
  ][] = [
    ['disable', undefined, byName, false],
    ['disable', wrong, byName, false],
    ['prefer', undefined, byAddress, true],
    ['prefer', wrong, byAddress, true],
    ['require', undefined, byAddress, true],
    ['require', right, byAddress, true],
    ['require', wrong, byAddress, refused],
    ['verify-ca', right, byName, true],
    ['verify-ca', right, byAddress, true],
    ['verify-ca', wrong, byName, refused],
    ['verify-full', right, byName, true],
    ['verify-full', right, byAddress, otherHost],
    ['verify-full', wrong, byName, refused],
    ['verify-full', undefined, byName, refused],
    ['verify-full', 'system', byName, refused],
  ]
  for (const [mode, rootCert, host, expected] of cases) {
    const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_HOST: name, POSTGRES_PORT: port } = host
    const cert = rootCert === undefined ? '' : `&sslrootcert=${encodeURIComponent(rootCert)}`
    const url = `postgres://${user}:${password}@${name}:${port}/${server.database}?sslmode=${mode}${cert}`
    const variables = {
      ...host,
      POSTGRES_SSLMODE: mode,
      ...(rootCert === undefined ? {} : { POSTGRES_SSLROOTCERT: rootCert }),
    }
    for (const env of [variables, { DATABASE_URL: url, POSTGRES_SSLMODE: 'disable' }]) {
      const said = await connect(env)
      const what = `${mode} ${rootCert} ${name}: ${said}`
      if (typeof expected === 'boolean') assert.equal(said, expected, what)
      else assert.match(String(said), expected, what)
    }
  }
})

test('a child process gets the same TLS by its URL, and the embedded stack waits for such a database', async () => {
  const { connection } = readConfig({
    ...byName,
    POSTGRES_SSLMODE: 'verify-full',
    POSTGRES_SSLROOTCERT: right,
  }).database
  assert.ok(connection !== null)
  const url = connectionUrl(connection)
  assert.deepEqual(readConnectionUrl(url).tls, connection.tls)
  assert.equal(await connect({ DATABASE_URL: url }), true)
  const said: string[] = []
  await waitForDatabase(url, (line) => said.push(line), new AbortController().signal, 10_000)
  assert.equal(said.length, 0)
  const strange = url.replace(encodeURIComponent(right), encodeURIComponent(wrong))
  await assert.rejects(
    waitForDatabase(strange, (line) => said.push(line), new AbortController().signal, 1),
    {
      code: 'embedded-failed',
    },
  )
  assert.match(said.join(), /certificate/)
  assert.ok(!said.join().includes(server.password))
})

test('a mode that cannot be kept is a configuration error that names variable and file', () => {
  const said = (env: Record<string, string>) => {
    try {
      readConfig({ ...byName, ...env })
      return ''
    } catch (error) {
      return error instanceof Error ? error.message : ''
    }
  }
  assert.match(
    said({ POSTGRES_SSLMODE: 'verify-ca' }),
    /POSTGRES_SSLMODE is verify-ca, but no authority is named: set POSTGRES_SSLROOTCERT/,
  )
  assert.match(said({ POSTGRES_SSLMODE: 'require', POSTGRES_SSLROOTCERT: 'system' }), /must be verify-full/)
  assert.match(said({ POSTGRES_SSLROOTCERT: '/none.pem' }), /POSTGRES_SSLROOTCERT is "\/none\.pem": .*ENOENT/)
  assert.match(
    said({ POSTGRES_SSLROOTCERT: import.meta.filename }),
    /POSTGRES_SSLROOTCERT is ".*": .*there is none in it/,
  )
  assert.equal(said({ POSTGRES_SSLMODE: 'disable', POSTGRES_SSLROOTCERT: '/none.pem' }), '')
  const url = `postgres://u:p@h/x`
  assert.match(said({ DATABASE_URL: `${url}?sslmode=no-verify` }), /its sslmode must be one of disable, prefer/)
  assert.match(said({ DATABASE_URL: `${url}?sslmode=require&sslcert=${right}` }), /sslcert and sslkey belong together/)
  assert.equal(readConfig({ DATABASE_URL: `${url}?ssl=true` }).database.connection?.tls?.mode, 'verify-full')
})
