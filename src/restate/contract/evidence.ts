/** The contract of the handler classify-api/evidence: what audits and labels of people show of the rules of a catalogue. */
import { z } from 'zod'
import { catalogueName, codebookReference, MAX_TARGET, MIN_TARGET } from '../../classification/batch-request.ts'

/** The body of classify-api/evidence. */
export const evidenceRequestSchema = z.strictObject({
  catalogue: catalogueName.optional(),
  codebook: codebookReference.optional(),
  target: z.number().min(MIN_TARGET).max(MAX_TARGET).optional(),
})

export type EvidenceRequest = z.infer<typeof evidenceRequestSchema>

const whole = z.number().int().min(0)

/** Labels show how often rules are right, audits how often they agree with the model. Absent in answers of earlier replicas. */
const measure = z.enum(['labels', 'audits'])

/** How often one source of labels was checked in a field, and how often it held. */
const source = z.object({
  source: z.string().describe('rules for all rules together, the name of a rule, or model.'),
  audits: whole,
  agreed: whole,
  labels: whole,
  right: whole,
})

const removedRule = z.object({ rule: z.string(), audits: whole, misses: whole, measure: measure.optional() })

const fieldEvidence = z.object({
  field: z.string(),
  state: z
    .enum(['trusted', 'untrusted', 'undecided'])
    .describe('Whether the rules may decide the field alone on this catalogue.'),
  reason: z.string().nullable(),
  measure: measure
    .optional()
    .describe('What the verdict rests on: labels of people as soon as they decide the field, else audits.'),
  audits: whole.describe('All outcomes of that measure.'),
  counted: whole.describe('The outcomes since its count last began anew.'),
  misses: whole.describe('The misses among the counted outcomes.'),
  bound: z
    .number()
    .describe('The lower bound of the share in which the rules are right, or agree with the model, 0 to 1.'),
  expected_more: z
    .number()
    .nullable()
    .describe('The further outcomes after which the field is probably decided; null where that would take too many.'),
  removed: z.array(removedRule).describe('The rules that may decide no more.'),
  sources: z.array(source).optional(),
  rightness: z
    .number()
    .nullable()
    .optional()
    .describe(
      'The lower bound of how often the rules are right that follows from their agreement with the model and from the rightness of its blind answers; null where either was not counted.',
    ),
})

export const evidenceResponseSchema = z
  .object({
    catalogue: z.string(),
    codebook: z.string(),
    target: z.number(),
    models: z
      .array(z.string())
      .optional()
      .describe('The models that were asked blind, by the names that their endpoints gave.'),
    fields: z.array(fieldEvidence),
  })
  .describe('The fields of the catalogue that were audited or labelled.')

export type EvidenceResponse = z.infer<typeof evidenceResponseSchema>
