import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { findNearMisses, readConfig, VARIABLE_NAMES } from '../../src/config.ts'
import { nearestName } from '../../src/near-miss.ts'

/** For each variable: values that must stop the process. */
const wrong: Readonly<Record<string, readonly string[]>> = {
  PORT: ['0', '65536', '-1', '80.5', 'http'],
  HOST: [' '],
  SERVICE_NAME: [' '],
  LOG_LEVEL: ['verbose', '3'],
  DATA_DIR: [' '],
  INGRESS_PORT: ['-8080', 'x'],
  ADMIN_PORT: ['99999'],
  DRAIN_TIMEOUT_MS: ['-1', 'soon', '1e3'],
  DATABASE_URL: ['mysql://x', 'localhost'],
  POSTGRES_HOST: [' '],
  POSTGRES_PORT: ['0'],
  POSTGRES_USER: [' '],
  POSTGRES_PASSWORD: [],
  POSTGRES_DB: [' '],
  POSTGRES_POOL_SIZE: ['0', '-5', '501', 'ten'],
  OPENAI_API_KEY: [' ', 'sk-“quoted”', 'sk a'],
  OPENAI_BASE_URL: ['api.openai.com', 'ftp://x', 'http//x'],
  OPENAI_MODEL: [' '],
  OPENAI_ESCALATION_MODEL: [' '],
  OPENAI_REASONING_EFFORT: ['maximum'],
  OPENAI_TIMEOUT_MS: ['10', '-1', '1 minute'],
  OPENAI_PRICES: ['{', '[]', '{"m":1}', '{"m":{"input":-1,"cached_input":0,"output":0}}', '{"m":{"input":"1"}}'],
  RATE_RPM: ['0', '-1', 'fast', '1e9', '10.5'],
  RATE_TPM: ['0', '-1', 'many', '1e6', '10000000001'],
  RATE_SAFETY: ['0', '1.01', '-0.5', '99%'],
  RATE_MAX_WAIT_MS: ['-1', '600001'],
  RESTATE_INGRESS_URL: ['localhost:8080', 'http://a,nonsense'],
  RESTATE_IDENTITY_KEYS: ['key', 'publickeyv1_x'],
  OFFLINE_MODEL_HOST: [' '],
  OFFLINE_MODEL_PORT: ['0'],
  OFFLINE_MODEL_LATENCY_MS: ['-1', 'slow'],
  OFFLINE_MODEL_SIGMA: ['-1', '4', 'wide'],
  OFFLINE_MODEL_RPM: ['-1'],
  OFFLINE_MODEL_TPM: ['x'],
  OFFLINE_MODEL_SLICE_MS: ['-1', '60001'],
  OFFLINE_MODEL_ANSWERS: ['best', 'noisy:2'],
  OFFLINE_MODEL_FAULTS: ['often', 'http500=2', 'http500=.6,cut=.6'],
}

const SECRET = new Set(['OPENAI_API_KEY', 'POSTGRES_PASSWORD', 'DATABASE_URL'])

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
        else if (SECRET.has(name)) assert.ok(!message.includes(value.trim() || '\0'), message)
        else assert.ok(message.includes(`"${value.slice(0, 80)}"`), message)
      }
    })
  }
})

test('credentials in a URL are refused and not shown', () => {
  for (const name of ['OPENAI_BASE_URL', 'RESTATE_INGRESS_URL']) {
    assert.throws(
      () => readConfig({ [name]: 'https://user:hidden@host/v1' }),
      (error: Error) => /user name or password/.test(error.message) && !error.message.includes('hidden'),
    )
  }
})

test('all that is wrong is told at once', () => {
  assert.throws(() => readConfig({ RATE_RPM: 'x', PORT: 'y' }), /RATE_RPM[\s\S]*PORT|PORT[\s\S]*RATE_RPM/)
})

test('nothing set is a configuration', () => {
  const config = readConfig({})
  assert.equal(config.rate.rpm, 1_000)
  assert.equal(config.rate.tpm, null)
  assert.equal(config.openai.model, 'gpt-6-luna')
  assert.equal(config.openai.reasoningEffort, 'none')
  assert.equal(config.database.connection, null)
  assert.ok(Object.isFrozen(config))
})

test('.env.example names every variable, and no other', async () => {
  const root = new URL('../../', import.meta.url)
  const example = await readFile(new URL('.env.example', root), 'utf8')
  for (const name of VARIABLE_NAMES) assert.match(example, new RegExp(`^# ${name}=`, 'm'), name)
  const known = new Set(VARIABLE_NAMES)
  for (const [, name] of example.matchAll(/^# ([A-Z][A-Z_]+)=/gm))
    assert.ok(known.has(name ?? ''), `${name} is not read`)
})

test('slips of the pen are pointed out, other names are left alone', () => {
  const known = VARIABLE_NAMES
  assert.equal(nearestName('RATE_RMP', known), 'RATE_RPM')
  assert.equal(nearestName('OPENAI_KEY', known), 'OPENAI_API_KEY')
  assert.equal(nearestName('OPENAI_MODLE', known), 'OPENAI_MODEL')
  assert.equal(nearestName('OPENAI_URL', known), 'OPENAI_BASE_URL')
  assert.equal(nearestName('OPENAI_ORG_ID', known), undefined)
  assert.equal(nearestName('RESTATE_CLUSTER_NAME', known), undefined)
  assert.deepEqual(findNearMisses({ RATE_RPM: '5', HOME: '/x', RATE_LIMIT_POLICY: 'x' }), [])
  assert.equal(findNearMisses({ RATE_RPMS: '5' }).length, 1)
  assert.match(findNearMisses({ RATE_REPLICAS: '5' }).join(), /RATE_REPLICAS is set, but is no variable any more/)
})
