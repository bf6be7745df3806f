/** The port to a language model: one question in, one answer as JSON out. */
import type { JsonObject } from '../lib/json.ts'
import type { RateSignals } from '../rate/types.ts'

/** One question to a chat model, which must answer with JSON that fits `schema`. */
export interface ModelRequest {
  /** Which of the two configured models is asked. */
  readonly tier: 'primary' | 'escalation'
  /** The system message. It is the same for every request, so that the provider can cache it. */
  readonly system: string
  readonly user: string
  /** The JSON Schema of the answer in OpenAI's strict form, in which every property is required and no other is allowed. */
  readonly schema: JsonObject
  readonly schemaName: string
  /** The most tokens that the answer may have. Providers charge their rate limits by this bound, so it is tight. */
  readonly maxCompletionTokens: number
  /** The provider serves requests with the same key from the same cache. */
  readonly cacheKey: string
  readonly signal?: AbortSignal
}

/** Tokens that the provider billed. `cachedInput` and `cacheWriteInput` are parts of `input`. */
export interface Usage {
  readonly input: number
  readonly cachedInput: number
  readonly cacheWriteInput: number
  readonly output: number
}

export interface ModelReply {
  /** The parsed JSON of the answer. Its form is unchecked, so callers treat it like hostile input. */
  readonly answer: unknown
  readonly usage: Usage
  /** Whether any of the tokens in `usage` is an estimate, because the endpoint named none that the request allows. */
  readonly isEstimated?: boolean
  readonly costUsd: number
  /** The name of the model that the endpoint gave in its answer. */
  readonly model: string
  readonly latencyMs: number
  readonly rate: RateSignals
}

/** Asks a language model. No implementation retries, nor logs or throws a secret. */
export interface ModelClient {
  /** The configured names of the models. `escalation` is null where no escalation model is set. */
  readonly models: { readonly primary: string; readonly escalation: string | null }
  /**
   * Asks once. Rejects with `PaidAnswerError` (model-bad-answer, model-cut-off, model-refused), `RateLimitedError`
   * (model-rate-limited), `PaidRequestError` (model-timeout, model-unavailable, interrupted) where the request may be billed all the
   * same, or a `ServiceError` of code model-auth, model-not-found, model-bad-request, model-quota,
   * model-unavailable, model-timeout, model-refused or interrupted.
   */
  ask(request: ModelRequest): Promise<ModelReply>
}
