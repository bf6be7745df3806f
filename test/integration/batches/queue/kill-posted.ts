/** The command `kill` ends batches that were posted past `classify`: those that name a run in their body, and one by its invocation id. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { QueueReport } from '../../../../src/cli/queue/queue-report.ts'
import { runCli } from '../../../helpers/cli/cli.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { waitUntil } from '../../../helpers/wait.ts'
import { env, hold, release, stack } from './world.ts'

/** Holds the batches of a test under way; at its end what is left of them ends, and stands in no other queue. */
function holdFor(t: TestContext): void {
  hold()
  t.after(async () => {
    release()
    await waitUntil('what is left has ended', async () => (await openBatches()).posted.length === 0)
  })
}

let posts = 0

/** Posts a batch of one indicator without waiting for its answer. Resolves with the invocation id. */
async function post(more: object, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  posts += 1
  const indicators = [{ indicator_id: `P.${posts}`, name: `Thing number ${posts}` }]
  const body = { indicators, ...more, options: { mode: 'model', reuse: false } }
  // Whoever writes JSON by hand puts spaces where they like.
  const answer = await callIngress(stack, 'classify-api/batch/send', JSON.stringify(body, null, 1), headers)
  assert.equal(answer.status, 202, answer.text)
  return (answer.json() as { readonly invocationId: string }).invocationId
}

async function openBatches(): Promise<QueueReport> {
  const { code, stdout, stderr } = await runCli(['queue', '--json'], { env })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as QueueReport
}

async function kill(...args: string[]) {
  const { code, stdout, stderr } = await runCli(['kill', ...args, '--json'], { env })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as { readonly batches: number; readonly chunks: number; readonly still_ending: number }
}

test('a run that was posted is ended by its name, with key, without key and delayed, and no other batch is', async (t) => {
  holdFor(t)
  const named = [
    await post({ run_id: 'nightly:2026-11' }),
    await post({ run_id: 'nightly:2026-11' }, { 'idempotency-key': 'nightly-1' }),
    await post({}, { 'x-run-id': 'nightly:2026-11' }),
  ]
  const others = [
    await post({ run_id: 'nightly:2026-11-b' }),
    await post({}, { 'x-run-id': 'nightly:2026-11-b' }),
    await post({ run_id: 'nightly:2026-11-b' }, { 'x-run-id': 'nightly:2026-11' }),
    await post({ indicators: [{ indicator_id: 'x', name: 'The text "run_id":"nightly:2026-11" in a name' }] }),
    await post({}),
  ]
  const ours = new Set([...named, ...others])
  const open = async () => (await openBatches()).posted.map(({ id }) => id).filter((id) => ours.has(id))
  await waitUntil('all are under way', async () => (await open()).length === 8)
  const { batches, still_ending } = await kill('nightly:2026-11')
  assert.deepEqual([batches, still_ending], [named.length, 0])
  const left = await open()
  assert.deepEqual(left.toSorted(), others.toSorted())
  const again = await runCli(['kill', 'nightly:2026-11'], { env })
  assert.equal(again.code, 0, again.stderr)
  assert.match(again.stdout, /nothing is under way/)
  const unknown = await runCli(['kill', 'nightly:2026-12'], { env })
  assert.equal(unknown.code, 1, unknown.stdout)
  assert.match(unknown.stderr, /is not known/)
})

test('a batch that names no run is shown by queue and ended by its invocation id', async (t) => {
  holdFor(t)
  const id = await post({}, { 'idempotency-key': 'mine' })
  const shown = await waitUntil('it stands in the queue', async () => {
    return (await openBatches()).posted.find((batch) => batch.id === id) ?? false
  })
  assert.equal(shown.idempotency_key, 'mine')
  const text = await runCli(['queue'], { env })
  assert.match(text.stdout, new RegExp(`${id} .*key mine`))
  const before = (await openBatches()).posted.length
  const { batches, still_ending } = await kill(id, '--force')
  assert.deepEqual([batches, still_ending], [1, 0])
  assert.equal((await openBatches()).posted.length, before - 1)
  const again = await runCli(['kill', id], { env })
  assert.equal(again.code, 0, again.stderr)
  assert.match(again.stdout, /^Batch inv_\S+: nothing is under way/)
  const unknown = await runCli(['kill', 'inv_1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'], { env })
  assert.equal(unknown.code, 1, unknown.stdout)
})
