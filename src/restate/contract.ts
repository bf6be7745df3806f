/** What callers and services agree on: names, bodies and the code in front of a failure's message. The CLI knows this file alone. */
import { z } from 'zod'
import type { Classification, Decision, Indicator, RuleReading, Source } from '../classification/types.ts'
import { type ErrorCode, failureOf, isErrorCode } from '../errors.ts'
import type { ModelRequestRecord } from '../store/types.ts'

export { DEFAULT_PACK } from '../classification/chunks.ts'
export { type BatchRequest, batchRequestSchema, MAX_BATCH_INDICATORS } from '../classification/indicator.ts'

export const CLASSIFY_API = 'classify-api'
export const CLASSIFIER = 'classifier'

export interface Warning {
  readonly code: string
  readonly message: string
  readonly count: number
}

export interface BatchSummary {
  readonly indicators: number
  readonly classified: number
  readonly unchanged: number
  /** Part of `classified`. */
  readonly needs_review: number
  readonly by_source: Readonly<Record<Source, number>>
  readonly model_requests: number
  readonly tokens: { readonly input: number; readonly cached: number; readonly output: number }
  readonly cost_usd: number
  readonly warnings: readonly Warning[]
}

export interface BatchResponse {
  readonly run_id: string
  /** One an indicator, in the order of the request. */
  readonly results: readonly Classification[]
  readonly summary: BatchSummary
}

const id = z
  .string()
  .trim()
  .min(1, { error: 'must not be empty' })
  .max(256, { error: 'must be at most 256 characters' })

export const statusRequestSchema = z
  .strictObject({ indicator_id: id.optional(), run_id: id.optional() })
  .refine((body) => (body.indicator_id === undefined) !== (body.run_id === undefined), {
    error: 'give either indicator_id or run_id',
  })

export type StatusRequest = z.infer<typeof statusRequestSchema>

/** Totals of a run as far as its batches are saved. */
export interface RunStatus extends Omit<BatchSummary, 'warnings'> {
  readonly run_id: string
  readonly started_at: string
  readonly updated_at: string
  readonly batches: number
  /** Indicators that the model has answered, those of open batches included. It is about a second behind. */
  readonly answered: number
}

export type StatusResponse = Classification | RunStatus

const rate = (most: number) => {
  const error = `must be a whole number from 1 to ${most}`
  return z.int({ error }).min(1, { error }).max(most, { error })
}

/** The answer of classify-api/health, which is also that of the replica's HTTP route of that name. */
export interface HealthResponse {
  /** The name of the replica that answered, such as "classify-service-3". */
  readonly service: string
  readonly status: 'ok' | 'unavailable'
  /** Name of the check that failed; absent while all is well. */
  readonly failing?: string
  readonly message?: string
  readonly uptime_s: number
  /** The model that the replica asks, as configured. */
  readonly model: string
}

/** Without fields it only reads. */
export const budgetRequestSchema = z.strictObject({
  rpm: rate(1_000_000).optional(),
  /** null: no bound on tokens. */
  tpm: rate(10_000_000_000).nullable().optional(),
})

export type BudgetRequest = z.infer<typeof budgetRequestSchema>

/** The cluster's rate budget as it stands. Null tokens have no bound. */
export interface BudgetResponse {
  /** As it was set; `safety`, `pace_factor` and `account` lower what is started of it. */
  readonly rpm: number
  readonly tpm: number | null
  readonly safety: number
  /** Until the cluster starts again. */
  readonly paused_ms: number
  /** What refusals for rate have left of the pace, 0.1 to 1; it recovers. */
  readonly pace_factor: number
  /** What the provider says that the account allows; null where it does not say. */
  readonly account: { readonly rpm: number | null; readonly tpm: number | null }
  /** Those that hold a lease now. */
  readonly replicas: readonly {
    readonly name: string
    readonly share: number
    readonly rpm: number
    readonly tpm: number | null
    readonly demand: number
    readonly expires_in_ms: number
  }[]
}

export interface ChunkItem {
  /** Short name of the indicator inside the chunk. */
  readonly key: string
  readonly indicator: Indicator
  readonly reading: RuleReading
}

/** Internal: batch to chunk. */
export interface ChunkRequest {
  readonly run_id: string
  readonly tier: 'primary' | 'escalation'
  readonly items: readonly ChunkItem[]
}

export interface ChunkReply {
  /** The model that was asked, as configured where the chunk ran: a release may change it while a batch is under way. */
  readonly asked_model: string
  /** The codebook and the prompt of the release that asked. Absent in the replies of releases before these properties. */
  readonly codebook_version?: string
  readonly prompt_version?: string
  /** What fails the whole run, such as a refused key; then nothing is answered and nothing more is asked. */
  readonly failure: { readonly code: ErrorCode; readonly message: string } | null
  readonly decisions: readonly { readonly key: string; readonly decision: Decision; readonly model: string }[]
  /** The keys without a usable answer, and why. */
  readonly unanswered: readonly { readonly key: string; readonly code: string; readonly message: string }[]
  readonly requests: readonly ModelRequestRecord[]
}

const whole = z.number().int().min(0)
const usd = z.number().min(0)

const priceSchema = z.object({
  input: usd,
  cached_input: usd.optional(),
  cache_write: usd.optional(),
  output: usd,
  /** Whose price it is, where the model itself is free. */
  priced_as: z.string().optional(),
})

/** USD per million tokens; the cache's prices default to `input`. */
export type TokenPrice = z.infer<typeof priceSchema>

/** The answer of classify-api/estimate, whose body is that of a batch: how each indicator would get its result now. */
export const estimateResponseSchema = z.object({
  model: z.string(),
  escalation_model: z.string().nullable(),
  /** null where no price is known: such a model counts as free. */
  price: priceSchema.nullable(),
  escalation_price: priceSchema.nullable(),
  prefix_tokens: whole,
  habits: z.object({ output_per_indicator: usd, cached_share: z.number().min(0).max(1) }).nullable(),
  unchanged: whole,
  rules: whole,
  reuse: whole,
  person: whole,
  asks: z.array(z.object({ shape: z.string(), tokens: whole })),
})

export type EstimateResponse = z.infer<typeof estimateResponseSchema>

/** "model-auth: the endpoint refused the key": how a code travels in the message of a failed invocation. */
export function formatFailure(code: ErrorCode, message: string): string {
  return `${code}: ${message}`
}

export interface ParsedFailure {
  /** Null where the message leads with no code of the service: Restate itself, or an operator, ended the invocation. */
  readonly code: ErrorCode | null
  readonly message: string
}

/** Takes the message of a failed invocation apart into its code and its sentence; the whole text where it has no code. */
export function parseFailure(message: string): ParsedFailure {
  const [, code = '', sentence = ''] = /^([a-z-]+): ([\s\S]*)$/.exec(message) ?? []
  return isErrorCode(code) ? { code, message: sentence } : { code: null, message }
}

/** Whether every later batch would fail in the same way, so that a client stops submitting. */
export function stopsTheRun(code: ErrorCode | null): boolean {
  if (code === null) return false
  const { scope, retry } = failureOf(code)
  return scope !== 'answer' && retry === 'terminal'
}
