/** A bound and a test for the share of right results that stay valid however often one looks, without replacement. */
import { assertCounts, assertShare } from './checks.ts'
import { logBeta, logGamma, logSumExp, timesLog } from './special-functions.ts'

/**
 * What the test bets on. An alternative is a share of misses as a multiple of the share that the target allows, so that
 * [0.333, 0.45] at the target 0.97 puts 45 % of the stake on a share of misses of 0.01. What the weights leave of 1 is
 * spread evenly over all shares from 0 to 1. Bets decide how soon a true claim is shown; no bets make a false one likelier.
 */
interface Bets {
  readonly alternatives: readonly (readonly [missRatio: number, weight: number])[]
}

/**
 * The bets on shares above the target, by which a claim is shown. They were chosen so that at the target 0.97 and delta 0.05 a true 0.998 is
 * shown by 300 outcomes in 98 %, 0.99 in 55 %, and by 600 in 85 %; without a miss 120 outcomes are enough. The last bet shows
 * a true 0.98 at all, by about 1,900.
 */
const BETS_ABOVE: Bets = {
  alternatives: [
    [0, 0.19],
    [1 / 15, 0.25],
    [1 / 3, 0.44],
    [0.62, 0.07],
  ],
}

/** The bets on shares below the target, by which a claim is shown to be missed. */
const BETS_BELOW: Bets = {
  alternatives: [
    [4 / 3, 0.3],
    [2, 0.3],
    [4, 0.3],
  ],
}

/** The claim that at least the share `target` of a population is right, to be shown with error probability `delta`. */
export interface Claim {
  readonly target: number
  readonly delta: number
  /** The number of members; null for outcomes that are independent draws from an unbounded source. */
  readonly population: number | null
}

/** Evidence and bounds after `right` and `wrong` outcomes, whatever their order. Bounds are shares from 0 to 1. */
export interface SequentialTest {
  /** The natural logarithm of the factor by which the stake grew against "below the target". */
  logEvidence(right: number, wrong: number): number
  /** True where the evidence reaches 1 / delta, which is where the lower bound reaches the target. */
  isShown(right: number, wrong: number): boolean
  /** True where the upper bound lies below the target. */
  isMissed(right: number, wrong: number): boolean
  /** The lower bound; `logThreshold` stands for log(1 / delta) where a caller shares one delta among several claims. */
  lowerBound(right: number, wrong: number, logThreshold?: number): number
  upperBound(right: number, wrong: number): number
}

/** The logarithm of the probability of one sequence of outcomes, as a function of the state of the population. */
interface Likelihood {
  /** The state at a share: a whole number of right members, or the share itself where the population is unbounded. */
  readonly stateAt: (share: number) => number
  /** States below the target end here. */
  readonly lastBelow: number
  readonly firstAbove: number
  readonly log: (state: number, right: number, wrong: number) => number
  /** The state of the greatest likelihood. */
  readonly mode: (right: number, wrong: number) => number
  /** The least state of [low, high] where the rising condition holds; `high` where it holds nowhere else. */
  readonly search: (low: number, high: number, holds: (state: number) => boolean) => number
  readonly share: (state: number) => number
}

/**
 * Builds the test of a claim. The members must be drawn in an order that is uniformly random over the population (or be
 * independent of one another where it is null), and every drawn member counts: one that cannot be judged counts as wrong.
 *
 * **Method.** Before each outcome a stake is bet on "right" or "wrong" at the odds that would be fair if K members of N were
 * right; the stake is shared among the alternatives of the bets. After s right and f wrong outcomes it has grown by
 * M(K) = Q(s, f) / L(K; s, f), where L is the exact probability of the sequence under K and Q its probability averaged over the
 * bets. If K is true, M(K) is a martingale of mean 1 that is never negative, so that by Ville's inequality (1939) it ever reaches
 * 1 / delta with probability at most delta. The lower bound is the least K that is not rejected, and thus exceeds the true K
 * at any moment with probability at most delta; the largest bound seen so far is as valid. These are the betting martingales of
 * Waudby-Smith and Ramdas (2024, "Estimating means of bounded random variables by betting"), for outcomes of 0 and 1 in
 * their prior-posterior-ratio form (2020), and of ALPHA (Stark 2023) with the mixture in place of its estimate.
 *
 * **Strata.** One uniformly random order over all members holds each stratum in proportion on average, and the proof above
 * needs nothing more. The alternative, a product of bets over strata against the worst way to spread the misses (SUITE, Ottoboni
 * and others 2018; ALPHA), may draw rows of low stated confidence more often, as weighted draws do (Shekhar, Xu, Lipton, Liang
 * and Ramdas 2023). Someone who knows the shares of misses beforehand gains 4 % of the labels so at a true 0.998 and up to 40 %
 * at 0.99; with bets that must learn them, no case that was tried had clearly more power at 300 labels, and where the stated confidence
 * says nothing the power at 0.99 fell from 0.56 to 0.34 (`test/large/evidence/strata.test.ts`). So both are left out.
 *
 * Throws RangeError for a target or delta outside (0, 1), or a population below 1.
 */
export function createSequentialTest({ target, delta, population }: Claim): SequentialTest {
  assertShare('target', target)
  assertShare('delta', delta)
  assertCounts(0, 0, population)
  const likelihood = population === null ? independent(target) : withoutReplacement(population, target)
  const threshold = -Math.log(delta)
  const above = mixture(likelihood, target, BETS_ABOVE, (state) => Math.max(state, likelihood.firstAbove))
  const below = mixture(likelihood, target, BETS_BELOW, (state) => Math.min(state, likelihood.lastBelow))

  const logEvidence = (right: number, wrong: number): number => {
    // No state of the null hypothesis could have given so many right outcomes.
    if (population !== null && right > likelihood.lastBelow) return Infinity
    const worst = Math.min(likelihood.mode(right, wrong), likelihood.lastBelow)
    return above(right, wrong) - likelihood.log(worst, right, wrong)
  }
  const edges = (right: number, wrong: number): readonly [number, number] =>
    population === null ? [0, 1] : [right, population - wrong]

  const lowerBound = (right: number, wrong: number, logThreshold = threshold): number => {
    assertCounts(right, right + wrong, population)
    const least = above(right, wrong) - logThreshold
    const mode = likelihood.mode(right, wrong)
    const [low] = edges(right, wrong)
    return likelihood.share(likelihood.search(low, mode, (state) => likelihood.log(state, right, wrong) > least))
  }
  const upperBound = (right: number, wrong: number): number => {
    assertCounts(right, right + wrong, population)
    const least = below(right, wrong) - threshold
    const [, high] = edges(right, wrong)
    const mode = likelihood.mode(right, wrong)
    // The state after the last one that is not rejected, less one: the condition "rejected" rises from the mode on.
    const isRejected = (state: number) => likelihood.log(state, right, wrong) <= least
    if (!isRejected(high)) return likelihood.share(high)
    const first = likelihood.search(mode, high, isRejected)
    return likelihood.share(population === null ? first : Math.max(mode, first - 1))
  }
  return {
    logEvidence,
    isShown: (right, wrong) => logEvidence(right, wrong) >= threshold,
    // The upper bound is never below the state of the greatest likelihood, so that most calls need not search for it.
    isMissed: (right, wrong) =>
      likelihood.mode(right, wrong) < likelihood.firstAbove &&
      upperBound(right, wrong) < likelihood.share(likelihood.firstAbove),
    lowerBound,
    upperBound,
  }
}

/** The logarithm of Q: the probability of a sequence averaged over the bets, of which the rest is a uniform distribution. */
function mixture(
  likelihood: Likelihood,
  target: number,
  { alternatives }: Bets,
  clamp: (state: number) => number,
): (right: number, wrong: number) => number {
  const possible = alternatives.filter(([ratio]) => ratio * (1 - target) < 1)
  const states = possible.map(([ratio]) => clamp(likelihood.stateAt(1 - ratio * (1 - target))))
  const logWeights = possible.map(([, weight]) => Math.log(weight))
  const rest = 1 - possible.reduce((sum, [, weight]) => sum + weight, 0)
  return (right, wrong) => {
    const terms = states.map((state, index) => (logWeights[index] ?? 0) + likelihood.log(state, right, wrong))
    // Polya's urn: averaged over a uniform number of right members, each order of s and f has this probability for any N.
    terms.push(Math.log(rest) + logBeta(right + 1, wrong + 1))
    return logSumExp(terms)
  }
}

function withoutReplacement(population: number, target: number): Likelihood {
  const lastBelow = mostBelow(population, target)
  return {
    stateAt: (share) => Math.round(share * population),
    lastBelow,
    firstAbove: lastBelow + 1,
    log: (state, right, wrong) => {
      const others = population - state
      if (right > state || wrong > others) return -Infinity
      return falling(state, right) + falling(others, wrong) - falling(population, right + wrong)
    },
    mode: (right, wrong) => {
      if (right + wrong === 0) return population
      const guess = Math.floor(((population + 1) * right) / (right + wrong))
      return Math.max(right, Math.min(population - wrong, guess))
    },
    search: (low, high, holds) => {
      let [from, to] = [low, high]
      while (from < to) {
        const middle = Math.floor((from + to) / 2)
        if (holds(middle)) to = middle
        else from = middle + 1
      }
      return from
    },
    share: (state) => state / population,
  }
}

/** log(n (n - 1) ... (n - k + 1)). */
function falling(n: number, k: number): number {
  return k === 0 ? 0 : logGamma(n + 1) - logGamma(n - k + 1)
}

function independent(target: number): Likelihood {
  return {
    stateAt: (share) => share,
    lastBelow: target,
    firstAbove: target,
    log: (state, right, wrong) => timesLog(right, state) + timesLog(wrong, 1 - state),
    mode: (right, wrong) => (right + wrong === 0 ? 1 : right / (right + wrong)),
    search: (low, high, holds) => {
      let [from, to] = [low, high]
      for (let halving = 0; halving < 50; halving++) {
        const middle = (from + to) / 2
        if (holds(middle)) to = middle
        else from = middle
      }
      // The end that is surely not too high for a lower bound is also the one that holds no claim too much.
      return from
    },
    share: (state) => state,
  }
}

/** The largest number of right members of `population` whose share is below `target`. */
export function mostBelow(population: number, target: number): number {
  return Math.ceil(target * population - 1e-9) - 1
}
