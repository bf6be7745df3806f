/** The port to a language model: one question in, one answer as JSON out. */
import type { ErrorCode } from '../errors.ts'
import type { JsonObject } from '../lib/json/json.ts'
import type { ServiceTier } from '../lib/service-tiers.ts'
import type { RateSignals } from '../rate/types.ts'

/** One question to a chat model, which must answer with JSON that fits `schema`. */
export interface ModelRequest {
  /** Which of the two configured models is asked. */
  readonly tier: 'primary' | 'escalation'
  /** The service tier to ask for. Default: the configured one. */
  readonly serviceTier?: ServiceTier | undefined
  /** The system message. It is the same for every request, so that the provider can cache it. */
  readonly system: string
  readonly user: string
  /** The JSON Schema of the answer in OpenAI's strict form, in which every property is required and no other is allowed. */
  readonly schema: JsonObject
  readonly schemaName: string
  /** The most tokens that the answer may have, by `answerBound`. Providers charge their rate limits by this bound, so it is tight. */
  readonly maxCompletionTokens: number
  /** The tokens that the answer needs at most, of which `answerBound` made the bound; absent where the bound is final. */
  readonly answerTokens?: number
  /** The provider serves requests with the same key from the same cache. */
  readonly cacheKey: string
  readonly signal?: AbortSignal
  /** Called for each request that the endpoint refused for its form, before the question is sent again in another one. */
  readonly formRefused?: ((refused: RefusedForm) => void) | undefined
}

/** A request that was refused for its form. It is not billed. */
export interface RefusedForm {
  readonly code: ErrorCode
  readonly latencyMs: number
  /** As in `ModelReply`. */
  readonly requestId?: string | undefined
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
  /** The beginning of the answer's text without secrets, for the message where nothing of it can be used. */
  readonly excerpt?: (() => string) | undefined
  readonly usage: Usage
  /** Whether any of the tokens in `usage` is an estimate, because the endpoint named none that the request allows. */
  readonly isEstimated?: boolean
  readonly costUsd: number
  /** The service tier by which the request is billed; absent where nobody has spoken of tiers. */
  readonly serviceTier?: ServiceTier | undefined
  /** The name of the model that the endpoint gave in its answer. */
  readonly model: string
  readonly latencyMs: number
  readonly rate: RateSignals
  /** The id that the endpoint gave to the request, for its support; absent where it gave none. */
  readonly requestId?: string | undefined
}

/** Asks a language model. No implementation retries, nor logs or throws a secret. */
export interface ModelClient {
  /** The configured names of the models. `escalation` is null where no escalation model is set. */
  readonly models: { readonly primary: string; readonly escalation: string | null }
  /** The service tier that is asked for where a request names none; undefined where none is configured. */
  readonly serviceTier?: ServiceTier | undefined
  /**
   * The bound to ask with for an answer that needs up to `tokens` tokens: at least that many, and more where the bound is
   * configured higher or where the model's reasoning takes a part of it.
   */
  answerBound(tier: ModelRequest['tier'], tokens: number): number
  /**
   * Asks once. Rejects with `PaidAnswerError` (model-bad-answer, model-cut-off, model-refused), `RateLimitedError`
   * (model-rate-limited), `PaidRequestError` (model-timeout, model-unavailable, interrupted) where the request may be billed all the
   * same, or a `ServiceError` of code model-auth, model-not-found, model-bad-request, model-too-long, model-quota, model-paused,
   * model-unavailable, model-timeout, model-no-capacity, model-refused or interrupted.
   */
  ask(request: ModelRequest): Promise<ModelReply>
}
