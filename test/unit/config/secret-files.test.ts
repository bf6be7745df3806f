/** Secrets from files, and secrets that must stand in no message: every setting is planted with one in turn. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readConfig } from '../../../src/config/config.ts'
import { findNearMisses } from '../../../src/config/near-misses.ts'
import { useProxies } from '../../../src/config/proxies.ts'
import { FILE_NAMES, fileNameOf, NAMES_WITH_FILE, readSecretFiles } from '../../../src/config/secret-files.ts'
import { SECRET_NAMES, VARIABLE_NAMES } from '../../../src/config/variables.ts'
import { childEnvironment } from '../../helpers/child-environment.ts'

const PLANTED = 'pLaNtEd0123456789'
const directory = mkdtempSync(join(tmpdir(), 'classify-secrets-'))
after(() => rmSync(directory, { recursive: true, force: true }))

let count = 0
function fileOf(content: string | Uint8Array, mode = 0o600): string {
  count += 1
  const path = join(directory, `secret-${count}`)
  writeFileSync(path, content, { mode })
  chmodSync(path, mode)
  return path
}

/** A right value of each secret setting. */
const RIGHT: Readonly<Record<string, string>> = {
  CONSOLE_TOKEN: `${PLANTED}-${'0'.repeat(32)}`.replace(/[^A-Za-z0-9_-]/g, '-'),
  OPENAI_HEADERS: `{"X-Team":"${PLANTED}"}`,
  DATABASE_URL: `postgres://u:${PLANTED}@db.example/x`,
}
const rightValue = (name: string) => RIGHT[name] ?? PLANTED

/** What readConfig says to these variables; an empty text where it says nothing. */
function refusalOf(env: Record<string, string>): string {
  try {
    readConfig(env)
    return ''
  } catch (error) {
    assert.ok(error instanceof Error)
    return `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`
  }
}

describe('every secret setting has a form with a file', () => {
  for (const name of SECRET_NAMES) {
    const file = fileNameOf(name)
    const value = rightValue(name)
    test(file, () => {
      const read = (env: Record<string, string>) => JSON.stringify(readConfig({ POSTGRES_HOST: 'h', ...env }))
      const given = read({ [name]: value })
      assert.ok(given.includes(PLANTED))
      for (const end of ['', '\n', '\r\n']) assert.equal(read({ [file]: fileOf(value + end) }), given)
      assert.equal(read({ [file]: fileOf(`\ufeff${value}\n`) }), given)

      const path = fileOf(value)
      assert.match(refusalOf({ [file]: path, [name]: value }), new RegExp(`${name} and ${file} are both set`))
      for (const content of ['', '\n'])
        assert.match(refusalOf({ [file]: fileOf(content) }), /secret-\d+"\) must not be empty/)
      assert.match(refusalOf({ [file]: '' }), new RegExp(`${file} is empty: remove it`))
      assert.match(
        refusalOf({ [file]: join(directory, 'none') }),
        new RegExp(`${file} .*/none"\\) must be readable: there is no such`),
      )
      assert.match(refusalOf({ [file]: directory }), new RegExp(`${file} .* must be a regular file`))
      assert.match(refusalOf({ [file]: '/dev/zero' }), /must be a regular file/)
      assert.match(refusalOf({ [file]: fileOf('x'.repeat(70_000)) }), /must be at most 65536 bytes/)
      assert.match(refusalOf({ [file]: fileOf(Uint8Array.of(0xff, 0xfe, 0x00)) }), /it is no UTF-8 text/)
    })
  }
})

test('what a file holds is checked as the variable is, and the message names the file alone', () => {
  const wrong: Readonly<Record<string, string>> = {
    OPENAI_API_KEY: `${PLANTED} ${PLANTED}`,
    OPENAI_HEADERS: `{"X Team":"${PLANTED}"}`,
    DATABASE_URL: `mysql://u:${PLANTED}@h/x`,
  }
  for (const [name, value] of Object.entries(wrong)) {
    const path = fileOf(value)
    const said = refusalOf({ [fileNameOf(name)]: path })
    assert.ok(said.includes(`${fileNameOf(name)} (the content of ${path}, not shown) must`), said)
    assert.ok(!said.includes(PLANTED), said)
  }
})

test('SECRETS_DIR gives each setting whose file is there, and a variable goes before it', () => {
  const secrets = join(directory, 'dir')
  mkdirSync(secrets)
  writeFileSync(join(secrets, 'OPENAI_API_KEY'), 'sk-one\n')
  assert.equal(readConfig({ SECRETS_DIR: secrets }).openai.apiKey, 'sk-one')
  assert.equal(readConfig({ SECRETS_DIR: secrets, OPENAI_API_KEY: 'sk-two' }).openai.apiKey, 'sk-two')
  assert.equal(readConfig({ SECRETS_DIR: secrets }).openai.headers, undefined)
  assert.equal(readSecretFiles({ SECRETS_DIR: secrets }).env['HTTPS_PROXY'], undefined)
  writeFileSync(join(secrets, 'OPENAI_HEADERS'), '')
  assert.match(refusalOf({ SECRETS_DIR: secrets }), /SECRETS_DIR \(the file .*OPENAI_HEADERS"\) must not be empty/)
  assert.match(refusalOf({ SECRETS_DIR: join(directory, 'none') }), /SECRETS_DIR .* must be a directory/)
})

test('a file that others can open is a warning that shows no secret, and no error', () => {
  const open = fileOf(PLANTED, 0o644)
  assert.equal(readConfig({ OPENAI_API_KEY_FILE: open }).openai.apiKey, PLANTED)
  const [warning = '', ...more] = findNearMisses({ OPENAI_API_KEY_FILE: open })
  assert.deepEqual(more, [])
  assert.match(warning, /^OPENAI_API_KEY_FILE: other users can open ".*" \(mode 0644\): run chmod 600/)
  assert.deepEqual(findNearMisses({ OPENAI_API_KEY_FILE: fileOf(PLANTED) }), [])
  assert.deepEqual(findNearMisses(Object.fromEntries(FILE_NAMES.map((name) => [name, '/none']))), [])
  assert.match(findNearMisses({ OPENAI_API_KEYFILE: 'x' }).join(), /OPENAI_API_KEY_FILE|OPENAI_API_KEY\b/)
})

describe('no message shows a secret, whatever it was planted in', () => {
  const forms = [
    PLANTED,
    `sk-${PLANTED}`,
    `https://user:${PLANTED}@host/v1`,
    `https://user:${PLANTED}`,
    `http://host,https://user:${PLANTED}`,
    `user:${PLANTED}@host`,
    `user:${PLANTED}`,
    `http//user:${PLANTED}@host`,
    `http://host:80${PLANTED}/v1`,
    `ftp://host/v1?api-key=${PLANTED}`,
    `host/v1?api-key=${PLANTED}`,
    `postgres://u:${PLANTED}@h:bad/x`,
    `postgres://u:${PLANTED}@h/x?sslmode=none`,
    `postgres://u:${PLANTED}@h/x?sslmode=verify-ca`,
    `postgres://u:${PLANTED}@h/x?sslrootcert=/none`,
    `postgres://u:${PLANTED}%@h/x`,
    `Bearer ${PLANTED}`,
  ]
  // A word without any mark of a secret is shown where the setting is none, so that a person sees what is wrong.
  const isSecretName = (name: string) => SECRET_NAMES.has(name)
  for (const name of VARIABLE_NAMES) {
    test(name, () => {
      for (const form of forms) {
        const isMarked = /sk-|Bearer|[@:?]/.test(form)
        if (!isSecretName(name) && (!isMarked || (!name.endsWith('_URL') && !/sk-|Bearer|@/.test(form)))) continue
        const said = refusalOf({ [name]: form })
        assert.ok(!said.includes(PLANTED), `${name}=${form}: ${said}`)
      }
    })
  }
  for (const name of FILE_NAMES) {
    test(name, () => {
      for (const form of [`sk-${PLANTED}`, `https://user:${PLANTED}@host/v1`, `Bearer ${PLANTED}`]) {
        const said = refusalOf({ [name]: form })
        assert.match(said, /there is no such file/)
        assert.ok(!said.includes(PLANTED), said)
      }
    })
  }
})

test('a database host that is a whole URL is refused without its password', () => {
  const said = refusalOf({ POSTGRES_HOST: `postgres://u:${PLANTED}@h/x` })
  assert.match(said, /POSTGRES_HOST is "\*\*\*@h\/x": it must be a host name/)
  for (const host of ['db.example', '127.0.0.1', '::1', '[::1]', '/var/run/postgresql', 'fe80::1%eth0']) {
    assert.equal(refusalOf({ POSTGRES_HOST: host }), '')
  }
})

test('a proxy that is no URL is refused without its password, from a variable and from a file', () => {
  for (const env of [
    { USE_ENV_PROXY: '1', HTTPS_PROXY: `http://u:${PLANTED}@h:bad port` },
    { USE_ENV_PROXY: '1', HTTP_PROXY: `u:${PLANTED}@h` },
    { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY_FILE: fileOf(`http://u:${PLANTED}@h:bad port\n`) },
  ]) {
    assert.throws(
      () => useProxies(env),
      (error: Error) => {
        assert.match(error.message, /^HTTPS?_PROXY \(value not shown\) must be a URL/)
        assert.ok(!`${error.stack}${JSON.stringify(error)}`.includes(PLANTED))
        return true
      },
    )
  }
})

test('a process that ends at its configuration prints no secret', async () => {
  const server = fileURLToPath(new URL('../../../src/server.ts', import.meta.url))
  const envs = [
    { DATABASE_URL: `postgres://u:${PLANTED}@h:bad/x` },
    { OPENAI_BASE_URL: `https://user:${PLANTED}@host/v1` },
    { USE_ENV_PROXY: '1', HTTPS_PROXY: `http://u:${PLANTED}@h:bad port` },
    Object.fromEntries(NAMES_WITH_FILE.map((name) => [fileNameOf(name), fileOf(`\u0001${PLANTED}`)])),
  ]
  for (const env of envs) {
    const run = promisify(execFile)(process.execPath, [server], { env: childEnvironment(env) })
    const ended = await run.then(
      () => assert.fail('the process went on'),
      (error: { code: number; stdout: string; stderr: string }) => error,
    )
    assert.equal(ended.code, 2, ended.stderr)
    assert.ok(!`${ended.stdout}${ended.stderr}`.includes(PLANTED), ended.stderr)
  }
})
