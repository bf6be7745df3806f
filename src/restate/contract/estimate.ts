/** The answer of classify-api/estimate, and the prices in it. */
import { z } from 'zod'
import { SERVICE_TIERS, type ServiceTier } from '../../lib/service-tiers.ts'

const whole = z.number().int().min(0)
const usd = z.number().min(0)
const ratio = z.number().min(1)

const priceSchema = z.object({
  input: usd,
  cached_input: usd.optional(),
  cache_write: usd.optional(),
  output: usd,
  as_of: z.string().optional().describe('The month of a price of the built-in table.'),
  priced_as: z.string().optional().describe('The model whose price is used, where the model that answers is free.'),
})

/** A price in USD per million tokens. Where cached tokens have no price of their own, they cost as much as `input`. */
export type TokenPrice = z.infer<typeof priceSchema>

/** The price of a model in a service tier, by default in the standard one; null where none is known. */
export type PriceOf = (model: string, tier?: ServiceTier) => TokenPrice | null

export const estimateResponseSchema = z.object({
  model: z.string(),
  escalation_model: z.string().nullable(),
  price: priceSchema
    .nullable()
    .describe('The price of the model; null where none is known, in which case the model counts as free.'),
  escalation_price: priceSchema.nullable(),
  service_tier: z
    .enum(SERVICE_TIERS)
    .optional()
    .describe('The service tier of these prices; absent where none is asked for.'),
  prefix_tokens: whole.describe('The tokens that every request begins with.'),
  habits: z
    .object({
      output_per_indicator: usd,
      cached_share: z.number().min(0).max(1),
      repeats: z
        .object({ requests: ratio, input: ratio, output: ratio })
        .optional()
        .describe('Requests and tokens of all requests for each first one; earlier releases leave it out.'),
    })
    .nullable()
    .describe('What requests of the last days took; null where there were too few.'),
  unchanged: whole.describe('Indicators whose stored result still holds.'),
  rules: whole.describe('Indicators that rules decide.'),
  reuse: whole.describe('Indicators that an answer for the same shape decides.'),
  person: whole.describe('Indicators that an answer of a person decides.'),
  changed_decisions: whole
    .optional()
    .describe('Indicators that a person had decided and that are decided anew, because they have changed since.'),
  limits_cost: z
    .boolean()
    .optional()
    .describe('Whether the service keeps a run within a limit on its cost; releases that do not leave it out.'),
  asks: z
    .array(z.object({ shape: z.string(), tokens: whole, fields: whole, answer_tokens: whole }))
    .describe('What the model would be asked, by shape.'),
})

/** How each indicator of a batch would get its result now, and what asking the model would cost. */
export type EstimateResponse = z.infer<typeof estimateResponseSchema>
