/** The contract of the store for several catalogues and codebooks, and for answers that grow by field. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Indicator } from '../../../src/classification/types.ts'
import type { CodebookColumn, ResultScope, Store } from '../../../src/store/types.ts'
import { answer, batch, classification, result, SCOPE, totals } from '../../helpers/store/batches.ts'
import type { StoreUnderTest } from './store.contract.ts'

const TOPICS: ResultScope = { catalogue: 'news', codebook: 'news-topics' }
const OTHER: ResultScope = { catalogue: 'other', codebook: SCOPE.codebook }
const STATUSES = ['needs-review', 'unverified'] as const

const COLUMNS: readonly CodebookColumn[] = [
  { name: 'type', type: 'text' },
  { name: 'unit_scale', type: 'double precision' },
  { name: 'topics', type: 'text[]' },
]

const codebook = (name: string, version: string) => ({
  name,
  version,
  hash: `hash of ${name}@${version}`,
  text: `name: ${name}\nversion: "${version}" # it's "quoted" ü\n`,
  lists: { 'codes.csv': 'code,title\n01,Food\n' },
})

/** A result in `scope` whose reason says where it belongs. */
function resultIn({ catalogue, codebook: name }: ResultScope, id: string, more: Parameters<typeof result>[1] = {}) {
  const place = { catalogue, codebook: `${name}@1`, reason: `${catalogue} by ${name}` }
  return result(id, { ...place, ...more }, { description: `${id} of ${catalogue}` })
}

async function allOf<Row>(pages: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}

export function cataloguesContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`store of several catalogues and codebooks: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    const saveIn = async (scope: ResultScope, runId: string, ids: readonly string[], more = {}) => {
      const { startedAt } = await store.openRun(runId)
      const results = ids.map((id) => resultIn(scope, id, { run_id: runId, ...more }))
      await store.saveBatch(
        batch(startedAt, results, { runId, batchId: `inv_${scope.catalogue}_${scope.codebook}`, scope }),
      )
      return results
    }

    it('keeps the results of two catalogues and of two codebooks apart, where their ids are the same', async () => {
      const byTopics: ResultScope = { catalogue: SCOPE.catalogue, codebook: TOPICS.codebook }
      const scopes = [SCOPE, OTHER, byTopics]
      for (const scope of scopes) await saveIn(scope, 'run-apart', ['apart-1', 'apart-2'])
      for (const scope of scopes) {
        const found = (await store.findLatest(scope, ['apart-1'])).get('apart-1')
        assert.deepEqual(found?.classification, resultIn(scope, 'apart-1', { run_id: 'run-apart' }).classification)
        const known = (await store.findIndicators(scope, ['apart-2'])).get('apart-2')
        assert.deepEqual(known?.indicator.description, `apart-2 of ${scope.catalogue}`)
        assert.equal(known?.latest.classification.reason, `${scope.catalogue} by ${scope.codebook}`)
      }
      assert.equal((await store.findLatest({ catalogue: 'nowhere', codebook: SCOPE.codebook }, ['apart-1'])).size, 0)
      assert.equal((await store.findLatest({ catalogue: 'other', codebook: TOPICS.codebook }, ['apart-1'])).size, 0)

      const places = async (scope: Partial<ResultScope>) =>
        (await store.findClassifications('apart-1', scope)).map(({ reason }) => reason)
      const all = ['default by economic-indicators', 'default by news-topics', 'other by economic-indicators']
      assert.deepEqual(await places({}), all)
      assert.deepEqual(await places({ catalogue: 'default' }), all.slice(0, 2))
      assert.deepEqual(await places({ codebook: SCOPE.codebook }), [all[0], all[2]])
      assert.deepEqual(await places(OTHER), all.slice(2))
      assert.equal((await store.findRun('run-apart'))?.batches, 3)
    })

    it('gives at most 20 classifications of one id', async () => {
      for (let n = 0; n < 22; n += 1) await saveIn({ ...OTHER, catalogue: `many-${10 + n}` }, 'run-many', ['many'])
      const found = await store.findClassifications('many', {})
      assert.deepEqual(
        found.map(({ catalogue }) => catalogue),
        Array.from({ length: 20 }, (_, n) => `many-${10 + n}`),
      )
    })

    it('lists each catalogue once, in order', async () => {
      const before = await store.listCatalogues()
      for (const catalogue of ['zz listed', 'aa listed']) {
        await saveIn({ catalogue, codebook: 'listed' }, 'run-listed', ['1', '2', '3'])
        await saveIn({ catalogue, codebook: 'listed-too' }, 'run-listed', ['1'])
      }
      const now = await store.listCatalogues()
      assert.deepEqual(now.toSorted(), [...before, 'aa listed', 'zz listed'].toSorted())
      assert.ok(now.indexOf('aa listed') < now.indexOf('zz listed'))
    })

    it('exports in order of catalogue and id by one codebook, one catalogue or all, in pages of any size', async () => {
      const scopes = ['b', 'B', 'a b', 'é', '10', '9'].map((catalogue) => ({ catalogue, codebook: 'paged' }))
      const ids = ['2', '10', 'a', 'B', '_']
      for (const scope of scopes) await saveIn(scope, 'run-paged', ids)
      await saveIn({ catalogue: 'a b', codebook: 'paged-else' }, 'run-paged', ['else'])
      const bytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))
      const keysOf = (catalogues: readonly string[]) =>
        catalogues.toSorted(bytes).flatMap((catalogue) => ids.toSorted(bytes).map((id) => `${catalogue}/${id}`))
      const all = keysOf(scopes.map(({ catalogue }) => catalogue))
      for (const pageSize of [1, 4, 5, 29, 30, 31]) {
        for (const runId of [undefined, 'run-paged']) {
          const paged = { codebook: 'paged', pageSize, ...(runId === undefined ? {} : { runId }) }
          const keys = async (more: { readonly catalogue?: string } = {}) =>
            (await allOf(store.exportClassifications({ ...paged, ...more }))).map(
              (c) => `${c.catalogue}/${c.indicator_id}`,
            )
          assert.deepEqual(await keys(), all)
          assert.deepEqual(await keys({ catalogue: 'a b' }), keysOf(['a b']))
          assert.deepEqual(await keys({ catalogue: 'nowhere' }), [])
        }
        const review = { codebook: 'paged', hash: 'any', statuses: STATUSES, pageSize }
        const open = (more: { readonly catalogue?: string } = {}) =>
          allOf(store.listNeedingReview({ ...review, ...more }))
        const keyOf = (known: {
          readonly latest: { readonly classification: { catalogue: string; indicator_id: string } }
        }) => `${known.latest.classification.catalogue}/${known.latest.classification.indicator_id}`
        assert.deepEqual((await open()).map(keyOf), all)
        assert.deepEqual((await open({ catalogue: 'B' })).map(keyOf), keysOf(['B']))
        const inputs = await allOf(store.exportIndicators({ catalogue: 'é', pageSize }))
        assert.deepEqual(
          inputs.map((input: Indicator) => input.description),
          ids.toSorted(bytes).map((id) => `${id} of é`),
        )
      }
    })

    it('keeps decisions of a review over two catalogues, and exports those of one codebook', async () => {
      const ids = ['decided-1', 'decided-2']
      const scopes = [SCOPE, OTHER]
      for (const scope of scopes) await saveIn(scope, 'run-decided', ids)
      const { startedAt } = await store.openRun('review-decided')
      const decisions = scopes.flatMap((scope) =>
        ids.map((id) => {
          const { indicator, ...before } = resultIn(scope, id)
          const made = {
            source: 'person',
            status: 'accepted',
            model: null,
            classified_at: '2026-05-01T00:00:00.000Z',
          } as const
          const after = {
            ...before.classification,
            ...made,
            run_id: 'review-decided',
            labels: { type: `${id} ${scope.catalogue}` },
          }
          const shape = { shapeHash: `shape ${id}`, shape: '{}' }
          return { indicator, labels: { type: id }, before, after, decision: 'accept' as const, note: '', ...shape }
        }),
      )
      const review = { runId: 'review-decided', runStartedAt: startedAt, codebook: SCOPE.codebook, decidedBy: 'Ann' }
      await store.saveReview({ ...review, decisions, totals: totals(4) })
      for (const scope of scopes) {
        const { classification: latest } = (await store.findLatest(scope, ids)).get('decided-2') ?? {}
        assert.deepEqual([latest?.source, latest?.labels], ['person', { type: `decided-2 ${scope.catalogue}` }])
      }
      const exported = async (more: { readonly codebook: string; readonly catalogue?: string }) =>
        (await allOf(store.exportDecisions({ pageSize: 3, ...more }))).map(({ labels }) => labels.type)
      const default_ = ['decided-1 default', 'decided-2 default']
      const other = ['decided-1 other', 'decided-2 other']
      assert.deepEqual(await exported({ codebook: SCOPE.codebook }), [...default_, ...other])
      assert.deepEqual(await exported({ codebook: SCOPE.codebook, catalogue: 'other' }), other)
      assert.deepEqual(await exported({ codebook: TOPICS.codebook }), [])
      assert.equal(
        (await store.findHumanAnswers(['shape decided-1'])).get('shape decided-1')?.decision.labels.type,
        'decided-1',
      )
    })

    const save = (hash: string, at: string, labels: Record<string, string | null>, more: object = {}) =>
      store.saveAnswers({
        runId: 'run-1',
        answers: [
          {
            ...answer(hash, more),
            decision: {
              labels,
              confidence: Object.fromEntries(Object.keys(labels).map((field) => [field, Number(at.slice(-2)) / 100])),
              reason: `asked at ${at}`,
            },
          },
        ],
        answeredAt: `2026-03-01T00:00:${at.slice(-2)}.000Z`,
        end: { owner: 'nobody', claims: [] },
      })
    const found = async (hash: string) => (await store.findAnswers([hash])).get(hash)?.decision

    it('adds answers to further fields of a shape, and lets a newer label replace an older one, in any order', async () => {
      const steps = [
        ['at 10', { type: 'price', unit_kind: 'currency' }],
        ['at 20', { unit_kind: 'index', unit_per: null }],
        ['at 30', { frequency: 'monthly' }],
      ] as const
      const expected = {
        labels: { type: 'price', unit_kind: 'index', unit_per: null, frequency: 'monthly' },
        confidence: { type: 0.1, unit_kind: 0.2, unit_per: 0.2, frequency: 0.3 },
        reason: 'asked at at 30',
      }
      const orders = [
        [0, 1, 2],
        [2, 1, 0],
        [1, 0, 2],
        [0, 1, 2, 0, 1, 2],
      ]
      for (const order of orders) {
        const hash = `fields ${order.join()}`
        for (const index of order) {
          const [at, labels] = steps[index] ?? steps[0]
          await save(hash, at, labels)
        }
        assert.deepEqual(await found(hash), expected, hash)
      }
    })

    it('writes no row where an older answer brings nothing new', async () => {
      await save('same', 'at 10', { type: 'price' })
      await save('same', 'at 20', { type: 'index', unit_kind: 'currency' })
      const version = async () =>
        (await under.rows(`select xmin, ctid from shape_answers where shape_hash = 'same'`))[0]
      const before = await version()
      await save('same', 'at 10', { type: 'price' })
      await save('same', 'at 20', { type: 'index', unit_kind: 'currency' })
      assert.deepEqual(await version(), before)
    })

    it("never mixes a person's answer of a shape with a model's", async () => {
      await save('mixed', 'at 20', { type: 'price', unit_kind: 'currency' })
      await save('mixed', 'at 10', { type: 'flow' }, { source: 'person', model: null })
      assert.deepEqual((await found('mixed'))?.labels, { type: 'flow' })
      await save('mixed', 'at 30', { unit_kind: 'index' })
      assert.deepEqual((await found('mixed'))?.labels, { type: 'flow' })
    })

    it('joins the answers of one batch to different fields of a shape', async () => {
      const { startedAt } = await store.openRun('run-join')
      const of = (labels: Record<string, string>, more: object = {}) => ({
        ...answer('join', more),
        decision: { labels, confidence: { [Object.keys(labels)[0] ?? '']: 0.5 }, reason: Object.values(labels).join() },
      })
      const answers = [
        of({ type: 'price' }),
        of({ unit_kind: 'index' }),
        of({ type: 'flow' }, { source: 'escalation' }),
      ]
      await store.saveBatch(batch(startedAt, [], { runId: 'run-join', answers }))
      assert.deepEqual(await found('join'), {
        labels: { type: 'flow', unit_kind: 'index' },
        confidence: { type: 0.5, unit_kind: 0.5 },
        reason: 'flow',
      })
      assert.equal((await store.findAnswers(['join'])).get('join')?.source, 'escalation')
    })

    it('refuses a row whose labels have another form, without a value of the row', async () => {
      await under.rows(
        `insert into shape_answers (shape_hash, shape, labels, confidence, reason, source, codebook, codebook_hash, prompt_version, answered_at)
         values ('bad form', '', '{"type": {"hidden": 1}}', '{}', '', 'model', 'c@1', 'h', 'p', now())`,
      )
      await assert.rejects(store.findAnswers(['bad form']), (error: Error) => {
        assert.match(error.message, /read answers: a row has another form in labels\.type/)
        assert.doesNotMatch(error.message, /hidden/)
        return true
      })
    })

    it('stores a codebook once for each content, and finds it by hash, by name and by version', async () => {
      const [first, second] = [codebook('stored', '1'), codebook('stored', '2')]
      assert.equal(await store.findCodebook({ name: 'stored' }), undefined)
      for (const one of [first, second, first]) await store.saveCodebook(one, COLUMNS)
      assert.deepEqual(await store.findCodebook({ hash: first.hash }), first)
      assert.deepEqual(await store.findCodebook({ name: 'stored' }), second)
      assert.deepEqual(await store.findCodebook({ name: 'stored', version: '1' }), first)
      assert.equal(await store.findCodebook({ name: 'stored', version: '3' }), undefined)
      assert.equal(await store.findCodebook({ hash: 'nobody' }), undefined)
      const corrected = { ...second, hash: 'hash of the corrected', text: 'name: stored # corrected\n' }
      await store.saveCodebook(corrected, COLUMNS)
      assert.deepEqual(await store.findCodebook({ name: 'stored', version: '2' }), corrected)
      const hashes = (await store.listCodebooks()).filter((one) => one.name === 'stored')
      assert.deepEqual(
        hashes,
        [corrected, second, first].map(({ name: of, version, hash }) => ({ name: of, version, hash })),
      )
    })

    it('shows the results of one codebook in a view with a typed column for each field', async () => {
      await store.saveCodebook(codebook('news-topics', '1'), COLUMNS)
      const { startedAt } = await store.openRun('run-view')
      const results = [
        resultIn(TOPICS, 'view-1', { labels: { type: 'price', unit_scale: 0.001, topics: ['a "b"', 'c, d'] } }),
        resultIn(TOPICS, 'view-2', { labels: { type: 7, unit_scale: 'not a number', topics: 'no list' } }),
        resultIn(TOPICS, 'view-3', { labels: { unit_scale: null, topics: [] } }),
      ]
      await store.saveBatch(batch(startedAt, results, { runId: 'run-view', scope: TOPICS }))
      const rows = await under.rows("select * from results_news_topics where catalogue = 'news' order by indicator_id")
      assert.deepEqual(
        rows.map(({ indicator_id, type, unit_scale, topics }) => ({ indicator_id, type, unit_scale, topics })),
        [
          { indicator_id: 'view-1', type: 'price', unit_scale: 0.001, topics: ['a "b"', 'c, d'] },
          { indicator_id: 'view-2', type: '7', unit_scale: null, topics: null },
          { indicator_id: 'view-3', type: null, unit_scale: null, topics: [] },
        ],
      )
      const { labels: _, ...envelope } = classification('view-1', {
        ...resultIn(TOPICS, 'view-1').classification,
        run_id: 'run-view',
      })
      const { type, unit_scale, topics, ...shown } = rows[0] ?? {}
      assert.deepEqual(shown, envelope)
    })

    it('makes the view anew only where its columns change, and keeps one that gets further columns', async () => {
      const oidOf = async () => (await under.rows(`select to_regclass('results_changing')::oid::int as oid`))[0]?.oid
      const columnsOf = async () =>
        (
          await under.rows(
            `select attname from pg_attribute where attrelid = 'results_changing'::regclass and attnum > 16 order by attnum`,
          )
        ).map(({ attname }) => attname)
      await store.saveCodebook(codebook('changing', '1'), COLUMNS)
      const first = await oidOf()
      await under.rows('create view daily as select type, count(*) from results_changing group by type')
      const version = async () => (await under.rows(`select xmin from pg_class where oid = ${first}`))[0]?.xmin
      const written = await version()
      await store.saveCodebook(codebook('changing', '2'), COLUMNS)
      assert.equal(await version(), written, 'the same columns change nothing')

      await store.saveCodebook(codebook('changing', '3'), [...COLUMNS, { name: 'more', type: 'text' }])
      assert.deepEqual(await columnsOf(), ['type', 'unit_scale', 'topics', 'more'])
      assert.equal(await oidOf(), first, 'further columns leave the view that others use')

      const changed: CodebookColumn[] = [{ name: 'type', type: 'double precision' }]
      await assert.rejects(store.saveCodebook(codebook('changing', '4'), changed), {
        code: 'database-failed',
        message: /columns of the view "results_changing", and other views or functions use it: drop these/,
      })
      assert.equal(await store.findCodebook({ name: 'changing', version: '4' }), undefined)
      await under.rows('drop view daily')
      await store.saveCodebook(codebook('changing', '4'), changed)
      assert.deepEqual(await columnsOf(), ['type'])
      assert.ok(await store.findCodebook({ name: 'changing', version: '4' }))
    })

    it('makes a view for names that PostgreSQL would cut or that are words of SQL', async () => {
      const long = `x${'-long'.repeat(11)}`
      const columns: CodebookColumn[] = ['select', 'a'.repeat(40), 'order'].map((field) => ({
        name: field,
        type: 'text',
      }))
      for (const last of ['-one', '-two']) await store.saveCodebook(codebook(`${long}${last}`, '1'), columns)
      await store.saveCodebook(codebook('order', '1'), columns)
      const views = await under.rows(`select viewname from pg_views where viewname like 'results_x_long%' order by 1`)
      assert.equal(views.length, 2)
      assert.deepEqual(await under.rows('select "select", "order" from results_order'), [])
    })

    it('is saved by many replicas at once, each with its own columns', async () => {
      const saves = Array.from({ length: 12 }, (_, n) => {
        const columns = n % 3 === 0 ? COLUMNS : COLUMNS.toReversed()
        return store.saveCodebook(codebook('rushed', String(n % 4)), columns)
      })
      await Promise.all(saves)
      assert.equal((await store.listCodebooks()).filter((one) => one.name === 'rushed').length, 4)
      assert.deepEqual(await under.rows('select * from results_rushed'), [])
    })
  })
}
