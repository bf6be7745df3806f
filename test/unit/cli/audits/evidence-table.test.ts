/** The evidence of a catalogue as a table, and what is asked of the service for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findEvidence, formatEvidence } from '../../../../src/cli/audits/evidence-table.ts'
import type { EvidenceResponse } from '../../../../src/restate/contract.ts'
import type { Store } from '../../../../src/store/types.ts'
import { indicatorOf } from '../../../helpers/codebooks/readings.ts'
import { startScriptedIngress } from '../../../helpers/servers/ingress.ts'

const { signal } = new AbortController()
const counts = { reason: null, audits: 163, counted: 163, misses: 3, bound: 0.97, expected_more: 0, removed: [] }
const EVIDENCE: EvidenceResponse = {
  ...{ catalogue: 'my file', codebook: 'b@1', target: 0.97, models: ['gpt-6-luna'] },
  fields: [
    {
      ...{ ...counts, field: 'type', state: 'trusted', measure: 'labels', rightness: null },
      removed: [{ rule: 'bad', audits: 12, misses: 5, measure: 'labels' }],
      sources: [
        { source: 'rules', audits: 41, agreed: 40, labels: 132, right: 127 },
        { source: 'name-growth', audits: 41, agreed: 40, labels: 120, right: 120 },
        { source: 'bad', audits: 0, agreed: 0, labels: 12, right: 7 },
        { source: 'model', audits: 0, agreed: 0, labels: 20, right: 18 },
      ],
    },
    { ...counts, field: 'unit_kind', state: 'undecided' },
  ],
}

test('the table has a row for each source of each field, and the verdict beside all rules together', () => {
  assert.deepEqual(formatEvidence(EVIDENCE).split('\n'), [
    'Evidence on the rules of the catalogue "my file" by b@1, at the target 0.97',
    'Audits: gpt-6-luna, asked blind, gave the same label. Labels: people gave the same label.',
    '',
    '  field      state      measure  source           audits agreed  labels right',
    '  type       trusted    labels   rules            40 of 41       127 of 132',
    '                                   name-growth    40 of 41       120 of 120',
    '                                   bad (removed)  -              7 of 12',
    '                                   model          -              18 of 20',
    // A replica of an earlier release tells no sources.
    '  unit_kind  undecided  audits   rules            160 of 163     -',
  ])
})

test('a catalogue of which nothing was checked says what changes that', () => {
  const text = formatEvidence({ ...EVIDENCE, models: [], fields: [] })
  assert.match(text, /No model was asked blind.*\nNothing was checked yet: audits of a run in mode hybrid, or labels/)
})

/** A store with the catalogue "my file" alone. */
const store = {
  async *exportIndicators({ catalogue }: { catalogue?: string }) {
    yield catalogue === 'my file' ? [indicatorOf()] : []
  },
  listCatalogues: async () => ['my file'],
} as unknown as Store

test('the service is asked for the catalogue at the target, and a catalogue that is not there is refused', async () => {
  const bodies: unknown[] = []
  const ingress = await startScriptedIngress((path, body) => {
    assert.match(path, /classify-api\/evidence$/)
    bodies.push(body)
    return { body: EVIDENCE }
  })
  try {
    const choice = { catalogue: 'my file', codebook: 'b@abc', target: undefined, urls: [ingress.url] }
    assert.deepEqual(await findEvidence(store, choice, signal), EVIDENCE)
    await findEvidence(store, { ...choice, target: 0.9 }, signal)
    assert.deepEqual(bodies, [
      { catalogue: 'my file', codebook: 'b@abc' },
      { catalogue: 'my file', codebook: 'b@abc', target: 0.9 },
    ])
    await assert.rejects(findEvidence(store, { ...choice, catalogue: 'my fil' }, signal), {
      code: 'input-invalid',
      message: /--catalogue: there is no catalogue "my fil"; there is "my file"/,
    })
    assert.equal(bodies.length, 2)
  } finally {
    await ingress.close()
  }
})
