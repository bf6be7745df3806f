/** Parts that hang in the middle of a run are killed and started again by the stack; a machine that was paused goes on. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PACK, query, runThrough } from '../helpers/stack/run-through.ts'
import { startTestStack, type TestStack } from '../helpers/stack/stack.ts'

const INDICATORS = 400
/** Less than the stack needs to find a part silent. */
const PAUSE_MS = 5_000
const PARTS = ['restate-server', 'guard', 'replica', 'postgres'] as const

let stack: TestStack

before(async () => {
  stack = await startTestStack({ OFFLINE_MODEL_LATENCY_MS: '800', RATE_RPM: '100000' })
})

after(async () => {
  await stack?.stop()
})

/** Sends a signal to the process group of each part. */
function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) process.kill(-pid, signal)
}

test('parts that hang, all at once, are named, killed and started again, and nothing is lost or doubled', async (t) => {
  const hung = PARTS.map((name) => stack.pids()[name] ?? 0)
  const { requests, runId, longestGapMs } = await runThrough(stack, {
    indicators: INDICATORS,
    harm: async () => signalAll(hung, 'SIGSTOP'),
  })
  t.diagnostic(`no result came for ${Math.round(longestGapMs / 100) / 10} s`)
  for (const [index, name] of PARTS.entries()) assert.notEqual(stack.pids()[name], hung[index], name)
  for (const name of ['restate-server', 'guard', 'replica', 'PostgreSQL']) {
    const lines = stack.said.filter((line) => line.startsWith(`${name} has said nothing for 7.5 s; it is killed`))
    assert.equal(lines.length, 1, stack.said.join('\n'))
  }
  assert.ok(requests < 2 * (INDICATORS / PACK), `${requests} requests for ${INDICATORS / PACK} chunks`)
  await assertBooked(runId)
})

test('a pause of everything, as of a machine that sleeps, ends nothing, and what stood still goes on', async () => {
  const pids = Object.values(stack.pids())
  const before = { ...stack.pids() }
  const { requests, runId } = await runThrough(stack, {
    indicators: INDICATORS,
    harm: async (cli) => {
      signalAll(pids, 'SIGSTOP')
      cli.child.kill('SIGSTOP')
      await sleep(PAUSE_MS)
      cli.child.kill('SIGCONT')
      signalAll(pids, 'SIGCONT')
    },
  })
  assert.deepEqual(stack.pids(), before)
  assert.equal(requests, INDICATORS / PACK)
  await assertBooked(runId)
})

/** Every chunk has a request that was answered and booked, and the totals of the run count each batch once. */
async function assertBooked(runId: string): Promise<void> {
  const text = `select count(*) filter (where outcome = 'ok')::int as ok,
    (select sum(indicators)::int from run_batches where run_id = $1) as indicators from llm_requests where run_id = $1`
  const [row] = await query(stack.databaseUrl, text, [runId])
  assert.equal(row?.indicators, INDICATORS)
  assert.ok(Number(row?.ok) >= INDICATORS / PACK, `${row?.ok} requests are booked`)
}
