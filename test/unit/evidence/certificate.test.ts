/** Certificates: what they show of rows, fields and cuts, that a person's hour is enough, and that any alteration is found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluateCertificate } from '../../../src/evidence/certificate/certificate.ts'
import { buildCertificate, verifyCertificate } from '../../../src/evidence/certificate/certificate-check.ts'
import {
  digestOf,
  drawRows,
  type PopulationRow,
  planCertificate,
} from '../../../src/evidence/certificate/certificate-plan.ts'
import {
  type CertificatePlan,
  certificateSchema,
  ROW_CLAIM,
  type RowLabel,
} from '../../../src/evidence/certificate/certificate-types.ts'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { createSequentialTest } from '../../../src/evidence/statistics/sequential.ts'
import { randomHash } from './simulations.ts'

const fields = ['type', 'unit', 'period']
const options = { target: 0.97, delta: 0.05, claims: [ROW_CLAIM], fields, seed: 'a seed' }
const about = {
  run: 'run-1',
  catalogue: 'test',
  codebook: { name: 'economic-indicators', hash: 'abc' },
  versions: { model: 'none' },
  made_at: '2026-01-01T00:00:00Z',
}

interface TrueRow extends PopulationRow {
  readonly right: Readonly<Record<string, boolean>>
}

/** Rows of two sources; a row of confidence c misses a field with the probability that `missOf` gives for c. */
function population(size: number, seed: number, missOf: (confidence: number) => number): TrueRow[] {
  const random = createRandom(seed)
  return Array.from({ length: size }, (_, index) => {
    const confidence = Math.round(100 * (0.7 + 0.3 * Math.sqrt(random()))) / 100
    const missed = random() < missOf(confidence) ? Math.floor(3 * random()) : -1
    return {
      id: `row-${index}`,
      hash: randomHash(random),
      fingerprint: randomHash(random),
      source: random() < 0.4 ? 'model' : 'rule',
      confidence,
      right: Object.fromEntries(fields.map((field, at) => [field, at !== missed])),
    }
  })
}

function label(rows: readonly TrueRow[], plan: CertificatePlan, count: number) {
  const drawn = drawRows(rows, plan, count)
  const byId = new Map(rows.map((row) => [row.id, row]))
  const labels = drawn.map(({ id }): RowLabel => ({ id, by: 'anna', right: { ...byId.get(id)?.right } }))
  return { drawn, labels }
}

test('300 labels certify the rows of a run that is right in 0.998 in at least 90 of 100 seeds', (t) => {
  let certified = 0
  for (let seed = 0; seed < 100; seed++) {
    const wrong = new Set(Array.from({ length: 10 }, (_, index) => index * 500 + seed))
    const rows = population(5_000, seed, () => 0).map((row, index): TrueRow => {
      return wrong.has(index) ? { ...row, right: { ...row.right, unit: false } } : row
    })
    const plan = planCertificate(rows, { ...options, seed: `seed ${seed}` })
    const { drawn, labels } = label(rows, plan, 300)
    if (evaluateCertificate(plan, drawn, labels).state === 'shown') certified++
  }
  t.diagnostic(`certified in ${certified} of 100 seeds`)
  assert.ok(certified >= 90)
})

test('a claim about the row proves each field at the bound of the row, and the counts of the strata add up', () => {
  const rows = population(5_000, 1, () => 0.004)
  const plan = planCertificate(rows, options)
  const { drawn, labels } = label(rows, plan, 400)
  const result = evaluateCertificate(plan, drawn, labels)
  assert.equal(result.state, 'shown')
  const [claim] = result.claims
  assert.ok(claim !== undefined && claim.lower >= 0.97 && claim.more === 0)
  for (const field of result.fields) {
    assert.equal(field.proven, claim.lower)
    assert.ok(field.right >= claim.right && field.alone[0] <= field.right / 400 && field.alone[1] >= field.right / 400)
  }
  assert.equal(result.cut, null)
  assert.equal(
    plan.strata.reduce((sum, { size }) => sum + size, 0),
    5_000,
  )
  assert.equal(
    result.strata.reduce((sum, { labelled }) => sum + labelled, 0),
    400,
  )
  assert.equal(
    result.strata.reduce((sum, { right }) => sum + right, 0),
    claim.right,
  )
})

test('a run below the target is missed, and the cut is offered with what it leaves over', () => {
  const rows = population(5_000, 2, (confidence) => (confidence < 0.85 ? 0.3 : 0.001))
  const plan = planCertificate(rows, options)
  const { drawn, labels } = label(rows, plan, 500)
  const result = evaluateCertificate(plan, drawn, labels)
  assert.equal(result.state, 'missed')
  const { cut } = result
  assert.ok(cut !== null && cut.confidence >= 0.85)
  assert.equal(cut.rows + cut.left, 5_000)
  assert.equal(cut.rows, rows.filter(({ confidence }) => confidence >= cut.confidence).length)
  const above = rows.filter(({ confidence }) => confidence >= cut.confidence)
  assert.ok(above.filter(({ right }) => fields.every((field) => right[field])).length / above.length >= 0.97)
})

test('too few labels ask for more, and say how many', () => {
  const rows = population(5_000, 3, () => 0)
  const plan = planCertificate(rows, options)
  const { drawn, labels } = label(rows, plan, 60)
  const [claim] = evaluateCertificate(plan, drawn, labels).claims
  assert.equal(claim?.state, 'more')
  assert.ok(claim.more !== null && claim.more >= 50 && claim.more <= 160, `${claim.more}`)
})

test('several claims share delta, and without a cut one claim is the plain sequential test', () => {
  const rows = population(5_000, 4, () => 0.003).map((row) => ({ ...row, confidence: 0.9 }))
  const split = planCertificate(rows, { ...options, claims: fields })
  const single = planCertificate(rows, { ...options, claims: ['unit'] })
  assert.deepEqual(single.cuts, [])
  const { drawn, labels } = label(rows, single, 150)
  const counted = labels.filter(({ right }) => right['unit']).length
  const own = createSequentialTest({ target: 0.97, delta: 0.05, population: 5_000 })
  const third = createSequentialTest({ target: 0.97, delta: 0.05 / 3, population: 5_000 })
  const [alone] = evaluateCertificate(single, drawn, labels).claims
  const together = evaluateCertificate(split, drawn, labels).claims.find(({ claim }) => claim === 'unit')
  assert.ok(alone && alone.lower >= own.lowerBound(counted, 150 - counted))
  assert.ok(together && together.lower >= third.lowerBound(counted, 150 - counted) && together.lower < alone.lower)
})

test('labels behind a row that has none wait, and a field that nobody could tell counts as wrong', () => {
  const rows = population(1_000, 5, () => 0)
  const plan = planCertificate(rows, options)
  const { drawn, labels } = label(rows, plan, 200)
  const gap = evaluateCertificate(
    plan,
    drawn,
    labels.filter((_, index) => index !== 100),
  )
  assert.deepEqual([gap.labelled, gap.waiting], [100, 99])
  const doubtful = labels.map((one, index) => (index % 10 > 0 ? one : { ...one, right: { ...one.right, type: null } }))
  const [claim] = evaluateCertificate(plan, drawn, doubtful).claims
  assert.equal(claim?.right, 180)
})

test('a certificate file reads back, and is recomputed from itself and from the database', () => {
  const rows = population(2_000, 6, () => 0.003)
  const plan = planCertificate(rows, options)
  const { drawn, labels } = label(rows, plan, 250)
  const certificate = certificateSchema.parse(
    JSON.parse(JSON.stringify(buildCertificate({ about, plan, drawn, labels: [...labels].reverse() }))),
  )
  assert.deepEqual(verifyCertificate(certificate), [])
  assert.deepEqual(verifyCertificate(certificate, { rows: [...rows].reverse(), labels }), [])

  const altered = labels.map((one, index) =>
    index === 7 ? { ...one, right: { ...one.right, unit: !one.right['unit'] } } : one,
  )
  assert.deepEqual(verifyCertificate(certificate, { rows, labels: altered }), [
    `the label of ${labels[7]?.id} is another one in the database`,
  ])
  assert.deepEqual(verifyCertificate(certificate, { rows, labels: labels.slice(1) }), [
    `the label of ${labels[0]?.id} is not in the database`,
  ])
  assert.deepEqual(verifyCertificate(certificate, { rows: rows.slice(1), labels }), [
    'the run has 1999 rows; the certificate speaks about 2000',
  ])
  const swapped = rows.map((row) => (row.id === drawn[3]?.id ? { ...row, fingerprint: 'f'.repeat(64) } : row))
  const [digest, order] = verifyCertificate(certificate, { rows: swapped, labels })
  assert.match(digest ?? '', /^the digest of the rows changed/)
  assert.match(order ?? '', /^row 4 of the draw is .* with another answer, source or confidence$/)
})

test('a file whose labels, draw, seed or result was altered does not hold', () => {
  const rows = population(2_000, 7, () => 0.003)
  const plan = planCertificate(rows, options)
  const { drawn, labels } = label(rows, plan, 250)
  const whole = buildCertificate({ about, plan, drawn, labels })
  const miss = { ...labels[0], id: labels[0]?.id ?? '', by: 'anna', right: { type: false, unit: true, period: true } }
  assert.equal(verifyCertificate({ ...whole, labels: [miss, ...labels.slice(1)] }).length, 1)
  assert.equal(verifyCertificate({ ...whole, labels: whole.labels.slice(0, -1) }).length, 1)
  assert.equal(verifyCertificate({ ...whole, result: { ...whole.result, state: 'missed' } }).length, 1)
  const other = { ...whole, plan: { ...plan, seed: 'one that suits' } }
  assert.match(verifyCertificate(other, { rows, labels })[0] ?? '', /^row 1 of the draw is/)
  assert.throws(() => certificateSchema.parse({ ...whole, format: 2 }))
})

test('the digest depends on every row and not on their order', () => {
  const rows = population(50, 8, () => 0)
  assert.equal(digestOf(rows), digestOf([...rows].reverse()))
  assert.notEqual(digestOf(rows), digestOf(rows.slice(1)))
  assert.equal(digestOf([]), '0'.repeat(64))
})

test('plans that cannot be are refused with what is wrong', () => {
  const rows = population(10, 9, () => 0)
  const first = rows.slice(0, 1)
  assert.throws(() => planCertificate([], options), /there is no row to certify/)
  assert.throws(
    () => planCertificate(rows, { ...options, claims: ['colour'] }),
    /the claim "colour" is none of the fields type, unit, period/,
  )
  assert.throws(() => planCertificate(rows, { ...options, claims: [] }), /claims is empty/)
  assert.throws(() => planCertificate([...first, ...first], options), /two rows have the same id/)
  assert.throws(() => planCertificate(rows, { ...options, target: 97 }), /target is 97/)
})
