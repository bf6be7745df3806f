/** The zod schema of the body of `POST /classify-api/batch`, with its options and limits. */
import { z } from 'zod'
import { cleanText } from './clean-text.ts'
import { lengthOf, type RawIndicator, rawIndicatorSchema } from './indicator.ts'
import type { Mode } from './types.ts'

export const MAX_BATCH_INDICATORS = 100
const MAX_RUN_ID_LENGTH = 100
export const MAX_PACK = 25
export const MODES = ['hybrid', 'model', 'rules'] as const satisfies readonly Mode[]

const optionsSchema = z.strictObject(
  {
    mode: z.enum(MODES, { error: `must be one of ${MODES.join(', ')}` }).optional(),
    reuse: z.boolean().optional(),
    /**
     * True: the answers of persons are ignored. "aside": models answer without them and they stay stored, which
     * measures a model.
     */
    override_person: z.union([z.boolean(), z.literal('aside')], { error: 'must be true, false or "aside"' }).optional(),
    pack: z
      .int({ error: 'must be a whole number' })
      .min(1, { error: (issue) => `must be at least 1, got ${issue.input}` })
      .max(MAX_PACK, { error: (issue) => `must be at most ${MAX_PACK}, got ${issue.input}` })
      .optional(),
  },
  { error: refuseUnknown },
)

/**
 * The schema of the body of `POST /classify-api/batch`. Its indicators are still raw: each has to be normalised
 * afterwards.
 */
export const batchRequestSchema = z.strictObject(
  {
    indicators: z
      .array(rawIndicatorSchema)
      .min(1, { error: `must hold 1 to ${MAX_BATCH_INDICATORS} indicators, got 0` })
      .max(MAX_BATCH_INDICATORS, {
        error: (issue) => `must hold 1 to ${MAX_BATCH_INDICATORS} indicators, got ${lengthOf(issue.input)}`,
      })
      .superRefine(refuseDuplicateIds),
    run_id: z
      .string()
      .regex(new RegExp(`^[A-Za-z0-9._:-]{1,${MAX_RUN_ID_LENGTH}}$`), {
        error: `must be 1 to ${MAX_RUN_ID_LENGTH} characters of A-Z a-z 0-9 . _ : -`,
      })
      .optional(),
    force: z.boolean().optional(),
    options: optionsSchema.optional(),
  },
  { error: refuseUnknown },
)

export type BatchRequest = z.infer<typeof batchRequestSchema>

interface UnknownKeysIssue {
  readonly code?: string | undefined
  readonly keys?: unknown
}

/** The message for fields that a schema does not know. Undefined for every other fault leaves the message to zod. */
function refuseUnknown(issue: UnknownKeysIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !Array.isArray(issue.keys)) return undefined
  const names = issue.keys.slice(0, 5).map((key) => JSON.stringify(String(key).slice(0, 60)))
  return `unknown field ${names.join(', ')}`
}

/** Adds an issue for each id that stands twice. Ids are compared as they will be stored, without unsafe characters. */
function refuseDuplicateIds(indicators: readonly RawIndicator[], context: z.RefinementCtx): void {
  const firstIndex = new Map<string, number>()
  for (const [index, indicator] of indicators.entries()) {
    const id = cleanText(indicator.indicator_id)
    const first = firstIndex.get(id)
    if (first === undefined) {
      firstIndex.set(id, index)
    } else {
      const message = `must be unique in a batch: ${JSON.stringify(id)} is already used at index ${first}`
      context.addIssue({ code: 'custom', path: [index, 'indicator_id'], message })
    }
  }
}
