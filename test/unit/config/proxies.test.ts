/** Tests of proxies: which addresses stay direct, and that a request to the model goes through a real proxy. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { directAddresses, proxyFor } from '../../../src/config/proxies.ts'
import { childEnvironment } from '../../helpers/child-environment.ts'
import { type QuirkyEndpoint, startQuirkyEndpoint } from '../../helpers/quirky-endpoint/endpoint.ts'
import { startProxy, type TestProxy } from '../../helpers/servers/proxy.ts'

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
    import { proxyFor, useProxies } from ${at('config/proxies.ts')}
    import { createOpenAiClient } from ${at('llm/openai/client.ts')}
    useProxies(readEnvironment())
    const log = { warn() {} }
    const options = { apiKey: 'sk-test-123', baseUrl: ${JSON.stringify(baseUrl)}, model: 'small', timeoutMs: 5000, prices: {}, log,
      proxy: proxyFor(${JSON.stringify(baseUrl)}, readEnvironment()) }
    const question = { tier: 'primary', system: 's', user: 'u', schema: { type: 'object' }, schemaName: 'a', maxCompletionTokens: 9, cacheKey: 'c' }
    const said = await createOpenAiClient(options).ask(question).then(({ model }) => model, ({ message }) => message)
    console.log(said)`
  const run = promisify(execFile)
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: childEnvironment(env),
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

test('ALL_PROXY stands in for the proxies that Node.js knows', async () => {
  const env = { NODE_USE_ENV_PROXY: '1', ALL_PROXY: proxy.url }
  assert.equal(await askThrough(env, 'http://model.example/v1'), 'small')
  assert.match(proxy.seen.at(-1) ?? '', /model\.example/)
})

test('a request that fails at or behind a proxy says so, with the proxy and without its password', async () => {
  const env = { NODE_USE_ENV_PROXY: '1', https_proxy: 'http://user:hidden@127.0.0.1:1' }
  const said = await askThrough(env, 'https://model.example/v1')
  assert.match(
    said,
    /cannot be reached through the proxy 127\.0\.0\.1:1 of https_proxy \(ECONNREFUSED\): check the proxy/,
  )
  assert.doesNotMatch(said, /hidden/)
  const behind = await askThrough({ NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxy.url }, 'https://model.example/v1')
  assert.match(behind, new RegExp(`through the proxy ${new URL(proxy.url).host} of HTTPS_PROXY`))
  assert.doesNotMatch(await askThrough({ ...env, NO_PROXY: '.example' }, 'https://model.example/v1'), /proxy/)
})

test('the proxy of an address is that of its protocol, and none for addresses that are direct', () => {
  const env = {
    USE_ENV_PROXY: '1',
    HTTP_PROXY: 'http://a:1',
    HTTPS_PROXY: 'http://u:p@b:2',
    NO_PROXY: 'x.example,.y.example',
  }
  const at = (url: string, more: Record<string, string> = {}) => proxyFor(url, { ...env, ...more })
  assert.equal(at('http://m.example'), 'a:1 of HTTP_PROXY')
  assert.equal(at('https://m.example/v1'), 'b:2 of HTTPS_PROXY')
  for (const url of [
    'https://x.example',
    'https://a.x.example',
    'https://a.y.example',
    'http://127.0.0.1:9085/v1',
    'http://localhost',
  ]) {
    assert.equal(at(url), undefined, url)
  }
  assert.equal(at('https://m.example', { NO_PROXY: '*' }), undefined)
  assert.equal(at('https://m.example', { USE_ENV_PROXY: '0' }), undefined)
  const byOption = { USE_ENV_PROXY: '0', NODE_OPTIONS: '--no-warnings --use-env-proxy' }
  assert.equal(at('https://m.example', byOption), 'b:2 of HTTPS_PROXY')
})
