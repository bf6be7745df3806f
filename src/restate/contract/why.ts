/** The contract of classify-api/why: what a result rests on. */
import { z } from 'zod'
import { idSchema } from './id.ts'

export const whyRequestSchema = z.strictObject({
  indicator_id: idSchema,
  catalogue: idSchema.optional().describe('Needed only where several catalogues have an indicator of this id.'),
  codebook: idSchema.optional().describe('Needed only where the indicator was classified by several codebooks.'),
})
export type WhyRequest = z.infer<typeof whyRequestSchema>

const label = z.union([z.string(), z.number(), z.array(z.string()).readonly(), z.null()])
const count = z.int().min(0)

export const whyResponseSchema = z.object({
  indicator_id: z.string(),
  catalogue: z.string(),
  codebook: z.string(),
  findings: z
    .array(
      z.object({
        field: z.string(),
        value: label,
        sure: z.boolean(),
        rule: z.string(),
        because: z.string().describe('The words that the finding rests on, what they mean, and the rule.'),
        stands: z.boolean().describe('Whether the rule decided the field in the stored result.'),
      }),
    )
    .describe('What the rules find of the stored input by the running release.'),
  evidence: z
    .array(
      z.object({
        field: z.string(),
        state: z.enum(['trusted', 'untrusted', 'undecided']),
        audits: count,
        counted: count,
        misses: count,
        bound: z.number().describe('The lower bound of the share in which the rules agree or are right.'),
      }),
    )
    .describe('What audits and labels of the catalogue show of the rules, field by field.'),
  prompt: z
    .string()
    .nullable()
    .describe('What a model is shown of the record, one JSON object; null where nothing is asked of it.'),
  answer: z
    .object({
      labels: z.record(z.string(), label),
      confidence: z.record(z.string(), z.number()),
      reason: z.string(),
      source: z.enum(['model', 'escalation', 'person']),
      model: z.string().nullable(),
      prompt_version: z.string(),
    })
    .nullable()
    .describe('The stored answer to records of this shape; null where there is none, or where it has expired.'),
})
export type WhyResponse = z.infer<typeof whyResponseSchema>
