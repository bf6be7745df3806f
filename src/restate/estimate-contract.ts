/** The answer of classify-api/estimate, and the prices in it. */
import { z } from 'zod'
import { SERVICE_TIERS, type ServiceTier } from '../lib/service-tiers.ts'

const whole = z.number().int().min(0)
const usd = z.number().min(0)
const ratio = z.number().min(1)

const priceSchema = z.object({
  input: usd,
  cached_input: usd.optional(),
  cache_write: usd.optional(),
  output: usd,
  /** Name of the model whose price is used, where the model that answers is free. */
  priced_as: z.string().optional(),
})

/** A price in USD per million tokens. Where cached tokens have no price of their own, they cost as much as `input`. */
export type TokenPrice = z.infer<typeof priceSchema>

/** The price of a model in a service tier, by default in the standard one; null where none is known. */
export type PriceOf = (model: string, tier?: ServiceTier) => TokenPrice | null

/**
 * The answer of classify-api/estimate: how each indicator of a batch would get its result now, and what asking the
 * model would cost.
 */
export const estimateResponseSchema = z.object({
  model: z.string(),
  escalation_model: z.string().nullable(),
  /** The price of the model; null where none is known, in which case the model counts as free. */
  price: priceSchema.nullable(),
  escalation_price: priceSchema.nullable(),
  /** The service tier of these prices; absent where none is asked for. */
  service_tier: z.enum(SERVICE_TIERS).optional(),
  prefix_tokens: whole,
  habits: z
    .object({
      output_per_indicator: usd,
      cached_share: z.number().min(0).max(1),
      /** Requests and tokens of all requests for each first one; releases that do not count repeated requests leave it out. */
      repeats: z.object({ requests: ratio, input: ratio, output: ratio }).optional(),
    })
    .nullable(),
  unchanged: whole,
  rules: whole,
  reuse: whole,
  person: whole,
  /** Whether the service keeps a run within a limit on its cost; releases that do not leave it out. */
  limits_cost: z.boolean().optional(),
  asks: z.array(z.object({ shape: z.string(), tokens: whole, fields: whole, answer_tokens: whole })),
})

export type EstimateResponse = z.infer<typeof estimateResponseSchema>
