/** Agreement of people who labelled the same rows blind: Krippendorff's alpha with an interval, and the rows they disagree on. */
import { assertCount, assertShare } from './statistics/checks.ts'
import { createRandom } from './statistics/random.ts'

/** The labels that people gave one row in one field: by person. A label is any text that is equal where the labels are. */
export interface LabelledUnit {
  readonly id: string
  readonly labels: Readonly<Record<string, string>>
}

export interface Agreement {
  /** Rows that two or more people labelled; the others say nothing. */
  readonly units: number
  /** The share of pairs of labels of the same row that are equal; null without such a row. */
  readonly observed: number | null
  /**
   * Krippendorff's alpha: 1 for perfect agreement, 0 for what chance would give; null where no two people labelled the same row,
   * or all labels are the same, for which chance would agree as well.
   */
  readonly alpha: number | null
  /** A percentile bootstrap over rows; null where alpha is null. */
  readonly interval: readonly [low: number, high: number] | null
  /** The ids of the rows on which people disagree. */
  readonly disagreements: readonly string[]
}

export interface AgreementOptions {
  readonly seed: number
  /** 0.05 unless given, for a 95 % interval. */
  readonly delta?: number
  /** 1,000 unless given. */
  readonly resamples?: number
}

/** The counts of one row: how many people gave each label. */
type Counts = ReadonlyMap<string, number>

/**
 * Krippendorff's alpha for nominal labels (Krippendorff 2004, "Content Analysis", chapter 11), for any number of people and with
 * labels missing: 1 - observed / expected disagreement, where a row with m labels weighs by its m. The interval is the percentile
 * bootstrap over rows (Zapf and others 2016); it is seeded, and the same for the same input. Throws RangeError for
 * options out of range.
 */
export function krippendorffAlpha(units: readonly LabelledUnit[], options: AgreementOptions): Agreement {
  const { seed, delta = 0.05, resamples = 1_000 } = options
  assertShare('delta', delta)
  assertCount('resamples', resamples, 100)
  const paired = units.filter(({ labels }) => Object.keys(labels).length >= 2)
  const counted = paired.map(countLabels)
  const alpha = alphaOf(counted)
  return {
    units: paired.length,
    observed: observedOf(counted),
    alpha,
    interval: alpha === null ? null : bootstrap(counted, createRandom(seed), resamples, delta),
    disagreements: paired.filter((_, index) => (counted[index]?.size ?? 0) > 1).map(({ id }) => id),
  }
}

function countLabels({ labels }: LabelledUnit): Counts {
  const counts = new Map<string, number>()
  for (const label of Object.values(labels)) counts.set(label, (counts.get(label) ?? 0) + 1)
  return counts
}

function sizeOf(counts: Counts): number {
  let size = 0
  for (const count of counts.values()) size += count
  return size
}

/** Ordered pairs of labels of the same row that differ. */
function differing(counts: Counts): number {
  const size = sizeOf(counts)
  let same = 0
  for (const count of counts.values()) same += count * (count - 1)
  return size * (size - 1) - same
}

function observedOf(units: readonly Counts[]): number | null {
  const pairs = units.reduce((sum, unit) => sum + sizeOf(unit) * (sizeOf(unit) - 1), 0)
  if (pairs === 0) return null
  return 1 - units.reduce((sum, unit) => sum + differing(unit), 0) / pairs
}

function alphaOf(units: readonly Counts[]): number | null {
  const totals = new Map<string, number>()
  let observed = 0
  let n = 0
  for (const unit of units) {
    const size = sizeOf(unit)
    n += size
    observed += differing(unit) / (size - 1)
    for (const [label, count] of unit) totals.set(label, (totals.get(label) ?? 0) + count)
  }
  const expected = differing(totals) / (n - 1)
  return n < 2 || expected === 0 ? null : 1 - observed / expected
}

function bootstrap(
  units: readonly Counts[],
  random: () => number,
  resamples: number,
  delta: number,
): readonly [number, number] {
  const alphas: number[] = []
  for (let round = 0; round < resamples; round++) {
    const drawn = units.map(() => units[Math.floor(random() * units.length)] as Counts)
    // A resample in which all labels are the same agrees perfectly, though its alpha is not defined.
    alphas.push(alphaOf(drawn) ?? 1)
  }
  alphas.sort((a, b) => a - b)
  const at = (share: number) => alphas[Math.min(resamples - 1, Math.floor(share * resamples))] ?? 1
  return [at(delta / 2), at(1 - delta / 2)]
}
