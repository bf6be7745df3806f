/** The gates of a catalogue by field, and readings in which only trusted findings may stand in for the model. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFieldGates, type FieldGates } from '../../../src/evidence/gate/field-gates.ts'
import { NO_TRUST, sharedTrust, withTrust } from '../../../src/evidence/gate/trust.ts'
import { findingOf, trusting } from '../../helpers/codebooks/readings.ts'

/** Adds so many audits of one rule in one field, all with the same outcome. */
function addMany(
  gates: FieldGates,
  count: number,
  parts: { field?: string; rule?: string; agreed?: boolean } = {},
): void {
  for (let index = 0; index < count; index += 1) gates.add({ field: 'type', rule: 'good', agreed: true, ...parts })
}

/** More audits without a miss than a field needs at the target 0.97. */
const ENOUGH = 160

test('a catalogue without audits trusts nothing, and has a verdict on no field', () => {
  const gates = createFieldGates(0.97)
  assert.deepEqual(gates.trust(), NO_TRUST)
  assert.deepEqual(gates.verdicts(), {})
})

test('each field is trusted by its own audits, once they show the target', () => {
  const gates = createFieldGates(0.97)
  addMany(gates, ENOUGH)
  addMany(gates, 60, { field: 'orientation' })
  assert.deepEqual(gates.trust(), { fields: ['type'], removed: {} })
  const { type, orientation } = gates.verdicts()
  assert.deepEqual([type?.state, type?.counted, type?.misses], ['trusted', ENOUGH, 0])
  assert.deepEqual([orientation?.state, orientation?.counted], ['undecided', 60])
  assert.ok((type?.bound ?? 0) >= 0.97 && (orientation?.bound ?? 1) < 0.97)
  assert.ok((orientation?.expectedMore ?? 0) > 0)
  addMany(gates, ENOUGH - 60, { field: 'orientation' })
  assert.deepEqual(gates.trust().fields, ['type', 'orientation'])
})

test('the models whose answers count are named once each', () => {
  const gates = createFieldGates(0.97)
  assert.deepEqual(gates.models(), [])
  for (const model of ['m2', 'm1', 'm2']) gates.add({ field: 'type', rule: 'r', agreed: true, model })
  gates.add({ field: 'type', rule: 'r', agreed: true })
  assert.deepEqual(gates.models(), ['m2', 'm1'])
})

test('the target is that of the gates: what is enough for one is too little for another', () => {
  for (const [target, expected] of [
    [0.9, ['type']],
    [0.97, []],
  ] as const) {
    const gates = createFieldGates(target)
    addMany(gates, 60)
    assert.deepEqual(gates.trust().fields, expected)
  }
})

test('a rule that disagrees is removed in its field alone, and the field is trusted again by audits drawn later', () => {
  const gates = createFieldGates(0.97)
  addMany(gates, ENOUGH)
  addMany(gates, ENOUGH, { field: 'frequency', rule: 'bad' })
  addMany(gates, 12, { rule: 'bad', agreed: false })
  assert.deepEqual(gates.trust(), { fields: ['frequency'], removed: { type: ['bad'] } })
  const { type } = gates.verdicts()
  assert.deepEqual(
    type?.removed.map(({ rule }) => rule),
    ['bad'],
  )
  assert.deepEqual([type?.counted, type?.restarts], [0, 1])
  addMany(gates, 2 * ENOUGH)
  assert.deepEqual(gates.trust(), { fields: ['type', 'frequency'], removed: { type: ['bad'] } })
})

test('audits in another order may give another verdict, and the same order always gives the same', () => {
  const build = () => {
    const gates = createFieldGates(0.97)
    for (let index = 0; index < 400; index += 1)
      gates.add({ field: 'type', rule: `r${index % 7}`, agreed: index % 90 !== 3 })
    return gates.verdicts()
  }
  assert.deepEqual(build(), build())
})

test('a reading goes by trust: the field must be trusted, and the rule must not have been removed there', () => {
  const reading = {
    type: { ...findingOf('flow'), rule: 'good' },
    orientation: { ...findingOf('neutral'), rule: 'bad' },
    frequency: { ...findingOf('monthly'), rule: 'bad' },
    unit_kind: { ...findingOf('index', false), rule: 'good' },
  }
  const trust = { fields: ['orientation', 'frequency', 'unit_kind'], removed: { orientation: ['bad'] } }
  const found = withTrust(reading, trust)
  assert.deepEqual(Object.fromEntries(Object.entries(found).map(([field, { trusted }]) => [field, trusted])), {
    type: false,
    orientation: false,
    frequency: true,
    unit_kind: true,
  })
  assert.deepEqual(
    Object.entries(found).map(([field, { trusted: _, ...rest }]) => [field, rest]),
    Object.entries(reading),
    'nothing else of a finding changes',
  )
  assert.ok(!('trusted' in reading.type), 'the given reading is not changed')
})

test('trust replaces what a reading said before, and trust in nothing trusts nothing', () => {
  const reading = trusting({ type: findingOf('flow'), frequency: findingOf('monthly') })
  assert.deepEqual(withTrust(reading, NO_TRUST), trusting(reading, false))
  assert.deepEqual(withTrust(trusting(reading, false), { fields: ['type', 'frequency'], removed: {} }), reading)
  assert.deepEqual(withTrust({}, NO_TRUST), {})
})

test('equal trust is one object, and one reading by it is the same for all', () => {
  const trust = () => ({ fields: ['type'], removed: { type: ['bad'] } })
  const reading = { type: findingOf('flow', true) }
  assert.equal(sharedTrust(trust()), sharedTrust(trust()))
  assert.notEqual(sharedTrust(trust()), sharedTrust({ ...trust(), removed: {} }))
  assert.equal(withTrust(reading, sharedTrust(trust())), withTrust(reading, sharedTrust(trust())))
  assert.deepEqual(withTrust(reading, trust()), { type: { ...reading.type, trusted: true } })
  assert.equal(withTrust(reading, NO_TRUST)['type']?.trusted, false)
})
