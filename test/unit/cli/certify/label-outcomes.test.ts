/** What labels of a certificate say of rules and model: which rows count, in which order, and what is left out. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluate } from '../../../../src/cli/certify/evaluate.ts'
import { keepOutcomes } from '../../../../src/cli/certify/label-outcomes.ts'
import { settlePlan } from '../../../../src/cli/certify/plan.ts'
import { type CertifiedRun, readPopulation } from '../../../../src/cli/certify/run-part.ts'
import type { Reading } from '../../../../src/codebooks/types.ts'
import type { LabelOutcome, Store } from '../../../../src/store/types.ts'
import { findingOf } from '../../../helpers/codebooks/readings.ts'
import { trueLabels } from '../../../helpers/evidence/labelled-parts.ts'
import {
  createMemoryCertificates,
  labelsOf,
  type MemoryCertificates,
  RUN,
} from '../../../helpers/evidence/memory-certificates.ts'
import { economic } from '../../classification/schemes.ts'

const PLACE = { catalogue: 'store', codebookHash: RUN.scheme.hash }
const ROWS = 40

/** The rules are sure of the kind, which they call a tool, and of the weight, which they read rightly; not of the uses. */
function readPart(id: string): Reading {
  return {
    kind: { ...findingOf('tool'), rule: 'always-a-tool' },
    weight: { ...findingOf(trueLabels(id).weight as number | null), rule: 'weight-read' },
    uses: findingOf(['indoors'], false),
  }
}

const code = economic.code ?? assert.fail('the codebook brings no rules')
const WITH_RULES: CertifiedRun = {
  ...RUN,
  scheme: { ...RUN.scheme, code: { ...code, read: ({ indicator_id: id }) => readPart(id) } },
}

/** A run whose kinds came from a model and whose weights came from a rule; `sources` replaces some of them by row. */
function memoryOf(wrong: readonly string[] = [], sources: Readonly<Record<string, Record<string, string>>> = {}) {
  const memory = createMemoryCertificates(ROWS, wrong)
  for (const [id, row] of memory.rows) {
    const source = sources[id] ?? { kind: 'model', weight: 'weight-read', uses: 'model' }
    const classification = { ...row.classification, field_source: source, model: 'gpt' }
    memory.rows.set(id, { ...row, classification })
  }
  return memory
}

async function settle(memory: MemoryCertificates, field?: string) {
  const population = await readPopulation({ certificates: memory } as unknown as Store, WITH_RULES, AbortSignal.any([]))
  const settled = await settlePlan(memory, WITH_RULES, population, { by: 'Anna', field })
  return { population, settled, ids: settled.order.map(({ id }) => id) }
}

async function keep(
  memory: MemoryCertificates,
  { field, run = WITH_RULES }: { field?: string; run?: CertifiedRun } = {},
) {
  const evaluation = await evaluate(memory, { run, ...(await settle(memory, field)) })
  const changed = await keepOutcomes(memory, run, evaluation)
  return { changed, outcomes: memory.outcomes.get('run-1') ?? [] }
}

const brief = (outcomes: readonly LabelOutcome[]) =>
  outcomes.map(({ indicatorId, field, rule, agreed }) => `${indicatorId} ${field} ${rule} ${agreed}`)

test('each counted row tells of each field whether its rule is right, and whether the model was', async () => {
  const memory = memoryOf()
  const { ids } = await settle(memory)
  const [first = '', second = ''] = ids
  const { kind } = trueLabels(second)
  memory.rows.set(second, { ...(memory.rows.get(second) ?? assert.fail()), mode: 'hybrid' })
  for (const id of [first, second]) await memory.saveLabels(PLACE, labelsOf(id))
  const { outcomes } = await keep(memory)
  assert.deepEqual(
    brief(outcomes),
    [first, second].flatMap((id) => [
      `${id} kind always-a-tool ${trueLabels(id).kind === 'tool'}`,
      `${id} kind model true`,
      `${id} weight weight-read true`,
    ]),
  )
  const ofSecond = outcomes.filter(({ indicatorId }) => indicatorId === second)
  const common = { indicatorId: second, inputHash: `hash of ${second}`, rank: 1 / ROWS }
  assert.deepEqual(ofSecond, [
    { ...common, field: 'kind', rule: 'always-a-tool', agreed: kind === 'tool', model: '' },
    { ...common, field: 'kind', rule: 'model', agreed: true, model: 'gpt' },
    { ...common, field: 'weight', rule: 'weight-read', agreed: true, model: '' },
  ])
})

test('an answer of the model that is wrong counts against the model, and one that nobody can judge against both', async () => {
  const memory = memoryOf(Array.from({ length: ROWS }, (_, index) => `P.${index}`))
  const [first = '', second = ''] = (await settle(memory)).ids
  await memory.saveLabels(PLACE, labelsOf(first, 'Anna', { kind: 'tool' }))
  await memory.saveLabels(PLACE, labelsOf(second, 'Anna', { kind: '?' }))
  const { outcomes } = await keep(memory)
  assert.deepEqual(brief(outcomes.filter(({ field }) => field === 'kind')), [
    `${first} kind always-a-tool true`,
    `${first} kind model false`,
    `${second} kind always-a-tool false`,
    `${second} kind model false`,
  ])
})

test('rows behind one without labels or in dispute wait, and a third decision lets them count', async () => {
  const memory = memoryOf()
  const { ids } = await settle(memory)
  for (const id of [...ids.slice(0, 6), ...ids.slice(7, 9)]) await memory.saveLabels(PLACE, labelsOf(id))
  const counted = async () => [...new Set((await keep(memory)).outcomes.map(({ indicatorId }) => indicatorId))]
  assert.deepEqual(await counted(), ids.slice(0, 6))
  const disputed = ids[2] ?? ''
  await memory.saveLabels(PLACE, labelsOf(disputed, 'Ben', { kind: 'unheard of' }))
  assert.deepEqual(await counted(), ids.slice(0, 2))
  const third = labelsOf(disputed, 'Cleo', { kind: 'unheard of' }).filter(({ field }) => field === 'kind')
  await memory.saveLabels(
    PLACE,
    third.map((one) => ({ ...one, adjudicates: true, blind: false })),
  )
  assert.deepEqual(await counted(), ids.slice(0, 6))
  const { outcomes } = await keep(memory)
  const decided = outcomes.filter(({ indicatorId, field }) => indicatorId === disputed && field === 'kind')
  assert.deepEqual(
    decided.map(({ agreed }) => agreed),
    [false, false],
  )
})

test('a field that a person decided, or that the record has not, says nothing of a rule', async () => {
  const draft = memoryOf()
  const [first = '', second = '', third = ''] = (await settle(draft)).ids
  const memory = memoryOf([], {
    [first]: { kind: 'person', weight: 'weight-read', uses: 'person' },
    [second]: { weight: 'reuse', uses: 'model' },
    [third]: { kind: 'always-a-tool', weight: 'escalation', uses: 'model' },
  })
  for (const [run, plan] of draft.plans) memory.plans.set(run, plan)
  for (const id of [first, second, third]) await memory.saveLabels(PLACE, labelsOf(id))
  const { outcomes } = await keep(memory)
  assert.deepEqual(brief(outcomes), [
    `${first} weight weight-read true`,
    `${second} weight weight-read true`,
    `${second} weight model true`,
    `${third} kind always-a-tool ${trueLabels(third).kind === 'tool'}`,
    `${third} weight weight-read true`,
    `${third} weight model true`,
  ])
})

test('rows end where one was submitted with other texts since, because nobody can read it again', async () => {
  const memory = memoryOf()
  const { ids } = await settle(memory)
  for (const id of ids.slice(0, 5)) await memory.saveLabels(PLACE, labelsOf(id))
  const gone = memory.rows.get(ids[3] ?? '') ?? assert.fail()
  memory.rows.set(ids[3] ?? '', { ...gone, indicator: null })
  const { outcomes } = await keep(memory)
  assert.deepEqual(new Set(outcomes.map(({ indicatorId }) => indicatorId)), new Set(ids.slice(0, 3)))
})

test('only the fields that were labelled count', async () => {
  const memory = memoryOf()
  const { ids } = await settle(memory, 'weight')
  await memory.saveLabels(PLACE, labelsOf(ids[0] ?? ''))
  const { outcomes } = await keep(memory, { field: 'weight' })
  assert.deepEqual(brief(outcomes), [`${ids[0]} weight weight-read true`])
})

test('rows that were asked to find drift, and codebooks without rules, keep nothing', async () => {
  const memory = memoryOf()
  const { ids } = await settle(memory)
  await memory.saveLabels(PLACE, labelsOf(ids[0] ?? ''))
  const sentinel = { ...WITH_RULES, scope: { ...WITH_RULES.scope, catalogue: 'sentinel:store' } }
  assert.equal((await keep(memory, { run: sentinel })).changed, 0)
  assert.equal((await keep(memory, { run: RUN })).changed, 0)
  assert.equal(memory.outcomes.size, 0)
})
