/** Labels of people beside audits: which of the two decides a field, what labels remove, and what is said of each source. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFieldGates, type FieldGates } from '../../../src/evidence/gate/field-gates.ts'
import { DEFAULT_DELTA, deltaOfRestart } from '../../../src/evidence/gate/gate.ts'
import { createSequentialTest } from '../../../src/evidence/statistics/sequential.ts'

const TARGET = 0.97
/** More outcomes without a miss than a field needs at the target. */
const ENOUGH = 160

interface Parts {
  readonly field?: string
  readonly rule?: string
  readonly holds?: boolean
}

function audit(gates: FieldGates, count: number, { field = 'type', rule = 'good', holds = true }: Parts = {}): void {
  for (let index = 0; index < count; index += 1) gates.add({ field, rule, agreed: holds, model: 'm' })
}

function label(
  gates: FieldGates,
  count: number,
  { field = 'type', rule = 'good', holds = true, ...more }: Parts & { modelRight?: boolean; isBlind?: boolean } = {},
): void {
  const { modelRight = null, isBlind = false } = more
  for (let index = 0; index < count; index += 1) gates.addLabel({ field, rule, right: holds, modelRight, isBlind })
}

test('enough right labels have the rules trusted without any audit, and say so', () => {
  const gates = createFieldGates(TARGET)
  label(gates, ENOUGH)
  assert.deepEqual(gates.trust(), { fields: ['type'], removed: {} })
  const { type } = gates.verdicts()
  assert.deepEqual(
    [type?.measure, type?.state, type?.audits, type?.counted, type?.misses],
    ['labels', 'trusted', ENOUGH, ENOUGH, 0],
  )
  assert.ok((type?.bound ?? 0) >= TARGET)
  assert.deepEqual(gates.models(), [], 'no model was asked')
})

test('labels decide before audits: they trust what disagrees with the model, and refuse what agrees with it', () => {
  const gates = createFieldGates(TARGET)
  // The model errs: every rule disagrees with it in one of three audits.
  for (let index = 0; index < 150; index += 1) audit(gates, 1, { rule: `r${index % 5}`, holds: index % 3 !== 0 })
  assert.deepEqual(gates.trust().fields, [])
  label(gates, ENOUGH, { rule: 'r1' })
  const { type } = gates.verdicts()
  assert.deepEqual([type?.measure, type?.state, type?.removed], ['labels', 'trusted', []])
  assert.deepEqual(gates.trust(), { fields: ['type'], removed: {} }, 'what audits removed does not count then')

  // The model errs as the rules do: many rules of which none is checked often enough to be removed.
  audit(gates, ENOUGH, { field: 'frequency' })
  assert.equal(gates.verdicts()['frequency']?.state, 'trusted')
  for (let index = 0; index < 120; index += 1)
    label(gates, 1, { field: 'frequency', rule: `r${index}`, holds: index % 8 !== 0 })
  const { frequency } = gates.verdicts()
  assert.deepEqual([frequency?.measure, frequency?.state, frequency?.reason], ['labels', 'untrusted', 'below-target'])
  assert.deepEqual(gates.trust().fields, ['type'])
})

test('labels that decide nothing yet leave the field to the audits', () => {
  const gates = createFieldGates(TARGET)
  label(gates, 40)
  const before = gates.verdicts()['type']
  assert.deepEqual([before?.measure, before?.state, before?.audits], ['audits', 'undecided', 0])
  audit(gates, ENOUGH)
  const after = gates.verdicts()['type']
  assert.deepEqual([after?.measure, after?.state, after?.counted], ['audits', 'trusted', ENOUGH])
  assert.deepEqual(gates.trust().fields, ['type'])
  // Labels that are given up for want of a chance have not shown that the target is missed.
  for (let index = 0; index < 100; index += 1) label(gates, 1, { rule: `r${index}`, holds: index % 25 !== 0 })
  assert.deepEqual([gates.verdicts()['type']?.measure, gates.trust().fields], ['audits', ['type']])
})

test('a rule that labels remove leaves the audits too, and the count of the rules that are left begins anew', () => {
  const gates = createFieldGates(TARGET)
  audit(gates, ENOUGH)
  audit(gates, ENOUGH, { rule: 'bad' })
  assert.deepEqual(gates.trust().fields, ['type'])
  label(gates, 6, { rule: 'bad', holds: false })
  label(gates, 20)
  const { type } = gates.verdicts()
  assert.deepEqual([type?.measure, type?.state, type?.counted, type?.restarts], ['audits', 'undecided', 0, 1])
  assert.deepEqual(
    type?.removed.map(({ rule, measure, audits, misses }) => [rule, measure, audits === misses && audits <= 6]),
    [['bad', 'labels', true]],
  )
  assert.deepEqual(gates.trust(), { fields: [], removed: { type: ['bad'] } })
  audit(gates, 2 * ENOUGH, { rule: 'bad' })
  assert.equal(gates.verdicts()['type']?.counted, 0, 'audits of the removed rule count no more')
  audit(gates, 2 * ENOUGH)
  assert.deepEqual(gates.trust(), { fields: ['type'], removed: { type: ['bad'] } })
})

test('a rule that labels remove before any audit costs the audits no part of their error probability', () => {
  const gates = createFieldGates(TARGET)
  label(gates, 30)
  label(gates, 6, { rule: 'bad', holds: false })
  audit(gates, 20)
  const { type } = gates.verdicts()
  assert.deepEqual([type?.restarts, type?.delta, type?.counted], [0, deltaOfRestart(DEFAULT_DELTA, 0), 20])
  audit(gates, ENOUGH, { rule: 'bad' })
  assert.equal(gates.verdicts()['type']?.counted, 20)
})

test('where labels remove every rule that they saw, nothing is left to trust', () => {
  const gates = createFieldGates(TARGET)
  audit(gates, ENOUGH, { rule: 'bad' })
  label(gates, 6, { rule: 'bad', holds: false })
  const { type } = gates.verdicts()
  assert.deepEqual([type?.measure, type?.state, type?.reason], ['labels', 'untrusted', 'nothing-left'])
})

test('evidence is counted by source: all rules, each rule, the model; also what no verdict counts any more', () => {
  const gates = createFieldGates(TARGET)
  audit(gates, 9)
  audit(gates, 1, { holds: false })
  audit(gates, 12, { rule: 'bad', holds: false })
  label(gates, 5, { modelRight: true })
  label(gates, 2, { modelRight: false })
  label(gates, 1, { rule: 'rare', holds: false })
  assert.deepEqual(gates.sources('type'), [
    { source: 'rules', audits: 22, agreed: 9, labels: 8, right: 7 },
    { source: 'good', audits: 10, agreed: 9, labels: 7, right: 7 },
    { source: 'bad', audits: 12, agreed: 0, labels: 0, right: 0 },
    { source: 'rare', audits: 0, agreed: 0, labels: 1, right: 0 },
    { source: 'model', audits: 0, agreed: 0, labels: 7, right: 5 },
  ])
  assert.deepEqual(gates.sources('frequency'), [])
})

/** The lower bound after outcomes of which none misses, at half of the error probability of the count after `restarts`. */
function halfBound(count: number, restarts = 0): number {
  const delta = deltaOfRestart(DEFAULT_DELTA, restarts) / 2
  return createSequentialTest({ target: TARGET, delta, population: null }).lowerBound(count, 0)
}

test('rightness is agreement plus rightness of the model less 1, each at half of the error probability', () => {
  const gates = createFieldGates(TARGET)
  assert.equal(gates.rightness('type'), null)
  label(gates, 100, { modelRight: true, isBlind: true })
  assert.equal(gates.rightness('type'), null, 'no audit was counted')
  audit(gates, ENOUGH)
  assert.equal(gates.rightness('type'), halfBound(ENOUGH) + halfBound(100) - 1)
  assert.ok((gates.rightness('type') ?? 1) < (gates.verdicts()['type']?.bound ?? 0))
  assert.equal(gates.verdicts()['type']?.measure, 'audits', '100 labels do not decide the field yet')
})

test('rightness counts blind answers to records of the rules that are left alone, since these are the same', () => {
  const gates = createFieldGates(TARGET)
  audit(gates, ENOUGH)
  label(gates, 50, { modelRight: true })
  assert.equal(gates.rightness('type'), null, 'answers that saw what the rules found are other answers')
  label(gates, 40, { modelRight: true, isBlind: true })
  assert.equal(gates.rightness('type'), Math.max(0, halfBound(ENOUGH) + halfBound(40) - 1))
  // A rule is removed: what was counted chose the rules that are left, and both counts begin anew.
  audit(gates, 12, { rule: 'bad', holds: false })
  assert.equal(gates.rightness('type'), null)
  audit(gates, ENOUGH)
  assert.equal(gates.rightness('type'), null)
  label(gates, 30, { rule: 'bad', modelRight: true, isBlind: true })
  assert.equal(gates.rightness('type'), null, 'records of the removed rule are no part of the claim')
  label(gates, 90, { modelRight: true, isBlind: true })
  assert.equal(gates.rightness('type'), Math.max(0, halfBound(ENOUGH, 1) + halfBound(90, 1) - 1))
})

test('a model that is often wrong shows no rightness of the rules, and never less than 0', () => {
  const gates = createFieldGates(TARGET)
  audit(gates, ENOUGH)
  label(gates, 40, { modelRight: false, isBlind: true })
  assert.equal(gates.rightness('type'), 0)
})
