/** A replica under the load of many callers: it stays healthy and alive, and callers beyond what it can do are told to wait. */
import assert from 'node:assert/strict'
import { after, before, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type LoadOptions, type LoadResult, runLoad } from '../helpers/stack/load.ts'
import { startTestStack, type TestStack } from '../helpers/stack/stack.ts'

const SECONDS = 30
/** Callers that would wait for ever: none of them leaves. */
const PATIENT_MS = 90_000

let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_RPM: '1000000' })
})

after(() => stack?.stop())

async function load(t: TestContext, options: Omit<LoadOptions, 'ingressUrl' | 'forMs'>): Promise<LoadResult> {
  const result = await runLoad({ ...options, ingressUrl: stack.ingressUrl, forMs: 1_000 * SECONDS })
  const { answered, refused, timedOut, others, perSecond, medianMs, slowMs } = result
  t.diagnostic(
    `${options.connections} connections: ${answered} answered (${perSecond.toFixed(1)} a second, half within ${medianMs} ms, 99 % within ${slowMs} ms), ${refused} told to wait, ${timedOut} timed out, others ${JSON.stringify([...others])}`,
  )
  assert.deepEqual([...others], [])
  assert.equal(result.refusedWithoutTime, 0, 'a refusal says when to come back')
  return result
}

interface Asked {
  readonly status: number
  readonly text: string
  readonly tookMs: number
}

async function ask(path: string): Promise<Asked> {
  const sentAt = performance.now()
  const response = await fetch(`${stack.replicaUrl}${path}`)
  const text = await response.text()
  return { status: response.status, text, tookMs: performance.now() - sentAt }
}

test('health is 200 and liveness quick every second while 200 connections post small batches', async (t) => {
  const under = load(t, { connections: 200, patienceMs: PATIENT_MS, name: 'two hundred' })
  const health: Asked[] = []
  const live: Asked[] = []
  for (let second = 0; second < SECONDS; second += 1) {
    await sleep(1_000)
    live.push(await ask('/classify-api/live'))
    health.push(await ask('/classify-api/health'))
  }
  await under
  const slowest = (all: readonly Asked[]) => Math.round(Math.max(...all.map(({ tookMs }) => tookMs)))
  t.diagnostic(
    `health: ${health.filter(({ status }) => status === 200).length} of ${health.length} are 200, the slowest after ${slowest(health)} ms; liveness: the slowest after ${slowest(live)} ms`,
  )
  for (const { status, text } of [...health, ...live]) assert.equal(status, 200, text)
})

test('400 impatient connections get at least 0.8 of what 100 get, and the rest is told to wait', async (t) => {
  const few = await load(t, { connections: 100, patienceMs: PATIENT_MS, name: 'one hundred' })
  const many = await load(t, { connections: 400, patienceMs: 10_000, name: 'four hundred' })
  const part = many.perSecond / few.perSecond
  t.diagnostic(`400 connections with a patience of 10 s get ${part.toFixed(2)} of what 100 get`)
  assert.ok(part >= 0.8, `${part}`)
  assert.ok(many.refused > 0, 'nobody was told to wait')
})
