/** The gate of a field: when it trusts, removes, begins anew and gives up, and that equal audits give equal verdicts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Audit, createGate, deltaOfRestart, type GateOptions } from '../../../src/evidence/gate/gate.ts'
import { createSequentialTest } from '../../../src/evidence/statistics/sequential.ts'

const TARGET = 0.97
const options = { target: 0.97, population: { good: 5_000, bad: 1_500 } }

function audits(count: number, rule: string, isMiss: (index: number) => boolean = () => false): Audit[] {
  return Array.from({ length: count }, (_, index) => ({ rule, agreed: !isMiss(index) }))
}

/** The verdict on a field after `audits`. */
function judgeField(given: readonly Audit[], by: GateOptions) {
  const gate = createGate(by)
  for (const audit of given) gate.add(audit)
  return gate.verdict()
}

test('without an audit a field is undecided, and says how many audits it is likely to need', () => {
  const verdict = judgeField([], options)
  assert.equal(verdict.state, 'undecided')
  assert.equal(verdict.bound, 0)
  assert.ok(verdict.expectedMore !== null && verdict.expectedMore > 200 && verdict.expectedMore < 400)
})

test('a field earns trust without a miss after about 138 audits, and once the bound reaches the target', () => {
  const first = Array.from({ length: 300 }, (_, index) => judgeField(audits(index, 'good'), options).state).indexOf(
    'trusted',
  )
  assert.ok(first > 120 && first <= 140, `${first}`)
  assert.ok(judgeField(audits(first, 'good'), options).bound >= 0.97)
  assert.ok(judgeField(audits(first - 1, 'good'), options).bound < 0.97)
})

test('a rule that disagrees too often is removed, and only audits drawn later count', () => {
  const mixed = Array.from({ length: 90 }, (_, index): Audit => {
    return index % 3 === 0 ? { rule: 'bad', agreed: index % 9 !== 0 } : { rule: 'good', agreed: true }
  })
  const gate = createGate(options)
  let after = 0
  for (const audit of mixed) {
    gate.add(audit)
    if (after === 0 && gate.restarts() === 1) after = gate.verdict().audits
  }
  const verdict = gate.verdict()
  const [removed] = verdict.removed
  assert.equal(removed?.rule, 'bad')
  assert.equal(removed.after, after)
  assert.equal(verdict.restarts, 1)
  assert.equal(verdict.delta, deltaOfRestart(0.05, 1))
  const goodLater = mixed.slice(mixed.length - (90 - after)).filter(({ rule }) => rule === 'good').length
  assert.ok(Math.abs(verdict.counted - goodLater) <= 1)
  assert.equal(verdict.misses, 0)
})

test('a rule that turns bad after a long good time is removed as well, and a trusted field falls', () => {
  const verdict = judgeField([...audits(150, 'good'), ...audits(100, 'bad'), ...audits(6, 'bad', () => true)], options)
  assert.deepEqual(
    verdict.removed.map(({ rule }) => rule),
    ['bad'],
  )
  assert.equal(verdict.state, 'undecided')
  assert.equal(verdict.restarts, 1)
})

test('a trusted field whose many rules turn bad together loses its trust although no single rule is removed', () => {
  const late = Array.from({ length: 8 }, (_, index): Audit => ({ rule: `rule-${index}`, agreed: false }))
  const verdict = judgeField([...audits(200, 'rule-0'), ...late], { target: 0.97, population: null })
  assert.deepEqual(verdict.removed, [])
  assert.equal(verdict.restarts >= 1, true)
  assert.notEqual(verdict.state, 'trusted')
})

test('a field that is shown to be below the target is given up, as is one that the budget cannot earn', () => {
  const spread = (share: number, count: number) =>
    Array.from({ length: count }, (_, index): Audit => {
      const isMiss = Math.floor((index + 1) * share) > Math.floor(index * share)
      return { rule: `rule-${(13 * index) % 59}`, agreed: !isMiss }
    })
  const wide = { target: 0.97, population: null }
  assert.equal(judgeField(spread(0.1, 400), wide).state, 'untrusted')
  assert.equal(judgeField(spread(0.1, 400), wide).reason, 'below-target')
  assert.equal(judgeField(spread(0.033, 300), wide).reason, 'over-budget')
  assert.equal(judgeField(spread(0.02, 600), wide).reason, 'over-budget')
})

test('a field whose only rule was removed has nothing left', () => {
  const verdict = judgeField(
    audits(10, 'bad', () => true),
    { target: 0.97, population: { bad: 100 } },
  )
  assert.equal(verdict.reason, 'nothing-left')
  assert.equal(
    judgeField(
      audits(10, 'bad', () => true),
      { target: 0.97, population: null },
    ).reason,
    'nothing-left',
  )
})

test('a small catalogue that is audited as a whole is known exactly', () => {
  const small = { target: 0.97, population: { good: 100 } }
  assert.equal(
    judgeField(
      audits(100, 'good', (index) => index === 50),
      small,
    ).state,
    'trusted',
  )
  assert.equal(
    judgeField(
      audits(100, 'good', (index) => index % 25 === 3),
      small,
    ).state,
    'untrusted',
  )
})

test('the error probabilities of all restarts add up to delta', () => {
  let sum = 0
  for (let restarts = 0; restarts < 100_000; restarts++) sum += deltaOfRestart(0.05, restarts)
  assert.ok(sum < 0.05 && sum > 0.0499)
})

test('equal audits give equal verdicts, one by one or all at once', () => {
  const many = Array.from(
    { length: 250 },
    (_, index): Audit => ({ rule: index % 4 ? 'good' : 'bad', agreed: index % 37 > 0 }),
  )
  const gate = createGate(options)
  for (const audit of many) {
    gate.add(audit)
    gate.verdict()
  }
  assert.deepEqual(gate.verdict(), judgeField(many, options))
})

test('more audits than records, and options out of range, are refused', () => {
  assert.throws(
    () => judgeField(audits(6, 'good'), { target: 0.97, population: { good: 5 } }),
    /more audits than the population of 5/,
  )
  assert.throws(() => createGate({ target: 97, population: null }), /target is 97/)
  assert.throws(() => createGate({ target: 0.97, population: { good: -1 } }), /population of good is -1/)
})

test('a rule that something else removed is judged no more, and what it decides leaves the population', () => {
  const gate = createGate({ target: TARGET, population: { good: 300, bad: 200, rare: 5 } })
  for (let index = 0; index < 50; index += 1) gate.add({ rule: index % 2 === 0 ? 'good' : 'bad', agreed: true })
  gate.remove('bad')
  gate.remove('bad')
  assert.deepEqual(
    [gate.restarts(), gate.removed().map(({ rule, audits, misses }) => [rule, audits, misses])],
    [1, [['bad', 25, 0]]],
  )
  assert.deepEqual([gate.verdict().counted, gate.verdict().delta], [0, deltaOfRestart(0.05, 1)])
  // Nothing was counted since, so that no test had begun and no error probability is lost.
  gate.remove('rare')
  assert.equal(gate.restarts(), 1)
  gate.add({ rule: 'bad', agreed: false })
  gate.add({ rule: 'rare', agreed: false })
  assert.equal(gate.verdict().counted, 0)
  for (let index = 0; index < 275; index += 1) gate.add({ rule: 'good', agreed: true })
  assert.deepEqual([gate.verdict().bound, gate.settled()], [1, 'trusted'], 'all 275 records that were left are known')
  gate.remove('good')
  assert.deepEqual([gate.settled(), gate.verdict().reason], ['nothing-left', 'nothing-left'])
})

test('what is settled is what the verdict says', () => {
  const streams = [
    Array.from({ length: 150 }, () => true),
    Array.from({ length: 50 }, () => true),
    Array.from({ length: 200 }, (_, index) => index % 9 !== 0),
  ]
  const found = streams.map((outcomes) => {
    const gate = createGate({ target: TARGET, population: null })
    for (const [index, agreed] of outcomes.entries()) gate.add({ rule: `r${index}`, agreed })
    const { state, reason } = gate.verdict()
    return [gate.settled(), state, reason]
  })
  assert.deepEqual(found, [
    ['trusted', 'trusted', null],
    [null, 'undecided', null],
    ['below-target', 'untrusted', 'below-target'],
  ])
})

test('the bound at half of the error probability is lower than the whole one, and is none where nothing was counted', () => {
  const gate = createGate({ target: TARGET, population: null })
  assert.equal(gate.boundAtHalf(), null)
  for (let index = 0; index < 200; index += 1) gate.add({ rule: 'r', agreed: index !== 9 })
  const half = createSequentialTest({ target: TARGET, delta: deltaOfRestart(0.05, 0) / 2, population: null })
  assert.equal(gate.boundAtHalf(), half.lowerBound(199, 1))
  assert.ok((gate.boundAtHalf() ?? 1) < gate.verdict().bound)
})
