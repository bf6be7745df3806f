/** The contract between the Restate services and their callers: service names, bodies, and codes in messages of failures. */
import { z } from 'zod'
import type { ResultBody } from '../classification/result-body.ts'
import type { Source } from '../classification/types.ts'
import { type ErrorCode, failureOf, isErrorCode } from '../errors.ts'
import { idSchema } from './contract/id.ts'
import type { RunBody } from './contract/runs.ts'

export * from '../classification/batch-request.ts'
export { DEFAULT_PACK } from '../classification/chunks.ts'
export type { ResultBody } from '../classification/result-body.ts'
export { CLASSIFY_API } from './api-handlers.ts'
export * from './contract/runs.ts'
export * from './contract/why.ts'
export * from './estimate-contract.ts'
export * from './evidence-contract.ts'

export const CLASSIFIER = 'classifier'
/** A header of batches: the start of the process that submits a run, so that a resumed run tries the endpoint anew. */
export const PART_HEADER = 'x-run-part'

export interface Warning {
  readonly code: string
  readonly message: string
  readonly count: number
}

/** Requests and their cost by service tier, without those of the standard tier. */
export interface TierSums {
  readonly flex?: { readonly model_requests: number; readonly cost_usd: number } | undefined
  readonly priority?: { readonly model_requests: number; readonly cost_usd: number } | undefined
}

export interface BatchSummary {
  readonly indicators: number
  readonly classified: number
  readonly unchanged: number
  /** How many of the `classified` indicators a person should look at. */
  readonly needs_review: number
  /** How many of the `classified` indicators have a result that rests on a guess that nothing has checked. */
  readonly unverified: number
  /** How many of the `unchanged` results are in need of review or unverified. Absent in the sums of a run. */
  readonly unchanged_needs_review?: number | undefined
  readonly unchanged_unverified?: number | undefined
  readonly by_source: Readonly<Record<Source, number>>
  readonly model_requests: number
  readonly tokens: { readonly input: number; readonly cached: number; readonly output: number }
  readonly cost_usd: number
  /** The requests whose tokens are an estimate, and what of `cost_usd` is for them. Absent where there are none. */
  readonly estimated?: { readonly model_requests: number; readonly cost_usd: number } | undefined
  /** What of the requests and of `cost_usd` other service tiers than the standard one took. Absent where that is nothing. */
  readonly service_tiers?: TierSums | undefined
  readonly warnings: readonly Warning[]
}

export interface BatchResponse {
  readonly run_id: string
  /** One result for each indicator, in the order of the request, except for those in `stopped`. */
  readonly results: readonly ResultBody[]
  readonly summary: BatchSummary
  /** Present where the cost limit of the run kept the model from being asked about some indicators. */
  readonly stopped?: {
    readonly code: ErrorCode
    readonly message: string
    readonly indicator_ids: readonly string[]
  }
}

export const statusRequestSchema = z
  .strictObject({
    indicator_id: idSchema.optional(),
    run_id: idSchema.optional(),
    /** The catalogue of the indicator; needed only where several catalogues have an indicator of this id. */
    catalogue: idSchema.optional(),
    /** The name of a codebook; needed only where the indicator was classified by several. */
    codebook: idSchema.optional(),
  })
  .refine((body) => (body.indicator_id === undefined) !== (body.run_id === undefined), {
    error: 'give either indicator_id or run_id',
  })

export type StatusRequest = z.infer<typeof statusRequestSchema>

export type StatusResponse = ResultBody | RunBody

const rate = (most: number) => {
  const error = `must be a whole number from 1 to ${most}`
  return z.int({ error }).min(1, { error }).max(most, { error })
}

/** The answer of classify-api/health, and of the replica's HTTP route /classify-api/health. */
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

/** A request without fields reads the budget and changes nothing. */
export const budgetRequestSchema = z.strictObject({
  rpm: rate(1_000_000).optional(),
  /** The bound on tokens a minute; null removes the bound. */
  tpm: rate(10_000_000_000).nullable().optional(),
})

export type BudgetRequest = z.infer<typeof budgetRequestSchema>

/** The cluster's rate budget now. A `tpm` of null means that tokens are not bounded. */
export interface BudgetResponse {
  /** As set for the cluster. The replicas start fewer, by `safety`, `pace_factor` and the limits of `account`. */
  readonly rpm: number
  readonly tpm: number | null
  readonly safety: number
  /** Milliseconds until the cluster starts requests again; 0 while it is not paused. */
  readonly paused_ms: number
  /** Why the cluster is paused, and for how many milliseconds it has been; present only while it is. */
  readonly pause?: { readonly reason: string; readonly for_ms: number }
  /**
   * The factor, from 0.1 to 1, by which the pace is lowered after the provider refused requests for their rate. It
   * returns to 1 by itself.
   */
  readonly pace_factor: number
  /** The limits of the provider's account by the headers of its answers; null where the headers name none. */
  readonly account: { readonly rpm: number | null; readonly tpm: number | null }
  /** The replicas that hold a lease now. `share` is the part of the budget that a replica holds, from 0 to 1. */
  readonly replicas: readonly {
    readonly name: string
    readonly share: number
    readonly rpm: number
    readonly tpm: number | null
    readonly demand: number
    readonly in_flight: number
    readonly expires_in_ms: number
  }[]
}

/** The most characters of a codebook's YAML text or of one of its code lists. */
const MAX_CODEBOOK_TEXT = 2_000_000
const codebookText = z
  .string({ error: 'must be a text' })
  .max(MAX_CODEBOOK_TEXT, { error: `must be at most ${MAX_CODEBOOK_TEXT} characters` })
  // PostgreSQL stores neither.
  .refine((text) => !text.includes('\0') && text.isWellFormed(), { error: 'must hold no NUL and no half characters' })

/** The body of classify-api/codebook: with `text` it stores a codebook, with `name` it reads one, else it lists all. */
export const codebookRequestSchema = z
  .strictObject({
    text: codebookText.optional(),
    /** The code lists that the text names, by file name. */
    lists: z.record(z.string().min(1).max(200), codebookText).optional(),
    /** A reference such as `news-topics`, `news-topics@2` or `news-topics@<hash>`. */
    name: idSchema.optional(),
  })
  .refine(({ text, name }) => text === undefined || name === undefined, {
    error: 'give either text, to store a codebook, or name, to read one',
  })
  .refine(({ text, lists }) => text !== undefined || lists === undefined, {
    error: 'give the text of the codebook that the lists belong to',
    path: ['text'],
  })

export type CodebookRequest = z.infer<typeof codebookRequestSchema>

/** The name, version and hash of a codebook that the service has. */
export interface CodebookIdentity {
  readonly name: string
  readonly version: string
  readonly hash: string
}

/** The answer of classify-api/codebook: `text` and `lists` of the codebook named; `warning` where a stored one has a twin. */
export type CodebookResponse =
  | (CodebookIdentity & {
      readonly text?: string
      readonly lists?: Readonly<Record<string, string>>
      readonly warning?: string
    })
  | { readonly codebooks: readonly CodebookIdentity[] }

/**
 * Puts the code of a failure in front of its sentence, as in "model-auth: the endpoint refused the key", because
 * Restate passes only the message on.
 */
export function formatFailure(code: ErrorCode, message: string): string {
  return `${code}: ${message}`
}

export interface ParsedFailure {
  /**
   * The code of the failure; null where the message begins with none, because Restate itself or an operator ended the
   * invocation.
   */
  readonly code: ErrorCode | null
  readonly message: string
}

/**
 * Splits the message of a failed invocation into its code and its sentence, which is the whole text where there is no
 * code.
 */
export function parseFailure(message: string): ParsedFailure {
  const [, code = '', sentence = ''] = /^([a-z-]+): ([\s\S]*)$/.exec(message) ?? []
  return isErrorCode(code) ? { code, message: sentence } : { code: null, message }
}

/** Whether every later batch would fail with the same code, so that a client stops submitting batches. */
export function stopsTheRun(code: ErrorCode | null): boolean {
  if (code === null) return false
  const { scope, retry } = failureOf(code)
  return scope !== 'answer' && retry === 'terminal'
}
