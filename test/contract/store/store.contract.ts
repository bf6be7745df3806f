/** The contract of the store, which holds directly on PostgreSQL and through PgBouncer. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Classification, Indicator } from '../../../src/classification/types.ts'
import type { AnswerToStore, Store } from '../../../src/store/types.ts'
import { answer, batch, classification, request, result, SCOPE, totals, typed } from '../../helpers/store/batches.ts'

export interface StoreUnderTest {
  readonly store: Store
  /** The rows of a statement that is sent past the store. */
  readonly rows: (statement: string) => Promise<readonly Record<string, unknown>[]>
  readonly close: () => Promise<void>
}

const CODEBOOK = SCOPE.codebook

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
      const keep = (one: AnswerToStore, number: number, answeredAt: string) =>
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
      const { shape: _shape, ...found } = kept
      assert.deepEqual((await store.findAnswers(['back', 'other'])).get('back'), found)
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
        ...{
          wanted: 'running',
          outcome: null,
          maxCostUsd: null,
          refusal: null,
          driver: null,
          perMinute: before?.perMinute,
        },
        ...{ ...totals(100), ...billed, costUsd: 0.000_246 },
        runId: 'run-twice',
        startedAt,
        updatedAt: before?.updatedAt,
        batches: 1,
        answered: 0,
      })
      assert.equal(await numberIn(`count(*) from run_results where run_id = 'run-twice'`), 100)
      assert.equal(await numberIn(`count(*) from results where run_id = 'run-twice'`), 100)
      assert.equal(await numberIn(`count(*) from llm_requests where run_id = 'run-twice'`), 2)
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
        `select run_id, labels ->> 'type' as type from run_results where indicator_id = 'age' order by classified_at`,
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
      const history = await under.rows(`select labels ->> 'type' as type from run_results where run_id = 'run-same'`)
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
      assert.equal(await numberIn(`count(*) from run_results where run_id = 'run-race'`), 100)
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
