/** Keeps the calibrations of catalogues, which follow from labels of people. */
import { z } from 'zod'
import type { Calibration } from '../../classification/types.ts'
import { storableText } from '../bulk.ts'
import type { DatabasePool } from '../pool.ts'
import { execute, queryRows } from '../query.ts'
import type { CalibrationStore } from '../saved-types.ts'

const share = z.number().min(0).max(1)

const calibration = z.object({
  records: z.int().min(0),
  rules: z.record(z.string(), z.object({ sure: share, guess: share })),
  model: z.record(z.string(), share),
  spread: share,
})

const calibrationRow = z.object({ calibration }).transform((row): Calibration => row.calibration)

export function createCalibrationStore(pool: DatabasePool): CalibrationStore {
  return {
    async find({ catalogue, codebookHash }, before) {
      const rows = await queryRows(
        pool,
        'read a calibration',
        calibrationRow,
        `select calibration from calibrations
         where catalogue = $1 and codebook_hash = $2 and ($3::timestamptz is null or fitted_at <= $3)
         order by fitted_at desc limit 1`,
        [storableText(catalogue), codebookHash, before ?? null],
      )
      return rows[0]
    },
    async save({ catalogue, codebookHash }, runId, fitted) {
      await execute(
        pool,
        'save a calibration',
        'insert into calibrations (catalogue, codebook_hash, run_id, calibration) values ($1, $2, $3, $4)',
        [storableText(catalogue), codebookHash, runId, JSON.stringify(fitted)],
      )
    },
  }
}
