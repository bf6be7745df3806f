/** Endpoints that answer nothing usable, and accounts that are closed: the run stops after a few requests and says what came. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type CliResult, runCli, startCli } from '../../helpers/cli/cli.ts'
import { type QuirkyEndpoint, startQuirkyEndpoint } from '../../helpers/quirky-endpoint/endpoint.ts'
import type { QuirkName } from '../../helpers/quirky-endpoint/quirks.ts'
import type { Seen } from '../../helpers/quirky-endpoint/types.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const SAMPLE = fileURLToPath(new URL('../../../src/cli/start/sample/indicators.jsonl', import.meta.url))
const ROWS = 228
const KEY = 'sk-weather-4711'
/** Longer than a stall of a busy machine, and than this endpoint holds back what it answers. */
const TIMEOUT_MS = 6_000

interface Report {
  readonly run_id: string
  readonly classified: number
  readonly failed: number
  readonly model_requests: number
  readonly failures: readonly { readonly code: string; readonly reason: string }[]
}

let endpoint: QuirkyEndpoint
let stack: TestStack

before(async () => {
  endpoint = await startQuirkyEndpoint()
  stack = await startTestStack({
    OPENAI_BASE_URL: endpoint.url,
    OPENAI_API_KEY: KEY,
    OPENAI_TIMEOUT_MS: String(TIMEOUT_MS),
    RATE_RPM: '100000',
  })
})

after(async () => {
  await stack?.stop()
  await endpoint?.close()
})

async function classify(...args: readonly string[]): Promise<CliResult & { readonly report: Report }> {
  const cli = await runCli(['classify', ...args, '--json'], { env: stack.env })
  return { ...cli, report: JSON.parse(cli.stdout || '{}') as Report }
}

const modes = [
  ['--mode', 'model', '--no-reuse', '--force'],
  ['--force', '--catalogue', 'audited'],
]

/** What the message must name: the kind of the failure, and the words that came. */
const useless: readonly [quirk: QuirkName, code: string, message: RegExp][] = [
  [
    'prose-only',
    'model-unusable',
    /3 requests in a row failed alike \(model-bad-answer\).*I like to talk about the weather\..*To try: .*OPENAI_MODEL/,
  ],
  ['other-json', 'model-unusable', /3 requests in a row failed alike \(model-bad-answer\).*\{"weather": "sunny"/],
  [
    'other-keys',
    'model-unusable',
    /3 requests in a row failed alike \(no-answer\).*it began: \{"answers":\[\{"key":"weather"/,
  ],
  ['cut-off-always', 'model-unusable', /model-cut-off.*OPENAI_MAX_ANSWER_TOKENS/],
  ['refused-always', 'model-unusable', /model-refused.*I cannot help with the weather\./],
  ['bad-request-always', 'model-unusable', /model-bad-request.*The weather forbids this request\./],
  ['mixed-useless', 'model-unusable', /10 requests failed, the last one/],
]

for (const [quirk, code, message] of useless) {
  for (const args of modes) {
    test(`an endpoint with the quirk ${quirk} costs a run with ${args[0]} few requests, and the message names what came`, async () => {
      endpoint.behave(quirk)
      const { code: exit, stderr, report } = await classify(SAMPLE, ...args)
      console.log(`  ${quirk} ${args[0]}: ${endpoint.asked.length} requests, ${report.failures[0]?.reason}`)
      assert.equal(exit, 1, stderr)
      assert.ok(endpoint.asked.length <= 12, `${endpoint.asked.length} requests`)
      assert.ok(endpoint.mostInFlight <= 2, `${endpoint.mostInFlight} in flight`)
      const failure = report.failures.find((one) => one.code === code)
      assert.match(failure?.reason ?? '', message)
      assert.match(stderr, message)
      assert.match(stderr, new RegExp(`npm run classify -- --resume ${report.run_id}`))
      assert.ok(!(stderr + JSON.stringify(report)).includes(KEY))
    })
  }
}

test('an endpoint that never answers costs few time-outs, and the message names the variable', async () => {
  endpoint.behave('silent')
  const { code, stderr, report } = await classify(SAMPLE, '--mode', 'model', '--no-reuse', '--force')
  assert.equal(code, 1, stderr)
  assert.ok(endpoint.asked.length <= 4, `${endpoint.asked.length} requests`)
  const failure = report.failures.find((one) => one.code === 'model-unavailable')
  assert.match(failure?.reason ?? '', /\(model-timeout\).* did not answer within 6000 ms: raise OPENAI_TIMEOUT_MS/)
})

test('an endpoint whose answers are empty ends the run after a few requests and seconds', async () => {
  endpoint.behave('content-empty')
  const startedAt = performance.now()
  const { code, stderr, report } = await classify(SAMPLE, '--mode', 'model', '--no-reuse', '--force')
  console.log(`  ${endpoint.asked.length} requests, ${Math.round(performance.now() - startedAt)} ms`)
  assert.equal(code, 1, stderr)
  assert.ok(endpoint.asked.length <= 6, `${endpoint.asked.length} requests`)
  assert.equal(report.model_requests, endpoint.asked.length)
  assert.match(report.failures.map(({ reason }) => reason).join(), /answered without any text/)
})

test('a stopped run is resumed as soon as the endpoint answers', async () => {
  endpoint.behave('prose-only')
  const stopped = await classify(SAMPLE, '--mode', 'model', '--no-reuse', '--force')
  assert.equal(stopped.code, 1, stopped.stderr)
  assert.equal(stopped.report.classified, 0)
  endpoint.behave('clean')
  const resumed = await classify('--resume', stopped.report.run_id)
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.deepEqual([resumed.report.classified, resumed.report.failed], [ROWS, 0])
})

test('a healthy endpoint has two requests in flight until its first answer, and more from then on', async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const clean = (seen: Seen) => ({ body: seen.completion({ role: 'assistant', content: seen.text }) })
  endpoint.behave(async (seen) => {
    await released
    // Later answers take a while, so that requests meet each other.
    await sleep(seen.index < 2 ? 0 : 300)
    return clean(seen)
  })
  const running = startCli(['classify', SAMPLE, '--mode', 'model', '--no-reuse', '--force', '--json'], {
    env: stack.env,
  })
  await waitUntil('two requests are in flight', () => endpoint.asked.length === 2)
  // Long enough for the other chunks to have asked.
  await sleep(1_000)
  assert.equal(endpoint.asked.length, 2)
  release()
  const { code, stdout, stderr } = await running.result
  assert.equal(code, 0, stderr)
  assert.equal((JSON.parse(stdout) as Report).classified, ROWS)
  assert.ok(endpoint.mostInFlight > 2, `${endpoint.mostInFlight} in flight`)
})

/** The words of each account state that the message must repeat. */
const closed: readonly [quirk: QuirkName, words: RegExp][] = [
  ['billing-not-active', /Your account is not active/],
  ['billing-hard-limit', /Billing hard limit has been reached/],
  ['insufficient-quota', /You exceeded your current quota/],
  ['access-terminated', /Your access was terminated/],
  ['account-deactivated', /has been deactivated/],
  ['payment-required', /Insufficient Balance/],
  ['credits-required', /requires more credits/],
  ['credit-too-low', /credit balance is too low/],
  ['gemini-limit-0', /limit: 0/],
]

for (const [quirk, words] of closed) {
  test(`the account state ${quirk} ends the run with the account's words`, async () => {
    endpoint.behave(quirk)
    const startedAt = performance.now()
    const { code, stderr, report } = await classify(SAMPLE, '--mode', 'model', '--no-reuse', '--force')
    console.log(`  ${quirk}: ${endpoint.asked.length} requests, ${Math.round(performance.now() - startedAt)} ms`)
    assert.equal(code, 1, stderr)
    assert.ok(endpoint.asked.length <= 5, `${endpoint.asked.length} requests`)
    const failure = report.failures.find((one) => one.code === 'model-quota')
    assert.match(failure?.reason ?? '', words)
    assert.match(stderr, words)
  })
}

test('an account that is closed in the middle of a run ends it, and what was answered is kept for the resume', async () => {
  endpoint.behave((seen) =>
    seen.index < 6
      ? { body: seen.completion({ role: 'assistant', content: seen.text }) }
      : { status: 402, body: { error: { message: 'Insufficient Balance' } } },
  )
  const stopped = await classify(SAMPLE, '--mode', 'model', '--no-reuse', '--force')
  assert.equal(stopped.code, 1, stopped.stderr)
  assert.match(stopped.stderr, /Insufficient Balance/)
  endpoint.behave('clean')
  const resumed = await classify('--resume', stopped.report.run_id)
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.equal(resumed.report.failed, 0)
})

test('a wait of a day ends the run, and says until when', async () => {
  endpoint.behave('wait-a-day')
  const { code, stderr, report } = await classify(SAMPLE, '--mode', 'model', '--no-reuse', '--force')
  assert.equal(code, 1, stderr)
  assert.ok(endpoint.asked.length <= 5, `${endpoint.asked.length} requests`)
  const failure = report.failures.find((one) => one.code === 'model-paused')
  assert.match(failure?.reason ?? '', /asks to wait 24\.0 h, until 20\d\d-\d\d-\d\d \d\d:\d\d UTC: resume the run then/)
})
