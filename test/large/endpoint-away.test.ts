/** An endpoint that fails every request: a run waits for it for about a minute, asks few times, and says what came. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SAMPLE_FILE } from '../../src/cli/start/demo.ts'
import { runCli } from '../helpers/cli/cli.ts'
import { type QuirkyEndpoint, startQuirkyEndpoint } from '../helpers/quirky-endpoint/endpoint.ts'
import { startTestStack, type TestStack } from '../helpers/stack/stack.ts'

let endpoint: QuirkyEndpoint
let stack: TestStack

before(async () => {
  endpoint = await startQuirkyEndpoint()
  stack = await startTestStack({ OPENAI_BASE_URL: endpoint.url, RATE_RPM: '100000' })
})

after(async () => {
  await stack?.stop()
  await endpoint?.close()
})

test('an endpoint that fails every request costs few, although it is waited for', async () => {
  endpoint.behave('http-500')
  const args = ['classify', SAMPLE_FILE, '--mode', 'model', '--no-reuse', '--force', '--json']
  const { code, stdout, stderr } = await runCli(args, { env: stack.env })
  assert.equal(code, 1, stderr)
  assert.ok(endpoint.asked.length <= 12, `${endpoint.asked.length} requests`)
  const { failures } = JSON.parse(stdout) as { failures: { code: string; reason: string }[] }
  const failure = failures.find((one) => one.code === 'model-unavailable')
  assert.match(failure?.reason ?? '', /The weather is bad today\./)
})
