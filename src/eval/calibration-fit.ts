/** Fits the confidence of the rules on gold: how often they are right where they are sure, and where they are not. */
import type { ReadingCounts, RuleCalibration } from '../classification/calibration.ts'
import { CODEBOOK_VERSION, DECIDED_FIELDS } from '../classification/codebook.ts'
import { readIndicator } from '../classification/rules.ts'
import type { DecidedField } from '../classification/types.ts'
import type { GoldRow } from './gold-file.ts'

/** A row's first reading counts where the file keeps it, else what the rules say now. */
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
  const perField = (sure: boolean): Record<DecidedField, ReadingCounts> => ({
    type: fit('type', sure),
    temporal_aggregation: fit('temporal_aggregation', sure),
    orientation: fit('orientation', sure),
  })
  return { codebookVersion: CODEBOOK_VERSION, indicators: rows.length, sure: perField(true), unsure: perField(false) }
}

/** The fit as RULE_CALIBRATION of `src/classification/calibration.ts` holds it. */
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
