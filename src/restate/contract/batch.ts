/** The answer of classify-api/batch: the results, which have an envelope of their own, and a summary. */
import { z } from 'zod'
import type { ResultBody, ResultEnvelope } from '../../classification/result-body.ts'
import type { ErrorCode } from '../../errors.ts'
import type { DeepReadonly } from '../../lib/deep-readonly.ts'

const whole = z.int().min(0)
const usd = z.number().min(0)
const ratio = z.number().min(0).max(1)

const issueSchema = z.object({
  code: z.string().describe('Stable: match on it.'),
  message: z.string().describe('A sentence for people.'),
})

const envelopeSchema = z.looseObject({
  indicator_id: z.string(),
  name: z.string(),
  catalogue: z.string().describe('The catalogue within which the id is unique.'),
  codebook: z.string().describe('Name and version of the codebook, such as "economic-indicators@2".'),
  codebook_hash: z.string().describe("SHA-256 of the codebook's texts; empty for results of the first releases."),
  codebook_version: z.string().describe('The part of `codebook` behind the @.'),
  field_confidence: z.record(z.string(), ratio).describe('By field: the chance that its label is right.'),
  field_source: z
    .record(z.string(), z.string())
    .describe('By field: what decided it, the name of a rule or model, escalation, reuse, person.'),
  confidence: ratio.describe('The chance that all fields that a model may be asked for are right.'),
  source: z
    .enum(['rules', 'reuse', 'model', 'escalation', 'person'])
    .describe('The strongest source that decided a field.'),
  status: z
    .enum(['accepted', 'unverified', 'needs-review'])
    .describe(
      'accepted rests on evidence, unverified on a guess that nothing has checked, needs-review is for a person.',
    ),
  issues: z.array(issueSchema).describe('Why the status is not accepted, and odd combinations of labels.'),
  reason: z.string().describe('What the rules went by, or what the model said.'),
  model: z.string().nullable().describe('The model that answered; null where none had a part.'),
  prompt_version: z.string(),
  run_id: z.string(),
  classified_at: z.iso.datetime().describe('ISO 8601 in UTC.'),
}) satisfies z.ZodType<ResultEnvelope>

/** What types cannot say: beside the envelope a result has one property for each field of its codebook. */
export const resultSchema: z.ZodType<ResultBody> = envelopeSchema.describe(
  'The envelope that every result has. Beside it stands one property for each field of the codebook: a text or a number, a list of texts where a field may have several labels, null where it has none.',
)

const warningSchema = z.object({
  code: z.string().describe('Stable: match on it.'),
  message: z.string(),
  count: whole,
})

export type Warning = DeepReadonly<z.infer<typeof warningSchema>>

const tierSumSchema = z.object({ model_requests: whole, cost_usd: usd })

const tierSumsSchema = z.object({ flex: tierSumSchema.optional(), priority: tierSumSchema.optional() })

/** Requests and their cost by service tier, without those of the standard tier. */
export type TierSums = DeepReadonly<z.infer<typeof tierSumsSchema>>

/** The sums of a batch, and of all batches of a run. */
export const totalsSchema = z.object({
  indicators: whole,
  classified: whole,
  unchanged: whole.describe('Indicators whose stored result still holds.'),
  needs_review: whole.describe('How many of the classified indicators a person should look at.'),
  unverified: whole.describe('How many of the classified indicators rest on a guess that nothing has checked.'),
  unchanged_needs_review: whole
    .optional()
    .describe('How many of the unchanged results are in need of review. Absent in the sums of a run.'),
  unchanged_unverified: whole
    .optional()
    .describe('How many of the unchanged results are unverified. Absent in the sums of a run.'),
  by_source: z
    .object({ rules: whole, reuse: whole, model: whole, escalation: whole, person: whole })
    .describe('The classified indicators by their source.'),
  model_requests: whole,
  tokens: z.object({ input: whole, cached: whole, output: whole }),
  cost_usd: usd,
  estimated: tierSumSchema
    .optional()
    .describe('Requests whose tokens are an estimate, and what of cost_usd is for them. Absent where there are none.'),
  service_tiers: tierSumsSchema
    .optional()
    .describe('What other service tiers than the standard one took. Absent where that is nothing.'),
})

const summarySchema = totalsSchema.extend({ warnings: z.array(warningSchema) })

export type BatchSummary = DeepReadonly<z.infer<typeof summarySchema>>

export const batchResponseSchema = z.object({
  run_id: z.string().describe('The run that the batch belongs to: that of the request, or one made for the call.'),
  results: z
    .array(resultSchema)
    .describe('One result for each indicator, in the order of the request, except for those in `stopped`.'),
  results_left_out: whole
    .optional()
    .describe(
      'How many results were left out, because the request had the header `x-results: none`. Absent without it.',
    ),
  summary: summarySchema,
  stopped: z
    .object({ code: z.string(), message: z.string(), indicator_ids: z.array(z.string()) })
    .optional()
    .describe(
      'Present where the cost limit of the run, or people who stopped it, kept the model from being asked about some indicators.',
    ),
})

export interface BatchResponse extends DeepReadonly<Omit<z.infer<typeof batchResponseSchema>, 'results' | 'stopped'>> {
  readonly results: readonly ResultBody[]
  readonly stopped?: { readonly code: ErrorCode; readonly message: string; readonly indicator_ids: readonly string[] }
}
