/** The contract of the store for audits: they are saved with their batch, count once a run, and are read in order and in parts. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { AuditToSave, EvidenceScope, ResultScope, Store } from '../../src/store/types.ts'
import { batch, result, SCOPE } from '../helpers/batches.ts'
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
      const expected = saved.map((one) => ({ ...one, runId: 'run-back' }))
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
