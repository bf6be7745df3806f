/** Fits the confidence of the rules on labelled rows: counts how often they are right where they are sure, and where they are not. */
import type { ReadingCounts, RuleCalibration } from '../classification/calibration.ts'
import { CODEBOOK_VERSION, DECIDED_FIELDS, perDecidedField } from '../classification/codebook.ts'
import { readIndicator } from '../classification/rules.ts'
import type { DecidedField } from '../classification/types.ts'
import type { GoldRow } from './gold-file.ts'

/**
 * Counts right and wrong readings by field. Of a row for which the gold file keeps a first reading, the first reading counts;
 * of any other row, what the rules read now.
 */
export function fitCalibration(rows: readonly GoldRow[]): RuleCalibration {
  const readings = rows.map(({ indicator, labels, firstReading }) => {
    const now = firstReading === undefined ? readIndicator(indicator) : undefined
    const readOf = (field: DecidedField): readonly [value: string, sure: boolean] =>
      now === undefined ? (firstReading?.[field] ?? ['', false]) : [now[field].value, now[field].sure]
    return { labels, readOf }
  })
  const fit = (field: DecidedField, sure: boolean): ReadingCounts => {
    const same = readings.filter(({ readOf }) => readOf(field)[1] === sure)
    return { n: same.length, right: same.filter(({ labels, readOf }) => readOf(field)[0] === labels[field]).length }
  }
  return {
    codebookVersion: CODEBOOK_VERSION,
    indicators: rows.length,
    sure: perDecidedField((field) => fit(field, true)),
    unsure: perDecidedField((field) => fit(field, false)),
  }
}

/** Writes the fit as TypeScript, to be pasted as RULE_CALIBRATION into `src/classification/calibration.ts`. */
export function formatCalibration(fit: RuleCalibration): string {
  const fields = (fits: RuleCalibration['sure']) =>
    DECIDED_FIELDS.map((field) => `    ${field}: { n: ${fits[field].n}, right: ${fits[field].right} },`)
  return [
    'export const RULE_CALIBRATION: RuleCalibration = {',
    `  codebookVersion: '${fit.codebookVersion}',`,
    `  indicators: ${fit.indicators},`,
    '  sure: {',
    ...fields(fit.sure),
    '  },',
    '  unsure: {',
    ...fields(fit.unsure),
    '  },',
    '}',
  ].join('\n')
}
