/** The gate on simulated catalogues, as many as the caller asks for: few of them for every run of the tests, and many in test/large. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { mostFalse, type RunRow, randomHash, runFile, runGate, simulatedRules } from './simulations.ts'

const TARGET = 0.97
const DELTA = 0.05

/** How often rules below the target are trusted, over `catalogues` catalogues of each kind. */
export function gateOnCatalogues(catalogues: number): void {
  for (const kind of ['alike', 'few-bad', 'one-bad'] as const)
    test(`of ${catalogues} catalogues with 40 rules of mean precision 0.95 (${kind}) few are trusted falsely`, (t) => {
      const runs = Array.from({ length: catalogues }, (_, seed) => {
        const random = createRandom(seed)
        return runGate(simulatedRules(kind, 0.95, random), TARGET, 600, random)
      })
      const count = (isCounted: (run: (typeof runs)[number]) => boolean) => runs.filter(isCounted).length
      const wrong = count((run) => run.isFalselyTrusted)
      t.diagnostic(
        `${kind}: falsely trusted ${wrong}, trusted at the end ${count((run) => run.isTrustedAtTheEnd)}, with a removal ${count((run) => run.restarts > 0)}, of ${catalogues}`,
      )
      assert.ok(wrong / catalogues <= mostFalse(DELTA, catalogues))
    })

  test('rules just below the target, alone or beside a bad one that is removed, are trusted falsely in at most delta', (t) => {
    const edge = Array.from({ length: 40 }, (_, index) => ({ rule: `rule-${index}`, size: 250, precision: 0.9695 }))
    for (const rules of [edge, [...edge, { rule: 'bad', size: 1_500, precision: 0.5 }]]) {
      const runs = Array.from({ length: catalogues }, (_, seed) => runGate(rules, TARGET, 600, createRandom(seed)))
      const wrong = runs.filter((run) => run.isFalselyTrusted).length
      t.diagnostic(`${rules.length} rules: falsely trusted ${wrong} of ${catalogues}`)
      assert.ok(wrong / catalogues <= mostFalse(DELTA, catalogues))
    }
  })
}

/** What becomes of rules that are nearly always right, with each of `seeds` seeds. */
export function gateOnGoodRules(seeds: number): void {
  test('of 35,000 records that rules decide nearly rightly, at least 34,000 stay with the rules for at most 600 audits', (t) => {
    let kept = 0
    const audits: number[] = []
    for (let seed = 0; seed < seeds; seed++) {
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
    t.diagnostic(`kept in ${kept} of ${seeds} seeds; audits ${audits.join(', ')}`)
    assert.ok(kept >= 0.9 * seeds)
  })
}
