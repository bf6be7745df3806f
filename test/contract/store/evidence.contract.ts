/** The contract of the store for certificates: rows of runs, plans, labels of people and sentinel rows. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type {
  CertificateStore,
  LabelToSave,
  PlanToSave,
  ResultScope,
  RunScope,
  SentinelRow,
  Store,
} from '../../../src/store/types.ts'
import { batch, LABELS, result, SCOPE } from '../../helpers/store/batches.ts'
import type { StoreUnderTest } from './store.contract.ts'

const OTHER: ResultScope = { catalogue: 'other', codebook: SCOPE.codebook }

export function evidenceContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`store of certificates: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    let certificates: CertificateStore
    before(async () => {
      under = await makeStore()
      store = under.store
      certificates = store.certificates
    })
    after(() => under?.close())

    const save = async (scope: ResultScope, runId: string, ids: readonly string[], more = {}, input = {}) => {
      const { startedAt } = await store.openRun(runId)
      const place = { catalogue: scope.catalogue, codebook: `${scope.codebook}@1`, run_id: runId }
      const results = ids.map((id) => result(id, { ...place, ...more }, input))
      const batchId = `inv_${scope.catalogue}_${ids.join('_')}`
      await store.saveBatch(batch(startedAt, results, { runId, batchId, scope }))
      return results
    }

    const idsOf = async (scope: RunScope, pageSize?: number) => {
      const ids: string[] = []
      for await (const page of certificates.exportRunRows(scope, pageSize))
        ids.push(...page.map(({ classification }) => classification.indicator_id))
      return ids
    }

    it('reads the rows of one run, catalogue and codebook, in pages in order of the id', async () => {
      const ids = ['b', 'B', '10', '2', 'é']
      const saved = await save(SCOPE, 'run-rows', ids)
      await save(OTHER, 'run-rows', ['x'])
      await save(SCOPE, 'run-later', ['b'], { reason: 'later' })
      assert.deepEqual(await certificates.findRunParts('run-rows'), [
        { ...SCOPE, codebookHash: 'hash of the codebook', rows: 5 },
        { ...OTHER, codebookHash: 'hash of the codebook', rows: 1 },
      ])
      assert.deepEqual(await certificates.findRunParts('nobody'), [])
      const scope = { runId: 'run-rows', ...SCOPE }
      const sorted = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      for (const pageSize of [undefined, 1, 4, 5, 6]) assert.deepEqual(await idsOf(scope, pageSize), sorted)
      assert.deepEqual(await idsOf({ ...scope, runId: 'nobody' }), [])

      const found = await certificates.findRunRows(scope, ['b', 'é', 'x', 'nobody'])
      assert.deepEqual([...found.keys()].toSorted(), ['b', 'é'])
      const [first] = saved
      assert.deepEqual(found.get('b'), {
        classification: first?.classification,
        inputHash: first?.inputHash,
        mode: 'hybrid',
        indicator: first?.indicator,
      })
      assert.equal((await certificates.findRunRows(scope, [])).size, 0)
    })

    it('gives no input where the indicator was submitted with another one since', async () => {
      await save(SCOPE, 'run-input', ['changed', 'same'])
      const { startedAt } = await store.openRun('run-input-2')
      const later = result('changed', { run_id: 'run-input-2', classified_at: '2026-05-01T00:00:00.000Z' })
      await store.saveBatch(
        batch(startedAt, [{ ...later, inputHash: 'another hash' }], { runId: 'run-input-2', batchId: 'inv_2' }),
      )
      const found = await certificates.findRunRows({ runId: 'run-input', ...SCOPE }, ['changed', 'same'])
      assert.equal(found.get('changed')?.indicator, null)
      assert.equal(found.get('changed')?.inputHash, 'hash of changed')
      assert.equal(found.get('same')?.indicator?.indicator_id, 'same')
    })

    const plan = (more: Partial<PlanToSave> = {}): PlanToSave => ({
      runId: 'run-plan',
      ...SCOPE,
      seed: 'seed 1',
      target: 0.97,
      delta: 0.05,
      claims: ['*'],
      fields: ['type', 'a, "quoted" field'],
      population: 1_234,
      digest: 'digest',
      plannedBy: 'Anna',
      ...more,
    })

    it('keeps the first plan of a run, however many plan at once, until one replaces it', async () => {
      assert.equal(await certificates.findPlan(plan()), undefined)
      const plans = Array.from({ length: 8 }, (_, index) => plan({ seed: `seed ${index}` }))
      const saved = await Promise.all(plans.map((one) => certificates.savePlan(one, { replaces: false })))
      assert.equal(new Set(saved.map(({ seed }) => seed)).size, 1)
      const { plannedAt, ...kept } = saved[0] ?? assert.fail('no plan')
      assert.deepEqual(kept, plan({ seed: kept.seed }))
      assert.match(plannedAt, /^\d{4}-.*Z$/)
      const next = plan({ seed: kept.seed, target: 0.9, claims: ['type'], fields: ['type'], plannedBy: 'Ben' })
      assert.equal((await certificates.savePlan(next, { replaces: false })).target, 0.97)
      const { plannedAt: _, ...replaced } = await certificates.savePlan(next, { replaces: true })
      assert.deepEqual(replaced, next)
      await certificates.savePlan(plan({ catalogue: 'other', seed: 'of other' }), { replaces: false })
      assert.equal((await certificates.findPlan(plan()))?.target, 0.9)
      assert.equal((await certificates.findPlan(plan({ catalogue: 'other' })))?.seed, 'of other')
    })

    const label = (indicatorId: string, field: string, more: Partial<LabelToSave> = {}): LabelToSave => ({
      indicatorId,
      inputHash: `hash of ${indicatorId}`,
      field,
      label: 'price',
      isKnown: true,
      by: 'Anna',
      adjudicates: false,
      blind: true,
      runId: 'run-1',
      note: 'a\0 note',
      ...more,
    })
    const place = { catalogue: SCOPE.catalogue, codebookHash: 'hash 1' }

    it('gives back labels of every kind, and keeps the first that a person gave', async () => {
      const given = [
        label('l-2', 'weight', { label: 1.5 }),
        label('l-1', 'topics', { label: ['b', 'a'], blind: false }),
        label('l-1', 'type'),
        label('l-1', 'type', { label: 'stock', by: 'Ben' }),
        label('l-1', 'per', { label: null }),
        label('l-1', 'unit', { label: null, isKnown: false }),
      ]
      await certificates.saveLabels(place, given)
      await certificates.saveLabels(place, [label('l-1', 'type', { label: 'other' })])
      await certificates.saveLabels(place, [])
      const found = await certificates.findLabels(place)
      assert.deepEqual(
        found.map(({ at, ...one }) => one),
        [given[4], given[1], given[2], given[3], given[5], given[0]].map((one) => ({ ...one, note: 'a note' })),
      )
      assert.ok(found.every(({ at }) => /^\d{4}-.*Z$/.test(at)))
      assert.deepEqual(
        (await certificates.findLabels(place, ['l-2', 'nobody'])).map(({ label }) => label),
        [1.5],
      )
      assert.deepEqual(await certificates.findLabels(place, []), [])
      assert.deepEqual(await certificates.findLabels({ ...place, codebookHash: 'hash 2' }), [])
      assert.deepEqual(await certificates.findLabels({ ...place, catalogue: 'other' }), [])
    })

    it('keeps labels of another input apart, and one third decision a field', async () => {
      await certificates.saveLabels(place, [
        label('t', 'type'),
        label('t', 'type', { inputHash: 'another input', label: 'stock' }),
        label('t', 'type', { adjudicates: true, by: 'Cleo', label: 'flow' }),
      ])
      await certificates.saveLabels(place, [label('t', 'type', { adjudicates: true, by: 'Dora', label: 'count' })])
      const found = await certificates.findLabels(place, ['t'])
      assert.deepEqual(
        found.map(({ inputHash, by, label }) => [inputHash, by, label]).toSorted(),
        [
          ['hash of t', 'Anna', 'price'],
          ['hash of t', 'Cleo', 'flow'],
          ['another input', 'Anna', 'stock'],
        ].toSorted(),
      )
    })

    const sentinel = (id: string, more: Partial<SentinelRow> = {}): SentinelRow => ({
      indicator: result(id).indicator,
      inputHash: `hash of ${id}`,
      fields: ['type', 'topics'],
      labels: LABELS,
      codebook: 'economic-indicators@2',
      codebookHash: 'hash 1',
      mode: 'model',
      model: null,
      promptVersion: 'p7',
      runId: 'run-1',
      ...more,
    })

    it('replaces the sentinel rows of one catalogue as a whole', async () => {
      assert.deepEqual(await certificates.findSentinels(SCOPE), [])
      await certificates.replaceSentinels(SCOPE, [sentinel('s-2'), sentinel('s-1', { model: 'gpt' })])
      await certificates.replaceSentinels(OTHER, [sentinel('s-1', { mode: 'rules' })])
      assert.deepEqual(await certificates.findSentinels(SCOPE), [sentinel('s-1', { model: 'gpt' }), sentinel('s-2')])
      const next = [sentinel('s-2', { fields: ['type'], labels: {} }), sentinel('s-3', { fields: ['type'] })]
      await certificates.replaceSentinels(SCOPE, next)
      assert.deepEqual(await certificates.findSentinels(SCOPE), next)
      assert.deepEqual(await certificates.findSentinels(OTHER), [sentinel('s-1', { mode: 'rules' })])
    })

    it('keeps the calibrations of a catalogue, of which the latest until a time counts', async () => {
      const scope = { catalogue: SCOPE.catalogue, codebookHash: 'h1' }
      const fitted = (records: number) => ({
        records,
        rules: { shade: { sure: 0.9, guess: 0.5 } },
        model: { shade: 0.8 },
        spread: 0.4,
      })
      assert.equal(await store.calibrations.find(scope), undefined)
      await store.calibrations.save(scope, 'run-1', fitted(50))
      await setTimeout(5)
      const between = new Date().toISOString()
      await setTimeout(5)
      await store.calibrations.save(scope, 'run-2', fitted(120))
      assert.deepEqual(await store.calibrations.find(scope), fitted(120))
      assert.deepEqual(await store.calibrations.find(scope, between), fitted(50))
      assert.equal(await store.calibrations.find(scope, '2020-01-01T00:00:00.000Z'), undefined)
      assert.equal(await store.calibrations.find({ ...scope, catalogue: 'other' }), undefined)
      assert.equal(await store.calibrations.find({ ...scope, codebookHash: 'h2' }), undefined)
    })

    it('forgets the latest results of one catalogue and keeps its history', async () => {
      const scope = { catalogue: 'forgotten', codebook: SCOPE.codebook }
      await save(scope, 'run-forget', ['f-1', 'f-2'])
      await save(OTHER, 'run-forget', ['f-1'])
      await certificates.forgetResults('forgotten')
      assert.equal((await store.findLatest(scope, ['f-1', 'f-2'])).size, 0)
      assert.deepEqual(
        (await store.findClassifications('f-1', {})).map(({ catalogue }) => catalogue),
        ['other'],
      )
      assert.deepEqual(await idsOf({ runId: 'run-forget', ...scope }), ['f-1', 'f-2'])
    })
  })
}
