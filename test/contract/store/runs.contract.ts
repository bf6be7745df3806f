/** The contract of the store for runs: when they began, what they add up to, and what their models took. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Store } from '../../../src/store/types.ts'
import { batch, request, result, totals } from '../../helpers/store/batches.ts'
import type { StoreUnderTest } from './store.contract.ts'

export function runsContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`store of runs: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    it('gives a run one start, however many open it at once', async () => {
      const starts = await Promise.all(Array.from({ length: 8 }, () => store.openRun('run-opened')))
      assert.equal(new Set(starts.map((start) => start.startedAt)).size, 1)
      assert.match(starts[0]?.startedAt ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      const again = await store.openRun('run-opened')
      assert.equal(again.startedAt, starts[0]?.startedAt)
      const numbers = starts.map(({ sequence }) => sequence)
      assert.equal(new Set(numbers).size, numbers.length)
      assert.ok(again.sequence > Math.max(...numbers))
    })

    it('replaces the totals of a batch that is saved again with others', async () => {
      const { startedAt } = await store.openRun('run-again')
      for (const classified of [40, 100]) {
        await store.saveBatch(batch(startedAt, [], { runId: 'run-again', totals: totals(100, { classified }) }))
      }
      const run = await store.findRun('run-again')
      assert.deepEqual([run?.batches, run?.indicators, run?.classified], [1, 100, 100])
    })

    it('adds up what was answered of a run, also where replicas count at once, and leaves unknown runs out', async () => {
      await store.openRun('run-counted-1')
      await store.openRun('run-counted-2')
      const runs = ['run-counted-2', 'run-counted-1', 'run-nobody']
      const count = (names: readonly string[]) => store.addAnswered(new Map(names.map((name) => [name, 3])))
      await Promise.all(Array.from({ length: 20 }, (_, i) => count(i % 2 === 0 ? runs : runs.toReversed())))
      assert.equal((await store.findRun('run-counted-1'))?.answered, 60)
      assert.equal((await store.findRun('run-counted-2'))?.answered, 60)
      assert.equal(await store.findRun('run-nobody'), undefined)
    })

    it('adds up the batches and the requests of a run, money to the last digit', async () => {
      const { startedAt } = await store.openRun('run-sums')
      for (const i of [1, 2, 3]) {
        const sums = totals(2, { unchanged: i, classified: 2 - (i % 2) })
        const requests = [request(`sums-${i}`, { costUsd: 0.1 })]
        await store.saveBatch(batch(startedAt, [], { runId: 'run-sums', batchId: `inv_${i}`, totals: sums, requests }))
      }
      const run = await store.findRun('run-sums')
      assert.equal(run?.batches, 3)
      assert.equal(run?.indicators, 6)
      assert.equal(run?.classified, 4)
      assert.equal(run?.unchanged, 6)
      assert.equal(run?.costUsd, 0.3)
      assert.deepEqual(run?.bySource, { rules: 3, reuse: 6, model: 9, escalation: 12, person: 15 })
      assert.ok((run?.updatedAt ?? '') >= startedAt)
    })

    it('sums up what a model took, by its own name or that of a dated snapshot', async () => {
      const of = (model: string, more: object = {}) =>
        request(`use ${model} ${JSON.stringify(more)}`, { model, outcome: 'ok', ...more })
      const { startedAt } = await store.openRun('run-use')
      await store.saveBatch(
        batch(startedAt, [result('use')], {
          runId: 'run-use',
          requests: [
            of('use-1', { indicators: 10, inputTokens: 100, cachedInputTokens: 60, outputTokens: 30 }),
            of('use-1-2026-09-01', { indicators: 5, inputTokens: 50, cachedInputTokens: 0, outputTokens: 20 }),
            of('use-1-mini'),
            of('use-1', { outcome: 'model-cut-off' }),
            of('use-1', { tier: 'escalation' }),
          ],
        }),
      )
      const repeats = { requests: 1, input: 1, output: 1 }
      const use = { indicators: 15, inputTokens: 150, cachedInputTokens: 60, outputTokens: 50, repeats }
      assert.deepEqual(await store.findModelUse('use-1'), use)
      assert.equal(await store.findModelUse('use'), undefined)
      assert.equal(await store.findModelUse('use-_'), undefined)
    })
  })
}
