/** The contract of the store for audits and outcomes of labels: they are saved, replaced, count once, and are read in order and in parts. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { AuditToSave, EvidenceScope, LabelOutcome, ResultScope, Store } from '../../../src/store/types.ts'
import { batch, result, SCOPE } from '../../helpers/store/batches.ts'
import type { StoreUnderTest } from './store.contract.ts'

const audit = (indicatorId: string, field: string, more: Partial<AuditToSave> = {}): AuditToSave => ({
  indicatorId,
  field,
  rule: `rule of ${field}`,
  agreed: true,
  rank: null,
  model: 'gpt-6-luna',
  ...more,
})

const outcome = (indicatorId: string, rank: number, more: Partial<LabelOutcome> = {}): LabelOutcome => ({
  ...{ field: 'type', rule: 'r', agreed: true, indicatorId, inputHash: `hash of ${indicatorId}`, rank, model: '' },
  ...more,
})

export function auditsContract(
  name: string,
  makeStore: () => Promise<StoreUnderTest>,
  options: { readonly skip?: string | false } = {},
): void {
  describe(`store of audits: ${name}`, options, () => {
    let under: StoreUnderTest
    let store: Store
    before(async () => {
      under = await makeStore()
      store = under.store
    })
    after(() => under?.close())

    const save = async (
      runId: string,
      audits: readonly AuditToSave[],
      { scope = SCOPE, codebookHash = 'hash of the codebook' }: { scope?: ResultScope; codebookHash?: string } = {},
    ) => {
      const { startedAt } = await store.openRun(runId)
      const ids = [...new Set(audits.map(({ indicatorId }) => indicatorId))]
      const place = { run_id: runId, catalogue: scope.catalogue, codebook_hash: codebookHash }
      const results = ids.map((id) => result(id, place))
      await store.saveBatch(batch(startedAt, results, { runId, scope, batchId: `inv_${runId}`, audits }))
    }
    const scopeOf = (catalogue: string, codebookHash = 'hash of the codebook'): EvidenceScope => ({
      catalogue,
      codebookHash,
    })
    const inCatalogue = (catalogue: string): ResultScope => ({ ...SCOPE, catalogue })

    it('has no audits of a catalogue that was never audited', async () => {
      assert.deepEqual(await store.findAudits(scopeOf('nothing'), 0), { audits: [], total: 0 })
      await save('run-none', [], { scope: inCatalogue('nothing') })
      assert.deepEqual(await store.findAudits(scopeOf('nothing'), 0), { audits: [], total: 0 })
    })

    it('gives back each audit as it was saved, with its run and a number that rises', async () => {
      const odd = 'a b"\',{}\\ü💰'
      const saved = [
        audit(odd, 'type', { agreed: false, rank: 0.25 }),
        audit(odd, 'orientation', { rank: 0.25, model: 'm2' }),
        audit('c', 'type', { rule: 'another', rank: 0 }),
      ]
      await save('run-back', saved, { scope: inCatalogue('back') })
      const { audits, total } = await store.findAudits(scopeOf('back'), 0)
      assert.equal(total, 3)
      const expected = saved.map((one) => ({ ...one, runId: 'run-back', byPeople: false }))
      const byKey = (one: AuditToSave) => `${one.field} ${one.rule}`
      assert.deepEqual(
        audits.map(({ number: _, ...one }) => one).toSorted((a, b) => byKey(a).localeCompare(byKey(b))),
        expected.toSorted((a, b) => byKey(a).localeCompare(byKey(b))),
      )
      const numbers = audits.map(({ number }) => number)
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      )
      assert.equal(new Set(numbers).size, 3)
    })

    it('gives only what came after a number, and the total of all', async () => {
      await save('run-1', [audit('a', 'type')], { scope: inCatalogue('parts') })
      const first = await store.findAudits(scopeOf('parts'), 0)
      const last = first.audits.at(-1)?.number ?? 0
      assert.deepEqual(await store.findAudits(scopeOf('parts'), last), { audits: [], total: 1 })
      await save('run-2', [audit('b', 'type'), audit('c', 'type')], { scope: inCatalogue('parts') })
      const { audits, total } = await store.findAudits(scopeOf('parts'), last)
      assert.deepEqual([audits.map(({ indicatorId }) => indicatorId).toSorted(), total], [['b', 'c'], 3])
    })

    it('counts an indicator once a run and field: a batch that is saved again changes nothing, another run counts anew', async () => {
      const scope = inCatalogue('again')
      await save('run-once', [audit('a', 'type'), audit('a', 'unit_kind')], { scope })
      const before = await store.findAudits(scopeOf('again'), 0)
      await save('run-once', [audit('a', 'type', { agreed: false }), audit('a', 'unit_kind')], { scope })
      assert.deepEqual(await store.findAudits(scopeOf('again'), 0), before)
      await save('run-another', [audit('a', 'type', { agreed: false })], { scope })
      const { audits } = await store.findAudits(scopeOf('again'), 0)
      assert.deepEqual(audits.map(({ runId, field, agreed }) => `${runId} ${field} ${agreed}`).toSorted(), [
        'run-another type false',
        'run-once type true',
        'run-once unit_kind true',
      ])
    })

    it('keeps the audits of catalogues and of codebooks apart', async () => {
      const scope = inCatalogue('one')
      await save('run-one', [audit('a', 'type')], { scope })
      await save('run-two', [audit('a', 'type')], { scope: inCatalogue('two') })
      await save('run-three', [audit('a', 'type')], { scope, codebookHash: 'of another version' })
      for (const [place, run] of [
        [scopeOf('one'), 'run-one'],
        [scopeOf('two'), 'run-two'],
        [scopeOf('one', 'of another version'), 'run-three'],
      ] as const) {
        const { audits, total } = await store.findAudits(place, 0)
        assert.deepEqual([audits.map(({ runId }) => runId), total], [[run], 1])
      }
    })

    it('counts an indicator once a run and field, also where another release reads it by another rule', async () => {
      const scope = inCatalogue('reread')
      await save('run-reread', [audit('a', 'type')], { scope })
      await save('run-reread', [audit('a', 'type', { rule: 'another' })], { scope })
      const { audits } = await store.findAudits(scopeOf('reread'), 0)
      assert.deepEqual(
        audits.map(({ rule }) => rule),
        ['rule of type'],
      )
    })

    const put = (catalogue: string, run: string, outcomes: readonly LabelOutcome[]) =>
      store.certificates.replaceOutcomes(scopeOf(catalogue), run, outcomes)
    const read = async (catalogue: string) =>
      (await store.findAudits(scopeOf(catalogue), 0)).audits.map((one) => {
        return [one.byPeople, one.runId, one.indicatorId, one.field, one.rule, one.agreed]
      })

    it('gives back outcomes of labels beside the audits of the same run, and never takes one for the other', async () => {
      const odd = 'a b"\',{}\\ü💰'
      await save('run-labels', [audit(odd, 'type', { rule: 'r', rank: 0.7 })], { scope: inCatalogue('labels') })
      const changed = await put('labels', 'run-labels', [
        outcome(odd, 0),
        outcome(odd, 0, { rule: 'model', model: 'm1', agreed: false }),
        outcome('b', 0.25, { field: 'orientation' }),
      ])
      assert.equal(changed, 3)
      const { audits, total } = await store.findAudits(scopeOf('labels'), 0)
      assert.equal(total, 4)
      const common = { runId: 'run-labels', byPeople: true, rule: 'r', agreed: true, model: '' }
      const ofA = { ...common, field: 'type', indicatorId: odd, rank: 0 }
      assert.deepEqual(
        audits.slice(1).map(({ number: _, ...one }) => one),
        [
          { ...ofA, rule: 'model', model: 'm1', agreed: false },
          ofA,
          { ...common, field: 'orientation', indicatorId: 'b', rank: 0.25 },
        ],
      )
      assert.deepEqual([audits[0]?.byPeople, audits[0]?.rank], [false, 0.7])
      assert.equal(await put('labels', 'run-labels', []), 3)
      assert.deepEqual(await read('labels'), [[false, 'run-labels', odd, 'type', 'r', true]])
    })

    it('replaces the outcomes of a run: what stays the same keeps its number, and nothing is written where nothing changed', async () => {
      const first = [outcome('a', 0), outcome('b', 0.1), outcome('c', 0.2)]
      await put('replaced', 'run-1', first)
      const before = await store.findAudits(scopeOf('replaced'), 0)
      assert.equal(await put('replaced', 'run-1', first), 0)
      assert.deepEqual(await store.findAudits(scopeOf('replaced'), 0), before)
      // A third decision on b, c waits again, and d is new.
      const changed = await put('replaced', 'run-1', [
        outcome('a', 0),
        outcome('b', 0.1, { agreed: false }),
        outcome('d', 0.3),
      ])
      assert.equal(changed, 4)
      const { audits, total } = await store.findAudits(scopeOf('replaced'), 0)
      assert.deepEqual(
        [total, ...audits.map(({ indicatorId, agreed }) => `${indicatorId} ${agreed}`)],
        [3, 'a true', 'b false', 'd true'],
      )
      assert.deepEqual(audits[0], before.audits[0])
      const last = before.audits.at(-1)?.number ?? 0
      assert.ok(audits.slice(1).every(({ number }) => number > last))
    })

    it('counts a record with the same input once, for the first certificate, and other inputs and fields beside it', async () => {
      await put('once', 'run-1', [outcome('a', 0), outcome('b', 0.5)])
      const second = [
        outcome('b', 0, { agreed: false }),
        outcome('b', 0, { rule: 'model', model: 'm' }),
        outcome('b', 0, { field: 'orientation' }),
        outcome('a', 0.1, { inputHash: 'of other texts' }),
        outcome('c', 0.2),
      ]
      assert.equal(await put('once', 'run-2', second), 3)
      assert.deepEqual(await read('once'), [
        [true, 'run-1', 'a', 'type', 'r', true],
        [true, 'run-1', 'b', 'type', 'r', true],
        [true, 'run-2', 'b', 'orientation', 'r', true],
        [true, 'run-2', 'a', 'type', 'r', true],
        [true, 'run-2', 'c', 'type', 'r', true],
      ])
      // The first certificate may count its records again, and lets the second have what it counts no more.
      assert.equal(await put('once', 'run-1', [outcome('a', 0), outcome('b', 0.5)]), 0)
      assert.equal(await put('once', 'run-1', [outcome('a', 0)]), 1)
      assert.equal(await put('once', 'run-2', second), 2)
      assert.deepEqual(await put('other', 'run-2', second), 5, 'another catalogue has its own')
    })

    it('counts no record twice where two certificates are written at once', async () => {
      const outcomes = Array.from({ length: 40 }, (_, index) => outcome(`i${index}`, index / 40))
      await Promise.all(['run-1', 'run-2', 'run-3'].map((run) => put('at once', run, outcomes)))
      const { audits } = await store.findAudits(scopeOf('at once'), 0)
      assert.deepEqual([audits.length, new Set(audits.map(({ indicatorId }) => indicatorId)).size], [40, 40])
    })

    it('loses none of many batches that are saved at once', async () => {
      const scope = inCatalogue('many')
      const runs = Array.from({ length: 12 }, (_, run) => `run-many-${run}`)
      await Promise.all(
        runs.map((run) =>
          save(
            run,
            [1, 2, 3].map((n) => audit(`${run}.${n}`, 'type')),
            { scope },
          ),
        ),
      )
      const { audits, total } = await store.findAudits(scopeOf('many'), 0)
      assert.deepEqual([audits.length, total, new Set(audits.map(({ number }) => number)).size], [36, 36, 36])
    })
  })
}
