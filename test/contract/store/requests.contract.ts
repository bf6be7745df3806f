/** The contract of the store for requests to models: they are booked once, and reserved under the limit of their run. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ModelRequestRecord, RequestToBook, Store } from '../../../src/store/types.ts'
import { answer, batch, request } from '../../helpers/store/batches.ts'
import type { StoreUnderTest } from './store.contract.ts'

const AT = '2026-01-02T03:04:06.000Z'

export function requestsContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`store of requests: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    const of = (runId: string, id: string, more: Partial<ModelRequestRecord> = {}): RequestToBook => ({
      runId,
      batchId: 'b',
      request: request(id, { outcome: 'ok', costUsd: 0.1, ...more }),
    })
    const sent = (runId: string, id: string, costUsd: number, requestedAt = new Date().toISOString()) =>
      of(runId, id, { outcome: 'sent', estimated: true, costUsd, requestedAt })
    const billOf = async (runId: string) => {
      const run = await store.findRun(runId)
      return [run?.modelRequests, run?.costUsd, run?.estimatedRequests, run?.estimatedCostUsd]
    }

    it('counts a request at the most that it can cost until it has ended, and then at its bill', async () => {
      await store.openRun('r-ends')
      const requestedAt = new Date().toISOString()
      await store.requests.book([sent('r-ends', 'e-0', 0.5, requestedAt)], [], AT)
      assert.deepEqual(await billOf('r-ends'), [1, 0.5, 1, 0.5])
      await store.requests.book([of('r-ends', 'e-0', { requestedAt })], [], AT)
      assert.deepEqual(await billOf('r-ends'), [1, 0.1, 0, 0])
    })

    it('books a request once, whoever books it again, and leaves one that has ended as it is', async () => {
      const { startedAt } = await store.openRun('r-once')
      const requestedAt = new Date().toISOString()
      const ended = of('r-once', 'o-0', { requestedAt, estimated: true })
      for (const _ of [1, 2]) await store.requests.book([ended], [], AT)
      await store.requests.book([sent('r-once', 'o-0', 9, requestedAt)], [], AT)
      await store.requests.book([of('r-once', 'o-0', { requestedAt, costUsd: 7 })], [], AT)
      await store.saveBatch(batch(startedAt, [], { runId: 'r-once', requests: [ended.request] }))
      assert.deepEqual(await billOf('r-once'), [1, 0.1, 1, 0.1])
    })

    it('counts each attempt of a step as a request of its own', async () => {
      await store.openRun('r-attempts')
      const first = sent('r-attempts', 'a-0', 0.5, '2026-01-02T03:04:05.000Z')
      const second = of('r-attempts', 'a-0', { requestedAt: '2026-01-02T03:05:00.000Z' })
      await store.requests.book([first, second], [], AT)
      assert.deepEqual(await billOf('r-attempts'), [2, 0.6, 1, 0.5])
    })

    it('keeps the answers that came with the requests', async () => {
      await store.openRun('r-kept')
      const kept = { ...answer('kept-at-once'), givenFor: 'me' }
      await store.requests.book([of('r-kept', 'k-0')], [kept], AT)
      const { shape: _shape, ...found } = kept
      assert.deepEqual((await store.findAnswers(['kept-at-once'])).get('kept-at-once'), found)
    })

    it('grants reservations up to the limit, and never beyond, however many replicas ask at once', async () => {
      await store.openRun('r-limit')
      const reserve = (id: string, costUsd: number) =>
        store.requests.reserve([{ ...sent('r-limit', id, costUsd), maxUsd: 1 }])
      const all = await Promise.all(Array.from({ length: 30 }, (_, n) => reserve(`l-${n}-0`, 0.07)))
      const granted = all.flatMap((decided) => [...decided.values()]).filter(({ isGranted }) => isGranted)
      assert.equal(granted.length, 14)
      assert.deepEqual(await billOf('r-limit'), [14, 0.98, 14, 0.98])
      const [refused] = (await reserve('late-0', 0.07)).values()
      assert.deepEqual(refused, { isGranted: false, spentUsd: 0.98, inFlightUsd: 0.98 })
      assert.equal((await reserve('small-0', 0.02)).get('small-0')?.isGranted, true)
    })

    it('grants in one statement as many as fit, and gives back what ended requests did not need', async () => {
      await store.openRun('r-back')
      const requestedAt = new Date().toISOString()
      const three = ['b-1-0', 'b-2-0', 'b-3-0'].map((id) => ({ ...sent('r-back', id, 0.4, requestedAt), maxUsd: 1 }))
      const decided = await store.requests.reserve(three)
      assert.deepEqual(
        three.map(({ request: { requestId } }) => decided.get(requestId)?.isGranted),
        [true, true, false],
      )
      await store.requests.book([of('r-back', 'b-1-0', { requestedAt, costUsd: 0.1 })], [], AT)
      const again = await store.requests.reserve(three.slice(2))
      assert.equal(again.get('b-3-0')?.isGranted, true)
      assert.equal((await store.findRun('r-back'))?.costUsd, 0.9)
    })

    it('tells what it refuses that the rest of the statement is in flight, and lets no dear request keep a cheap one from starting', async () => {
      await store.openRun('r-together')
      await store.requests.book([of('r-together', 't-0', { costUsd: 0.1 })], [], AT)
      const costs = { 'dear-0': 0.95, 'first-0': 0.4, 'second-0': 0.4, 'third-0': 0.4 }
      const decided = await store.requests.reserve(
        Object.entries(costs).map(([id, costUsd]) => ({ ...sent('r-together', id, costUsd), maxUsd: 1 })),
      )
      const refused = { isGranted: false, spentUsd: 0.9, inFlightUsd: 0.8 }
      assert.deepEqual(decided.get('dear-0'), refused)
      assert.deepEqual(
        Object.keys(costs).map((id) => decided.get(id)?.isGranted),
        [false, true, true, false],
      )
      assert.deepEqual(decided.get('third-0'), refused)
    })

    it('decides for each run by itself, and for a run that is not there as for one that has spent nothing', async () => {
      await store.openRun('r-own-1')
      await store.openRun('r-own-2')
      await store.requests.book([of('r-own-1', 'x-0', { costUsd: 0.95 })], [], AT)
      const decided = await store.requests.reserve(
        ['r-own-2', 'r-own-1', 'r-nobody'].map((run) => ({ ...sent(run, `own-${run}`, 0.1), maxUsd: 1 })),
      )
      assert.deepEqual(
        ['r-own-1', 'r-own-2', 'r-nobody'].map((run) => decided.get(`own-${run}`)?.isGranted),
        [false, true, true],
      )
    })

    it('counts what a lost replica had in flight as spent for good', async () => {
      await store.openRun('r-lost')
      await store.requests.book([sent('r-lost', 'lost-0', 0.95, '2026-01-02T03:04:05.000Z')], [], AT)
      const [decided] = (await store.requests.reserve([{ ...sent('r-lost', 'new-0', 0.1), maxUsd: 1 }])).values()
      assert.deepEqual(decided, { isGranted: false, spentUsd: 0.95, inFlightUsd: 0 })
    })

    it('tells how often requests are repeated, and forgets the numbers of absurd ones', async () => {
      await store.openRun('r-use')
      const use = (id: string, more: Partial<ModelRequestRecord>) =>
        of('r-use', id, {
          model: 'used',
          indicators: 10,
          inputTokens: 100,
          cachedInputTokens: 0,
          outputTokens: 10,
          ...more,
        })
      await store.requests.book(
        [
          // A chunk that waited for the rate budget asks in a later step.
          use('u1-3', {}),
          use('u2-0', { outcome: 'model-bad-answer' }),
          use('u3-0', { indicators: 3, inputTokens: 40, outputTokens: 5, round: 1 }),
          use('u1-1', {
            outcome: 'model-rate-limited',
            inputTokens: 0,
            outputTokens: 0,
            requestedAt: '2026-01-02T03:04:04.000Z',
          }),
          use('u4-0', { inputTokens: 9e15 }),
          use('u5-0', { outcome: 'sent' }),
        ],
        [],
        AT,
      )
      assert.deepEqual(await store.findModelUse('used'), {
        ...{ indicators: 13, inputTokens: 140, cachedInputTokens: 0, outputTokens: 15 },
        repeats: { requests: 2, input: 1.2, output: 1.25 },
      })
    })
  })
}
