/** The zod schema of the body of `POST /classify-api/batch`, with its options and limits. */
import { z } from 'zod'
import { isRecord } from '../lib/json/json.ts'
import { SERVICE_TIERS } from '../lib/service-tiers.ts'
import { cleanText } from './clean-text.ts'
import { isPlainIndicator, lengthOf, type RawIndicator, rawIndicatorSchema } from './indicator.ts'
import type { Mode } from './types.ts'

export const MAX_BATCH_INDICATORS = 100
const MAX_RUN_ID_LENGTH = 100
/** The form of the ids of runs, those that callers choose and those that the service and `classify` make. */
export const RUN_ID_FORM = `1 to ${MAX_RUN_ID_LENGTH} characters of A-Z a-z 0-9 . _ : -`
export const RUN_ID = new RegExp(`^[A-Za-z0-9._:-]{1,${MAX_RUN_ID_LENGTH}}$`)
export const MAX_PACK = 25
export const MAX_COST_USD = 1_000_000
export const MODES = ['hybrid', 'model', 'rules'] as const satisfies readonly Mode[]

/** The share of agreement that rules must show where the caller names none. */
export const DEFAULT_TARGET = 0.97
export const MIN_TARGET = 0.5
export const MAX_TARGET = 0.999

/** The catalogue of a request that names none. */
export const DEFAULT_CATALOGUE = 'default'
export const MAX_CATALOGUE_LENGTH = 100

/**
 * Before the name of a catalogue: the catalogue of its sentinel rows, which are asked again to find drift. Rules are trusted there
 * as in the catalogue itself, so that both are asked alike.
 */
export const SENTINEL_PREFIX = 'sentinel:'

/** The schema of a catalogue's name, which is also a column of every export. */
export const catalogueName = z
  .string()
  .refine(
    (name) => name.length <= MAX_CATALOGUE_LENGTH && name.trim() === name && name !== '' && cleanText(name) === name,
    {
      error: `must be 1 to ${MAX_CATALOGUE_LENGTH} characters without control characters or spaces around them`,
    },
  )
  .meta({ minLength: 1, maxLength: MAX_CATALOGUE_LENGTH })

/** The schema of the reference by which a request names a codebook. */
export const codebookReference = z.string().regex(/^[a-z][a-z0-9-]{0,59}(?:@[A-Za-z0-9._-]{1,64})?$/, {
  error: 'must be name, name@version or name@hash, such as "economic-indicators@2"',
})

export const batchOptionsSchema = z.strictObject(
  {
    mode: z
      .enum(MODES, { error: `must be one of ${MODES.join(', ')}` })
      .optional()
      .describe('hybrid (the default): rules decide where evidence trusts them, the model decides the rest.'),
    reuse: z.boolean().optional().describe('Whether answers for the same shape are used again; by default they are.'),
    trust: z
      .enum(['catalogue', 'shipped'], { error: 'must be "catalogue" or "shipped"' })
      .optional()
      .describe(
        'What rules need to decide alone in mode hybrid: evidence of this catalogue (the default), or with "shipped" only the evidence that comes with the service.',
      ),
    target: z
      .number({ error: 'must be a number' })
      .min(MIN_TARGET, { error: (issue) => `must be at least ${MIN_TARGET}, got ${issue.input}` })
      .max(MAX_TARGET, { error: (issue) => `must be at most ${MAX_TARGET}, got ${issue.input}` })
      .optional()
      .describe(
        'The share of agreement with the model that rules must show on the catalogue before they decide alone.',
      ),
    audit: z
      .enum(['steady', 'all', 'none'], { error: 'must be "steady", "all" or "none"' })
      .optional()
      .describe(
        'Which of the indicators the model is asked about blind, to check the rules: a steady share (the default), all of the batch, because the caller has drawn them at random, or none, because the caller audits by itself.',
      ),
    override_person: z
      .union([z.boolean(), z.literal('aside')], { error: 'must be true, false or "aside"' })
      .optional()
      .describe(
        'With true, models answer also where a person has answered. With "aside" they do so too, but the answers of people stay stored, so that a model can be measured.',
      ),
    max_cost_usd: z
      .number({ error: 'must be a number' })
      .min(0, { error: (issue) => `must be at least 0, got ${issue.input}` })
      .max(MAX_COST_USD, { error: (issue) => `must be at most ${MAX_COST_USD}, got ${issue.input}` })
      .optional()
      .describe(
        'The most that the whole run may cost in US dollars, over all its batches. A request starts only where the most that it can cost still fits; what then is not asked has no result in the response.',
      ),
    tier: z
      .enum(SERVICE_TIERS, { error: `must be one of ${SERVICE_TIERS.join(', ')}` })
      .optional()
      .describe('The service tier of all requests to models. Without it the setting of the replica that asks counts.'),
    tier_fallback: z
      .boolean({ error: 'must be true or false' })
      .optional()
      .describe(
        'Whether a request for which the flex tier has no capacity is sent in the standard tier; else it waits.',
      ),
    pack: z
      .int({ error: 'must be a whole number' })
      .min(1, { error: (issue) => `must be at least 1, got ${issue.input}` })
      .max(MAX_PACK, { error: (issue) => `must be at most ${MAX_PACK}, got ${issue.input}` })
      .optional()
      .describe('How many indicators at most stand in one request to the model.'),
  },
  { error: refuseUnknown },
)

/**
 * The schema of the body of `POST /classify-api/batch`. The indicators in the body are still raw, so the caller has to
 * normalise each of them afterwards.
 */
export const batchRequestSchema = z.strictObject(
  {
    indicators: z
      .array(rawIndicatorSchema)
      .min(1, { error: `must hold 1 to ${MAX_BATCH_INDICATORS} indicators, got 0` })
      .max(MAX_BATCH_INDICATORS, {
        error: (issue) => `must hold 1 to ${MAX_BATCH_INDICATORS} indicators, got ${lengthOf(issue.input)}`,
      })
      .superRefine(refuseDuplicateIds)
      .describe('Each id may stand once.'),
    run_id: z
      .string()
      .regex(RUN_ID, {
        error: `must be ${RUN_ID_FORM}`,
      })
      .optional()
      .describe(
        'The run that the batch belongs to. Batches that name the same id are one run: they share its totals, its limit on cost and its trial of the endpoint. Without an id the batch is a run of its own.',
      ),
    catalogue: catalogueName
      .optional()
      .describe('The catalogue within which the ids are unique; by default one of the name "default".'),
    codebook: codebookReference
      .optional()
      .describe('name (the version that was stored last), name@version or name@hash; by default economic-indicators.'),
    force: z.boolean().optional().describe('Whether what is unchanged is classified again.'),
    options: batchOptionsSchema.optional(),
  },
  { error: refuseUnknown },
)

export type BatchRequest = z.infer<typeof batchRequestSchema>

const settingsSchema = batchRequestSchema.omit({ indicators: true })

/**
 * What the schema makes of a body whose records are all plain, in a fraction of its time; undefined for any other body, of which the
 * schema has to say what it is.
 */
export function readPlainBatch(body: unknown): BatchRequest | undefined {
  if (!isRecord(body)) return undefined
  const { indicators, ...settings } = body
  if (!Array.isArray(indicators) || indicators.length === 0 || indicators.length > MAX_BATCH_INDICATORS)
    return undefined
  if (!indicators.every(isPlainIndicator)) return undefined
  const ids = new Set(indicators.map((indicator) => cleanText(indicator.indicator_id)))
  const checked = settingsSchema.safeParse(settings)
  return checked.success && ids.size === indicators.length ? { indicators, ...checked.data } : undefined
}

interface UnknownKeysIssue {
  readonly code?: string | undefined
  readonly keys?: unknown
}

/**
 * Words the message about fields that a schema does not know. Returns undefined for every other fault, so that zod words the
 * message.
 */
function refuseUnknown(issue: UnknownKeysIssue): string | undefined {
  if (issue.code !== 'unrecognized_keys' || !Array.isArray(issue.keys)) return undefined
  const names = issue.keys.slice(0, 5).map((key) => JSON.stringify(String(key).slice(0, 60)))
  return `unknown field ${names.join(', ')}`
}

/**
 * Adds an issue for each indicator id that stands twice in a request. Ids are compared as they will be stored, without unsafe
 * characters.
 */
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
