/**
 * How far a stated sureness is to be believed. The counts are data, fitted on the shipped gold file by
 * `npm run eval -- --fit`; a test holds them to what that prints.
 */
import type { DecidedField } from './types.ts'

/** How many readings of a field were made with this sureness, and how many of them were right. */
export interface ReadingCounts {
  readonly n: number
  readonly right: number
}

export interface RuleCalibration {
  /** Of the labels that it was fitted on. */
  readonly codebookVersion: string
  readonly indicators: number
  readonly sure: Readonly<Record<DecidedField, ReadingCounts>>
  readonly unsure: Readonly<Record<DecidedField, ReadingCounts>>
}

/**
 * What the rules said of indicators that nobody had tuned them on: of each row its first reading counts, which the gold
 * file keeps. Readings of rows that were tuned on would flatter the rules.
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

/** The chance, 0 to 1, that a rule is right of a field. One right and one wrong reading are added: no sample proves 1. */
export function ruleConfidence(field: DecidedField, sure: boolean): number {
  const { n, right } = RULE_CALIBRATION[sure ? 'sure' : 'unsure'][field]
  return Number(((right + 1) / (n + 2)).toFixed(2))
}

/**
 * The chance, 0 to 1, that a model is right of a field of which it says `stated`. As stated: no live model was measured
 * yet, and the offline model's figures are no model's. `eval --mode model` prints the table that would change this.
 */
export function modelConfidence(_field: DecidedField, stated: number): number {
  return stated
}
