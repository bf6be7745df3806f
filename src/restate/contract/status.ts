/** The contract of classify-api/status: the latest result of an indicator, or the totals of a run. */
import { z } from 'zod'
import type { ResultBody } from '../../classification/result-body.ts'
import type { DeepReadonly } from '../../lib/deep-readonly.ts'
import { resultSchema, totalsSchema } from './batch.ts'
import { idSchema } from './id.ts'

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
    'Give either indicator_id, to read the latest result of an indicator, or run_id, to read the totals of a run.',
  )

export type StatusRequest = z.infer<typeof statusRequestSchema>

export const runStatusSchema = totalsSchema
  .extend({
    run_id: z.string(),
    started_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    batches: z.int().min(0),
    answered: z
      .int()
      .min(0)
      .describe('Indicators that the model has answered, those of open batches included; about a second behind.'),
  })
  .describe(
    'The sums over the batches of a run that are saved so far. Requests, tokens and cost are those of the whole run.',
  )

export type RunStatus = DeepReadonly<z.infer<typeof runStatusSchema>>

export const statusResponseSchema = z.union([resultSchema, runStatusSchema])

export type StatusResponse = ResultBody | RunStatus
