/** The schedule of a chaos run: the same for the same seed, and never two losses of one group at once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALL_FAULTS, chooseFaults, listFaults } from '../../chaos/faults/registry.ts'
import { formatSchedule, makeSchedule } from '../../chaos/schedule.ts'

const SEEDS = Array.from({ length: 200 }, (_, seed) => seed)
const groupOf = new Map(ALL_FAULTS.map(({ name, group }) => [name, group]))

test('the same seed gives the same schedule, and another seed another one', () => {
  const options = { seed: 7, minutes: 20 }
  assert.deepEqual(makeSchedule(ALL_FAULTS, options), makeSchedule(ALL_FAULTS, options))
  const all = new Set(SEEDS.map((seed) => JSON.stringify(makeSchedule(ALL_FAULTS, { seed, minutes: 20 }))))
  assert.equal(all.size, SEEDS.length)
})

test('every fault and every target comes up, and faults overlap at times', () => {
  const steps = SEEDS.map((seed) => makeSchedule(ALL_FAULTS, { seed, minutes: 20 }))
  const seen = new Set(steps.flat().map(({ fault, target }) => `${fault} ${target}`))
  const wanted = ALL_FAULTS.flatMap(({ name, targets }) => targets.map((target) => `${name} ${target}`))
  assert.deepEqual([...seen].sort(), wanted.sort())
  const overlaps = steps.flatMap((list) =>
    list.slice(1).filter(({ atS }, index) => {
      const before = list[index]
      return before !== undefined && atS < before.atS + before.holdS
    }),
  )
  assert.ok(overlaps.length > 100)
})

test('a group is whole again before its next fault, and the last fault ends before the time does', () => {
  for (const seed of SEEDS) {
    const steps = makeSchedule(ALL_FAULTS, { seed, minutes: 10 })
    assert.ok(steps.length >= 4, `seed ${seed}: ${steps.length} faults in 10 minutes`)
    for (const [, ofGroup] of Map.groupBy(steps, ({ fault }) => groupOf.get(fault))) {
      for (const [index, step] of ofGroup.entries()) {
        const next = ofGroup[index + 1]
        if (next !== undefined) assert.ok(next.atS >= step.atS + step.holdS + 25, `seed ${seed}`)
        assert.ok(step.atS + step.holdS <= 580, `seed ${seed}`)
      }
    }
  }
})

test('a time that is too short, and no faults, give an empty schedule', () => {
  assert.deepEqual(makeSchedule(ALL_FAULTS, { seed: 1, minutes: 0.2 }), [])
  assert.deepEqual(makeSchedule([], { seed: 1, minutes: 20 }), [])
  assert.match(formatSchedule([]), /no fault fits/)
})

test('each fault has a name of its own, a sentence, and targets', () => {
  assert.equal(new Set(ALL_FAULTS.map(({ name }) => name)).size, ALL_FAULTS.length)
  for (const { name, what, targets, holdS } of ALL_FAULTS) {
    assert.match(name, /^[a-z][a-z0-9-]+$/)
    assert.match(what, /^[A-Z].{20,}\.$/)
    assert.ok(targets.length > 0 && holdS[0] <= holdS[1], name)
  }
})

test('faults are chosen by name, or all, or those that the product outlives; an unknown name is refused', () => {
  const names = (only: string[], isAll = false) => chooseFaults({ only, isAll }).map(({ name }) => name)
  assert.deepEqual(names(['cut-node', 'kill-node']), ['kill-node', 'cut-node'])
  assert.deepEqual(
    names([], true),
    ALL_FAULTS.map(({ name }) => name),
  )
  assert.ok(names([]).length > 5 && names([]).length <= ALL_FAULTS.length)
  assert.throws(() => names(['kill-node', 'nonsense']), /There is no fault nonsense/)
  for (const { name } of ALL_FAULTS) assert.match(listFaults(), new RegExp(`^  ${name} `, 'm'))
})
