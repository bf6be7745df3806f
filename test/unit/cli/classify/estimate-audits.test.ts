/** Estimates by the evidence of a catalogue: what dry runs ask for, and how many questions the audits of the run may spare. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Indicator } from '../../../../src/classification/types.ts'
import { readAuditOutlook } from '../../../../src/cli/audits/earnable.ts'
import { dryRunByService, dryRunCold } from '../../../../src/cli/classify/dry-run.ts'
import { estimateRun } from '../../../../src/cli/classify/estimate.ts'
import type { RunRequest } from '../../../../src/cli/client/run-batch.ts'
import type { ServiceClient } from '../../../../src/cli/client/service.ts'
import { readConfig } from '../../../../src/config/config.ts'
import { NO_TRUST } from '../../../../src/evidence/gate/trust.ts'
import type { EstimateResponse, EvidenceResponse } from '../../../../src/restate/contract.ts'
import { startScriptedIngress } from '../../../helpers/servers/ingress.ts'
import { ASKED, economic, shop } from '../../classification/schemes.ts'

const { signal } = new AbortController()
const requestOf = (options: Partial<RunRequest['options']> = {}): RunRequest => {
  return { force: false, options: { mode: 'hybrid', reuse: true, trust: 'catalogue', ...options } }
}

/** A row of whose every field the rules are sure. */
const sure = (id: string): Indicator => {
  return { indicator_id: id, name: `Exports of ${id}`, units: 'USD Million', periodicity: 'Monthly', sample_values: [] }
}
const unsure = (id: string): Indicator => {
  return { ...sure(id), name: `Zorbic attainment of ${id}`, units: 'zorbs', periodicity: 'now and then' }
}
const ALL = [...economic.codebook.fields].flatMap(({ name, asked }) => (asked ? [name] : []))
const fieldsOf = ({ asks }: { readonly asks: readonly { readonly fields: number }[] }) =>
  asks.map(({ fields }) => fields)

test('a cold dry run asks about every row where rules have to earn trust, and leaves sure rows to them otherwise', () => {
  const rows = [sure('steel'), unsure('steel')]
  const cold = (options: Partial<RunRequest['options']>, trust = NO_TRUST) =>
    dryRunCold(rows, requestOf(options), { scheme: economic, model: 'm', trust })
  assert.deepEqual([cold({}).rules, fieldsOf(cold({}))], [0, [ALL.length, ALL.length]])
  assert.deepEqual([cold({ trust: 'shipped' }).rules, fieldsOf(cold({ trust: 'shipped' }))], [1, [ALL.length]])
  assert.deepEqual([cold({ mode: 'rules' }).rules, cold({ mode: 'rules' }).asks], [2, []])
  const earned = cold({}, { fields: ALL, removed: {} })
  assert.deepEqual([earned.rules, fieldsOf(earned)], [1, [ALL.length]])
  const inPart = cold({}, { fields: ALL.filter((name) => name !== 'type'), removed: {} })
  assert.deepEqual([inPart.rules, fieldsOf(inPart)], [0, [1, ALL.length]])
  const byDefault = dryRunCold(rows, requestOf(), { scheme: economic, model: 'm' })
  assert.deepEqual(byDefault, cold({}))
})

const planned: EstimateResponse = {
  ...{ model: 'm', escalation_model: null, price: { input: 1, output: 5 }, escalation_price: null },
  ...{ prefix_tokens: 4_000, habits: null, unchanged: 0, rules: 0, reuse: 0, person: 0, asks: [] },
}

test('the service is asked for a dry run by the trust and the target of the run, and audits only for its audits', async () => {
  const options: unknown[] = []
  const service: ServiceClient = {
    async ask({ body, schema }) {
      options.push((body as { options: unknown }).options)
      return schema.parse(planned)
    },
  }
  await dryRunByService(service, [sure('a')], requestOf(), signal)
  await dryRunByService(service, [sure('a')], requestOf({ trust: 'shipped', target: 0.99, pack: 5 }), signal)
  await dryRunByService(service, [sure('a')], requestOf({ target: 0.99 }), signal, true)
  assert.deepEqual(options, [
    { mode: 'hybrid', reuse: true, trust: 'catalogue', audit: 'none' },
    { mode: 'hybrid', reuse: true, trust: 'shipped', target: 0.99, audit: 'none', pack: 5 },
    { mode: 'hybrid', reuse: true, trust: 'catalogue', target: 0.99, audit: 'all' },
  ])
})

type FieldEvidence = EvidenceResponse['fields'][number]
const fieldOf = (field: string, state: FieldEvidence['state'], rules: readonly string[] = []): FieldEvidence => {
  const counts = { audits: 9, counted: 9, misses: 0, bound: 0.5, expected_more: null }
  return { field, state, reason: null, ...counts, removed: rules.map((rule) => ({ rule, audits: 9, misses: 4 })) }
}
const evidenceOf = (...fields: FieldEvidence[]): EvidenceResponse => {
  return { catalogue: 'default', codebook: 'economic-indicators@2', target: 0.97, fields }
}
const serviceOf = (found: EvidenceResponse | undefined): ServiceClient => {
  return { ask: async ({ schema }) => (found === undefined ? undefined : schema.parse(found)) }
}

const trustOf = async (
  service: ServiceClient | undefined,
  run: Omit<Parameters<typeof readAuditOutlook>[1], 'isGuessing'>,
) => (await readAuditOutlook(service, { ...run, isGuessing: false }, signal)).trust

test('rules may earn every field of which nothing is known, and none against which the evidence speaks', async () => {
  const earnable = (found: EvidenceResponse | undefined) =>
    trustOf(serviceOf(found), { request: requestOf(), scheme: economic })
  assert.deepEqual(await earnable(undefined), { fields: ALL, removed: {} })
  assert.deepEqual(await earnable(evidenceOf()), { fields: ALL, removed: {} })
  const mixed = evidenceOf(fieldOf('type', 'untrusted'), fieldOf('frequency', 'undecided', ['bad']))
  assert.deepEqual(await earnable(mixed), {
    fields: ALL.filter((name) => name !== 'type'),
    removed: { frequency: ['bad'] },
  })
  assert.equal(await earnable(evidenceOf(fieldOf('type', 'trusted'), fieldOf('frequency', 'untrusted'))), null)
  const sources = [{ source: 'rules', audits: 0, agreed: 0, labels: 150, right: 150 }]
  const labelled = (field: string) => ({ ...fieldOf(field, 'trusted'), measure: 'labels' as const, sources })
  assert.equal(await earnable(evidenceOf(...ALL.map(labelled))), null, 'labels have decided every field')
  assert.deepEqual(await earnable(evidenceOf(labelled('type'))), { fields: ALL, removed: {} })
  const unreachable = { request: requestOf(), scheme: economic }
  assert.deepEqual(await trustOf(undefined, unreachable), { fields: ALL, removed: {} })
})

test('a run that audits nothing earns nothing, and its evidence is not read', async () => {
  const silent: ServiceClient = { ask: async () => assert.fail('the service was asked') }
  for (const [options, scheme] of [
    [{ trust: 'shipped' }, economic],
    [{ mode: 'model' }, economic],
    [{ mode: 'rules' }, economic],
    [{}, shop],
  ] as const) {
    assert.equal(await trustOf(silent, { request: requestOf(options), scheme }), null)
  }
  assert.ok(ASKED.length > 0)
})

/** Estimates a run of these batches by a service whose dry runs ask about every row. */
async function estimate(
  batches: readonly (readonly Indicator[])[],
  evidence: EvidenceResponse,
  options: Partial<RunRequest['options']> = {},
) {
  const asked: string[] = []
  const ingress = await startScriptedIngress((path, body) => {
    asked.push(path)
    if (path.endsWith('/evidence')) return { body: evidence }
    if (!path.endsWith('/estimate')) return { status: 404, body: { message: 'handler not found' } }
    const { indicators } = body as { indicators: readonly Indicator[] }
    const asks = indicators.map(({ indicator_id: id }) => {
      return { shape: Buffer.from(id).toString('hex').padEnd(13, '0'), tokens: 100, fields: 8, answer_tokens: 300 }
    })
    return { body: { ...planned, asks } }
  })
  try {
    const given = (async function* () {
      yield* batches
    })()
    const report = await estimateRun(given, {
      ...{ urls: [ingress.url], request: requestOf(options), given: undefined, earlier: null },
      ...{ config: readConfig({}), flags: { rpm: 100 }, say: () => undefined, signal },
    })
    const spared = report.warnings.find(({ code }) => code === 'rules-unchecked')
    return { report, spared, looks: asked.filter((path) => path.endsWith('/evidence')).length }
  } finally {
    await ingress.close()
  }
}

test('an estimate counts what is asked before the audits, and says how many of its questions they may spare', async () => {
  const batches = [
    [sure('steel'), unsure('lead')],
    [sure('tin'), sure('zinc')],
  ]
  const { report, spared, looks } = await estimate(batches, evidenceOf())
  assert.deepEqual([report.by_source.model, report.by_source.rules, report.cold], [4, 0, false])
  assert.equal(spared?.count, 3)
  assert.match(spared?.message ?? '', /may be spared, where its audits show that rules agree with the model/)
  assert.equal(looks, 1)
})

test('an estimate says nothing of audits where none is made, where all is decided, and where they spare nothing', async () => {
  const batches = [[sure('steel'), sure('tin')]]
  for (const [evidence, options] of [
    [evidenceOf(), { trust: 'shipped' }],
    [evidenceOf(), { mode: 'model' }],
    [evidenceOf(fieldOf('type', 'trusted')), {}],
    [evidenceOf(fieldOf('type', 'untrusted'), fieldOf('frequency', 'undecided')), {}],
  ] as const) {
    const { report, spared } = await estimate(batches, evidence, options)
    assert.deepEqual([report.by_source.model, spared], [2, undefined])
  }
  assert.equal((await estimate([[unsure('steel')]], evidenceOf())).spared, undefined)
})
