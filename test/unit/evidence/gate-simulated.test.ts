/** The gate on simulated catalogues: how often rules below the target are trusted, and what becomes of good and of bad rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { mostFalse, type RunRow, randomHash, runFile, runGate, runStream, simulatedRules } from './simulations.ts'

const TARGET = 0.97
const DELTA = 0.05
const CATALOGUES = 2_000

for (const kind of ['alike', 'few-bad', 'one-bad'] as const)
  test(`of 2,000 catalogues with 40 rules of mean precision 0.95 (${kind}) few are trusted falsely`, (t) => {
    const runs = Array.from({ length: CATALOGUES }, (_, seed) => {
      const random = createRandom(seed)
      return runGate(simulatedRules(kind, 0.95, random), TARGET, 600, random)
    })
    const count = (isCounted: (run: (typeof runs)[number]) => boolean) => runs.filter(isCounted).length
    const wrong = count((run) => run.isFalselyTrusted)
    t.diagnostic(
      `${kind}: falsely trusted ${wrong}, trusted at the end ${count((run) => run.isTrustedAtTheEnd)}, with a removal ${count((run) => run.restarts > 0)}, of ${CATALOGUES}`,
    )
    assert.ok(wrong / CATALOGUES <= mostFalse(DELTA, CATALOGUES))
  })

test('rules just below the target, alone or beside a bad one that is removed, are trusted falsely in at most delta', (t) => {
  const edge = Array.from({ length: 40 }, (_, index) => ({ rule: `rule-${index}`, size: 250, precision: 0.9695 }))
  for (const rules of [edge, [...edge, { rule: 'bad', size: 1_500, precision: 0.5 }]]) {
    const runs = Array.from({ length: CATALOGUES }, (_, seed) => runGate(rules, TARGET, 600, createRandom(seed)))
    const wrong = runs.filter((run) => run.isFalselyTrusted).length
    t.diagnostic(`${rules.length} rules: falsely trusted ${wrong} of ${CATALOGUES}`)
    assert.ok(wrong / CATALOGUES <= mostFalse(DELTA, CATALOGUES))
  }
})

/** 5,000 records: 1,500 decided by a rule that is wrong in 450, 2,000 by right rules, and 1,500 that are asked anyway. */
function recordsWithBadRule(isLate: boolean, seed: number): RunRow[] {
  const random = createRandom(seed)
  return Array.from({ length: 3_500 }, (_, index): RunRow => {
    // The bad rule decides 3 of 7 records, and all of the last 700, so that the last 1,000 of the file hold 450 wrong ones.
    const isBad = isLate ? index >= 2_800 || (index % 7 < 2 && index < 2_800) : index % 7 < 3
    const isWrong = isBad && (isLate ? index >= 3_500 - 450 : index % 70 < 21 && index % 7 < 3)
    return {
      id: `record-${index}`,
      hash: randomHash(random),
      rules: [isBad ? 'bad' : `good-${index % 10}`],
      right: [!isWrong],
    }
  })
}

for (const isLate of [false, true])
  test(`a rule of 1,500 records that is wrong in 450${isLate ? ' late ones' : ''} is removed, and hardly costs requests`, (t) => {
    for (let seed = 0; seed < 20; seed++) {
      const rows = recordsWithBadRule(isLate, seed)
      assert.equal(rows.filter(({ rules }) => rules[0] === 'bad').length, 1_500)
      assert.ok(Math.abs(rows.filter(({ right }) => !right[0]).length - 450) <= 0)
      for (const [name, run] of [
        ['file', runFile],
        ['stream', runStream],
      ] as const) {
        const outcome = run(rows, 1_500, TARGET, `seed ${seed}`)
        const accuracy = 1 - outcome.wrong / 5_000
        if (seed < 2) t.diagnostic(`${name}: ${JSON.stringify({ ...outcome, accuracy })}`)
        assert.deepEqual(outcome.removed, ['bad'], `${name}, seed ${seed}`)
        assert.ok(accuracy >= 0.985)
        assert.ok(outcome.requests <= 1.15 * 500, `${outcome.requests} requests`)
      }
    }
  })

test('of 35,000 records that rules decide nearly rightly, at least 34,000 stay with the rules for at most 600 audits', (t) => {
  let kept = 0
  const audits: number[] = []
  for (let seed = 0; seed < 20; seed++) {
    const random = createRandom(seed)
    const rows = Array.from({ length: 35_000 }, (_, index): RunRow => {
      const wrongField = random() < 0.01 ? Math.floor(8 * random()) : -1
      return {
        id: `record-${index}`,
        hash: randomHash(random),
        rules: Array.from({ length: 8 }, (_, field) => `rule-${field}-${Math.floor(40 * random() ** 2)}`),
        right: Array.from({ length: 8 }, (_, field) => field !== wrongField),
      }
    })
    const outcome = runFile(rows, 15_000, TARGET, `seed ${seed}`)
    audits.push(outcome.audited)
    const isKept = outcome.byRules >= 34_000 && outcome.audited <= 600 && 1 - outcome.wrong / 50_000 >= 0.98
    if (isKept) kept++
    if (seed < 3 || !isKept) t.diagnostic(JSON.stringify({ seed, ...outcome, perThousand: outcome.requests / 50 }))
  }
  t.diagnostic(`kept in ${kept} of 20 seeds; audits ${audits.join(', ')}`)
  assert.ok(kept >= 18)
})
