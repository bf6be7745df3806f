/** The plan of audits: a random order that anyone can draw again, stages that end, and a steady rate. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  AUDIT_STAGES,
  auditRank,
  drawOrder,
  isAuditedSteadily,
  nextStage,
  STEADY_RATE,
} from '../../../src/evidence/gate/audit-plan.ts'

const rows = Array.from({ length: 20_000 }, (_, index) => {
  const id = `catalogue/indicator-${index}`
  return { id, hash: createHash('sha256').update(id).digest('hex') }
})

test('ranks are uniform, and as good as independent of the order in the file and of other seeds', () => {
  const ranks = rows.map(({ hash }) => auditRank(hash, 'run-1'))
  const cells = new Array<number>(50).fill(0)
  for (const rank of ranks) cells[Math.floor(rank * 50)] = (cells[Math.floor(rank * 50)] ?? 0) + 1
  const chiSquare = cells.reduce((sum, count) => sum + (count - 400) ** 2 / 400, 0)
  assert.ok(chiSquare < 95, `chi-square of 49 degrees of freedom: ${chiSquare}`)
  const correlation = (other: readonly number[]) =>
    ranks.reduce((sum, rank, index) => sum + (rank - 0.5) * ((other[index] ?? 0) - 0.5), 0) / (ranks.length / 12)
  assert.ok(Math.abs(correlation(rows.map((_, index) => index / rows.length))) < 0.03)
  assert.ok(Math.abs(correlation(rows.map(({ hash }) => auditRank(hash, 'run-2')))) < 0.03)
  assert.ok(Math.abs(correlation([...ranks.slice(1), 0.5])) < 0.03)
})

test('the order of the draw does not depend on the order of arrival', () => {
  const order = drawOrder(rows.slice(0, 500), 'seed').map(({ id }) => id)
  assert.deepEqual(
    drawOrder(rows.slice(0, 500).reverse(), 'seed').map(({ id }) => id),
    order,
  )
  assert.notDeepEqual(
    drawOrder(rows.slice(0, 500), 'other').map(({ id }) => id),
    order,
  )
  assert.equal(new Set(order).size, 500)
})

test('stages go on while a field is undecided, end when all are decided, and keep to the budget', () => {
  const open = [{ state: 'trusted' as const }, { state: 'undecided' as const }]
  const drawn: number[] = []
  for (let total = 0, next = nextStage(0, open); next > 0; next = nextStage(total, open)) {
    drawn.push(next)
    total += next
  }
  assert.deepEqual(drawn, AUDIT_STAGES)
  assert.equal(
    drawn.reduce((sum, size) => sum + size, 0),
    600,
  )
  assert.equal(nextStage(60, [{ state: 'trusted' }, { state: 'untrusted' }]), 0)
  assert.equal(nextStage(100, open), 20)
  assert.equal(nextStage(550, open, 570), 20)
  assert.equal(nextStage(600, open), 0)
  assert.equal(nextStage(700, open, 1_000), 150)
})

test('the steady rate audits the same share of early and late records', () => {
  const isAudited = ({ hash }: { hash: string }) => isAuditedSteadily(hash, 'run-1')
  for (const part of [rows.slice(0, 10_000), rows.slice(10_000)]) {
    const audited = part.filter(isAudited).length
    assert.ok(Math.abs(audited - 10_000 * STEADY_RATE) < 90, `${audited}`)
  }
})

test('a hash that is none, or a rate that is none, is refused', () => {
  assert.throws(() => auditRank('abc', 'seed'), /the hash is "abc"; it must be SHA-256/)
  assert.throws(() => isAuditedSteadily(rows[0]?.hash ?? '', 'seed', 5), /rate is 5/)
})
