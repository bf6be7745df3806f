/** The environments of the embedded parts: what each takes from the shell, and that everything else of the shell stays out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { composeEnvironment, forgetDatabaseVariables, setVariables } from '../../../src/config/environment.ts'
import { type PartName, partEnvironment } from '../../../src/config/part-environment.ts'
import { SECRET_NAMES, VARIABLE_NAMES } from '../../../src/config/variables.ts'

const PARTS: readonly PartName[] = ['replica', 'guard', 'offline model', 'restate-server']
/** Variables that shells keep for other programs, and that a part would read as its own settings. */
const FOREIGN = Object.fromEntries(
  [
    ...['PGHOST', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGDATABASE', 'PGOPTIONS', 'PGSSLMODE', 'PGSERVICE', 'PGPASSFILE'],
    ...[
      'NODE_OPTIONS',
      'NODE_PATH',
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'NODE_ENV',
      'NODE_DEBUG',
      'DEBUG',
      'NODE_PG_FORCE_NATIVE',
    ],
    ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES', 'LANG', 'LC_NUMERIC', 'LANGUAGE', 'TERM'],
    ...[
      'RESTATE_AUTO_PROVISION',
      'RESTATE_CLUSTER_NAME',
      'RESTATE_CONFIG',
      'RESTATE_HOST',
      'RESTATE_BASE_DIR',
      'RUST_LOG',
    ],
    ...['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'npm_config_registry', 'SOMETHING'],
  ].map((name) => [name, 'foreign']),
)
const PROXIES = { HTTP_PROXY: 'http://p', https_proxy: 'http://p', ALL_PROXY: 'http://p', NO_PROXY: 'x' }

test('no part gets a variable that belongs to another program', () => {
  for (const part of PARTS) {
    const names = Object.keys(partEnvironment(part, { PATH: '/bin', ...FOREIGN }))
    assert.deepEqual(names.sort(), ['LC_ALL', 'PATH', 'TZ'], part)
  }
})

test('every part runs in the same time zone and language, whatever those of the shell are', () => {
  for (const part of PARTS) {
    const { TZ, LC_ALL } = partEnvironment(part, { TZ: 'Asia/Tokyo', LC_ALL: 'tr_TR.UTF-8' })
    assert.deepEqual({ TZ, LC_ALL }, { TZ: 'UTC', LC_ALL: 'C.UTF-8' }, part)
  }
})

test('the replica alone gets proxies, the settings of the model and secrets', () => {
  const settings = Object.fromEntries(VARIABLE_NAMES.map((name) => [name, 'x']))
  for (const part of PARTS) {
    const got = partEnvironment(part, { ...settings, ...PROXIES, OPENAI_API_KEY_FILE: 'f', NODE_EXTRA_CA_CERTS: 'c' })
    const isReplica = part === 'replica'
    for (const name of [
      ...SECRET_NAMES,
      ...Object.keys(PROXIES),
      'OPENAI_API_KEY_FILE',
      'NODE_EXTRA_CA_CERTS',
      'SECRETS_DIR',
    ]) {
      assert.equal(name in got, isReplica, `${part}: ${name}`)
    }
  }
})

test('what a part is given goes before the shell, also before a file of the same setting, and null leaves it out', () => {
  const given = { DATABASE_URL_FILE: 'f', PORT: '1', API_TOKEN: 't', API_TOKEN_FILE: 'f', LOG_LEVEL: 'warn' }
  const got = partEnvironment('replica', given, { DATABASE_URL: 'u', PORT: '2', API_TOKEN: null, NODE_OPTIONS: '--x' })
  assert.deepEqual(got, {
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
    DATABASE_URL: 'u',
    PORT: '2',
    LOG_LEVEL: 'warn',
    NODE_OPTIONS: '--x',
  })
})

test('restate-server takes the settings of its log, so that its output can be read', () => {
  const got = partEnvironment('restate-server', { RESTATE_LOG_FILTER: 'debug', RESTATE_LOG_FORMAT: 'json' })
  assert.deepEqual([got.RESTATE_LOG_FILTER, got.RESTATE_LOG_FORMAT], ['debug', 'json'])
})

test('a process forgets the variables of other PostgreSQL clients, and no others', () => {
  Object.assign(process.env, { PGSSLMODE: 'require', PGOPTIONS: '-c x=y', PG: 'kept' })
  forgetDatabaseVariables()
  assert.deepEqual([process.env.PGSSLMODE, process.env.PGOPTIONS, process.env.PG], [undefined, undefined, 'kept'])
  delete process.env.PG
})

test('Compose gets variables as the shell has them, not as this process has changed them for itself', () => {
  process.env.NO_PROXY = 'corp.example'
  setVariables({ NO_PROXY: 'corp.example,127.0.0.1', no_proxy: 'corp.example,127.0.0.1' })
  const { NO_PROXY, no_proxy } = composeEnvironment({ CLUSTER_REPLICAS: '3' })
  assert.deepEqual({ NO_PROXY, no_proxy }, { NO_PROXY: 'corp.example', no_proxy: undefined })
  assert.equal(process.env.NO_PROXY, 'corp.example,127.0.0.1')
})
