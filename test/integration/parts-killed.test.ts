/** Parts of the stack that die or fall silent in the middle of a run: every indicator gets exactly one result. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { PACK, type RunThrough, runThrough } from '../helpers/run-through.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'

const INDICATORS = 400
const SILENCE_MS = 6_000

let stack: TestStack

before(async () => {
  stack = await startTestStack({ OFFLINE_MODEL_LATENCY_MS: '800', RATE_RPM: '100000' })
})

after(async () => {
  await stack?.stop()
})

/** Runs a catalogue, and does `harm` after ten requests to the model. */
async function runWith(harm: () => Promise<void>): Promise<RunThrough> {
  return await runThrough(stack, { indicators: INDICATORS, harm })
}

test('kill -9 of restate-server: it is started again, and the run goes on from its journal', async () => {
  const victim = stack.pids()['restate-server'] ?? 0
  const { requests } = await runWith(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids()['restate-server'], victim)
  assert.ok(requests < 2 * (INDICATORS / PACK), `${requests} requests for ${INDICATORS / PACK} chunks`)
})

test('kill -9 of the guard: it is started again, the client sends its batches again, and none of them runs twice', async () => {
  const victim = stack.pids().guard ?? 0
  const { requests } = await runWith(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids().guard, victim)
  assert.equal(requests, INDICATORS / PACK)
})

test('kill -9 of PostgreSQL: it recovers, and the run goes on', async () => {
  const victim = stack.pids().postgres ?? 0
  await runWith(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids().postgres, victim)
})

test('a PostgreSQL that is silent for some seconds delays the run and loses nothing', async () => {
  // The processes of PostgreSQL are a process group.
  const group = -(stack.pids().postgres ?? 0)
  await runWith(async () => {
    process.kill(group, 'SIGSTOP')
    await sleep(SILENCE_MS)
    process.kill(group, 'SIGCONT')
  })
})

test('kill -9 of the model: the endpoint being away is waited for', async () => {
  const { requests } = await runWith(async () => {
    process.kill(stack.pids()['offline-model'] ?? 0, 'SIGKILL')
  })
  // The restarted model counts from zero, so that these are the requests after the kill.
  assert.ok(requests <= INDICATORS / PACK)
})
