/** The contract of classify-api/budget: reads the cluster's rate budget, and sets it. */
import { z } from 'zod'
import type { DeepReadonly } from '../../lib/deep-readonly.ts'
import { idSchema } from './id.ts'

const whole = z.int().min(0)

const rate = (most: number) => {
  const error = `must be a whole number from 1 to ${most}`
  return z.int({ error }).min(1, { error }).max(most, { error })
}

export const budgetRequestSchema = z
  .strictObject({
    rpm: rate(1_000_000).optional().describe('Requests a minute of the whole cluster.'),
    tpm: rate(10_000_000_000).nullable().optional().describe('The bound on tokens a minute; null removes the bound.'),
    by: idSchema
      .optional()
      .describe(
        'Who sets it, for the history. Where the guard knows the caller, the name of its token stands there as well.',
      ),
  })
  .describe('Without fields the request reads the budget and changes nothing.')

export type BudgetRequest = z.infer<typeof budgetRequestSchema>

export const budgetResponseSchema = z.object({
  rpm: z
    .number()
    .describe('As set for the cluster. The replicas start fewer, by safety, pace_factor and the limits of account.'),
  tpm: z.number().nullable().describe('Null means that tokens are not bounded.'),
  safety: z.number(),
  paused_ms: whole.describe('Milliseconds until the cluster starts requests again; 0 while it is not paused.'),
  pause: z
    .object({ reason: z.string(), for_ms: whole })
    .optional()
    .describe('Why the cluster is paused, and for how many milliseconds it has been; present only while it is.'),
  pace_factor: z
    .number()
    .describe(
      'From 0.1 to 1: the pace is lowered after the provider refused requests for their rate, and returns by itself.',
    ),
  account: z
    .object({ rpm: z.number().nullable(), tpm: z.number().nullable() })
    .describe("The limits of the provider's account by the headers of its answers; null where they name none."),
  replicas: z
    .array(
      z.object({
        name: z.string(),
        share: z.number().describe('The part of the budget that the replica holds, from 0 to 1.'),
        rpm: z.number(),
        tpm: z.number().nullable(),
        demand: z.number(),
        in_flight: z.number(),
        expires_in_ms: z.int(),
        memory_bytes: whole
          .nullable()
          .optional()
          .describe(
            'The resident memory of its process at the last renewal; null for a replica of an earlier release.',
          ),
        version: z.string().nullable().optional().describe('Its release; null for an earlier one.'),
      }),
    )
    .describe('The replicas that hold a lease now.'),
})

/** The cluster's rate budget now. */
export type BudgetResponse = DeepReadonly<z.infer<typeof budgetResponseSchema>>
