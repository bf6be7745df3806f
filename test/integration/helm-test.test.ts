/** What `helm test` runs, against a real guard: it passes where all is well, and fails for each thing that must not be. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sha256 } from '../../src/lib/sha256.ts'
import { freePorts } from '../helpers/ports.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'

const SCRIPT = fileURLToPath(new URL('../../kubernetes/classify-service/files/post-batch.mjs', import.meta.url))

let stack: TestStack
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'classify-helm-test-'))
  const tokens = [
    ['submit', 'caller', 'submit+read'],
    ['read', 'reader', 'read'],
  ] as const
  const lines = tokens.map(([token, name, rights]) => `${name}:${sha256(token)}:${rights}`)
  await writeFile(join(folder, 'tokens'), `${lines.join('\n')}\n`, { mode: 0o600 })
  for (const [token] of tokens) await writeFile(join(folder, token), `${token}\n`)
  stack = await startTestStack({ API_TOKENS_FILE: join(folder, 'tokens') })
})

after(async () => {
  await stack?.stop()
  await rm(folder, { recursive: true, force: true })
})

async function helmTest(token: string, closed: string): Promise<{ readonly code: number; readonly said: string }> {
  const env = {
    PATH: process.env.PATH,
    GUARD_URL: stack.ingressUrl,
    API_TOKEN_FILE: join(folder, token),
    CLOSED: closed,
  }
  return await new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT], { env }, (error, stdout) => {
      resolve({ code: error === null ? 0 : 1, said: stdout })
    })
  })
}

test('a batch is classified, a call without a token is refused, and closed ports are closed', async () => {
  const [free] = await freePorts(1)
  const { code, said } = await helmTest('submit', `127.0.0.1:${free}`)
  assert.equal(code, 0, said)
  assert.deepEqual(
    said
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 4)),
    ['ok: ', 'ok: ', 'ok: '],
  )
})

test('it fails where the batch is refused', async () => {
  const { code, said } = await helmTest('read', '')
  assert.equal(code, 1)
  assert.match(said, /FAILED: a batch of two indicators is classified \(403/)
})

test('it fails where a port is open that policies should close', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const { code, said } = await helmTest('submit', `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  server.close()
  assert.equal(code, 1)
  assert.match(said, /FAILED: .* is closed to other pods \(the network does not enforce NetworkPolicies\)/)
})
