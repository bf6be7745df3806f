/** The configuration: every variable with wrong values, the defaults, and the files that have to agree with the schema. */
import assert from 'node:assert/strict'
import { access, readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { COMPOSE_SECRETS, COMPOSE_VARIABLES } from '../../../src/config/compose-variables.ts'
import { readConfig } from '../../../src/config/config.ts'
import { connectionFromThisHost } from '../../../src/config/database-connection.ts'
import { parseDotEnv } from '../../../src/config/dot-env.ts'
import { findNearMisses } from '../../../src/config/near-misses.ts'
import { FILE_NAMES, fileNameOf } from '../../../src/config/secret-files.ts'
import { VARIABLE_NAMES, variables } from '../../../src/config/variables.ts'
import { nearestName } from '../../../src/lib/nearest-name.ts'

/** Values of each variable that must stop the process. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  PORT: ['0', '65536', '-1', '80.5', 'http'],
  HOST: [' '],
  SERVICE_NAME: [' '],
  LOG_LEVEL: ['verbose', '3'],
  DATA_DIR: [' '],
  SECRETS_DIR: [' '],
  INGRESS_PORT: ['-8080', 'x'],
  ADMIN_PORT: ['99999'],
  DRAIN_TIMEOUT_MS: ['-1', 'soon', '1e3'],
  WARM_UP_REQUESTS: ['-1', 'many', '2001'],
  DATABASE_URL: ['mysql://x', 'localhost'],
  POSTGRES_HOST: [' ', 'a b', 'h/x?y'],
  POSTGRES_PORT: ['0'],
  POSTGRES_USER: [' '],
  POSTGRES_PASSWORD: [],
  POSTGRES_DB: [' '],
  POSTGRES_SSLMODE: ['on', 'allow', 'VERIFY-FULL'],
  POSTGRES_SSLROOTCERT: [' '],
  POSTGRES_POOL_SIZE: ['0', '-5', '501', 'ten'],
  RETENTION_DAYS: ['0', '-1', '0.5', '36501', '90d', 'forever'],
  OPENAI_API_KEY: [' ', 'sk-“quoted”', 'sk a'],
  OPENAI_BASE_URL: ['api.openai.com', 'ftp://x', 'http//x'],
  OPENAI_MODEL: [' '],
  OPENAI_ESCALATION_MODEL: [' '],
  OPENAI_API_VERSION: ['2024 10'],
  OPENAI_ORG_ID: ['my org'],
  OPENAI_PROJECT_ID: ['proj\u00e9'],
  OPENAI_HEADERS: [
    'X-Team: a',
    '[]',
    '{"X-Team":1}',
    '{"X Team":"a"}',
    '{"X-Team":"a\\r\\nX-Other: b"}',
    '{"X-Team":"é"}',
    '{"X-Team":""}',
    '{"Content-Length":"5"}',
    '{"host":"elsewhere"}',
    '{"X-Team":"a","x-team":"b"}',
  ],
  OPENAI_MAX_ANSWER_TOKENS: ['0', '-1', '1000001', 'many'],
  OPENAI_REASONING_EFFORT: ['maximum'],
  OPENAI_TIMEOUT_MS: ['10', '-1', '1 minute'],
  OPENAI_SERVICE_TIER: ['default', 'Flex', 'batch'],
  OPENAI_FLEX_TIMEOUT_MS: ['10', '1200000', '15m'],
  OPENAI_PRICES: [
    '{"m":{"input":1,"output":1,"tiers":{"slow":{"input":1,"output":1}}}}',
    '{',
    '[]',
    '{"m":1}',
    '{"m":{"input":-1,"cached_input":0,"output":0}}',
    '{"m":{"input":"1"}}',
  ],
  RATE_RPM: ['0', '-1', 'fast', '1e9', '10.5'],
  RATE_TPM: ['0', '-1', 'many', '1e6', '10000000001'],
  RATE_SAFETY: ['0', '1.01', '-0.5', '99%'],
  RATE_MAX_WAIT_MS: ['-1', '600001'],
  RESTATE_INGRESS_URL: ['localhost:8080', 'http://a,nonsense'],
  RESTATE_ADMIN_URL: ['localhost:9070', 'http://a,nonsense'],
  API_TOKEN: [' ', 'two words'],
  RESTATE_IDENTITY_KEYS: ['key', 'publickeyv1_x'],
  RESTATE_IDENTITY_KEYS_DIR: [' '],
  GUARD_INGRESS: [
    ...['8080', 'http://a', '0=http://a', '65536=http://a', '8080=a:8080', '8080=https://a', '8080=http://a/path'],
    ...[
      '8080=http://u:p@a',
      '8080=http://a,8080=http://b',
      '8080=unix:relative',
      `8080=unix:/${'x'.repeat(110)}`,
      '8080=http://a,',
    ],
  ],
  GUARD_ADMIN: ['9070=ftp://a'],
  GUARD_BIND: [' '],
  GUARD_PUBLISHED_ON: [' '],
  ALLOWED_HOSTS: ['http://a', 'a:8080', 'a,,b', 'a b', '::1', '*', '*.example.org', 'a/b', '-a'],
  API_TOKENS_FILE: [' '],
  GUARD_MAX_CALLS: ['0', '10001', 'many'],
  CONSOLE_PORT: ['0', '65536'],
  CONSOLE_BIND: [' '],
  RESTATE_METRICS_URL: ['restate-1:5122/metrics', 'ftp://restate-1:5122'],
  RESTATE_UI_URL: ['tools.example/ui', 'ftp://tools.example'],
  CONSOLE_URL: ['tools.example', 'ftp://tools.example', 'https://u:p@tools.example'],
  CONSOLE_TOKEN: ['short', 'with blanks and more than 32 characters'],
  COMPOSE_FILE: [' '],
  CLUSTER_REPLICAS: ['0', 'five'],
  CLUSTER_INGRESS_PORT_1: ['-1', 'x'],
  CLUSTER_INGRESS_PORT_2: ['-1', 'x'],
  CLUSTER_INGRESS_PORT_3: ['-1', 'x'],
  CLUSTER_INGRESS_PORT_4: ['-1', 'x'],
  CLUSTER_INGRESS_PORT_5: ['-1', 'x'],
  CLUSTER_ADMIN_PORT_1: ['-1', '65536'],
  CLUSTER_ADMIN_PORT_2: ['x'],
  CLUSTER_ADMIN_PORT_3: ['x'],
  CLUSTER_ADMIN_PORT_4: ['x'],
  CLUSTER_ADMIN_PORT_5: ['x'],
  CLUSTER_IDENTITY_DIR: [' '],
  CLUSTER_BIND: [' '],
  OFFLINE_MODEL_URL: ['offline-model:9085'],
  OFFLINE_MODEL_HOST: [' '],
  OFFLINE_MODEL_PORT: ['0'],
  OFFLINE_MODEL_LATENCY_MS: ['-1', 'slow'],
  OFFLINE_MODEL_SIGMA: ['-1', '4', 'wide'],
  OFFLINE_MODEL_SEED: ['0', '-1', 'random', '4294967296'],
  OFFLINE_MODEL_RPM: ['-1'],
  OFFLINE_MODEL_TPM: ['x'],
  OFFLINE_MODEL_SLICE_MS: ['-1', '60001'],
  OFFLINE_MODEL_ANSWERS: ['best', 'noisy:2'],
  OFFLINE_MODEL_FAULTS: ['often', 'http500=2', 'http500=.6,cut=.6'],
}

const SECRET = new Set([
  ...['API_TOKEN', 'CONSOLE_TOKEN', 'OPENAI_API_KEY', 'OPENAI_HEADERS', 'POSTGRES_PASSWORD', 'DATABASE_URL'],
])

describe('every variable, wrong in turn, stops with its name, its value and what is allowed', () => {
  for (const name of VARIABLE_NAMES) {
    test(name, () => {
      const values = wrong[name]
      assert.ok(values !== undefined, `${name} has no wrong values in this test`)
      for (const value of ['', ...values]) {
        let message = ''
        assert.throws(
          () => readConfig({ [name]: value }),
          (error: Error & { code?: string }) => {
            message = error.message
            return error.code === 'config-invalid'
          },
          `${name}=${value}`,
        )
        assert.ok(message.includes(name), message)
        assert.match(message, /must|expected/i)
        if (value === '') assert.match(message, /is empty/)
        else if (SECRET.has(name) || value.includes('@')) assert.ok(!message.includes(value.trim() || '\0'), message)
        else assert.ok(message.includes(`"${value.slice(0, 80)}"`), message)
      }
    })
  }
})

test('credentials in a URL are refused and not shown', () => {
  for (const name of ['OPENAI_BASE_URL', 'OFFLINE_MODEL_URL', 'RESTATE_INGRESS_URL', 'RESTATE_ADMIN_URL']) {
    for (const value of ['https://user:hidden@host/v1', 'https://user:hid/hidden@host', 'user:hidden@host:8080']) {
      assert.throws(
        () => readConfig({ [name]: value }),
        (error: Error) => /user name or password/.test(error.message) && !error.message.includes('hidden'),
      )
    }
  }
})

test('all wrong variables are reported at once', () => {
  assert.throws(() => readConfig({ RATE_RPM: 'x', PORT: 'y' }), /RATE_RPM[\s\S]*PORT|PORT[\s\S]*RATE_RPM/)
})

test('an empty environment is a configuration', () => {
  const config = readConfig({})
  assert.equal(config.rate.rpm, 1_000)
  assert.equal(config.rate.tpm, null)
  assert.equal(config.openai.model, 'gpt-6-luna')
  assert.equal(config.openai.reasoningEffort, 'none')
  assert.equal(config.database.connection, null)
  assert.equal(config.database.retentionDays, null)
  assert.ok(Object.isFrozen(config))
})

const root = new URL('../../../', import.meta.url)

test('.env.example names every variable of the service and of the Compose file, once, and no other', async () => {
  const example = await readFile(new URL('.env.example', root), 'utf8')
  const named = [...example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name ?? '')
  assert.deepEqual(named.toSorted(), [...VARIABLE_NAMES, ...COMPOSE_VARIABLES].toSorted())
})

test('each value in .env.example is the default, or an accepted example where there is no default', async () => {
  const example = await readFile(new URL('.env.example', root), 'utf8')
  const compose = await readFile(new URL('docker-compose.cluster.yml', root), 'utf8')
  const composeDefaults = new Map(
    [...compose.matchAll(/(?<!\$)\$\{([A-Z][A-Z0-9_]*):-([^}]*)\}/g)].map(([, name, value]) => [name, value]),
  )
  const defaults: Readonly<Record<string, unknown>> = variables.parse({})
  const schemas: Readonly<Record<string, { parse(value: string): unknown }>> = variables.shape
  for (const [, name = '', value = ''] of example.matchAll(/^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$/gm)) {
    const parsed = schemas[name]?.parse(value)
    if (defaults[name] !== undefined) assert.deepEqual(parsed, defaults[name], `${name} has another default`)
    else if (COMPOSE_VARIABLES.includes(name) && composeDefaults.has(name)) {
      assert.equal(value, composeDefaults.get(name), `the Compose file has another default for ${name}`)
    }
  }
})

test('.env.example explains every variable or the group that it stands in', async () => {
  const blocks = (await readFile(new URL('.env.example', root), 'utf8')).split('\n\n')
  for (const block of blocks.filter((text) => !text.startsWith('# ---'))) {
    assert.match(block, /^# [A-Z][^=\n]*[^\n]*\n/, `a variable without an explanation:\n${block}`)
  }
  const orphans = blocks.flatMap((block) => /^(?:# )?[A-Z][A-Z0-9_]+=.*/.exec(block)?.[0] ?? [])
  assert.deepEqual(orphans, [])
})

test('a copy of .env.example is a configuration, and finds the Compose file', async () => {
  const example = Object.fromEntries(parseDotEnv(await readFile(new URL('.env.example', root), 'utf8')).values)
  const config = readConfig(example)
  await access(new URL(config.cluster.composeFile ?? 'missing', root))
})

test('every line of .env.example can be used as it stands', async () => {
  const setting = /^# (?=[A-Z][A-Z0-9_]*=)/gm
  const example = (await readFile(new URL('.env.example', root), 'utf8')).replace(setting, '')
  const { values, problems } = parseDotEnv(example)
  assert.deepEqual(problems, [])
  assert.equal(values.size, example.match(/^[A-Z][A-Z0-9_]*=/gm)?.length)
})

/** Whether a variable is the form of a secret of the Compose file that holds a path. */
const isFileForm = (name: string) => COMPOSE_SECRETS.some((secret) => fileNameOf(secret) === name)

test('the Compose file takes every secret that it passes on as a file too', async () => {
  const compose = await readFile(new URL('docker-compose.cluster.yml', root), 'utf8')
  const [, service = ''] = /^ {2}secrets:\n([\s\S]*?)\n\n/m.exec(compose) ?? []
  // The tokens of callers are taken as a file alone.
  const given = ['API_TOKENS']
  const passedOn = [...service.matchAll(/^ +([A-Z][A-Z0-9_]+):$/gm)].map(([, name]) => name ?? '')
  const mounted = [...service.matchAll(/\$\{([A-Z0-9_]+)_FILE:-\/dev\/null\}:\/given\/([A-Z0-9_]+):ro/g)]
  assert.deepEqual(mounted.map(([, name]) => name).toSorted(), [...given, ...passedOn].toSorted())
  for (const [, name, path] of mounted) assert.equal(path, name)
  for (const name of COMPOSE_SECRETS) assert.ok(passedOn.includes(name), name)
})

test('the list of Compose variables is what the Compose file reads, but for those that the service reads as well', async () => {
  const compose = await readFile(new URL('docker-compose.cluster.yml', root), 'utf8')
  const substituted = [...compose.matchAll(/(?<!\$)\$\{([A-Z][A-Z0-9_]*)/g)].map(([, name]) => name ?? '')
  // A name without a value is passed on where it is set.
  const passedOn = [...compose.matchAll(/^ +([A-Z][A-Z0-9_]+):$/gm)].map(([, name]) => name ?? '')
  const ofNode = ['NODE_USE_ENV_PROXY', 'HTTPS_PROXY', 'NO_PROXY']
  for (const name of passedOn.filter((one) => !ofNode.includes(one)))
    assert.ok(
      [...VARIABLE_NAMES, ...COMPOSE_SECRETS].includes(name),
      `${name} is passed to a service that does not read it`,
    )
  const isOfService = (name: string) => [...VARIABLE_NAMES, ...FILE_NAMES, ...ofNode].includes(name)
  const own = new Set([...substituted, ...passedOn].filter((name) => !isOfService(name) && !isFileForm(name)))
  const byCompose = ['COMPOSE_PROJECT_NAME', 'COMPOSE_PROFILES']
  assert.deepEqual([...own, ...byCompose].toSorted(), COMPOSE_VARIABLES.toSorted())
})

test("Docker's name of this machine becomes 127.0.0.1 for processes on it, and other names stay", () => {
  const hostOf = (env: Record<string, string>) => {
    const connection = readConfig(env).database.connection
    const seen = connection === null ? null : connectionFromThisHost(connection)
    return seen !== null && 'host' in seen ? seen.host : seen?.url
  }
  assert.equal(hostOf({ POSTGRES_HOST: 'host.docker.internal' }), '127.0.0.1')
  assert.equal(hostOf({ POSTGRES_HOST: 'db.example' }), 'db.example')
  assert.equal(
    hostOf({ DATABASE_URL: 'postgres://u:p@host.docker.internal/x' }),
    'postgres://u:p@host.docker.internal/x',
  )
})

test('the admin URLs are the configured ones, else those of the embedded stack and of the cluster, each once', () => {
  const cluster = [9070, 29070, 39070, 49070, 59070].map((port) => `http://127.0.0.1:${port}`)
  assert.deepEqual(readConfig({}).restate.adminUrls, cluster)
  const moved = readConfig({ ADMIN_PORT: '7000', CLUSTER_ADMIN_PORT_1: '0' }).restate.adminUrls
  assert.deepEqual(moved, ['http://127.0.0.1:7000', ...cluster.slice(1)])
  assert.deepEqual(readConfig({ RESTATE_ADMIN_URL: 'http://a:1/,http://b:2' }).restate.adminUrls, [
    'http://a:1',
    'http://b:2',
  ])
})

test('where the ports of the cluster were moved, commands go to it and to no other program that has the ports it left', () => {
  const at = (env: Record<string, string>) => {
    const { ingressUrls, adminUrls } = readConfig(env).restate
    return { ingressUrls, adminUrls }
  }
  const urls = (host: string, ports: readonly number[]) => ports.map((port) => `http://${host}:${port}`)
  const moved = { CLUSTER_INGRESS_PORT_1: '18080', CLUSTER_ADMIN_PORT_1: '19070' }
  assert.deepEqual(at(moved), {
    ingressUrls: urls('127.0.0.1', [18080, 28080, 38080, 48080, 58080]),
    adminUrls: urls('127.0.0.1', [19070, 29070, 39070, 49070, 59070]),
  })
  for (const name of ['CLUSTER_INGRESS_PORT_5', 'CLUSTER_ADMIN_PORT_3']) {
    const { ingressUrls, adminUrls } = at({ [name]: '7777' })
    assert.equal(ingressUrls.length, 5, name)
    assert.equal(adminUrls.length, 5, name)
    assert.ok([...ingressUrls, ...adminUrls].includes('http://127.0.0.1:7777'), name)
  }
  assert.deepEqual(at({ CLUSTER_ADMIN_PORT_1: '0' }).adminUrls, urls('127.0.0.1', [29070, 39070, 49070, 59070]))
  assert.deepEqual(at({ ...moved, INGRESS_PORT: '8080' }).ingressUrls, urls('127.0.0.1', [8080]))
  assert.deepEqual(at({ ...moved, RESTATE_INGRESS_URL: 'http://a:1' }).ingressUrls, ['http://a:1'])
  assert.deepEqual(at({ ...moved, CLUSTER_BIND: '0.0.0.0' }).adminUrls[0], 'http://127.0.0.1:19070')
  assert.deepEqual(at({ ...moved, CLUSTER_BIND: 'fd00::7' }).adminUrls[0], 'http://[fd00::7]:19070')
  assert.deepEqual(at({}).ingressUrls, urls('127.0.0.1', [8080]))
  // A port that is named and not moved says nothing.
  assert.deepEqual(at({ CLUSTER_INGRESS_PORT_1: '8080' }).ingressUrls, urls('127.0.0.1', [8080]))
})

test('the cluster has five replicas by default', () => {
  assert.equal(readConfig({}).cluster.replicas, 5)
  assert.equal(readConfig({ CLUSTER_REPLICAS: '8' }).cluster.replicas, 8)
})

test('mistyped variables are reported, names of other programs are not', () => {
  const known = VARIABLE_NAMES
  assert.equal(nearestName('RATE_RMP', known), 'RATE_RPM')
  assert.equal(nearestName('OPENAI_KEY', known), 'OPENAI_API_KEY')
  assert.equal(nearestName('OPENAI_MODLE', known), 'OPENAI_MODEL')
  assert.equal(nearestName('OPENAI_URL', known), 'OPENAI_BASE_URL')
  assert.equal(nearestName('OPENAI_WEBHOOK_SECRET', known), undefined)
  assert.equal(nearestName('RESTATE_CLUSTER_NAME', known), undefined)
  assert.deepEqual(findNearMisses({ RATE_RPM: '5', HOME: '/x', RATE_LIMIT_POLICY: 'x' }), [])
  assert.equal(findNearMisses({ RATE_RPMS: '5' }).length, 1)
  assert.match(findNearMisses({ RETENTION_DAY: '5' }).join(), /RETENTION_DAYS/)
  assert.match(findNearMisses({ CLUSTER_REPLICA: '5' })[0] ?? '', /CLUSTER_REPLICAS/)
  for (const [name, meant] of Object.entries({
    GUARD_MAX_CALL: 'GUARD_MAX_CALLS',
    GUARD_PUBLISH_ON: 'GUARD_PUBLISHED_ON',
    API_TOKEN_FILES: 'API_TOKEN_FILE',
    API_TOKENSFILE: 'API_TOKENS_FILE',
    ALLOWED_HOST: 'ALLOWED_HOSTS',
    SECRETS_DIRS: 'SECRETS_DIR',
  })) {
    assert.match(findNearMisses({ [name]: 'x' }).join(), new RegExp(`^${name} is set.*did you mean ${meant}\\?$`))
  }
  const others = { API_KEY: 'x', API_URL: 'x', ALLOWED_ORIGINS: 'x', SECRETS_PATH: 'x', GUARD_FILE: 'x' }
  assert.deepEqual(findNearMisses(others), [])
  assert.deepEqual(findNearMisses({ CLUSTER_BIND: '0.0.0.0', SNAPSHOT_REGION: 'x' }), [])
  assert.match(findNearMisses({ RATE_REPLICAS: '5' }).join(), /RATE_REPLICAS is set, but is no longer a variable/)
})
