/** The contract of the handler classify-api/evidence: what the audits of a catalogue show of its rules. */
import { z } from 'zod'
import { catalogueName, codebookReference, MAX_TARGET, MIN_TARGET } from '../classification/batch-request.ts'

/** The body of classify-api/evidence. */
export const evidenceRequestSchema = z.strictObject({
  catalogue: catalogueName.optional(),
  codebook: codebookReference.optional(),
  target: z.number().min(MIN_TARGET).max(MAX_TARGET).optional(),
})

export type EvidenceRequest = z.infer<typeof evidenceRequestSchema>

const whole = z.number().int().min(0)

const fieldEvidence = z.object({
  field: z.string(),
  /** Whether the rules may decide the field alone on this catalogue. */
  state: z.enum(['trusted', 'untrusted', 'undecided']),
  reason: z.string().nullable(),
  /** All audits of the field, those since its count last began anew, and the disagreements among the latter. */
  audits: whole,
  counted: whole,
  misses: whole,
  /** The lower bound of the agreement between the model and the rules that are left, 0 to 1. */
  bound: z.number(),
  /** The further audits after which the field is probably decided; null where that would take too many. */
  expected_more: z.number().nullable(),
  removed: z.array(z.object({ rule: z.string(), audits: whole, misses: whole })),
})

/** The answer of classify-api/evidence: the fields of the catalogue that were audited. */
export const evidenceResponseSchema = z.object({
  catalogue: z.string(),
  codebook: z.string(),
  target: z.number(),
  /** The models that were asked blind, by the names that their endpoints gave. */
  models: z.array(z.string()).optional(),
  fields: z.array(fieldEvidence),
})

export type EvidenceResponse = z.infer<typeof evidenceResponseSchema>
