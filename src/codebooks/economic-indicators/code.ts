/** The code of the codebook: its readers and rules, its shapes, its calibration and its earlier forms as the engine knows them. */
import type { CodebookCode } from '../types.ts'
import { CALIBRATION } from './calibration.ts'
import { EARLIER_FORMS } from './earlier-forms.ts'
import { explainReading } from './explain.ts'
import { readFlat } from './rules.ts'
import { SDMX_COLUMNS, sdmxCodesOf } from './sdmx-codes.ts'
import { humanShape, PER_RECORD, shapeParts } from './shape.ts'

export const ECONOMIC_INDICATORS: CodebookCode = {
  read: readFlat,
  explain: explainReading,
  shapeParts,
  humanShape,
  perRecord: PER_RECORD,
  calibration: CALIBRATION,
  earlier: EARLIER_FORMS,
  exportCodes: { columns: SDMX_COLUMNS, codesOf: sdmxCodesOf },
}
