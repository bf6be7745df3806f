/** 1,000 mutated bodies for the batch handler: none is answered with a 5xx status, and the replica keeps no memory of them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { createRandom } from '../../src/offline-model/random.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack.ts'

const BODIES = 1_000
const AT_ONCE = 16
/** A small heap makes V8 collect often, so that the lowest use of memory is that after a collection. */
const NODE_OPTIONS = '--max-old-space-size=160'
/** Bytes by which the lowest use may grow from one round to the next; the bodies of one round alone are more. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024

let stack: TestStack

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000', NODE_OPTIONS })
})

after(async () => {
  await stack?.stop()
})

const random = createRandom(20_261_122)
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T

const strange: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1e308, '', ' ', '\u0000', '\ud800', '\u202e', 'x'.repeat(20_000), [], [[]], {}],
  ...[
    '__proto__',
    'constructor',
    '=1+1',
    '"',
    '\\',
    '{{',
    '../../etc/passwd',
    "'; drop table runs; --",
    'k1',
    '💰'.repeat(300),
  ],
  ...[{ toString: 1 }, { $ref: '#' }, Array.from({ length: 6_000 }, () => ({ date: '2024', value: 1 })), '2024-02-30'],
]

function good() {
  return {
    indicators: Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) => ({
      indicator_id: `F.${Math.floor(random() * 1e9)}.${index}`,
      name: pick(['GDP', 'Unemployment Rate', 'Balance of Trade', 'Zorbic attainment']),
      units: pick(['USD Million', '%', '', 'points']),
      periodicity: pick(['Monthly', 'Annual', 'Q']),
      sample_values: [{ date: '2024-01-31', value: random() }],
    })) as unknown[],
    run_id: 'run-fuzz' as unknown,
    force: true as unknown,
    options: { mode: 'hybrid', reuse: true, pack: 10, trust: 'catalogue', target: 0.9, audit: 'steady' } as unknown,
  }
}

/** Replaces, adds or removes a property at a random place in the value. */
function mutate(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random() < 0.15) return pick(strange)
  const keys = Object.keys(value)
  const key = pick([...keys, ...keys, pick(['__proto__', 'x', 'indicator_id', 'name'])])
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
  if (random() < 0.2) delete copy[key]
  else
    Object.defineProperty(copy, key, { value: mutate(copy[key]), enumerable: true, configurable: true, writable: true })
  return copy
}

function mutatedBody(): string {
  const text = JSON.stringify(random() < 0.9 ? mutate(good()) : good())
  if (random() < 0.8) return text
  // The text itself is broken: cut, repeated in part, or with one character replaced.
  const at = Math.floor(random() * text.length)
  return pick([
    text.slice(0, at),
    text + text.slice(at),
    `${text.slice(0, at)}${pick(['"', '}', '\u0000', '\\'])}${text.slice(at + 1)}`,
  ])
}

/** Heap and external memory of the replica, bytes. */
async function usedBytes(): Promise<number> {
  const metrics = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
  const read = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(metrics)?.[1])
  return read('nodejs_heap_size_used_bytes') + read('nodejs_external_memory_bytes')
}

/** Sends one round of bodies. Resolves with the count of each status and the lowest use of memory. */
async function round(): Promise<{ readonly statuses: Map<number, number>; readonly floorBytes: number }> {
  const bodies = Array.from({ length: BODIES }, mutatedBody)
  let floorBytes = Number.POSITIVE_INFINITY
  const statuses = new Map<number, number>()
  while (bodies.length > 0) {
    for (const [status, count] of await send(bodies.splice(0, 50)))
      statuses.set(status, (statuses.get(status) ?? 0) + count)
    floorBytes = Math.min(floorBytes, await usedBytes())
  }
  return { statuses, floorBytes }
}

async function send(bodies: readonly string[]): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  const queue = [...bodies]
  const worker = async () => {
    for (let body = queue.pop(); body !== undefined; body = queue.pop()) {
      const answer = await callIngress(stack, 'classify-api/batch', body)
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      assert.ok(answer.status < 500, `${answer.status} ${answer.text.slice(0, 500)} for ${body.slice(0, 500)}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return statuses
}

test('mutated bodies answer 200 or 4xx, and leave no memory behind', async () => {
  const pid = stack.pids().replica
  await round()
  const first = await round()
  const { statuses, floorBytes } = await round()
  assert.deepEqual(
    [...statuses.keys()].filter((status) => status !== 200 && (status < 400 || status > 499)),
    [],
  )
  assert.ok((statuses.get(200) ?? 0) > 0 && (statuses.get(400) ?? 0) > 0, JSON.stringify([...statuses]))
  assert.equal(stack.pids().replica, pid, 'the replica was restarted')
  const kept = floorBytes - first.floorBytes
  assert.ok(kept < MAX_KEPT_BYTES, `${Math.round(kept / 1e6)} MB more than a round before`)
  // The service still classifies.
  const answer = await callIngress(stack, 'classify-api/batch', {
    indicators: [{ indicator_id: 'after', name: 'GDP' }],
  })
  assert.equal(answer.status, 200)
})
