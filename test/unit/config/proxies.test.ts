/** Tests of proxies: which addresses stay direct, and that a request to the model goes through a real proxy. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { directAddresses } from '../../../src/config/proxies.ts'
import { startProxy, type TestProxy } from '../../helpers/proxy.ts'
import { type QuirkyEndpoint, startQuirkyEndpoint } from '../../helpers/quirky-endpoint/endpoint.ts'

let endpoint: QuirkyEndpoint
let proxy: TestProxy

before(async () => {
  endpoint = await startQuirkyEndpoint()
  proxy = await startProxy(endpoint.url)
})

after(async () => {
  await proxy?.close()
  await endpoint?.close()
})

test('the addresses of this machine stay direct where a proxy is set, beside those that are direct already', () => {
  assert.deepEqual(directAddresses({}), {})
  assert.deepEqual(directAddresses({ NO_PROXY: 'a.example' }), {})
  assert.deepEqual(directAddresses({ HTTPS_PROXY: 'http://p', NO_PROXY: '*' }), {})
  const direct = 'a.example,localhost,127.0.0.1,::1,[::1]'
  assert.deepEqual(directAddresses({ HTTP_PROXY: 'http://p', NO_PROXY: ' a.example, localhost' }), {
    NO_PROXY: direct,
    no_proxy: direct,
  })
})

/** Asks the model of `baseUrl` once, in a process of its own that has set up its proxies as the command line does. */
async function askThrough(env: Record<string, string>, baseUrl: string): Promise<string> {
  const at = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../../src/${path}`, import.meta.url)))
  const script = `
    import { readEnvironment } from ${at('config/environment.ts')}
    import { useProxies } from ${at('config/proxies.ts')}
    import { createOpenAiClient } from ${at('llm/openai/client.ts')}
    useProxies(readEnvironment())
    const log = { warn() {} }
    const options = { apiKey: 'sk-test-123', baseUrl: ${JSON.stringify(baseUrl)}, model: 'small', timeoutMs: 5000, prices: {}, log }
    const question = { tier: 'primary', system: 's', user: 'u', schema: { type: 'object' }, schemaName: 'a', maxCompletionTokens: 9, cacheKey: 'c' }
    const said = await createOpenAiClient(options).ask(question).then(({ model }) => model, ({ message }) => message)
    console.log(said)`
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { PATH: process.env.PATH, ...env },
  })
  return stdout.trim()
}

test('a request to the model goes through HTTP_PROXY or HTTPS_PROXY where NODE_USE_ENV_PROXY is 1', async () => {
  const env = { NODE_USE_ENV_PROXY: '1', HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }
  assert.equal(await askThrough(env, 'http://model.example/v1'), 'small')
  assert.match(
    proxy.seen.at(-1) ?? '',
    /^(?:CONNECT model\.example:80|POST http:\/\/model\.example\/v1\/chat\/completions)$/,
  )
  // The endpoint speaks no TLS, so the request ends behind the tunnel.
  assert.match(await askThrough(env, 'https://model.example/v1'), /^the connection to the model endpoint/)
  assert.equal(proxy.seen.at(-1), 'CONNECT model.example:443')
})

test('a request to an endpoint on this machine goes there, and without NODE_USE_ENV_PROXY every request does', async () => {
  const before = proxy.seen.length
  const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url }
  assert.equal(await askThrough({ ...env, NODE_USE_ENV_PROXY: '1' }, endpoint.url), 'small')
  assert.match(await askThrough(env, 'http://no-such-host.invalid/v1'), /cannot be reached/)
  assert.equal(proxy.seen.length, before)
})
