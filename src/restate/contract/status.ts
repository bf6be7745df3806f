/** The contract of classify-api/status: the latest result of an indicator, or the totals of a run. */
import { z } from 'zod'
import type { ResultBody } from '../../classification/result-body.ts'
import { resultSchema } from './batch.ts'
import { idSchema } from './id.ts'
import { type RunBody, runSchema } from './runs.ts'

export const statusRequestSchema = z
  .strictObject({
    indicator_id: idSchema.optional(),
    run_id: idSchema.optional(),
    catalogue: idSchema
      .optional()
      .describe('The catalogue of the indicator; needed only where several catalogues have an indicator of this id.'),
    codebook: idSchema
      .optional()
      .describe('The name of a codebook; needed only where the indicator was classified by several.'),
  })
  .refine((body) => (body.indicator_id === undefined) !== (body.run_id === undefined), {
    error: 'give either indicator_id or run_id',
  })
  .describe(
    'Give either indicator_id, to read the latest result of an indicator, or run_id, to read where a run is, as the handler run does.',
  )

export type StatusRequest = z.infer<typeof statusRequestSchema>

export const statusResponseSchema = z.union([resultSchema, runSchema])

export type StatusResponse = ResultBody | RunBody
