/** The gate on simulated catalogues: how often rules below the target are trusted, and what becomes of good and of bad rules. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { gateOnCatalogues, gateOnGoodRules } from './gate-simulated.cases.ts'
import { type RunRow, randomHash, runFile, runStream } from './simulations.ts'

const TARGET = 0.97

// test/large does the same on many more.
gateOnCatalogues(300)
gateOnGoodRules(4)

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
