/** The contract of the store for reviews: what needs a person, what a person decided, and what a run may do to it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Classification, Status } from '../../../src/classification/types.ts'
import type { Store } from '../../../src/store/types.ts'
import { batch, classification, LABELS, result, SCOPE, totals, typed } from '../../helpers/store/batches.ts'
import type { StoreUnderTest } from './store.contract.ts'

const CODEBOOK = SCOPE.codebook
const HASH = 'hash of the codebook'
const PERSON_AT = '2026-05-01T00:00:00.000Z'

export function reviewsContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`store of reviews: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    const findOne = async (id: string) => (await store.findClassifications(id, SCOPE))[0]
    const numberIn = async (statement: string) => Number((await under.rows(`select (select ${statement}) as n`))[0]?.n)
    const review = (startedAt: string, runId: string, ids: readonly string[], type: string) => ({
      runId,
      codebook: CODEBOOK,
      runStartedAt: startedAt,
      decidedBy: 'Anna',
      totals: totals(ids.length),
      decisions: ids.map((id) => {
        const { indicator, ...before } = result(id)
        const after = classification(id, {
          ...{
            ...typed(type),
            source: 'person',
            status: 'accepted',
            run_id: runId,
            classified_at: PERSON_AT,
            model: null,
          },
        })
        const shapeHash = `person ${id}`
        const labels = { type, temporal_aggregation: 'period-average', topics: ['energy'] }
        const shape = { shapeHash, shape: `{"${id}"}` }
        return { indicator, labels, before, after, decision: 'correct' as const, note: 'seen', ...shape }
      }),
    })
    const later = (id: string, more: Partial<Classification> = {}) =>
      result(id, { run_id: 'run-later', classified_at: '2026-06-01T00:00:00.000Z', ...typed('index'), ...more })
    const typeOf = async (id: string) => (await findOne(id))?.labels.type

    it('lists what needs a person, with its input, until a person decided under this codebook', async () => {
      const { startedAt } = await store.openRun('run-open')
      const open = ['open-1', 'open-2', 'open-3']
      const results = [
        ...open.map((id) => result(id)),
        result('open-4', { status: 'accepted' }),
        result('open-5', { status: 'unverified' }),
      ]
      await store.saveBatch(batch(startedAt, results, { runId: 'run-open' }))
      const list = async (hash: string, pageSize = 2, statuses: readonly Status[] = ['needs-review']) => {
        const ids: string[] = []
        for await (const page of store.listNeedingReview({ codebook: CODEBOOK, hash, statuses, pageSize })) {
          for (const { indicator, latest } of page) {
            assert.equal(indicator.indicator_id, latest.classification.indicator_id)
            ids.push(indicator.indicator_id)
          }
        }
        return ids.filter((id) => id.startsWith('open-'))
      }
      assert.deepEqual(await list(HASH), open)
      assert.deepEqual(await list(HASH, 1), open)
      await store.saveReview(review(startedAt, 'review-open', ['open-2'], 'flow'))
      assert.deepEqual(await list(HASH), ['open-1', 'open-3'])
      assert.deepEqual(await list('another hash'), open)
      assert.deepEqual(await list(HASH, 1, ['unverified', 'needs-review']), ['open-1', 'open-3', 'open-5'])
      assert.deepEqual(await list(HASH, 7, ['unverified', 'unverified']), ['open-5'])
      assert.deepEqual(await list(HASH, 7, ['accepted']), ['open-2', 'open-4'])
      assert.deepEqual(await list('another hash', 7, []), ['open-2'])
      const known = await store.findIndicators(SCOPE, ['open-1', 'nobody'])
      assert.deepEqual([...known.keys()], ['open-1'])
      assert.deepEqual(known.get('open-1')?.indicator, result('open-1').indicator)
      assert.equal((await store.findIndicators(SCOPE, [])).size, 0)
    })

    it('keeps a review: result, history, who and when, what was before, and the answer of the shape', async () => {
      const { startedAt } = await store.openRun('review-kept')
      await store.saveBatch(batch(startedAt, [result('kept')], { runId: 'run-kept' }))
      const kept = review(startedAt, 'review-kept', ['kept'], 'flow')
      await store.saveReview(kept)
      await store.saveReview(kept)
      assert.deepEqual(await findOne('kept'), kept.decisions[0]?.after)
      assert.equal(await numberIn(`count(*) from run_results where run_id = 'review-kept'`), 1)
      assert.equal((await store.findRun('review-kept'))?.indicators, 1)
      const [item] = await under.rows(`select * from review_decisions where indicator_id = 'kept'`)
      assert.equal(item?.decided_by, 'Anna')
      const { source, status, confidence, model, run_id, classified_at } = classification('kept')
      assert.deepEqual(item?.before, { ...LABELS, source, status, confidence, model, run_id, classified_at })
      assert.deepEqual(item?.after, { ...LABELS, type: 'flow' })
      assert.deepEqual([item?.codebook, item?.codebook_hash], ['economic-indicators@2', HASH])
      const humanAnswer = (await store.findHumanAnswers(['person kept', 'other'])).get('person kept')
      assert.equal(humanAnswer?.source, 'person')
      const labels = { type: 'flow', temporal_aggregation: 'period-average', topics: ['energy'] }
      assert.deepEqual(humanAnswer?.decision.labels, labels)
      assert.deepEqual(humanAnswer?.decision.confidence, { type: 1, temporal_aggregation: 1, topics: 1 })
      assert.deepEqual([humanAnswer?.codebook, humanAnswer?.codebookHash], ['economic-indicators@2', HASH])
      assert.equal((await store.findHumanAnswers([])).size, 0)
      assert.equal(await store.hasHumanAnswers(), true)
      const exported: string[] = []
      for await (const page of store.exportDecisions({ codebook: CODEBOOK, pageSize: 1 })) {
        for (const { indicator, catalogue, codebook, labels, decidedBy } of page)
          exported.push(`${catalogue} ${indicator.indicator_id} ${codebook} ${labels.type} ${decidedBy}`)
      }
      assert.ok(exported.includes('default kept economic-indicators@2 flow Anna'), exported.join())
    })

    it("keeps the newest human answer of a shape, and not an older review's that is saved later", async () => {
      const { startedAt: first } = await store.openRun('review-first')
      const { startedAt: second } = await store.openRun('review-second')
      const old = new Date(Date.parse(first) - 1_000).toISOString()
      await store.saveReview(review(second, 'review-second', ['newest'], 'stock'))
      await store.saveReview(review(old, 'review-first', ['newest'], 'flow'))
      assert.equal(
        (await store.findHumanAnswers(['person newest'])).get('person newest')?.decision.labels.type,
        'stock',
      )
    })

    it("never replaces a person's result by a newer one of the same input, unless the run overrides it", async () => {
      const { startedAt } = await store.openRun('run-person')
      const ids = ['p-same', 'p-input', 'p-shape', 'p-over']
      await store.saveBatch(
        batch(
          startedAt,
          ids.map((id) => result(id)),
          { runId: 'run-person' },
        ),
      )
      await store.saveReview(review(startedAt, 'review-person', ids, 'flow'))
      const save = (saved: ReturnType<typeof result>, started: string, overriddenHumanAnswers?: readonly string[]) =>
        store.saveBatch(
          batch(started, [saved], {
            ...{ runId: 'run-later', batchId: `inv_${saved.indicator.indicator_id}_${started}` },
            ...(overriddenHumanAnswers === undefined ? {} : { overriddenHumanAnswers }),
          }),
        )
      // A run that was under way when the person decided saves its result afterwards.
      await save(later('p-same'), startedAt)
      assert.equal(await typeOf('p-same'), 'flow')
      // The input has changed since, so that the person's decision does not concern it.
      await save({ ...later('p-input'), inputHash: 'another' }, startedAt)
      assert.equal(await typeOf('p-input'), 'index')
      // A result by the human answer of the shape replaces a person's result, since it is a person's as well.
      await save(later('p-shape', { source: 'person', ...typed('stock') }), startedAt)
      assert.equal(await typeOf('p-shape'), 'stock')
      // A run that overrides human answers, but began before the person decided.
      await save(later('p-over'), '2026-04-30T00:00:00.000Z', ['person p-over'])
      assert.equal(await typeOf('p-over'), 'flow')
      assert.equal((await store.findHumanAnswers(['person p-over'])).size, 1)
      // A run that overrides human answers, and began after the person decided.
      const after = new Date(Math.max(Date.parse(startedAt), Date.parse(PERSON_AT)) + 1_000).toISOString()
      await save(later('p-over', { classified_at: after }), after, ['person p-over'])
      assert.equal(await typeOf('p-over'), 'index')
      assert.equal((await store.findHumanAnswers(['person p-over'])).size, 0)
      // A decision after the run is in force again.
      const again = new Date(Date.parse(after) + 1_000).toISOString()
      await store.saveReview(review(again, 'review-again', ['p-over'], 'stock'))
      assert.equal(
        (await store.findHumanAnswers(['person p-over'])).get('person p-over')?.decision.labels.type,
        'stock',
      )
    })

    it('saves reviews and overriding batches of the same shapes at once, without a deadlock', async () => {
      const ids = Array.from({ length: 60 }, (_, i) => `both-${i}`)
      const { startedAt } = await store.openRun('run-both')
      await Promise.all(
        Array.from({ length: 12 }, (_, n) => {
          const order = n % 2 === 0 ? ids : ids.toReversed()
          if (n % 3 === 0) return store.saveReview(review(startedAt, `review-both-${n}`, order, 'flow'))
          const hashes = order.map((id) => `person ${id}`)
          const results = order.map((id) => later(id))
          return store.saveBatch(
            batch(startedAt, results, { runId: 'run-both', batchId: `inv_${n}`, overriddenHumanAnswers: hashes }),
          )
        }),
      )
      assert.equal(await numberIn(`count(*) from review_decisions where run_id like 'review-both-%'`), 4 * ids.length)
    })
  })
}
