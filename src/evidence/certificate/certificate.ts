/** What the labels of a certificate show: claims about rows and fields, the cut by confidence, and how many labels are missing. */

import { buildLimits, expectedMissShare, lookAhead } from '../gate/outlook.ts'
import { clopperPearson } from '../statistics/bounds.ts'
import { createSequentialTest, type SequentialTest } from '../statistics/sequential.ts'
import { stratumOf } from './certificate-plan.ts'
import {
  type CertificatePlan,
  type CertificateResult,
  type ClaimResult,
  type CutResult,
  type DrawnRow,
  ROW_CLAIM,
  type RowLabel,
} from './certificate-types.ts'

/** The most further labels that the outlook reckons with. */
export const MOST_MORE = 2_000
/** The weight of the evidence for all rows beside that for a cut: all rows are what most people want to know. */
export const ROWS_WEIGHT = 3 / 4

interface Judged {
  readonly row: DrawnRow
  readonly label: RowLabel
}

/**
 * Evaluates a certificate after the labels that there are. `drawn` must be the beginning of the plan's random order. Only labels
 * up to the first drawn row without one count, so that rows that are quick or pleasant to label cannot sway the result; a field
 * that is null or absent in a label counts as wrong.
 *
 * **What is claimed.** With probability at least 1 - delta nothing that is ever called shown, at any moment, is false: neither a
 * claim, nor the cut, nor a lower bound below the target. What a lower bound says beyond the target holds with that probability
 * on its own. Each of m claims has the error probability delta / m.
 * The cut belongs to the claim about the whole row (or to the only claim) and shares its part d of delta without splitting it. Let E
 * be the evidence for all rows, and C the least evidence of the cuts from the highest confidence down to the one in question.
 * All rows are shown where E >= 1/d and 3/4 E + 1/4 C of the lowest cut >= 1/d, a cut where C >= 1/d and 3/4 E + 1/4 C >= 1/d.
 * Proof: if of all these only the claim about all rows is false, E must reach 1/d; if only cuts are false, the highest false one
 * must reach 1/d; if both are, 3/4 E and 1/4 of the evidence of the highest false cut must reach 1/d together, and a weighted mean of
 * two test supermartingales is one itself. By Ville's inequality each has probability at most d, and only one is the case. Going
 * through cuts from the highest down is fixed-sequence testing (Maurer, Hothorn and Lehmacher 1995), the means are a closed test
 * with e-values (Vovk and Wang 2021).
 * A claim is missed where the upper bound is below the target; that errs with probability delta / m as well, counted separately.
 */
export function evaluateCertificate(
  plan: CertificatePlan,
  drawn: readonly DrawnRow[],
  labels: readonly RowLabel[],
): CertificateResult {
  const byId = new Map(labels.map((label) => [label.id, label]))
  const counted: Judged[] = []
  for (const row of drawn) {
    const label = byId.get(row.id)
    if (label === undefined) break
    counted.push({ row, label })
  }
  const part = plan.delta / plan.claims.length
  const withCut = plan.claims.includes(ROW_CLAIM) ? ROW_CLAIM : plan.claims.length === 1 ? plan.claims[0] : undefined
  let cut: CutResult | null = null
  const claims = plan.claims.map((claim): ClaimResult => {
    const cuts = claim === withCut ? plan.cuts : []
    const followed = follow(plan, claim, part, cuts, counted)
    if (claim === withCut && followed.result.state !== 'shown') cut = followed.cut
    return followed.result
  })
  const rowLower = claims.find(({ claim }) => claim === ROW_CLAIM)?.lower ?? 0
  const states = claims.map(({ state }) => state)
  return {
    state: states.includes('missed') ? 'missed' : states.includes('more') ? 'more' : 'shown',
    labelled: counted.length,
    waiting: labels.length - counted.length,
    claims,
    fields: plan.fields.map((field) => {
      const right = counted.filter(({ label }) => isRight(plan, field, label)).length
      const own = claims.find(({ claim }) => claim === field)?.lower ?? 0
      return {
        field,
        right,
        labelled: counted.length,
        proven: Math.max(rowLower, own),
        alone: alone(plan, right, counted.length),
      }
    }),
    cut,
    strata: plan.strata.map((stratum, index) => {
      const inside = counted.filter(({ row }) => stratumOf(plan, row) === index)
      const right = inside.filter(({ label }) => isRight(plan, ROW_CLAIM, label)).length
      const labelled = inside.length
      return {
        ...stratum,
        labelled,
        right,
        alone: labelled === 0 ? [0, 1] : [...clopperPearson(right, labelled, plan.delta)],
      }
    }),
  }
}

function isRight(plan: CertificatePlan, claim: string, label: RowLabel): boolean {
  if (claim === ROW_CLAIM) return plan.fields.every((field) => label.right[field] === true)
  return label.right[claim] === true
}

/** An interval of confidence 1 - delta that is valid at any moment, for one field that nobody chose by its labels. */
function alone(plan: CertificatePlan, right: number, labelled: number): [number, number] {
  const test = createSequentialTest({ target: plan.target, delta: plan.delta / 2, population: plan.population })
  return [test.lowerBound(right, labelled - right), test.upperBound(right, labelled - right)]
}

/** The test of one cut, with the counts of the rows at or above its confidence. */
interface CutTest {
  readonly confidence: number
  readonly size: number
  readonly test: SequentialTest
  right: number
  labelled: number
}

/** Follows one claim and its cuts from the first label to the last, looking after each. */
function follow(
  plan: CertificatePlan,
  claim: string,
  delta: number,
  cuts: CertificatePlan['cuts'],
  counted: readonly Judged[],
): { readonly result: ClaimResult; readonly cut: CutResult | null } {
  const { target, population } = plan
  const test = createSequentialTest({ target, delta, population })
  const cutTests = cuts.map(({ confidence, size }): CutTest => {
    return { confidence, size, test: createSequentialTest({ target, delta, population: size }), right: 0, labelled: 0 }
  })
  const seen = { right: 0, labelled: 0, lower: 0, upper: 1, isShown: false, isMissed: false }
  let cut: CutResult | null = null
  let logNeeded = neededBeside(delta, ROWS_WEIGHT, cutTests.length === 0 ? Infinity : 0)
  for (const { row, label } of counted) {
    const right = isRight(plan, claim, label)
    seen.labelled++
    if (right) seen.right++
    for (const cutTest of cutTests) {
      if (row.confidence < cutTest.confidence) continue
      cutTest.labelled++
      if (right) cutTest.right++
    }
    const wrong = seen.labelled - seen.right
    const evidence = test.logEvidence(seen.right, wrong)
    let least = Infinity
    for (const { confidence, size, test: own, right: inside, labelled } of cutTests) {
      least = Math.min(least, own.logEvidence(inside, labelled - inside))
      const isLower = cut === null || confidence < cut.confidence
      if (isLower && least >= neededBeside(delta, 1 - ROWS_WEIGHT, evidence))
        cut = { confidence, rows: size, left: population - size, right: inside, labelled }
    }
    logNeeded = neededBeside(delta, ROWS_WEIGHT, least)
    if (evidence >= logNeeded) seen.isShown = true
    seen.lower = Math.max(seen.lower, test.lowerBound(seen.right, wrong, logNeeded))
    seen.upper = Math.min(seen.upper, test.upperBound(seen.right, wrong))
    if (test.isMissed(seen.right, wrong)) seen.isMissed = true
  }
  const state = seen.isShown ? 'shown' : seen.isMissed ? 'missed' : 'more'
  const more = state === 'more' ? moreLabels(plan, logNeeded, seen.labelled, seen.labelled - seen.right) : 0
  const { right, labelled, lower, upper } = seen
  return { result: { claim, state, right, labelled, lower, upper: Math.max(lower, upper), more }, cut }
}

/**
 * The logarithm of the evidence that a claim of weight `weight` needs beside other evidence with the rest of the weight: at least
 * 1/delta, and so much that the weighted mean of both is at least 1/delta.
 */
function neededBeside(delta: number, weight: number, logOther: number): number {
  const other = Math.exp(Math.min(logOther, 700))
  return Math.log(Math.max(1 / delta, (1 / delta - (1 - weight) * other) / weight))
}

function moreLabels(
  { target, population }: CertificatePlan,
  logNeeded: number,
  labelled: number,
  wrong: number,
): number | null {
  const test = createSequentialTest({ target, delta: Math.exp(-logNeeded), population })
  const limits = buildLimits(test, Math.min(population, labelled + MOST_MORE))
  return lookAhead(limits, labelled, wrong, expectedMissShare(labelled, wrong)).more
}
