/** The ports of the model side. `restate` knows these, never the adapters beside them. */
import type { JsonObject } from '../lib/json.ts'
import type { RateSignals } from '../rate/types.ts'

/** One question to a chat model that must answer with JSON of `schema`. */
export interface ModelRequest {
  /** Which of the two configured models answers. */
  readonly tier: 'primary' | 'escalation'
  /** The static part; the same for every request, so that the provider can cache it. */
  readonly system: string
  readonly user: string
  /** JSON Schema, strict in OpenAI's sense: all properties required, none extra. */
  readonly schema: JsonObject
  readonly schemaName: string
  /** Upper bound of the answer in tokens. Rate limits charge it, so it is tight. */
  readonly maxCompletionTokens: number
  /** Requests with the same key land on the same cache at the provider. */
  readonly cacheKey: string
  readonly signal?: AbortSignal
}

/** Tokens as the provider billed them. `cachedInput` and `cacheWriteInput` are parts of `input`. */
export interface Usage {
  readonly input: number
  readonly cachedInput: number
  readonly cacheWriteInput: number
  readonly output: number
}

export interface ModelReply {
  /** The parsed JSON of the answer. Its form is not checked yet: it is as hostile as any input. */
  readonly answer: unknown
  readonly usage: Usage
  readonly costUsd: number
  /** The model as the endpoint names it in its answer. */
  readonly model: string
  readonly latencyMs: number
  readonly rate: RateSignals
}

/**
 * Asks once. Rejects with a `ServiceError` of code model-auth, model-not-found, model-bad-request, model-rate-limited
 * (a `RateLimitedError`), model-quota, model-unavailable, model-timeout, model-bad-answer, model-cut-off or
 * model-refused. Never retries, never logs or throws a secret.
 */
export interface ModelClient {
  /** The configured names, before any request. `escalation` is null where none is set. */
  readonly models: { readonly primary: string; readonly escalation: string | null }
  ask(request: ModelRequest): Promise<ModelReply>
}
