/** Endpoints that ask to wait, in sense and in nonsense: waits are kept, shown and left, and none of them costs a try. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { MAX_TRIES } from '../../../src/restate/chunk/chunk.ts'
import { type CliResult, runCli, startCli } from '../../helpers/cli/cli.ts'
import { type QuirkyEndpoint, startQuirkyEndpoint } from '../../helpers/quirky-endpoint/endpoint.ts'
import { QUIRKS, type QuirkName } from '../../helpers/quirky-endpoint/quirks.ts'
import type { Seen } from '../../helpers/quirky-endpoint/types.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const SAMPLE = fileURLToPath(new URL('../../../src/cli/start/sample/indicators.jsonl', import.meta.url))
const ROWS = 228
const ARGS = ['classify', SAMPLE, '--mode', 'model', '--no-reuse', '--force', '--json']

let endpoint: QuirkyEndpoint
let stack: TestStack
/** When each request came, in milliseconds of the clock of this process. */
let askedAt: number[] = []

before(async () => {
  endpoint = await startQuirkyEndpoint()
  stack = await startTestStack({ OPENAI_BASE_URL: endpoint.url, RATE_RPM: '100000' })
})

after(async () => {
  await stack?.stop()
  await endpoint?.close()
})

/** Answers the first `count` requests by `quirk`, and the others as a clean endpoint. */
function firstly(quirk: QuirkName, count: number): void {
  askedAt = []
  endpoint.behave((seen: Seen) => {
    askedAt.push(performance.now())
    return QUIRKS[seen.index < count ? quirk : 'clean'](seen)
  })
}

function assertComplete({ code, stdout, stderr }: CliResult): void {
  assert.equal(code, 0, stderr)
  const { classified, failed } = JSON.parse(stdout) as { classified: number; failed: number }
  assert.deepEqual([classified, failed], [ROWS, 0])
}

/** The milliseconds between the first request and the one after the `count` first ones, of which two may come together. */
const waitAfter = (count: number) => (askedAt[count] ?? 0) - (askedAt[0] ?? 0)

test('the wait in the body of a refusal by Gemini is kept', async () => {
  firstly('wait-gemini-body', 2)
  assertComplete(await runCli(ARGS, { env: stack.env }))
  assert.ok(waitAfter(2) >= 2_900, `${waitAfter(2)} ms`)
})

test('a server that loads its model is asked again every few seconds, until it has', async () => {
  firstly('loading-model', 4)
  assertComplete(await runCli(ARGS, { env: stack.env }))
  assert.ok(waitAfter(4) >= 9_800, `${waitAfter(4)} ms`)
})

test('503 with Retry-After is waited for as often as it is told, and costs no try', async () => {
  firstly('unavailable-told', 2 * MAX_TRIES)
  assertComplete(await runCli(ARGS, { env: stack.env }))
})

for (const quirk of ['wait-0', 'wait-negative-reset', 'wait-absurd-reset'] as const) {
  test(`${quirk} is no wait: the run backs off, and goes on when it is answered`, async () => {
    endpoint.behave(quirk)
    const running = startCli(ARGS, { env: stack.env })
    await waitUntil('the endpoint is asked', () => endpoint.asked.length > 0)
    const beganAt = performance.now()
    await sleep(4_000)
    await waitUntil('the endpoint is asked again', () => endpoint.asked.length >= 2)
    const { length } = endpoint.asked
    const seconds = (performance.now() - beganAt) / 1_000
    endpoint.behave('clean')
    // Two requests in flight, and one each after 1, 3, 7 s and so on; two more where a replica was slow to pause.
    assert.ok(length <= 4 + Math.log2(seconds + 1), `${length} requests in ${seconds} s`)
    assertComplete(await running.result)
  })
}

test('a limit of 1 that only answers name is not believed', async () => {
  endpoint.behave((seen) => ({ ...QUIRKS.clean(seen), headers: { 'x-ratelimit-limit-requests': '1' } }))
  // A run that believed it would make one request a minute.
  assertComplete(await runCli(ARGS, { env: stack.env }))
})

test('a pause of ten minutes is shown with its reason, and Ctrl+C leaves in it with the line that resumes', async () => {
  endpoint.behave('wait-600-s')
  const running = startCli(ARGS, { env: stack.env })
  await running.untilSaid(/paused until \d\d:\d\d:\d\d \(.*Rate limit reached for this model/)
  const { length } = endpoint.asked
  const pressedAt = performance.now()
  running.child.kill('SIGINT')
  const { code, stderr, stdout } = await running.result
  console.log(`  left ${Math.round(performance.now() - pressedAt)} ms after Ctrl+C`)
  assert.equal(code, 130, stderr)
  const { run_id: runId } = JSON.parse(stdout) as { run_id: string }
  assert.match(stderr, new RegExp(`npm run kill -- ${runId}`))
  assert.match(stderr, new RegExp(`Resume the run with:\\n {2}npm run classify -- --resume ${runId}`))
  assert.equal(endpoint.asked.length, length)
})
