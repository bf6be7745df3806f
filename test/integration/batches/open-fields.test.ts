/** Answers by shape and field, on a real database: a later batch asks only for the fields of a shape that nobody has answered. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { createSchemes, type SchemeRegistry } from '../../../src/catalogue/schemes.ts'
import { createStore } from '../../../src/store/store.ts'
import type { Store } from '../../../src/store/types.ts'
import { sharedPostgres, type TestDatabase } from '../../helpers/database/postgres.ts'
import {
  type BatchPlanner,
  createBatchPlanner,
  kindsOf,
  type PlannedBatch,
} from '../../helpers/store/planned-batches.ts'

// Registered before the hook of sharedPostgres, which stops the server.
after(() => database?.drop())
const postgres = sharedPostgres()
let database: TestDatabase
let store: Store
let schemes: SchemeRegistry
let plan: BatchPlanner['plan']
let finish: BatchPlanner['finish']

before(async () => {
  database = await postgres.fresh()
  store = createStore(database.pool)
  schemes = createSchemes(await loadBuiltIns(), store)
  ;({ plan, finish } = createBatchPlanner(store, schemes))
})

/** A series whose unit the reader is sure of, and whose frequency nothing tells, of which the rules are sure in mode hybrid. */
const series = (id: string, name: string) => ({ indicator_id: id, name, units: 'Index' })

const HYBRID_FIELDS = ['type', 'temporal_aggregation', 'orientation']
const OTHER_FIELDS = ['unit_kind', 'unit_scale', 'unit_currency', 'unit_per', 'frequency']

function fieldsOf({ plan: { ways } }: PlannedBatch): readonly string[] {
  const [way] = ways
  return way?.kind === 'ask' || way?.kind === 'await' ? way.fields : []
}

/** The fields that are stored for all shapes with `name` together. */
async function storedFields(name: string): Promise<readonly string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    'select jsonb_object_keys(labels) as name from shape_answers where shape like $1',
    [`%${name}%`],
  )
  return rows.map((row) => row.name).sort()
}

test('mode hybrid asks for what no rule is sure of; mode model later asks for the other fields alone', async () => {
  const first = await plan([series('F.1', 'Flarbic tilt of the keel')])
  assert.deepEqual(fieldsOf(first), HYBRID_FIELDS)
  await finish(first)
  assert.deepEqual(await storedFields('flarbic tilt'), HYBRID_FIELDS.toSorted())
  const second = await plan([series('F.2', 'Flarbic tilt of the keel')], { mode: 'model' })
  assert.deepEqual([kindsOf(second), fieldsOf(second)], [['ask'], OTHER_FIELDS])
  const { results } = await finish(second)
  const { field_source: sources } = results[0] ?? {}
  assert.deepEqual([sources?.type, sources?.frequency], ['reuse', 'model'])
  assert.deepEqual(await storedFields('flarbic tilt'), [...HYBRID_FIELDS, ...OTHER_FIELDS].toSorted())
  const third = await plan([series('F.3', 'Flarbic tilt of the keel')], { mode: 'model' })
  assert.deepEqual(kindsOf(third), ['model'])
})

test('a batch that waits for a shape is planned with all that it needs', async () => {
  const first = await plan([series('W.1', 'Wurbic yaw of the mast')])
  const second = await plan([series('W.2', 'Wurbic yaw of the mast')], { mode: 'model' })
  assert.deepEqual([kindsOf(second), fieldsOf(second)], [['await'], [...HYBRID_FIELDS, ...OTHER_FIELDS]])
  await finish(first)
})

test('an answer that another batch stores while a batch plans is not asked again', async () => {
  const first = await plan([series('R.1', 'Rorbic list of the hull')])
  const late: Store = {
    ...store,
    claimShapes: async (...given) => {
      await finish(first)
      return await store.claimShapes(...given)
    },
  }
  const second = await createBatchPlanner(late, schemes).plan([series('R.2', 'Rorbic list of the hull')], {
    mode: 'model',
  })
  assert.deepEqual([kindsOf(second), fieldsOf(second)], [['ask'], OTHER_FIELDS])
  const { results } = await finish(second)
  const { field_source: sources, status } = results[0] ?? {}
  assert.deepEqual([sources?.type, sources?.unit_kind, status], ['reuse', 'model', 'accepted'])
})
