/** The contract of what runs gave: every result of every run once, whether it is the latest one still or others have replaced it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import type { Store } from '../../../src/store/types.ts'
import { shuffle } from '../../helpers/shuffle.ts'
import { batch, classification, result, SCOPE } from '../../helpers/store/batches.ts'
import { saveAsEarlierRelease } from '../../helpers/store/earlier-history.ts'
import type { StoreUnderTest } from './store.contract.ts'

const CODEBOOK = SCOPE.codebook

/** As Restate does with a batch of which PostgreSQL says that it and one of another release waited for each other. */
async function untilDone(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 20; tries += 1) {
    const isDone = await work().then(
      () => true,
      (error: unknown) => {
        if (String(error).includes('40P01') || String(error).includes('deadlock')) return false
        throw error
      },
    )
    if (isDone) return
  }
  throw new Error('a batch found no turn')
}

export function historyContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`results of runs: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    /** Saves a batch of these indicators, whose results have this text as their reason. */
    const save = async (runId: string, ids: readonly string[], reason: string, more: object = {}) => {
      const { startedAt, sequence } = await store.openRun(runId)
      const results = ids.map((id) => result(id, { run_id: runId, reason, ...more }))
      const saved = batch(startedAt, results, { runId, batchId: reason, sequence })
      await store.saveBatch(saved)
      return saved
    }
    /** What a run gave, as `id: reason`, in pages of this size. */
    const gave = async (runId: string, pageSize = 1_000) => {
      const rows: string[] = []
      for await (const page of store.exportClassifications({ codebook: CODEBOOK, runId, pageSize }))
        for (const { indicator_id, reason, run_id } of page) {
          assert.equal(run_id, runId)
          rows.push(`${indicator_id}: ${reason}`)
        }
      return rows
    }
    const historyOf = async (id: string) =>
      (await store.views.findHistory(SCOPE, id)).map(({ reason }) => reason).sort()
    const replaced = async (like: string) => {
      const rows = await under.rows(
        `select run_id || ' ' || reason as row from result_history where indicator_id like '${like}' order by 1`,
      )
      return rows.map(({ row }) => row)
    }

    it('a latest result stands in one place, and comes into the history when another run replaces it', async () => {
      const first = await save('one-1', ['one-a', 'one-b'], 'first')
      await store.saveBatch(first)
      assert.deepEqual(await replaced('one-%'), [])
      await save('one-1', ['one-a'], 'again')
      assert.deepEqual(await replaced('one-%'), [], 'one run has one result of an indicator')
      await save('one-2', ['one-a'], 'second')
      assert.deepEqual(await replaced('one-%'), ['one-1 again'])
      assert.deepEqual(await gave('one-1'), ['one-a: again', 'one-b: first'])
      assert.deepEqual(await gave('one-2'), ['one-a: second'])
      assert.deepEqual(await historyOf('one-a'), ['again', 'second'])
      assert.deepEqual(await historyOf('one-b'), ['first'])
    })

    it('a result that is older than the latest one goes into the history, and into no run twice', async () => {
      const early = await store.openRun('old-1')
      await save('old-2', ['old-a'], 'late')
      await save('old-3', ['old-a', 'old-b'], 'later')
      const older = [result('old-a', { run_id: 'old-1', reason: 'early' })]
      const late = batch(early.startedAt, older, { runId: 'old-1', sequence: early.sequence })
      await store.saveBatch(late)
      await store.saveBatch(late)
      assert.deepEqual(await replaced('old-%'), ['old-1 early', 'old-2 late'])
      // The run gives the record once more, now as the latest of all: its entry of before counts no more.
      await save('old-1', ['old-a'], 'latest')
      assert.deepEqual(await gave('old-1'), ['old-a: latest'])
      await store.saveBatch(late)
      assert.deepEqual(await gave('old-1'), ['old-a: latest'])
      assert.deepEqual(await historyOf('old-a'), ['late', 'later', 'latest'])
    })

    it('a result that does not replace that of a person stands in the history', async () => {
      await save('person-1', ['person-a'], 'by Anna', { source: 'person' })
      await save('person-2', ['person-a'], 'by the model')
      assert.deepEqual(await replaced('person-%'), ['person-2 by the model'])
      assert.deepEqual(await historyOf('person-a'), ['by Anna', 'by the model'])
      assert.deepEqual(await gave('person-2'), ['person-a: by the model'])
    })

    it('rows that a release before stored in both tables count once for every reader', async () => {
      const { startedAt } = await store.openRun('both-1')
      const ids = Array.from({ length: 12 }, (_, n) => `both-${String(n).padStart(2, '0')}`)
      const rows = ids.map((id) => classification(id, { run_id: 'both-1', reason: 'stored' }))
      await saveAsEarlierRelease(under, rows, { startedAt, sequence: 7 })
      await save('both-2', ids.slice(0, 5), 'replaced')
      const expected = ids.map((id) => `${id}: stored`)
      for (const pageSize of [1, 5, 12, 100]) assert.deepEqual(await gave('both-1', pageSize), expected)
      assert.deepEqual(await historyOf('both-00'), ['replaced', 'stored'])
      assert.deepEqual(await historyOf('both-11'), ['stored'])
      const [part] = await store.certificates.findRunParts('both-1')
      assert.equal(part?.rows, 12)
      assert.equal((await store.views.findRunDetail('both-1')).sampled, 12)
      const scope = { ...SCOPE, runId: 'both-1' }
      assert.equal((await store.certificates.findRunRows(scope, ids)).size, 12)
      const { counts } = await store.purges.find('both-1', { withEarlierAnswers: false })
      assert.deepEqual(counts.result_history, { removed: 12, kept: 0 })
    })

    it('results that are deleted stay in the history of their run', async () => {
      const { startedAt, sequence } = await store.openRun('gone-1')
      const of = { catalogue: 'sentinel:gone' }
      const results = [result('gone-a', { ...of, run_id: 'gone-1', reason: 'asked again' })]
      const scope = { ...SCOPE, ...of }
      await store.saveBatch(batch(startedAt, results, { runId: 'gone-1', scope, sequence }))
      await store.certificates.forgetResults('sentinel:gone')
      assert.equal((await store.findLatest(scope, ['gone-a'])).size, 0)
      assert.deepEqual(await gave('gone-1'), ['gone-a: asked again'])
    })

    it('replicas of two releases save batches of several runs at once, and each run keeps its newest result of each record', async () => {
      const random = createRandom(20_261_130)
      const runs = ['mix-0', 'mix-1', 'mix-2', 'mix-3']
      const ids = Array.from({ length: 12 }, (_, n) => `mix-${String(n).padStart(2, '0')}`)
      const newest = new Map<string, { sequence: number; reason: string }>()
      const works: (() => Promise<unknown>)[] = []
      for (let n = 0; n < 120; n += 1) {
        const runId = runs[Math.floor(random() * runs.length)] ?? ''
        const { startedAt, sequence } = await store.openRun(runId)
        const reason = `batch ${n}`
        const source = random() < 0.15 ? 'person' : 'model'
        const own = shuffle(ids, random).slice(0, 1 + Math.floor(random() * 8))
        // The clocks of replicas differ.
        const at = new Date(Date.UTC(2026, 0, 1, 0, 0, Math.floor(random() * 100))).toISOString()
        const more = { run_id: runId, reason, source, classified_at: at } as const
        for (const id of own) newest.set(`${runId} ${id}`, { sequence, reason })
        const rows = own.map((id) => result(id, more))
        const saved = batch(startedAt, rows, { runId, batchId: reason, sequence })
        const byThis = () => store.saveBatch(saved)
        const byEarlier = () =>
          saveAsEarlierRelease(
            under,
            rows.map((row) => row.classification),
            { startedAt, sequence },
          )
        // A replica that was killed leaves its batch to another, of either release.
        works.push(random() < 0.3 ? byEarlier : byThis)
        if (random() < 0.2) works.push(random() < 0.5 ? byEarlier : byThis)
      }
      const order = shuffle(works, random)
      await Promise.all(
        Array.from({ length: 6 }, async () => {
          for (let work = order.pop(); work !== undefined; work = order.pop()) await untilDone(work)
        }),
      )
      const expectedOf = (runId: string) =>
        ids.flatMap((id) => {
          const entry = newest.get(`${runId} ${id}`)
          return entry === undefined ? [] : [`${id}: ${entry.reason}`]
        })
      for (const runId of runs)
        for (const pageSize of [1, 5, 1_000]) assert.deepEqual(await gave(runId, pageSize), expectedOf(runId), runId)
      for (const id of ids) {
        const expected = runs.flatMap((runId) => newest.get(`${runId} ${id}`)?.reason ?? []).sort()
        assert.deepEqual(await historyOf(id), expected, id)
      }
      // What is left of one run after another is purged is what it gave.
      for (const [index, runId] of runs.entries()) {
        const { counts } = await store.purges.find(runId, { withEarlierAnswers: false })
        let removed = 0
        await store.purges.purge(runId, {
          signal: new AbortController().signal,
          withEarlierAnswers: false,
          purged: ({ result_history }) => {
            removed += result_history?.removed ?? 0
          },
        })
        assert.equal(removed, counts.result_history?.removed)
        assert.equal(removed, expectedOf(runId).length)
        assert.deepEqual(await gave(runId), [])
        for (const other of runs.slice(index + 1)) assert.deepEqual(await gave(other), expectedOf(other), other)
        const left = await under.rows(`select from results where run_id = '${runId}'`)
        assert.equal(left.length, 0)
      }
    })
  })
}
