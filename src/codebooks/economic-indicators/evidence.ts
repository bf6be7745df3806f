/** How often the rules were right on labelled indicators, from which the confidence of a rule's value follows. */
import type { DecidedField } from './types.ts'

/** Of `n` readings of one field, all sure or all unsure, `right` agreed with the label in the gold file. */
export interface ReadingCounts {
  readonly n: number
  readonly right: number
}

/** The counts of right readings in one gold file, by field, for sure and for unsure readings. */
export interface RuleCalibration {
  /** The version of the codebook by which the indicators were labelled. */
  readonly codebookVersion: string
  readonly indicators: number
  readonly sure: Readonly<Record<DecidedField, ReadingCounts>>
  readonly unsure: Readonly<Record<DecidedField, ReadingCounts>>
}

/**
 * The counts for the shipped gold file, as `npm run eval -- --fit` prints them; a test checks that they are current. The
 * first reading of each row counts, made before any rule was tuned on that row, because later readings would flatter the
 * rules.
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
 * Returns the chance, 0 to 1, that a rule's value for `field` is right. One right and one wrong reading are added to the
 * counts, because no sample proves a chance of 1.
 */
export function ruleConfidence(field: DecidedField, sure: boolean): number {
  const { n, right } = RULE_CALIBRATION[sure ? 'sure' : 'unsure'][field]
  return Number(((right + 1) / (n + 2)).toFixed(2))
}
