/** A frozen node behind the guard: its calls end with node-away, and one that works long is waited for. */
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import {
  call,
  type GuardPort,
  type ScriptedNode,
  startGuardPort,
  startScriptedNode,
} from '../../helpers/servers/guard-port.ts'
import { waitUntil } from '../../helpers/wait.ts'

/** The patience is long enough for a node that lives on a busy machine. */
const SILENCE = { everyMs: 10, patienceMs: 500, misses: 3 }
const BATCH = '/classify-api/batch'

/** A node that works on batches until it is told to answer, and that can be frozen as a whole. */
async function startFreezable() {
  const held: ServerResponse[] = []
  const state = { isFrozen: false, asks: 0 }
  const node = await startScriptedNode((request: IncomingMessage, response: ServerResponse) => {
    request.resume()
    const isAsk = request.url === '/restate/health' || request.url === '/health'
    if (isAsk) state.asks += 1
    if (state.isFrozen) return
    if (isAsk) response.end('{}')
    else if (request.url === BATCH) held.push(response)
    else response.writeHead(200).write('the first half')
  })
  return { node, held, state }
}

async function withGuard(
  work: (guard: GuardPort, frozen: Awaited<ReturnType<typeof startFreezable>>) => Promise<void>,
  kind: 'ingress' | 'admin' = 'ingress',
): Promise<void> {
  const freezable = await startFreezable()
  const guard = await startGuardPort({ url: freezable.node.url }, { silence: SILENCE, kind })
  try {
    await work(guard, freezable)
  } finally {
    await guard.close()
    await freezable.node.close()
  }
}

const until = (isTrue: () => boolean) => waitUntil('the node has seen what it waits for', isTrue)

test('a call to a node that falls silent ends with 502 node-away, and further calls end at once until it answers', async () => {
  await withGuard(async ({ url }, { node, held, state }) => {
    const waiting = call(url, BATCH, { headers: { 'idempotency-key': 'a' }, body: '{}' })
    await until(() => held.length === 1)
    state.isFrozen = true
    const answer = await waiting
    assert.equal(answer.status, 502)
    assert.equal(answer.code, 'node-away')
    assert.match(answer.text, /no sign of life.*with the same key/)

    const before = batchesAt(node)
    const refused = await call(url, BATCH, { body: '{}' })
    assert.equal(refused.code, 'node-away')
    assert.equal(batchesAt(node), before, 'the frozen node got no call that it would work on when it thaws')

    state.isFrozen = false
    const again = call(url, BATCH, { headers: { 'idempotency-key': 'a' }, body: '{}' })
    await until(() => held.length === 2)
    held[1]?.end('{"results":[]}')
    assert.equal((await again).status, 200)
  })
})

test('a call that takes long is waited for as long as its node says that it lives', async () => {
  await withGuard(async ({ url }, { held, state }) => {
    const waiting = call(url, BATCH, { body: '{}' })
    await until(() => held.length === 1 && state.asks >= 20)
    held[0]?.end('{"results":[]}')
    assert.equal((await waiting).status, 200)
    const { asks } = state
    await new Promise((resolve) => setTimeout(resolve, 100))
    assert.ok(state.asks <= asks + 1, 'a node is asked only while a call waits')
  })
})

test('an answer that stops in its middle is broken off, at an admin port as well', async () => {
  await withGuard(async ({ url }, { state }) => {
    const response = await fetch(`${url}/deployments`)
    state.isFrozen = true
    await assert.rejects(response.text())
  }, 'admin')
})

function batchesAt({ requests }: ScriptedNode): number {
  return requests.filter(({ url }) => url === BATCH).length
}
