/** The audits of a run: which rows of the file are drawn, in which stages, when these end, and what a resumed run draws. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Catalogue } from '../../../../src/catalogue/types.ts'
import type { Indicator } from '../../../../src/classification/types.ts'
import {
  AUDIT_BUDGET,
  type AuditStages,
  auditBatches,
  FIRST_AUDIT_BATCH,
  isAuditing,
  type PlannedBatch,
  readEvidence,
} from '../../../../src/cli/audits/audit-stages.ts'
import type { RunSettings } from '../../../../src/cli/classify/options.ts'
import type { ServiceClient } from '../../../../src/cli/client/service.ts'
import { AUDIT_STAGES, auditRank } from '../../../../src/evidence/gate/audit-plan.ts'
import { sha256 } from '../../../../src/lib/sha256.ts'
import type { EvidenceResponse } from '../../../../src/restate/contract.ts'
import { economic, shop } from '../../classification/schemes.ts'

type State = EvidenceResponse['fields'][number]['state']

const settingsOf = (options: Partial<RunSettings['options']> = {}, more: Partial<RunSettings> = {}): RunSettings => ({
  ...{ batch_size: 100, force: false, ...more },
  options: { mode: 'hybrid', reuse: true, trust: 'catalogue', ...options },
})

/** A row of whose unit, kind and frequency the rules are sure. */
const sure = (id: string): Indicator => {
  return { indicator_id: id, name: 'Exports', units: 'USD Million', periodicity: 'Monthly', sample_values: [] }
}
/** A row of which the rules are sure of nothing that a model may be asked for. */
const unsure = (id: string): Indicator => {
  return { ...sure(id), name: 'Zorbic attainment', units: 'zorbs', periodicity: 'now and then' }
}

function catalogueOf(rows: readonly Indicator[]): Catalogue {
  const catalogue: Partial<Catalogue> = {
    count: rows.length,
    async *indicators() {
      for (const [index, indicator] of rows.entries()) yield { line: index + 1, indicator, kept: {} }
    },
  }
  return catalogue as Catalogue
}

const evidenceOf = (...states: readonly State[]): EvidenceResponse => {
  const fields = states.map((state, index): EvidenceResponse['fields'][number] => {
    const counts = { audits: 9, counted: 9, misses: 0, bound: 0.5, expected_more: null }
    return { field: `f${index}`, state, reason: null, ...counts, removed: [] }
  })
  return { catalogue: 'c', codebook: 'economic-indicators@2', target: 0.97, fields }
}

/** The file of most tests: 1,500 sure rows and as many of which no rule is sure. */
const ROWS = Array.from({ length: 3_000 }, (_, index) => (index % 2 === 0 ? sure : unsure)(`row-${index}`))

interface Given {
  readonly rows?: readonly Indicator[]
  readonly settings?: RunSettings
  readonly runId?: string
  /** What the evidence says at each look; the last one counts for all that follow. */
  readonly says?: readonly (EvidenceResponse | Error)[]
  /** The stages that the run had begun before it was interrupted. */
  readonly begun?: readonly number[]
  /** How many stages end before the run submits no further batch. */
  readonly endsAfter?: number
  readonly signal?: AbortSignal
  /** The name of the service's model; a service of an earlier release names none. */
  readonly model?: string
}

interface Drawn {
  readonly batches: readonly PlannedBatch[]
  readonly ids: readonly string[]
  readonly noted: readonly number[]
  readonly looks: number
  /** Numbers of rows that had been yielded whenever the run waited for the batches in flight. */
  readonly stages: readonly number[]
}

async function draw({
  rows = ROWS,
  settings = settingsOf(),
  runId = 'run-1',
  says = [evidenceOf('undecided')],
  begun = [],
  endsAfter = Number.POSITIVE_INFINITY,
  signal = new AbortController().signal,
  model,
}: Given = {}): Promise<Drawn> {
  let looks = 0
  const service: ServiceClient = {
    async ask({ handler, schema }) {
      assert.equal(handler, 'evidence')
      const found = says[Math.min(looks, says.length - 1)]
      looks += 1
      if (found instanceof Error) throw found
      return schema.parse(found)
    },
  }
  const noted: number[] = []
  const journal: AuditStages['journal'] = {
    auditStages: begun,
    noteAuditStage: async (drawn) => {
      noted.push(drawn)
    },
  }
  const stages: AuditStages = {
    service,
    catalogue: catalogueOf(rows),
    scheme: economic,
    settings,
    runId,
    journal,
    signal,
    findModel: async () => model,
  }
  const batches: PlannedBatch[] = []
  const ended: number[] = []
  const drained = async () => {
    ended.push(batches.reduce((sum, { indicators }) => sum + indicators.length, 0))
    return ended.length < endsAfter
  }
  for await (const batch of auditBatches(stages, drained)) batches.push(batch)
  const ids = batches.flatMap(({ indicators }) => indicators.map(({ indicator_id: id }) => id))
  return { batches, ids, noted, looks, stages: ended }
}

test('a run audits in mode hybrid by a codebook with rules, unless it trusts the shipped evidence or overrides people', () => {
  const audits = (options: Partial<RunSettings['options']>, scheme = economic) =>
    isAuditing({ settings: settingsOf(options), scheme })
  assert.equal(audits({}), true)
  assert.equal(audits({ target: 0.99, reuse: false }), true)
  assert.equal(audits({ trust: 'shipped' }), false)
  assert.equal(audits({ mode: 'model' }), false)
  assert.equal(audits({ mode: 'rules' }), false)
  assert.equal(audits({ override_person: true }), false)
  assert.equal(audits({}, shop), false)
})

test('stage after stage is drawn while a field is undecided, until the budget of the run is spent', async () => {
  const { ids, stages, noted, batches, looks } = await draw()
  assert.equal(ids.length, AUDIT_BUDGET)
  assert.equal(new Set(ids).size, AUDIT_BUDGET)
  const ends: number[] = []
  for (const size of AUDIT_STAGES) ends.push((ends.at(-1) ?? 0) + size)
  assert.deepEqual(
    stages,
    ends.filter((end) => end <= AUDIT_BUDGET),
  )
  assert.deepEqual(noted, stages)
  assert.equal(looks, stages.length + (stages.at(-1) === AUDIT_BUDGET ? 0 : 1))
  assert.ok(batches.every(({ isAudit, indicators }) => isAudit && indicators.length <= 100))
  assert.deepEqual(
    batches.map(({ index }) => index),
    batches.map((_, index) => FIRST_AUDIT_BATCH + index),
  )
})

test('rows are drawn over the whole file in the order of their ranks, among those of which a rule is sure', async () => {
  const { ids } = await draw()
  const expected = ROWS.filter(({ units }) => units === 'USD Million')
    .map(({ indicator_id: id }) => ({ id, rank: auditRank(sha256(id), 'run-1') }))
    .sort((a, b) => a.rank - b.rank)
    .slice(0, AUDIT_BUDGET)
    .map(({ id }) => id)
  assert.deepEqual(ids, expected)
  const late = ids.filter((id) => Number(id.slice(4)) >= 1_500).length
  assert.ok(late > 220 && late < 380, `${late} of ${AUDIT_BUDGET} stand in the second half of the file`)
  assert.deepEqual((await draw({ rows: ROWS.toReversed() })).ids, ids, 'the order of the file changes nothing')
  const other = new Set((await draw({ runId: 'run-2' })).ids)
  const both = ids.filter((id) => other.has(id)).length
  assert.ok(both > 150 && both < 330, `another run draws anew: ${both} rows are in both`)
})

test('batches are no larger than those of the run', async () => {
  const { batches } = await draw({
    settings: settingsOf({}, { batch_size: 25 }),
    says: [evidenceOf('undecided'), evidenceOf('trusted')],
  })
  assert.deepEqual(
    batches.map(({ indicators }) => indicators.length),
    [25, 25, 10],
  )
})

test('the draw ends as soon as every field is decided, for or against the rules', async () => {
  const says = [evidenceOf(), evidenceOf('undecided', 'trusted'), evidenceOf('untrusted', 'trusted')]
  const { ids, stages, looks } = await draw({ says })
  assert.deepEqual([ids.length, stages, looks], [120, [60, 120], 3])
})

test('a file with few rows that rules are sure of is audited in full, and one without any is not audited', async () => {
  const few = [...Array.from({ length: 70 }, (_, index) => sure(`s${index}`)), unsure('u')]
  const { ids, stages, noted } = await draw({ rows: few })
  assert.deepEqual([ids.length, stages, noted], [70, [60, 70], [60, 70]])
  const none = await draw({ rows: [unsure('u')], says: [new Error('the evidence was read')] })
  assert.deepEqual([none.batches, none.looks], [[], 0])
})

test('where earlier runs have decided every field, a few rows are audited to watch over them', async () => {
  const decided = evidenceOf('trusted', 'untrusted')
  const large = await draw({ says: [decided] })
  assert.deepEqual([large.ids.length, large.stages], [60, [60]])
  const small = await draw({ says: [decided], rows: ROWS.slice(0, 200) })
  assert.equal(small.ids.length, 10)
  const fallen = await draw({ says: [decided, evidenceOf('undecided', 'untrusted'), decided] })
  assert.deepEqual(fallen.stages, [60, 120], 'a field that lost its trust has to earn it anew')
})

/** The evidence of fields that people labelled, and of which nothing was audited but in `audited`. */
const labelledEvidence = (
  fields: Readonly<Record<string, State>>,
  audited: readonly string[] = [],
): EvidenceResponse => {
  const one = evidenceOf('trusted')
  const [counted] = one.fields
  assert.ok(counted)
  const list = Object.entries(fields).map(([field, state]): EvidenceResponse['fields'][number] => {
    const counts = { source: 'rules', audits: audited.includes(field) ? 9 : 0, agreed: 0, labels: 150, right: 150 }
    const measure = state === 'undecided' || audited.includes(field) ? ('audits' as const) : ('labels' as const)
    return { ...counted, field, state, measure, sources: [counts] }
  })
  return { ...one, fields: list }
}
/** Every field of which a rule is sure in the rows of these tests. */
const SURE = economic.codebook.fields.flatMap(({ name, asked }) => {
  return asked && economic.code?.read(sure('any'))[name]?.sure === true ? [name] : []
})
const all = (state: State) => Object.fromEntries(SURE.map((name) => [name, state]))

test('a run audits nothing where labels have decided every field, not even to watch over it', async () => {
  assert.ok(SURE.length > 1)
  for (const state of ['trusted', 'untrusted'] as const) {
    const { ids, looks } = await draw({ says: [labelledEvidence(all(state))] })
    assert.deepEqual([ids, looks], [[], 1])
  }
  const [first = '', ...others] = SURE
  const one = await draw({ says: [labelledEvidence(all('trusted'), [first])] })
  assert.equal(one.ids.length, 60, 'a field that audits have decided is watched over')
  const open = {
    ...Object.fromEntries(others.map((name) => [name, 'trusted' as const])),
    [first]: 'undecided' as const,
  }
  const decided = labelledEvidence(all('trusted'), [first])
  const audited = await draw({ says: [labelledEvidence(open), labelledEvidence(open, [first]), decided] })
  assert.deepEqual(audited.stages, [60, 120], 'audits go on for the field that labels have not decided')
})

test('where people labelled some fields and nothing was audited, the others are audited', async () => {
  const [first = ''] = SURE
  const { stages } = await draw({
    says: [labelledEvidence({ [first]: 'trusted' }), labelledEvidence(all('trusted'), SURE)],
  })
  assert.deepEqual(stages, [60])
  const nothing = await draw({ says: [labelledEvidence({ [first]: 'trusted' })] })
  assert.deepEqual(nothing.stages, [60], 'and not gone on with where the model only guesses')
})

test('audits that show nothing, as those of an offline model, are not gone on with', async () => {
  const { ids, stages } = await draw({ says: [evidenceOf()] })
  assert.deepEqual([ids.length, stages], [60, [60]])
})

test('a model that only guesses by its name is asked about one row, and about more where that row shows something', async () => {
  const nothing = { ...evidenceOf(), fields: [] }
  assert.equal((await draw({ says: [nothing], model: 'offline-rules' })).ids.length, 1)
  assert.equal((await draw({ says: [nothing], model: 'gpt-6-luna' })).ids.length, AUDIT_STAGES[0])
  // The container of the offline model goes by the same name where it answers by a gold file.
  const gold = await draw({ says: [nothing, evidenceOf('undecided')], model: 'offline-rules' })
  assert.deepEqual([gold.stages[0], gold.stages[1], gold.ids.length], [1, AUDIT_STAGES[0], AUDIT_BUDGET])
})

test('a run that submits no further batch draws no further stage, and does not look at the evidence', async () => {
  const { stages, looks, noted } = await draw({ endsAfter: 2 })
  assert.deepEqual([stages, looks, noted], [[60, 120], 2, [60, 120]])
})

test('a resumed run draws the rows again that it had begun with, whatever the evidence says by then', async () => {
  const first = await draw({ says: [evidenceOf(), evidenceOf('undecided'), evidenceOf('trusted')] })
  assert.deepEqual(first.noted, [60, 120])
  const resumed = await draw({ begun: first.noted, says: [evidenceOf('trusted')] })
  assert.deepEqual(resumed.batches, first.batches)
  assert.deepEqual(
    [resumed.noted, resumed.looks],
    [[], 1],
    'nothing is noted twice, and the evidence counts afterwards',
  )
  const further = await draw({ begun: [60], says: [evidenceOf('undecided'), evidenceOf('trusted')] })
  assert.deepEqual(further.batches, first.batches)
  assert.deepEqual(further.noted, [120])
})

test('a stage that cannot be noted is drawn all the same', async () => {
  const journal = {
    auditStages: [],
    noteAuditStage: async () => {
      throw new Error('ENOSPC')
    },
  }
  const service: ServiceClient = { ask: async ({ schema }) => schema.parse(evidenceOf('undecided')) }
  const { signal } = new AbortController()
  const common = { service, catalogue: catalogueOf(ROWS), scheme: economic, settings: settingsOf(), runId: 'r', signal }
  const drawn: number[] = []
  const findModel = async () => undefined
  for await (const { indicators } of auditBatches({ ...common, journal, findModel }, async () => false))
    drawn.push(indicators.length)
  assert.deepEqual(drawn, [60])
})

test('Ctrl+C ends the audits without a failure, and a service that has gone away is a failure', async () => {
  const away = new Error('the service is away')
  const aborted = await draw({ says: [away], signal: AbortSignal.abort() })
  assert.deepEqual(aborted.batches, [])
  await assert.rejects(draw({ says: [away] }), /the service is away/)
  await assert.rejects(draw({ says: [evidenceOf('undecided'), away] }), /the service is away/)
})

test('the evidence is asked for by the catalogue, the codebook and the target of the run', async () => {
  const bodies: unknown[] = []
  const service: ServiceClient = {
    async ask({ body, schema }) {
      bodies.push(body)
      return schema.parse(evidenceOf('trusted'))
    },
  }
  const { signal } = new AbortController()
  await readEvidence({ service, settings: settingsOf(), signal })
  const named = settingsOf({ target: 0.99 }, { catalogue: 'wb', codebook: 'my-book@abc' })
  const { fields } = await readEvidence({ service, settings: named, signal })
  assert.deepEqual(bodies, [{}, { catalogue: 'wb', codebook: 'my-book@abc', target: 0.99 }])
  assert.equal(fields.length, 1)
  const earlier: ServiceClient = { ask: async () => undefined }
  assert.deepEqual((await readEvidence({ service: earlier, settings: named, signal })).fields, [])
})
