/** The contract of classify-api/review: decisions of people on stored results. */
import { z } from 'zod'
import { catalogueName, codebookReference } from '../../classification/batch-request.ts'
import { cleanText } from '../../classification/clean-text.ts'
import type { DeepReadonly } from '../../lib/deep-readonly.ts'
import { idSchema } from './id.ts'

export const MAX_DECISIONS = 100
/** The most characters of the name of a person, and of what a person says of a decision. */
const MAX_NAME = 100
const MAX_NOTE = 1_000
const FORM = 'give decision "accept", or corrections with at least one field'

const label = z.union([z.string(), z.number(), z.array(z.union([z.string(), z.number()])), z.null()], {
  error: 'must be a text, a number, a list of these, or null',
})

const decisionSchema = z
  .strictObject({
    indicator_id: idSchema,
    catalogue: catalogueName
      .optional()
      .describe('Needed only where several catalogues have an indicator of this id and the request names none.'),
    decision: z
      .enum(['accept', 'correct'], { error: FORM })
      .optional()
      .describe('accept: all labels are right. It may be left out beside corrections.'),
    corrections: z
      .record(z.string().max(100), label)
      .optional()
      .describe('The right labels of the fields that are wrong, by field; null for no label. The others stay.'),
    labels: z
      .record(z.string().max(100), label)
      .optional()
      .describe(
        'What the person saw, by field. The decision is refused where the stored result says otherwise by now.',
      ),
    note: z
      .string()
      .max(MAX_NOTE, { error: `must be at most ${MAX_NOTE} characters` })
      .optional()
      .describe('Why; it becomes the reason of the result.'),
  })
  .refine(({ decision, corrections = {} }) => (decision === 'accept') === (Object.keys(corrections).length === 0), {
    error: FORM,
  })

export const reviewRequestSchema = z.strictObject({
  decisions: z
    .array(decisionSchema)
    .min(1, { error: 'must hold at least one decision' })
    .max(MAX_DECISIONS, { error: `must hold at most ${MAX_DECISIONS} decisions` }),
  by: z
    .string()
    .trim()
    .min(1, { error: 'must name who decides' })
    .max(MAX_NAME, { error: `must be at most ${MAX_NAME} characters` })
    .refine((name) => cleanText(name) === name, { error: 'must hold no control characters' })
    .optional()
    .describe(
      'The person who decides. Where tokens are set, the name of the token is noted beside it or in its place.',
    ),
  codebook: codebookReference
    .optional()
    .describe('The codebook whose results are decided; by default the default one.'),
  catalogue: catalogueName.optional().describe('The catalogue of decisions that name none.'),
  dry_run: z.boolean().optional().describe('Check the decisions and store nothing.'),
})

export type ReviewRequest = z.infer<typeof reviewRequestSchema>

const storedLabel = z.union([z.string(), z.number(), z.array(z.string()).readonly(), z.null()])
const count = z.int().min(0)

export const reviewResponseSchema = z.object({
  run_id: z.string().nullable().describe('The run under which the decisions are stored; null for a dry run.'),
  by: z.string().describe('Who decided, as the record of decisions says it.'),
  accepted: count,
  corrected: count,
  shapes: count.describe('How many shapes have these answers from the next run on.'),
  items: z.array(
    z.object({
      indicator_id: z.string(),
      catalogue: z.string(),
      decision: z.enum(['accept', 'correct']),
      before: z.record(z.string(), storedLabel).describe('The labels that a model may be asked for, before it.'),
      after: z.record(z.string(), storedLabel),
    }),
  ),
  dry_run: z.boolean(),
})

export type ReviewResponse = DeepReadonly<z.infer<typeof reviewResponseSchema>>
