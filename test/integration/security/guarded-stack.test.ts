/** Who can reach the parts of an embedded stack: nobody gets past the guard, and the replica takes calls of its own server alone. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

/** Secrets that the stack can be started with beside the offline model. */
const SECRETS = {
  OPENAI_HEADERS: '{"x-team":"planted-headers"}',
  POSTGRES_PASSWORD: 'planted-password',
  API_TOKEN: 'planted-token',
  HTTPS_PROXY: 'http://u:planted-proxy@127.0.0.1:1',
  http_proxy: 'http://u:planted-proxy@127.0.0.1:1',
}

let stack: TestStack
let directory: string

before(async () => {
  // The path is too long for a socket, so that the sockets are reached by a link.
  directory = await mkdtemp(join(tmpdir(), 'classify-guarded-'))
  stack = await startTestStack({ ...SECRETS, DATA_DIR: join(directory, 'deep'.repeat(25)) })
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

async function ask(url: string, headers: Readonly<Record<string, string>>, body?: string) {
  const sent = request(url, { method: body === undefined ? 'GET' : 'POST', headers, agent: false }).end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  return { status: response.statusCode ?? 0, text }
}

async function modeOf(...path: string[]): Promise<string> {
  return ((await stat(join(stack.dataDir, ...path))).mode & 0o777).toString(8)
}

test('a batch passes through the guard to a restate-server without any TCP port', async () => {
  const answer = await callIngress(stack, 'classify-api/batch', { indicators: [{ indicator_id: 'a', name: 'GDP' }] })
  assert.equal(answer.status, 200, answer.text)
  if (process.platform !== 'linux') return
  const pid = stack.pids()['restate-server'] ?? 0
  const listening = new Set<string | undefined>()
  for (const table of ['tcp', 'tcp6']) {
    // The state 0A is LISTEN, and the tenth column is the inode of the socket.
    const rows = (await readFile(`/proc/${pid}/net/${table}`, 'utf8')).split('\n').map((row) => row.trim().split(/\s+/))
    for (const row of rows) if (row[3] === '0A') listening.add(`socket:[${row[9]}]`)
  }
  const files = await readdir(`/proc/${pid}/fd`)
  const targets = await Promise.all(files.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  assert.deepEqual(
    targets.filter((target) => listening.has(target)),
    [],
  )
})

test('the parts that use no secret and no proxy get none', {
  skip: process.platform !== 'linux' && 'only Linux shows the environment of a process',
}, async () => {
  const pids = stack.pids()
  for (const name of ['restate-server', 'guard', 'offline-model'] as const) {
    const environment = await readFile(`/proc/${pids[name]}/environ`, 'latin1')
    assert.ok(environment.includes('PATH='), name)
    assert.deepEqual(environment.match(/[^\0]*planted[^\0]*/g), null, name)
  }
})

test('only the owner can enter the folder of the sockets and read the key', async () => {
  assert.equal(await modeOf('restate'), '700')
  assert.equal(await modeOf('identity'), '700')
  assert.equal(await modeOf('identity', 'nodes', 'node.pem'), '600')
})

test('the replica refuses a call that its own server has not signed', async () => {
  for (const [path, body] of [['/discover'], ['/invoke/classify-api/batch', '{}']]) {
    const { status } = await ask(`${stack.replicaUrl}${path}`, {}, body)
    assert.equal(status, 401, path)
  }
})

test('a foreign Host and a page of another origin reach neither ingress, admin, replica nor model', async () => {
  const budget = [`${stack.ingressUrl}/classify-api/budget`, '{"rpm":1}'] as const
  const batch = [
    `${stack.ingressUrl}/classify-api/batch/send`,
    '{"indicators":[{"indicator_id":"x","name":"x"}]}',
  ] as const
  const deployment = [`${stack.adminUrl}/deployments`, '{"uri":"http://127.0.0.1:9"}'] as const
  const replica = [`${stack.replicaUrl}/metrics`, undefined] as const
  const model = [`${stack.offlineModelUrl}/chat/completions`, '{}'] as const
  for (const [url, body] of [budget, batch, deployment, replica, model]) {
    const json = { 'content-type': 'application/json' }
    const rebound = await ask(url, { ...json, host: `rebound.example:${new URL(url).port}` }, body)
    assert.equal(rebound.status, 403, url)
    assert.match(rebound.text, /foreign-host/)
    for (const headers of [{ origin: 'http://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]) {
      const { status, text } = await ask(url, { ...json, ...headers }, body)
      assert.equal(status, 403, url)
      assert.match(text, /foreign-origin/)
    }
  }
  const now = await callIngress(stack, 'classify-api/budget', {})
  assert.notEqual((now.json() as { readonly rpm: number }).rpm, 1)
})
