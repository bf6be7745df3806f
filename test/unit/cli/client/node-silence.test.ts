/** What a client does with a node that takes its call and then says nothing, and with one that works long. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createHttpClient } from '../../../../src/cli/client/http.ts'
import { createNodeWatches, HEALTH_PATH } from '../../../../src/cli/client/node-silence.ts'
import { startScriptedNode } from '../../../helpers/servers/guard-port.ts'
import { waitUntil } from '../../../helpers/wait.ts'

/** The patience is long enough for a node that lives on a busy machine. */
const TIMES = { everyMs: 10, patienceMs: 500, misses: 3 }
const never = new AbortController().signal

/** A node whose health answers with what `state` says; calls are answered only by `release`. */
async function world(t: TestContext) {
  const state: { health: number | 'nothing'; asks: number } = { health: 200, asks: 0 }
  const held: (() => void)[] = []
  const node = await startScriptedNode((request, response) => {
    request.resume()
    if (request.url !== HEALTH_PATH) return void held.push(() => response.end('done'))
    state.asks += 1
    if (state.health !== 'nothing') response.writeHead(state.health).end()
  })
  t.after(() => node.close())
  const request = createHttpClient(null)
  const watches = createNodeWatches(request, TIMES)
  const call = (signal: AbortSignal = never) =>
    watches.during(node.url, signal, (bound) => request(`${node.url}/call`, { body: {}, signal: bound }))
  const untilAsked = (asks: number) => waitUntil(`the node is asked ${asks} times`, () => state.asks >= asks)
  return {
    node,
    state,
    call,
    untilAsked,
    release: () => {
      for (const end of held.splice(0)) end()
    },
  }
}

test('a node that says nothing is given up, its further calls fail without being sent, and it is used again once it answers', async (t) => {
  const { node, state, call, untilAsked, release } = await world(t)
  const waiting = call()
  await untilAsked(2)
  state.health = 'nothing'
  await assert.rejects(waiting, /it has been silent for 1\.5 s, also when asked whether it lives/)
  const calls = () => node.requests.filter(({ url }) => url === '/call').length
  await assert.rejects(call(), /still silent/)
  assert.equal(calls(), 1)
  state.health = 200
  const again = call()
  await untilAsked(state.asks + 2)
  release()
  assert.equal((await again).text, 'done')
})

test('a node that works long is waited for, whatever it answers for itself', async (t) => {
  const { state, call, untilAsked, release } = await world(t)
  for (const health of [200, 404, 403, 503]) {
    state.health = health
    const waiting = call()
    await untilAsked(state.asks + 10)
    release()
    assert.equal((await waiting).text, 'done')
  }
})

test('a gateway that says that its node is away counts as silence, unless it never had another answer at this path', async (t) => {
  const { state, call, untilAsked, release } = await world(t)
  state.health = 502
  const waiting = call()
  await untilAsked(10)
  release()
  assert.equal((await waiting).text, 'done')

  state.health = 200
  const cut = call()
  await untilAsked(state.asks + 2)
  state.health = 504
  await assert.rejects(cut, /silent/)
})

test('a caller who leaves gets the reason of its signal', async (t) => {
  const { call, untilAsked } = await world(t)
  const leaving = new AbortController()
  const waiting = call(leaving.signal)
  await untilAsked(1)
  leaving.abort(new Error('the caller leaves'))
  await assert.rejects(waiting, /the caller leaves/)
})
