/** Bodies for the batch handler that are mutated by chance from good ones, and how they are sent. */
import assert from 'node:assert/strict'
import { createRandom } from '../../../src/offline-model/random.ts'
import { callIngress, type TestStack } from './stack.ts'

const AT_ONCE = 16

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

/** The text of one mutated body; the same texts in the same order in every process. */
export function mutatedBody(): string {
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

/** Sends the bodies, some at once, and gives the count of each status. A status of 5xx fails the test. */
export async function sendBodies(stack: TestStack, bodies: readonly string[]): Promise<Map<number, number>> {
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

/** Checks that only 200 and 4xx were answered, and both. */
export function assertAnswered(statuses: ReadonlyMap<number, number>): void {
  const others = [...statuses.keys()].filter((status) => status !== 200 && (status < 400 || status > 499))
  assert.deepEqual(others, [])
  assert.ok((statuses.get(200) ?? 0) > 0 && (statuses.get(400) ?? 0) > 0, JSON.stringify([...statuses]))
}

/** Checks that the replica was not restarted and classifies. */
export async function assertStillClassifies(stack: TestStack, pid: number | undefined): Promise<void> {
  assert.equal(stack.pids().replica, pid, 'the replica was restarted')
  const indicators = [{ indicator_id: 'after', name: 'GDP' }]
  assert.equal((await callIngress(stack, 'classify-api/batch', { indicators })).status, 200)
}
