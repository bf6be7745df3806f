/** The contract of purges: what of a run goes, what stays because another run brought it too, and that a purge can be interrupted. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { PurgeCount, ResultToSave, Store } from '../../../src/store/types.ts'
import { answer, batch, request, result, SCOPE, totals } from '../../helpers/store/batches.ts'
import type { StoreUnderTest } from './store.contract.ts'

/** A signal that never aborts. */
const NEVER = new AbortController().signal

export function purgesContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`store of purges: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    let clock = Date.parse('2026-01-02T03:04:05.000Z')
    /** Saves a batch of a run whose results are later than those of any batch before. */
    const save = async (runId: string, rows: readonly ResultToSave[], more: object = {}) => {
      const { startedAt } = await store.openRun(runId)
      clock += 1_000
      const at = new Date(clock).toISOString()
      const results = rows.map((row) => {
        return { ...row, classification: { ...row.classification, run_id: runId, classified_at: at } }
      })
      await store.saveBatch(batch(startedAt, results, { runId, batchId: `batch ${clock}`, ...more }))
      return results
    }
    const purge = async (runId: string, { signal = NEVER, withEarlierAnswers = false } = {}) => {
      const done: Record<string, PurgeCount> = {}
      await store.purges.purge(runId, {
        signal,
        withEarlierAnswers,
        purged: (counts) => {
          for (const [table, { removed, kept }] of Object.entries(counts)) {
            const sum = done[table] ?? { removed: 0, kept: 0 }
            done[table] = { removed: sum.removed + removed, kept: sum.kept + kept }
          }
        },
      })
      return Object.fromEntries(Object.entries(done).filter(([, { removed, kept }]) => removed + kept > 0))
    }
    const find = (runId: string, withEarlierAnswers = false) => store.purges.find(runId, { withEarlierAnswers })
    const numberIn = async (statement: string) => Number((await under.rows(`select (select ${statement}) as n`))[0]?.n)
    const latestOf = async (id: string) => (await store.findLatest(SCOPE, [id])).get(id)
    const inputOf = async (id: string) => (await store.findIndicators(SCOPE, [id])).get(id)?.indicator

    it('removes results, history, inputs and answers of a run, says before what it will do, and leaves totals and costs', async () => {
      const requests = [request('p-1-0', { costUsd: 0.25 })]
      const rows = [result('p-1'), result('p-2')]
      await save('p-run', rows, { answers: [answer('p-a'), answer('p-b')], requests, invocationId: 'inv_of_p' })
      const expected = {
        shape_answers: { removed: 2, kept: 0 },
        result_inputs: { removed: 2, kept: 0 },
        results: { removed: 2, kept: 0 },
        result_history: { removed: 2, kept: 0 },
      }
      const { isKnown, counts, laterRuns, answersOfEarlierReleases } = await find('p-run')
      assert.deepEqual({ isKnown, counts, laterRuns }, { isKnown: true, counts: expected, laterRuns: [] })
      assert.equal(answersOfEarlierReleases, 0)
      assert.deepEqual(await store.purges.findInvocations('p-run'), ['inv_of_p'])

      assert.deepEqual(await purge('p-run'), expected)
      assert.equal(await latestOf('p-1'), undefined)
      assert.equal((await store.findAnswers(['p-a', 'p-b'])).size, 0)
      assert.equal(await numberIn(`count(*) from answer_uses where run_id = 'p-run'`), 0)
      assert.deepEqual((await find('p-run')).counts, {})
      assert.deepEqual(await purge('p-run'), {})
      const run = await store.findRun('p-run')
      assert.deepEqual([run?.indicators, run?.costUsd], [2, 0.25])
    })

    it('knows nothing of a run that nobody began', async () => {
      const found = await find('nobody')
      assert.deepEqual([found.isKnown, found.counts, found.laterRuns], [false, {}, []])
      assert.deepEqual(await store.purges.findInvocations('nobody'), [])
      assert.deepEqual(await purge('nobody'), {})
    })

    it('keeps an answer as long as any run that was given or reused it is there, in whatever order they are purged', async () => {
      await save('s-1', [result('s-a')], { answers: [answer('s-shared'), answer('s-own')] })
      await save('s-2', [result('s-b')], { reused: ['s-shared'] })
      assert.deepEqual((await purge('s-1')).shape_answers, { removed: 1, kept: 1 })
      assert.deepEqual([...(await store.findAnswers(['s-shared', 's-own'])).keys()], ['s-shared'])
      assert.deepEqual((await purge('s-2')).shape_answers, { removed: 1, kept: 0 })
      assert.equal((await store.findAnswers(['s-shared'])).size, 0)
    })

    it('removes answers of requests and of shared questions whose batch was never saved, and how the asking for them ended', async () => {
      await store.openRun('k-run')
      const uses = [{ runId: 'k-run', shapeHash: 'k-booked' }]
      await store.requests.book([], [answer('k-booked')], '2026-01-02T03:04:05.000Z', uses)
      await store.claimShapes('k-owner', ['k-shared'], 60_000)
      const claims = [{ shapeHash: 'k-shared', failure: { code: 'no-answer', message: 'a word', fatal: false } }]
      const end = { owner: 'k-owner', claims }
      await store.saveAnswers({
        runId: 'k-run',
        answers: [answer('k-shared')],
        answeredAt: '2026-01-02T03:04:05.000Z',
        end,
      })
      const removed = { removed: 2, kept: 0 }
      assert.deepEqual(await purge('k-run'), { shape_answers: removed, claims: { removed: 1, kept: 0 } })
      assert.equal((await store.findAnswers(['k-booked', 'k-shared'])).size, 0)
    })

    it('gives a record that another run brought with the same text to that run, with its result', async () => {
      const [before] = await save('h-first', [result('h-1', { reason: 'first' })])
      await save('h-last', [result('h-1', { reason: 'last', labels: { type: 'stock' } })])
      assert.equal((await latestOf('h-1'))?.classification.run_id, 'h-last')
      assert.deepEqual((await find('h-first')).laterRuns, [{ runId: 'h-last', results: 1 }])
      const { counts } = await find('h-last')
      const handed = { removed: 0, kept: 1 }
      assert.deepEqual([counts.results, counts.result_inputs], [handed, handed])

      const done = await purge('h-last')
      assert.deepEqual([done.results, done.result_inputs], [handed, handed])
      const { indicator, ...saved } = before ?? assert.fail()
      assert.deepEqual(await latestOf('h-1'), saved)
      assert.deepEqual(await inputOf('h-1'), indicator)
      assert.equal(await numberIn(`count(*) from result_inputs where run_id = 'h-last'`), 0)

      // The first run has the record alone now.
      assert.deepEqual((await purge('h-first')).results, { removed: 1, kept: 0 })
      assert.equal(await latestOf('h-1'), undefined)
      assert.equal(await inputOf('h-1'), undefined)
    })

    it('leaves what a later run brought, and removes an indicator whose text no other run had', async () => {
      const changed = { ...result('c-1', { name: 'other' }, { name: 'other' }), inputHash: 'other' }
      await save('c-first', [result('c-1')])
      await save('c-last', [changed])
      assert.deepEqual(await purge('c-first'), { result_history: { removed: 1, kept: 0 } })
      assert.equal((await inputOf('c-1'))?.name, 'other')

      await save('c-first', [result('c-1')])
      await save('c-third', [changed])
      assert.deepEqual((await purge('c-third')).results, { removed: 0, kept: 1 })
      await purge('c-last')
      assert.equal(await latestOf('c-1'), undefined)
      assert.equal(await numberIn(`count(*) from run_results where run_id = 'c-first'`), 1)
    })

    it('removes what is left of a run whose history retention has deleted', async () => {
      await save('r-run', [result('r-1'), result('r-2')])
      await under.rows(`delete from result_history where run_id = 'r-run'`)
      await under.rows(`delete from runs where run_id = 'r-run'`)
      const removed = { removed: 2, kept: 0 }
      assert.deepEqual(await purge('r-run'), { result_inputs: removed, results: removed })
      assert.equal(await latestOf('r-1'), undefined)
    })

    it('takes a run of many pages, and goes on where it was interrupted', async () => {
      const ids = Array.from({ length: 1_203 }, (_, n) => `m-${n}`)
      await save(
        'm-run',
        ids.map((id) => result(id)),
        { answers: ids.map((id) => answer(id)) },
      )
      const stop = new AbortController()
      let transactions = 0
      const interrupted = store.purges.purge('m-run', {
        signal: stop.signal,
        withEarlierAnswers: false,
        purged: () => {
          transactions += 1
          if (transactions === 4) stop.abort(new Error('enough'))
        },
      })
      await assert.rejects(interrupted, /enough/)
      assert.equal(await numberIn(`count(*) from shape_answers where shape_hash like 'm-%'`), 0)
      assert.equal(await numberIn(`count(*) from run_results where run_id = 'm-run'`), 703)
      assert.equal(await numberIn(`count(*) from results where run_id = 'm-run'`), 703)
      const left = { removed: 703, kept: 0 }
      assert.deepEqual(await purge('m-run'), { result_inputs: left, results: left, result_history: left })
    })

    it('leaves the decisions of people on a run, and removes them with their own run unless another review made them too', async () => {
      await save('d-run', [result('d-1'), result('d-2')])
      const decide = async (runId: string, id: string) => {
        const latest = (await latestOf(id)) ?? assert.fail()
        const { startedAt } = await store.openRun(runId)
        clock += 1_000
        const after = {
          ...{ ...latest.classification, run_id: runId, source: 'person' as const },
          classified_at: new Date(clock).toISOString(),
        }
        const indicator = (await inputOf(id)) ?? assert.fail()
        const shape = { shapeHash: 'd-shape', shape: `texts of d` }
        await store.saveReview({
          ...{ runId, codebook: SCOPE.codebook, runStartedAt: startedAt, decidedBy: 'Anna', totals: totals(1) },
          decisions: [{ indicator, labels: {}, before: latest, after, decision: 'accept', note: 'd-note', ...shape }],
        })
      }
      await decide('d-review-1', 'd-1')
      await decide('d-review-2', 'd-2')
      const later = (await find('d-run')).laterRuns
      assert.deepEqual(later, [
        { runId: 'd-review-1', results: 1 },
        { runId: 'd-review-2', results: 1 },
      ])
      assert.deepEqual(await purge('d-run'), { result_history: { removed: 2, kept: 0 } })
      assert.deepEqual((await find('d-run')).laterRuns, later, 'decisions name the run that they were made on')
      const shared = await purge('d-review-1')
      assert.deepEqual(shared.review_decisions, { removed: 1, kept: 0 })
      assert.deepEqual(shared.human_answers, { removed: 0, kept: 1 })
      assert.deepEqual((await purge('d-review-2')).human_answers, { removed: 1, kept: 0 })
      assert.equal((await store.findHumanAnswers(['d-shape'])).size, 0)
      assert.equal(await latestOf('d-1'), undefined)
    })

    it('removes sentinel rows, notes on labels and words of the endpoint, and leaves the labels', async () => {
      await save('e-run', [result('e-1')])
      const scope = { catalogue: 'evidence', codebook: SCOPE.codebook }
      const { certificates } = store
      await certificates.replaceSentinels(scope, [
        {
          ...{ indicator: result('e-1').indicator, inputHash: 'h', labels: {}, fields: ['type'], runId: 'e-run' },
          ...{ codebook: 'c@1', codebookHash: 'h', mode: 'model', model: null, promptVersion: 'p7' },
        },
      ])
      const place = { catalogue: 'evidence', codebookHash: 'h' }
      await certificates.saveLabels(place, [
        {
          ...{ indicatorId: 'e-1', inputHash: 'h', field: 'type', label: 'stock', isKnown: true, by: 'Anna' },
          ...{ adjudicates: false, blind: true, runId: 'e-run', note: 'e-note' },
        },
      ])
      await under.rows(`update runs set trial = '{"stop": "e-word"}' where run_id = 'e-run'`)
      const one = { removed: 1, kept: 0 }
      const done = await purge('e-run')
      assert.deepEqual([done.sentinel_rows, done.evidence_labels, done.runs], [one, one, one])
      assert.deepEqual(await certificates.findSentinels(scope), [])
      const [label] = await certificates.findLabels(place)
      assert.deepEqual([label?.label, label?.note], ['stock', ''])
    })

    it('counts the answers of earlier releases, which name no run, and removes them only where it is asked to', async () => {
      await under.rows(
        `update schema_migrations set applied_at = clock_timestamp() + interval '1 day' where name like '019%'`,
      )
      await store.openRun('u-run')
      await store.requests.book(
        [],
        ['u-1', 'u-2'].map((hash) => answer(hash)),
        '2026-01-02T03:04:05.000Z',
      )
      // The trigger of releases before codebooks copies it to the table of today.
      await under.rows(
        `insert into answers values ('u-3', 'old', 'a', 'a', 'a', 1, 1, 1, 'r', 'model', null, 'v1', 'p1', now())`,
      )
      await save('u-other', [], { answers: [answer('u-named')] })
      await save('u-run', [], { answers: [answer('u-own')], reused: ['u-named'] })
      const stay = await find('u-run')
      assert.deepEqual([stay.counts, stay.answersOfEarlierReleases], [{ shape_answers: { removed: 1, kept: 1 } }, 3])
      const go = await find('u-run', true)
      const expected = { shape_answers: { removed: 4, kept: 1 }, answers: { removed: 1, kept: 0 } }
      assert.deepEqual([go.counts, go.answersOfEarlierReleases], [expected, 0])
      assert.deepEqual(await purge('u-run', { withEarlierAnswers: true }), expected)
      assert.deepEqual((await find('u-run', true)).counts, {})
      assert.deepEqual([...(await store.findAnswers(['u-1', 'u-2', 'u-3', 'u-own', 'u-named'])).keys()], ['u-named'])
    })

    it('takes answers of earlier releases again where the database is lost before they are committed', async () => {
      const hashes = Array.from({ length: 501 }, (_, n) => `v-${n}`)
      await store.requests.book(
        [],
        hashes.map((hash) => answer(hash)),
        '2026-01-02T03:04:05.000Z',
      )
      // The server refuses the first commit that deletes one of them. A sequence counts on where a transaction is rolled back.
      await under.rows('create sequence v_commits')
      await under.rows(`create function v_refuse() returns trigger language plpgsql as $$ begin
        if nextval('v_commits') = 1 then raise exception using errcode = '57P01'; end if;
        return null;
      end $$`)
      await under.rows(`create constraint trigger v_refuse after delete on shape_answers deferrable initially deferred
        for each row when (old.shape_hash = 'v-0') execute function v_refuse()`)
      try {
        const done = await purge('nobody', { withEarlierAnswers: true })
        assert.deepEqual(done.shape_answers, { removed: 501, kept: 0 })
        assert.equal((await store.findAnswers(hashes)).size, 0)
        assert.deepEqual(await under.rows('select last_value::int as n from v_commits'), [{ n: 2 }])
      } finally {
        await under.rows('drop function v_refuse cascade')
      }
    })

    it('removes the rows of the run that releases before codebooks wrote', async () => {
      const columns = `name, type, family, temporal_aggregation, time_basis, orientation, unit_kind, unit_scale, frequency,
        cumulative_pattern, confidence, source, status, issues, reason, codebook_version, prompt_version, run_id,
        classified_at, input_hash, mode, unanswered`
      const values = `'old word', 'a', 'a', 'a', 'a', 'a', 'a', 1, 'a', 'a', 1, 'rules', 'accepted', '[]', 'r', 'v1', 'p1',
        'o-run', now(), 'h', 'rules', false`
      await under.rows(`insert into runs (run_id, started_at) values ('o-run', now() - interval '1 day')`)
      await under.rows(`insert into indicators values ('o-1', 'old word', '{}', 'h', 'o-run', now())`)
      await under.rows(`insert into classifications (indicator_id, ${columns}) values ('o-1', ${values})`)
      await under.rows(
        `insert into classification_history (indicator_id, run_started_at, ${columns})
         select 'o-1', started_at, ${values} from runs where run_id = 'o-run'`,
      )
      const one = { removed: 1, kept: 0 }
      assert.deepEqual(await purge('o-run'), {
        ...{ result_inputs: one, results: one, result_history: one },
        ...{ indicators: one, classifications: one, classification_history: one },
      })
      assert.equal(await numberIn(`count(*) from classifications where run_id = 'o-run'`), 0)
    })
  })
}
