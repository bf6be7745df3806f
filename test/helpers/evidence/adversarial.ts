/** The adversarial catalogue: a rule that is right on the gold decides three rows in ten, and is wrong in three of ten of these. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import type { AuditWorld } from './audit-world.ts'
import { type MadeRow, MONEY_STOCK_RULE, makeRow, OTHER_THAN_STOCK } from './audited-catalogue.ts'

/** Where the rows lie in which the rule is wrong: all through the file, or in its last fifth. */
export type Place = 'spread evenly' | 'all in the last fifth'

/** Makes `size` rows: 0.3 by the rule, of which it is wrong in 0.3, 0.2 by other rules, which are right, and the rest unread. */
export function adversarialRows(size: number, place: Place): readonly MadeRow[] {
  // No shape is in both catalogues, because the model answers the same row otherwise in one than in the other.
  const start = place === 'spread evenly' ? 1_000_000 : 2_000_000
  const rows = Array.from({ length: size }, (_, index): MadeRow => {
    const number = start + index
    // Of ten rows the rule decides the third, sixth and ninth.
    const isByRule = number % 10 === 2 || number % 10 === 5 || number % 10 === 8
    if (isByRule) return makeRow('money-stock', 'A', number)
    return makeRow(number % 5 === 0 ? 'others' : 'unread', 'A', number)
  })
  const wrong = Math.round(size * 0.09)
  const byRule = rows.flatMap(({ name }, number) => (name.startsWith('Broad Money') ? [number] : []))
  if (place === 'spread evenly') {
    const isWrong = (index: number) => Math.floor((index + 1) * 0.3) > Math.floor(index * 0.3)
    return withLabels(rows, new Set(byRule.filter((_, index) => isWrong(index))), wrong)
  }
  // The last fifth has too few rows of the rule, so that some change places with rows before it.
  const first = size * 0.8
  const late = rows.slice(first).filter(({ name }) => !name.startsWith('Broad Money'))
  const moved = new Map<number, MadeRow>()
  const early = byRule.filter((number) => number < first)
  const missing = wrong - byRule.filter((number) => number >= first).length
  for (const row of late.slice(0, missing)) {
    const from = early.pop() ?? 0
    const to = rows.indexOf(row)
    moved.set(to, rows[from] ?? row)
    moved.set(from, row)
  }
  const placed = rows.map((row, number) => moved.get(number) ?? row)
  const last = placed.flatMap(({ name }, number) => (number >= first && name.startsWith('Broad Money') ? [number] : []))
  return withLabels(placed, new Set(last), wrong)
}

function withLabels(rows: readonly MadeRow[], wrong: ReadonlySet<number>, count: number): readonly MadeRow[] {
  assert.equal(wrong.size, count)
  return rows.map((row, number) => {
    return wrong.has(number) ? { ...row, labels: { ...row.labels, ...OTHER_THAN_STOCK } } : row
  })
}

/**
 * Classifies the catalogue with audits and then by the model alone. Asserts that the audits remove the rule, that what is
 * stored is right, and that the audits cost little beside what they spare.
 */
export async function checkAdversarial(t: TestContext, world: AuditWorld, size: number, place: Place): Promise<void> {
  const rows = adversarialRows(size, place)
  const catalogue = `adversarial ${place}`
  await world.teach(rows)
  const report = await world.classify(catalogue, rows)
  const requests = world.requests()
  assert.equal(report.indicators, size)
  assert.equal(report.classified, size)

  const evidence = await world.evidence(catalogue)
  for (const [field, rule] of [
    ['type', MONEY_STOCK_RULE],
    ['temporal_aggregation', 'prices-money-rates-at-a-date'],
  ] as const) {
    const removed = evidence.get(field)?.removed.map((one) => one.rule)
    assert.deepEqual(removed, [rule], `${field}: ${JSON.stringify(evidence.get(field))}`)
  }
  assert.deepEqual(report.evidence?.fields, [...evidence.values()])
  const accuracy = await world.accuracy(catalogue, rows)
  assert.ok(accuracy >= 0.985, `${accuracy} right`)

  await world.teach(rows)
  await world.classify(`${catalogue}, model`, rows, ['--mode', 'model', '--no-reuse'])
  const modelOnly = world.requests()
  t.diagnostic(
    `${place}: ${size} rows, ${report.audited} audited, ${requests} requests (model alone ${modelOnly}), ${accuracy} right`,
  )
  assert.ok(report.audited > 0 && report.audited <= 600)
  assert.ok(requests <= 1.15 * modelOnly, `${requests} requests, and ${modelOnly} of the model alone`)
}
