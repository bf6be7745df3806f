/** What a client knows of a pause of the cluster, and when it no longer waits for one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLeaving } from '../../../../src/cli/client/leaving.ts'
import { type PauseWatch, watchPauses } from '../../../../src/cli/client/pause-watch.ts'
import { type Reply, startScriptedIngress } from '../../../helpers/servers/ingress.ts'
import { waitUntil } from '../../../helpers/wait.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')

interface Budget {
  readonly paused_ms: number
  readonly pause?: { readonly reason: string; readonly for_ms: number }
  readonly replicas?: readonly { readonly in_flight?: number }[]
}

async function watching(
  budget: () => Budget | Reply,
  work: (watch: PauseWatch, untilAsked: (more: number) => Promise<void>) => Promise<void>,
): Promise<void> {
  const ingress = await startScriptedIngress((path, body) => {
    assert.equal(path, '/classify-api/budget')
    assert.deepEqual(body, {})
    const found = budget()
    return 'paused_ms' in found ? { status: 200, body: { replicas: [{ in_flight: 0 }], ...found } } : found
  })
  let changes = 0
  const onChange = () => {
    changes += 1
  }
  const watch = watchPauses({ urls: [ingress.url], onChange, everyMs: 10, now: () => NOW })
  try {
    await work(watch, async (more) => {
      const before = changes
      await waitUntil('the service has answered', () => changes >= before + more)
    })
  } finally {
    watch.stop()
    await ingress.close()
  }
}

const shown: readonly [what: string, budget: Budget, pause: PauseWatch['pause']][] = [
  ['no pause', { paused_ms: 0 }, undefined],
  ['a short pause', { paused_ms: 20_000, pause: { reason: 'slow down', for_ms: 5_000 } }, undefined],
  [
    'a long pause',
    { paused_ms: 600_000, pause: { reason: 'slow down', for_ms: 0 } },
    { endsAt: NOW + 600_000, reason: 'slow down' },
  ],
  [
    'short pauses that have followed each other for long',
    { paused_ms: 4_000, pause: { reason: 'loading', for_ms: 90_000 } },
    { endsAt: NOW + 4_000, reason: 'loading' },
  ],
  [
    'a long pause of an earlier release, which says no reason',
    { paused_ms: 60_000 },
    { endsAt: NOW + 60_000, reason: 'the model endpoint asks to wait' },
  ],
]

for (const [what, budget, pause] of shown) {
  test(`${pause === undefined ? 'hides' : 'shows'} ${what}`, async () => {
    await watching(
      () => budget,
      async (watch, untilAsked) => {
        await untilAsked(1)
        assert.deepEqual(watch.pause, pause)
        watch.batchEnded()
        assert.equal(watch.pause, undefined)
      },
    )
  })
}

test('nothing moves once the cluster is paused and no replica has a request in flight', async () => {
  const pause = { reason: 'slow down', for_ms: 0 }
  const budgets: (Budget | Reply)[] = [
    { paused_ms: 0 },
    { paused_ms: 1_500, pause },
    { paused_ms: 600_000, pause, replicas: [{ in_flight: 0 }, { in_flight: 1 }] },
    // A replica of an earlier release does not say what is in flight.
    { paused_ms: 600_000, pause, replicas: [{ in_flight: 0 }, {}] },
    { status: 500, body: { message: 'away' } },
    { paused_ms: 600_000, pause, replicas: [{ in_flight: 0 }, { in_flight: 0 }] },
  ]
  let asked = 0
  await watching(
    () => {
      asked += 1
      return budgets[0] !== undefined && budgets.length > 1
        ? (budgets.shift() ?? assert.fail())
        : (budgets[0] ?? assert.fail())
    },
    async (watch) => {
      assert.equal(await watch.untilNothingMoves(), true)
      assert.ok(asked >= 6, `${asked}`)
    },
  )
})

test('a run that is stopped leaves as soon as nothing moves, and says that the service goes on', async () => {
  const stop = new AbortController()
  const said: string[] = []
  const { promise: still, resolve } = Promise.withResolvers<boolean>()
  const pauses = { untilNothingMoves: () => still, untilNothingInFlight: () => still }
  const abandon = new AbortController()
  const options = { runId: 'run-7', pauses, stopSubmitting: stop.signal, abandon: abandon.signal }
  const leaving = createLeaving({ ...options, say: (line) => said.push(line) })
  stop.abort()
  assert.equal(leaving.signal.aborted, false)
  resolve(true)
  await waitUntil('it leaves', () => leaving.signal.aborted)
  assert.match(said.join(), /npm run kill -- run-7/)

  const other = createLeaving({ ...options, stopSubmitting: new AbortController().signal, say: () => assert.fail() })
  other.end()
  abandon.abort()
  assert.equal(other.signal.aborted, true)
})

test('a run that people stop leaves once no request is in flight, and not before every replica knows of the stop', async () => {
  const stop = new AbortController()
  const said: string[] = []
  const { promise: idle, resolve } = Promise.withResolvers<boolean>()
  let asked = 0
  const pauses = {
    untilNothingMoves: async () => assert.fail('the pause of an endpoint is not what it waits for'),
    untilNothingInFlight: () => {
      asked += 1
      return idle
    },
  }
  const options = {
    runId: 'run-7',
    pauses,
    abandon: new AbortController().signal,
    isWithheld: () => true,
    learnedMs: 20,
    savedMs: 1,
  }
  const leaving = createLeaving({ ...options, stopSubmitting: stop.signal, say: (line) => said.push(line) })
  stop.abort()
  assert.equal(asked, 0)
  await waitUntil('it asks what is in flight', () => asked === 1)
  assert.equal(leaving.signal.aborted, false)
  resolve(true)
  await waitUntil('it leaves', () => leaving.signal.aborted)
  assert.match(said.join(), /No request is in flight any more/)

  const ended = createLeaving({ ...options, stopSubmitting: AbortSignal.abort(), say: () => assert.fail() })
  ended.end()
  assert.equal(ended.signal.aborted, false)
})
