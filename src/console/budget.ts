/** The answer of the handler `budget`, as far as the console shows it. */
import { z } from 'zod'
import type { BudgetResponse } from '../restate/contract.ts'

const rate = z.number().nullable()

export const budgetSchema: z.ZodType<BudgetResponse> = z.object({
  rpm: z.number(),
  tpm: rate,
  safety: z.number(),
  paused_ms: z.number(),
  pause: z.object({ reason: z.string(), for_ms: z.number() }).exactOptional(),
  pace_factor: z.number(),
  account: z.object({ rpm: rate, tpm: rate }),
  replicas: z.array(
    z.object({
      ...{ name: z.string(), share: z.number(), rpm: z.number(), tpm: rate, demand: z.number() },
      ...{ in_flight: z.number(), expires_in_ms: z.number() },
      // A service of an earlier release tells neither.
      memory_bytes: rate.optional(),
      version: z.string().nullable().optional(),
    }),
  ),
})
