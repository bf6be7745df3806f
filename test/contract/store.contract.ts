/** The contract of the store, which holds directly on PostgreSQL and through PgBouncer. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Classification, Indicator, Status } from '../../src/classification/types.ts'
import type { Store, StoredAnswer } from '../../src/store/types.ts'
import { answer, batch, classification, LABELS, request, result, SCOPE, totals } from '../helpers/batches.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** The rows of a statement that is sent past the store. */
  readonly rows: (statement: string) => Promise<readonly Record<string, unknown>[]>
  readonly close: () => Promise<void>
}

const CODEBOOK = SCOPE.codebook

/** The labels of a classification of this type. */
const typed = (type: string) => ({ labels: { ...LABELS, type } })

export function storeContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`store: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    const findLatest = (ids: readonly string[]) => store.findLatest(SCOPE, ids)
    const findOne = async (id: string) => (await store.findClassifications(id, SCOPE))[0]
    const numberIn = async (statement: string) => Number((await under.rows(`select (select ${statement}) as n`))[0]?.n)

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

    it('takes the result of the batch that was planned last for the newest, whatever the clocks say', async () => {
      const { startedAt, sequence } = await store.openRun('run-skewed-1')
      const later = await store.openRun('run-skewed-2')
      const ahead = { classified_at: '2031-01-01T00:00:00.000Z', run_id: 'run-skewed-1' }
      const behind = { classified_at: '2020-01-01T00:00:00.000Z', run_id: 'run-skewed-2', reason: 'paid for last' }
      const first = batch(startedAt, [result('skewed', ahead)], { runId: 'run-skewed-1', sequence })
      const second = batch(later.startedAt, [result('skewed', behind)], {
        runId: 'run-skewed-2',
        sequence: later.sequence,
      })
      for (const one of [first, second, first]) await store.saveBatch(one)
      assert.equal((await findLatest(['skewed'])).get('skewed')?.classification.reason, 'paid for last')
      const answers = { asked: answer('skewed shape', {}, 'first'), askedLater: answer('skewed shape', {}, 'last') }
      const end = { owner: 'nobody', claims: [] }
      const keep = (one: StoredAnswer, number: number, answeredAt: string) =>
        store.saveAnswers({ runId: 'run-skewed-1', answers: [{ ...one, sequence: number }], answeredAt, end })
      await keep(answers.asked, sequence, ahead.classified_at)
      await keep(answers.askedLater, later.sequence, behind.classified_at)
      await keep(answers.asked, sequence, ahead.classified_at)
      assert.equal((await store.findAnswers(['skewed shape'])).get('skewed shape')?.decision.reason, 'last')
    })

    it('takes a result without a number, from a release that goes by its clock, for older than one with a number', async () => {
      const { startedAt, sequence } = await store.openRun('run-skewed-3')
      const ahead = { classified_at: '2031-01-01T00:00:00.000Z', run_id: 'run-0' }
      await store.saveBatch(batch(startedAt, [result('from-then', ahead)], { runId: 'run-0' }))
      const now = { classified_at: '2026-11-29T00:00:00.000Z', run_id: 'run-skewed-3', reason: 'paid for last' }
      await store.saveBatch(batch(startedAt, [result('from-then', now)], { runId: 'run-skewed-3', sequence }))
      assert.equal((await findLatest(['from-then'])).get('from-then')?.classification.reason, 'paid for last')
    })

    it('finds no run, no result and no answer that was not saved', async () => {
      assert.equal(await store.findRun('nobody'), undefined)
      assert.deepEqual(await store.findClassifications('nobody', {}), [])
      assert.equal((await findLatest(['nobody'])).size, 0)
      assert.equal((await findLatest([])).size, 0)
      assert.equal((await store.findAnswers(['nobody'])).size, 0)
      assert.equal((await store.findAnswers([])).size, 0)
    })

    it('gives back a result and an answer as they were saved', async () => {
      const { startedAt } = await store.openRun('run-back')
      const saved = { ...result('back-1', { run_id: 'run-back' }), unanswered: true }
      const plain = result('back-2', {
        run_id: 'run-back',
        labels: { unit_scale: 0.5, unit_per: null, topics: [] },
        field_confidence: {},
        field_source: {},
        status: 'unverified',
        model: null,
        issues: [],
      })
      const kept = answer('back')
      await store.saveBatch(
        batch(startedAt, [saved, { ...plain, askedModel: null }], { runId: 'run-back', answers: [kept] }),
      )
      const latest = await findLatest(['back-2', 'back-1'])
      const { indicator: _, ...expected } = saved
      assert.deepEqual(latest.get('back-1'), expected)
      assert.deepEqual(latest.get('back-2')?.classification, plain.classification)
      assert.equal(latest.get('back-2')?.askedModel, null)
      assert.deepEqual(await findOne('back-1'), saved.classification)
      assert.deepEqual((await store.findAnswers(['back', 'other'])).get('back'), kept)
      const [input] = await under.rows(`select input from result_inputs where indicator_id = 'back-1'`)
      assert.deepEqual(input?.input, saved.indicator)
    })

    it('changes nothing when a batch is saved twice', async () => {
      const { startedAt } = await store.openRun('run-twice')
      const results = Array.from({ length: 100 }, (_, i) => result(`twice-${i}`, { run_id: 'run-twice' }))
      const requests = [request('twice-a'), request('twice-b', { tier: 'escalation' })]
      const once = batch(startedAt, results, { runId: 'run-twice', requests, answers: [answer('twice')] })
      await store.saveBatch(once)
      const before = await store.findRun('run-twice')
      await store.saveBatch(once)
      assert.deepEqual(await store.findRun('run-twice'), before)
      // What the run was billed follows from its requests, and not from the totals of its batches.
      const billed = { modelRequests: 2, inputTokens: 2_400, cachedInputTokens: 2_048, outputTokens: 500 }
      assert.deepEqual(before, {
        ...{ catalogue: 'default', codebook: 'economic-indicators@2', command: null, size: null },
        ...{ wanted: 'running', outcome: null, maxCostUsd: null, driver: null, perMinute: before?.perMinute },
        ...{ ...totals(100), ...billed, costUsd: 0.000_246 },
        runId: 'run-twice',
        startedAt,
        updatedAt: before?.updatedAt,
        batches: 1,
        answered: 0,
      })
      assert.equal(await numberIn(`count(*) from result_history where run_id = 'run-twice'`), 100)
      assert.equal(await numberIn(`count(*) from results where run_id = 'run-twice'`), 100)
      assert.equal(await numberIn(`count(*) from llm_requests where run_id = 'run-twice'`), 2)
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

    it('never lets an older result replace a newer one, and keeps the history of both', async () => {
      const { startedAt: first } = await store.openRun('run-old')
      const { startedAt: second } = await store.openRun('run-new')
      const older = result('age', { run_id: 'run-old', classified_at: '2026-01-01T00:00:00.000Z', ...typed('index') })
      const newer = result(
        'age',
        { run_id: 'run-new', classified_at: '2026-01-01T00:00:00.001Z', ...typed('stock') },
        { name: 'New' },
      )
      await store.saveBatch(batch(second, [newer], { runId: 'run-new' }))
      await store.saveBatch(batch(first, [older], { runId: 'run-old' }))
      assert.deepEqual(await findOne('age'), newer.classification)
      const inputs = await under.rows(`select input ->> 'name' as name from result_inputs where indicator_id = 'age'`)
      assert.deepEqual(inputs, [{ name: 'New' }])
      const history = await under.rows(
        `select run_id, labels ->> 'type' as type from result_history where indicator_id = 'age' order by classified_at`,
      )
      assert.deepEqual(history, [
        { run_id: 'run-old', type: 'index' },
        { run_id: 'run-new', type: 'stock' },
      ])
    })

    it('keeps one history row where two batches of a run classified the same indicator', async () => {
      const { startedAt } = await store.openRun('run-same')
      const at = (ms: number, type: string) =>
        result('same', { run_id: 'run-same', ...typed(type), classified_at: `2026-01-01T00:00:00.00${ms}Z` })
      await store.saveBatch(batch(startedAt, [at(1, 'index'), at(3, 'stock')], { runId: 'run-same', batchId: 'inv_a' }))
      await store.saveBatch(batch(startedAt, [at(2, 'flow')], { runId: 'run-same', batchId: 'inv_b' }))
      const history = await under.rows(`select labels ->> 'type' as type from result_history where run_id = 'run-same'`)
      assert.deepEqual(history, [{ type: 'stock' }])
    })

    it('lets a newer answer replace an older one, but never a person', async () => {
      const { startedAt } = await store.openRun('run-answers')
      const save = (n: number, kept: ReturnType<typeof answer>) => {
        const classified_at = `2026-02-01T00:00:0${n}.000Z`
        const results = [result(`answers-${n}`, { run_id: 'run-answers', classified_at })]
        return store.saveBatch(
          batch(startedAt, results, {
            runId: 'run-answers',
            batchId: `inv_${n}_${kept.decision.reason}`,
            answers: [kept],
          }),
        )
      }
      const reason = async () => (await store.findAnswers(['s'])).get('s')?.decision.reason
      await save(2, answer('s', {}, 'first'))
      await save(1, answer('s', {}, 'older'))
      assert.equal(await reason(), 'first')
      await save(3, answer('s', { source: 'escalation', model: 'big' }, 'newer'))
      assert.equal(await reason(), 'newer')
      await save(1, answer('s', { source: 'person', model: null }, 'person'))
      assert.equal(await reason(), 'person')
      await save(5, answer('s', {}, 'model after person'))
      assert.equal(await reason(), 'person')
      await save(6, answer('s', { source: 'person', model: null }, 'second thoughts'))
      assert.equal(await reason(), 'second thoughts')
    })

    it('keeps any text as it is', async () => {
      const { startedAt } = await store.openRun('run-text')
      const texts = [
        '"quoted", {braces}',
        "it's \\ back\\\\slashed",
        'Ünïcödé 中文 ไทย',
        '👩‍👩‍👧 🇹🇭',
        'NULL',
        '',
        'a\nb\t\r',
        '$1; drop table runs --',
      ]
      const results = texts.map((text, i) =>
        result(
          `text-${i} ${text}`,
          { run_id: 'run-text', name: text, reason: text, issues: [{ code: 'x', message: text }] },
          { description: text },
        ),
      )
      await store.saveBatch(
        batch(startedAt, results, { runId: 'run-text', answers: [answer('text', {}, texts.join())] }),
      )
      const latest = await findLatest(results.map(({ indicator }) => indicator.indicator_id))
      for (const { indicator, classification } of results) {
        assert.deepEqual(latest.get(indicator.indicator_id)?.classification, classification)
      }
      const inputs = await under.rows(`select input from result_inputs where run_id = 'run-text' order by indicator_id`)
      assert.deepEqual(
        inputs.map(({ input }) => input),
        results.map(({ indicator }) => indicator),
      )
      assert.equal((await store.findAnswers(['text'])).get('text')?.decision.reason, texts.join())
    })

    it('saves a batch with text that PostgreSQL cannot hold', async () => {
      const { startedAt } = await store.openRun('run-nul')
      const results = [
        result(
          'nul',
          { run_id: 'run-nul', name: 'a\0b', reason: 'half \ud83d' },
          { name: 'a\0b', description: '\udc00' },
        ),
        result('beside', { run_id: 'run-nul' }),
      ]
      await store.saveBatch(batch(startedAt, results, { runId: 'run-nul' }))
      assert.equal((await findOne('nul'))?.name, 'ab')
      assert.equal((await findOne('nul'))?.reason, 'half \ufffd')
      assert.ok(await findOne('beside'))
    })

    it('saves 20 batches that share indicators and shapes at once, without a deadlock', async () => {
      const { startedAt } = await store.openRun('run-race')
      const ids = Array.from({ length: 100 }, (_, i) => `race-${i}`)
      await Promise.all(
        Array.from({ length: 20 }, (_, n) => {
          const classified_at = `2026-03-01T00:00:00.0${String(n).padStart(2, '0')}Z`
          const order = n % 2 === 0 ? ids : ids.toReversed()
          return store.saveBatch(
            batch(
              startedAt,
              order.map((id) => result(id, { run_id: 'run-race', classified_at, reason: `batch ${n}` })),
              {
                runId: 'run-race',
                batchId: `inv_race_${n}`,
                answers: order.map((id) => answer(id, {}, `batch ${n}`)),
                requests: order.map((id) => request(id)),
              },
            ),
          )
        }),
      )
      assert.equal((await store.findRun('run-race'))?.batches, 20)
      const latest = await under.rows(`select distinct reason from results where run_id = 'run-race'`)
      assert.deepEqual(latest, [{ reason: 'batch 19' }])
      const answers = await under.rows(`select distinct reason from shape_answers where shape_hash like 'race-%'`)
      assert.deepEqual(answers, [{ reason: 'batch 19' }])
      assert.equal(await numberIn(`count(*) from result_history where run_id = 'run-race'`), 100)
    })

    it('exports in order of id, in pages, all or what one run classified', async () => {
      const { startedAt } = await store.openRun('run-export')
      const ids = ['b', 'B', 'a', '_', 'é', '10', '9', 'a b', 'Z', '中'].map((id) => `export-${id}`)
      const saved = ids.map((id) => result(id, { run_id: 'run-export', ...typed('ratio') }))
      await store.saveBatch(batch(startedAt, saved, { runId: 'run-export' }))
      // A later run that classifies an indicator again does not take it out of the first run's export.
      const { startedAt: later } = await store.openRun('run-after')
      const again = result('export-a', {
        run_id: 'run-after',
        classified_at: '2027-01-01T00:00:00.000Z',
        ...typed('count'),
      })
      await store.saveBatch(batch(later, [again], { runId: 'run-after' }))

      const sorted = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      for (const pageSize of [1, 3, 5, 10, 11]) {
        const pages: (readonly Classification[])[] = []
        for await (const page of store.exportClassifications({ codebook: CODEBOOK, runId: 'run-export', pageSize }))
          pages.push(page)
        assert.deepEqual(
          pages.flat().map((row) => row.indicator_id),
          sorted,
        )
        assert.ok(pages.every((page) => page.length > 0 && page.length <= pageSize))
        assert.deepEqual(
          pages.flat().find((row) => row.indicator_id === 'export-a'),
          classification('export-a', { run_id: 'run-export', ...typed('ratio') }),
        )
      }
      const all: Classification[] = []
      for await (const page of store.exportClassifications({ codebook: CODEBOOK, pageSize: 7 })) all.push(...page)
      assert.equal(all.length, await numberIn('count(*) from results'))
      assert.equal(new Set(all.map((row) => row.indicator_id)).size, all.length)
      assert.deepEqual(
        all.find((row) => row.indicator_id === 'export-a'),
        again.classification,
      )
      for await (const _ of store.exportClassifications({ codebook: CODEBOOK, runId: 'nobody' }))
        assert.fail('a run without results')
    })

    const HASH = 'hash of the codebook'
    const PERSON_AT = '2026-05-01T00:00:00.000Z'
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
      assert.equal(await numberIn(`count(*) from result_history where run_id = 'review-kept'`), 1)
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

    it('exports every input once, in pages, as it was given', async () => {
      const { startedAt } = await store.openRun('run-inputs')
      const given = result('input-a', { run_id: 'run-inputs' }, { units: 'Tonnes', sample_values: [] })
      await store.saveBatch(batch(startedAt, [given], { runId: 'run-inputs' }))
      for (const pageSize of [1, 1_000]) {
        const inputs: Indicator[] = []
        for await (const page of store.exportIndicators({ pageSize })) inputs.push(...page)
        assert.equal(inputs.length, await numberIn('count(*) from result_inputs'))
        assert.deepEqual(
          inputs.find((input) => input.indicator_id === 'input-a'),
          given.indicator,
        )
      }
    })

    it('says what failed without a value of a row', async () => {
      const { startedAt } = await store.openRun('run-bad')
      const bad = [result('fine', { run_id: 'run-bad' }), result('hidden-id', { run_id: 'run-bad', confidence: 7 })]
      await assert.rejects(store.saveBatch(batch(startedAt, bad, { runId: 'run-bad' })), (error: Error) => {
        assert.equal('code' in error && error.code, 'database-failed')
        assert.match(error.message, /save a batch: SQLSTATE 23514, constraint result\w+_confidence_check/)
        const cause = error.cause instanceof Error ? `${error.cause.stack}` : ''
        assert.doesNotMatch(`${error.message}${cause}${JSON.stringify(error)}`, /hidden-id/)
        return true
      })
      assert.equal(await findOne('fine'), undefined)
      assert.equal((await store.findRun('run-bad'))?.batches, 0)
    })

    it('counts its connections', async () => {
      await store.listCatalogues()
      const { total, idle, waiting } = store.stats()
      assert.ok(total >= 1 && idle <= total)
      assert.equal(waiting, 0)
    })
  })
}
