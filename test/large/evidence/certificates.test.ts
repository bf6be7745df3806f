/** Whole certificates, cut included, on 2,000 simulated runs in which every statement that could be made is false. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evaluateCertificate } from '../../../src/evidence/certificate/certificate.ts'
import { drawRows, type PopulationRow, planCertificate } from '../../../src/evidence/certificate/certificate-plan.ts'
import { ROW_CLAIM, type RowLabel } from '../../../src/evidence/certificate/certificate-types.ts'
import { createRandom } from '../../../src/evidence/statistics/random.ts'
import { mostBelow } from '../../../src/evidence/statistics/sequential.ts'
import { shuffle } from '../../helpers/shuffle.ts'
import { mostFalse, randomHash } from '../../unit/evidence/simulations.ts'

const TARGET = 0.97
const DELTA = 0.05
const RUNS = 2_000
const SIZE = 2_000
const LABELS = 600

/** Rows of ten confidences, each of which holds the largest share of right rows below the target. */
function rowsBelow(seed: number, noise: number) {
  const random = createRandom(seed)
  const right = new Map<string, boolean>()
  const rows = Array.from({ length: 10 }, (_, level) => {
    const size = SIZE / 10
    const most = mostBelow(size, TARGET)
    return shuffle(
      Array.from({ length: size }, (_, index) => index < most),
      random,
    ).map((isRight, index): PopulationRow => {
      const id = `row-${level}-${index}`
      right.set(id, random() < noise ? !isRight : isRight)
      const [hash, fingerprint] = [randomHash(random), randomHash(random)]
      return { id, hash, fingerprint, source: 'rule', confidence: 0.9 + level / 100 }
    })
  }).flat()
  return { rows, right }
}

for (const noise of [0, 0.02])
  test(`of 2,000 runs at most delta and 2 standard errors get a false claim or a false cut, with ${noise} label noise`, (t) => {
    let claims = 0
    let cuts = 0
    let any = 0
    for (let seed = 0; seed < RUNS; seed++) {
      const { rows, right } = rowsBelow(seed, noise)
      const plan = planCertificate(rows, {
        target: TARGET,
        delta: DELTA,
        claims: [ROW_CLAIM],
        fields: ['a'],
        seed: `${seed}`,
      })
      const drawn = drawRows(rows, plan, LABELS)
      const labels = drawn.map(({ id }): RowLabel => ({ id, by: 'anna', right: { a: right.get(id) ?? null } }))
      const result = evaluateCertificate(plan, drawn, labels)
      const isClaimed = result.claims.some(({ state }) => state === 'shown')
      if (isClaimed) claims++
      if (result.cut !== null) cuts++
      if (isClaimed || result.cut !== null) any++
    }
    t.diagnostic(`label noise ${noise}: false claims ${claims}, false cuts ${cuts}, either ${any}, of ${RUNS}`)
    assert.ok(any / RUNS <= mostFalse(DELTA, RUNS))
  })
