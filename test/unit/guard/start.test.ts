/** When the guard starts and when it refuses to, and what becomes of the check of keys without a database. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pino } from 'pino'
import { readConfig } from '../../../src/config/config.ts'
import { freePort } from '../../../src/embedded/ports.ts'
import { ServiceError } from '../../../src/errors.ts'
import { startGuard } from '../../../src/guard/guard.ts'
import { createKeyCheck } from '../../../src/guard/key-check.ts'
import { sha256 } from '../../../src/lib/sha256.ts'
import { call } from '../../helpers/servers/guard-port.ts'

/** Resolves when everything that needs no timer and no input has been done. */
const settled = () => new Promise((resolve) => setImmediate(resolve))
const silent = pino({ level: 'silent' })
const start = (env: Record<string, string>) => startGuard({ config: readConfig(env), log: silent })

test('without tokens the guard starts on loopback alone', async () => {
  const route = `${await freePort()}=http://127.0.0.1:${await freePort()}`
  for (const address of ['0.0.0.0', '::', '10.0.0.5', '127.0.0.1.evil.example', 'localhost.evil.example', '[::]']) {
    for (const env of [{ GUARD_BIND: address }, { GUARD_BIND: '127.0.0.1', GUARD_PUBLISHED_ON: address }]) {
      const refused = start({ GUARD_INGRESS: route, ...env })
      await assert.rejects(refused, (error: ServiceError) => {
        assert.equal(error.code, 'config-invalid')
        assert.match(error.message, /others can call it.*API_TOKENS_FILE/)
        return error.message.includes(address)
      })
    }
  }
  for (const address of ['127.0.0.1', 'localhost', '::1', '127.0.0.53']) {
    const guard = await start({ GUARD_INGRESS: route, GUARD_PUBLISHED_ON: address })
    await guard.close()
  }
})

test('with tokens it starts anywhere, and a wrong file stops it', async () => {
  const port = await freePort()
  const file = join(tmpdir(), `classify-guard-tokens-${process.pid}`)
  await writeFile(file, `ann:${sha256('secret')}:read`)
  const env = {
    GUARD_ADMIN: `${port}=http://127.0.0.1:${await freePort()}`,
    GUARD_PUBLISHED_ON: '0.0.0.0',
    API_TOKENS_FILE: file,
  }
  try {
    const guard = await start({ ...env, ALLOWED_HOSTS: 'classify.example' })
    const headers = { host: 'classify.example' }
    assert.equal((await call(`http://127.0.0.1:${port}`, '/health', { method: 'GET', headers })).code, 'token-missing')
    const known = { ...headers, authorization: 'Bearer secret' }
    assert.equal(
      (await call(`http://127.0.0.1:${port}`, '/health', { method: 'GET', headers: known })).code,
      'node-away',
    )
    await guard.close()
    await writeFile(file, 'ann:secret:read')
    await assert.rejects(start(env), /line 1/)
  } finally {
    await rm(file)
  }
  await assert.rejects(start(env), /API_TOKENS_FILE .* cannot be read/)
})

test('a guard without a port, with a port twice, or with a taken port says so', async () => {
  const [port, node] = [await freePort(), await freePort()]
  await assert.rejects(start({}), /set GUARD_INGRESS or GUARD_ADMIN/)
  const route = `${port}=http://127.0.0.1:${node}`
  await assert.rejects(
    start({ GUARD_INGRESS: route, GUARD_ADMIN: route }),
    /Port \d+ stands in GUARD_INGRESS and in GUARD_ADMIN/,
  )
  const guard = await start({ GUARD_INGRESS: route })
  await assert.rejects(start({ GUARD_INGRESS: route }), { code: 'port-taken' })
  await guard.close()
})

test('calls pass unchecked while the database is away, are counted, and only a few of them ask it', async () => {
  let asked = 0
  const lines: string[] = []
  const keys = createKeyCheck(
    {
      note: async () => {
        asked += 1
        throw new ServiceError('database-unavailable', 'the database is away')
      },
      deleteOld: async () => 0,
    },
    pino({ level: 'info' }, { write: (line: string) => lines.push(line) }),
  )
  for (let use = 0; use < 20; use += 1) assert.equal(await keys.check('scope', sha256('body')), undefined)
  assert.equal(asked, 1)
  assert.equal(keys.unchecked, 20)
  assert.equal(lines.length, 1)
  keys.close()
})

test('each time old keys are deleted until none is left, and the end of the guard stops that', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let old = 12_000
  let deletes = 0
  let beforeDelete: () => void = () => undefined
  const keys = createKeyCheck(
    {
      note: async () => true,
      deleteOld: async () => {
        beforeDelete()
        deletes += 1
        const deleted = Math.min(old, 5_000)
        old -= deleted
        return deleted
      },
    },
    pino({ level: 'silent' }),
  )
  t.mock.timers.tick(600_000)
  await settled()
  assert.deepEqual([old, deletes], [0, 4])
  old = 12_000
  beforeDelete = () => keys.close()
  t.mock.timers.tick(600_000)
  await settled()
  assert.deepEqual([old, deletes], [7_000, 5])
})
