/** The HTTP client of the commands: the token that it shows, and what an admin port behind the guard answers without it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { z } from 'zod'
import { collectGarbage } from '../../../../src/cli/classify/heap.ts'
import { createAdminClient } from '../../../../src/cli/client/admin.ts'
import { createAdminNodeClient } from '../../../../src/cli/client/admin-node.ts'
import { createHttpClient, sentenceOf } from '../../../../src/cli/client/http.ts'
import { readApiToken } from '../../../../src/config/config.ts'
import { waitUntil } from '../../../helpers/wait.ts'

const never = new AbortController().signal
let asked: IncomingHttpHeaders[] = []
let url: string

const server = createServer((request, response) => {
  asked.push(request.headers)
  response.writeHead(401, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ code: 'token-missing', message: 'A token is needed' }))
})

before(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

after(() => {
  server.closeAllConnections()
  server.close()
})

test('a token is shown with every request, and no header is sent where there is none', async () => {
  asked = []
  await createHttpClient('secret')(url, { headers: { 'x-other': '1' }, signal: never })
  await createHttpClient(null)(url, { signal: never })
  assert.deepEqual(
    asked.map((headers) => [headers.authorization, headers['x-other']]),
    [
      ['Bearer secret', '1'],
      [undefined, undefined],
    ],
  )
  assert.equal(readApiToken({ API_TOKEN: 'secret' }), 'secret')
  assert.equal(readApiToken({}), undefined)
})

test('queue, kill and the registration say what to set where the admin port asks for a token', async () => {
  const expected = { code: 'not-allowed', message: /token-missing.*set API_TOKEN or API_TOKEN_FILE/ }
  await assert.rejects(createAdminClient([url], never).query('select 1', z.unknown()), expected)
  await assert.rejects(createAdminClient([url], never).endInvocation('inv_1', 'kill'), expected)
  await assert.rejects(createAdminNodeClient(never, 5_000).register(url, 'http://x'), expected)
})

test('a refusal at ::1 for localhost says which address the service has', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:8080'), { code: 'ECONNREFUSED', address: '::1' })
  assert.match(sentenceOf(refused, 'http://localhost:8080/x'), /^connect ECONNREFUSED ::1:8080: .*127\.0\.0\.1/)
  assert.equal(sentenceOf(refused, 'http://[::1]:8080/x'), refused.message)
  const other = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8080'), { address: '127.0.0.1' })
  assert.equal(sentenceOf(other, 'http://localhost:8080/x'), other.message)
})

test('a connection that is kept for later holds nothing of the requests and answers before', async () => {
  const large = createServer((request, response) => {
    request.resume().on('end', () => response.end(Buffer.alloc(6_000_000, 'a')))
  })
  large.keepAliveTimeout = 0
  await once(large.listen(0, '127.0.0.1'), 'listening')
  const at = `http://127.0.0.1:${(large.address() as AddressInfo).port}`
  const inUse = () => {
    collectGarbage()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const send = createHttpClient(null)
  const ask = async () => (await send(at, { body: 'b'.repeat(6_000_000), signal: never })).text.length
  const before = inUse()
  assert.equal(await ask(), 6_000_000)
  await waitUntil('the answer is forgotten', () => inUse() - before < 3_000_000, { patienceMs: 30_000 })
  large.closeAllConnections()
  large.close()
})
