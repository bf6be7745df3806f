/** How often the rules were right on labelled indicators, from which the confidence of a rule's value follows. */
import type { DecidedField } from './types.ts'

/** Of the `n` readings of a field that were equally sure, `right` agreed with the label. */
export interface ReadingCounts {
  readonly n: number
  readonly right: number
}

/** The counts of one fit, by field, for sure and for unsure readings. */
export interface RuleCalibration {
  /** The codebook by which the indicators were labelled. */
  readonly codebookVersion: string
  readonly indicators: number
  readonly sure: Readonly<Record<DecidedField, ReadingCounts>>
  readonly unsure: Readonly<Record<DecidedField, ReadingCounts>>
}

/**
 * The fit on the shipped gold file, as `npm run eval -- --fit` prints it; a test compares the two. It counts the first
 * reading of each row, made before any rule was tuned on that row, because later readings would flatter the rules.
 */
export const RULE_CALIBRATION: RuleCalibration = {
  codebookVersion: 'v1',
  indicators: 743,
  sure: {
    type: { n: 662, right: 656 },
    temporal_aggregation: { n: 626, right: 616 },
    orientation: { n: 595, right: 588 },
  },
  unsure: {
    type: { n: 81, right: 66 },
    temporal_aggregation: { n: 117, right: 98 },
    orientation: { n: 148, right: 114 },
  },
}

/**
 * The chance, 0 to 1, that a rule's value for `field` is right. One right and one wrong reading are added, because no
 * sample proves a chance of 1.
 */
export function ruleConfidence(field: DecidedField, sure: boolean): number {
  const { n, right } = RULE_CALIBRATION[sure ? 'sure' : 'unsure'][field]
  return Number(((right + 1) / (n + 2)).toFixed(2))
}
