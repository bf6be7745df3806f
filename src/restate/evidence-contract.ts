/** The contract of the handler classify-api/evidence: what audits and labels of people show of the rules of a catalogue. */
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

/** Labels show how often rules are right, audits how often they agree with the model. Absent in answers of earlier replicas. */
const measure = z.enum(['labels', 'audits'])

/** How often one source of labels was checked in a field, and how often it held. */
const source = z.object({
  /** "rules" for all rules together, the name of a rule, or "model". */
  source: z.string(),
  audits: whole,
  agreed: whole,
  labels: whole,
  right: whole,
})

const fieldEvidence = z.object({
  field: z.string(),
  /** Whether the rules may decide the field alone on this catalogue. */
  state: z.enum(['trusted', 'untrusted', 'undecided']),
  reason: z.string().nullable(),
  /** What the verdict rests on: labels of people as soon as they decide the field, else audits. */
  measure: measure.optional(),
  /** All outcomes of that measure, those since its count last began anew, and the misses among the latter. */
  audits: whole,
  counted: whole,
  misses: whole,
  /** The lower bound of the share in which the rules that are left are right, or agree with the model, 0 to 1. */
  bound: z.number(),
  /** The further outcomes after which the field is probably decided; null where that would take too many. */
  expected_more: z.number().nullable(),
  removed: z.array(z.object({ rule: z.string(), audits: whole, misses: whole, measure: measure.optional() })),
  sources: z.array(source).optional(),
  /**
   * The lower bound of how often the rules are right that follows from their agreement with the model and from the rightness of
   * its blind answers; null where either was not counted.
   */
  rightness: z.number().nullable().optional(),
})

/** The answer of classify-api/evidence: the fields of the catalogue that were audited or labelled. */
export const evidenceResponseSchema = z.object({
  catalogue: z.string(),
  codebook: z.string(),
  target: z.number(),
  /** The models that were asked blind, by the names that their endpoints gave. */
  models: z.array(z.string()).optional(),
  fields: z.array(fieldEvidence),
})

export type EvidenceResponse = z.infer<typeof evidenceResponseSchema>
