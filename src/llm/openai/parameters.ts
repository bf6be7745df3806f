/** Builds the parameters of a chat completion, and remembers for each model the parameters that its endpoint refused.
 *
 * A refused parameter is left out of all later requests to the same model of this process, which the log says once.
 */
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions'
import type { Logger } from 'pino'
import { isRecord } from '../../lib/json.ts'
import type { ModelRequest } from '../types.ts'

/** The reasoning efforts that may be configured. "xhigh" and "max" are missing, because the bound on an answer is too tight for them. */
export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high'

/** The ways to ask for JSON, from the strictest to the one that every endpoint accepts. */
const ANSWER_FORMS = ['strict-schema', 'schema', 'json-object', 'text'] as const
/** The names of the parameter that bounds the answer, the newer first. */
const TOKEN_BOUNDS = ['max_completion_tokens', 'max_tokens'] as const

/** The optional parameters that a request carries beside the model and the messages. */
export interface Features {
  readonly cacheKey: boolean
  readonly reasoningEffort: boolean
  readonly tokenBound: (typeof TOKEN_BOUNDS)[number]
  readonly answerForm: (typeof ANSWER_FORMS)[number]
}

export interface FeatureRegister {
  /** The parameters to send to `model`, without those that it has refused. */
  of(model: string): Features
  /**
   * Learns from the refusal `body` of a request that was sent with `sent`. True where the refusal names one of its
   * parameters: the request can then be sent again with `of(model)`. That happens at most 6 times, because no parameter
   * returns.
   */
  drop(model: string, sent: Features, body: unknown): boolean
}

/** Texts of refusals for a parameter that the endpoint does not support. */
const UNSUPPORTED =
  /unsupported|not supported|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|not available|unavailable|extra[ _](?:inputs?|fields?|forbidden)|(?:does not|doesn't|do not|don't|cannot|can't) (?:support|be disabled)|must be\b/i

/** A message about a wrong schema: the fault is the schema's, and leaving the parameter out would hide it. */
const INVALID_SCHEMA = /invalid schema/i

/** The names by which refusals speak of a parameter. "strict" is looked for before the response format that contains it. */
const NAMES = {
  cacheKey: /\bprompt_cache_key\b/,
  reasoningEffort: /\breasoning(?:[_.]effort)?\b/i,
  tokenBound: /\bmax_completion_tokens\b/,
  strict: /\bstrict\b/,
  answerForm: /\bresponse_format\b|\bjson_schema\b|\bjson_object\b/,
} as const

/** The parameters of the first request to a model. */
const ALL: Features = {
  cacheKey: true,
  reasoningEffort: true,
  tokenBound: 'max_completion_tokens',
  answerForm: 'strict-schema',
}

export function createFeatureRegister(log: Logger): FeatureRegister {
  const known = new Map<string, Features>()
  const of = (model: string) => known.get(model) ?? ALL

  return {
    of,
    drop(model, sent, body) {
      const weaker = without(sent, body)
      if (weaker === null) return false
      const before = of(model)
      const after = weakest(before, weaker.features)
      known.set(model, after)
      // Other requests in flight are refused for the same parameter, so only the first refusal is logged.
      if (JSON.stringify(after) !== JSON.stringify(before)) {
        log.warn(
          { model, parameter: weaker.parameter },
          `the model endpoint does not take ${weaker.parameter}: ${weaker.instead} for the life of this process`,
        )
      }
      return true
    },
  }
}

/** Builds the parameters of one request. The schema stands in the system message where the endpoint accepts no schema. */
export function buildParams(
  request: ModelRequest,
  model: string,
  reasoningEffort: ReasoningEffort,
  features: Features,
): ChatCompletionCreateParamsNonStreaming {
  const schemaInWords = features.answerForm === 'json-object' || features.answerForm === 'text'
  const system = schemaInWords
    ? `${request.system}\n\nAnswer with one JSON object of this JSON schema and nothing else:\n${JSON.stringify(request.schema)}`
    : request.system
  const format = responseFormat(request, features)
  return {
    model,
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: request.user },
    ],
    ...(format === null ? {} : { response_format: format }),
    [features.tokenBound]: request.maxCompletionTokens,
    ...(features.cacheKey ? { prompt_cache_key: request.cacheKey } : {}),
    ...(features.reasoningEffort ? { reasoning_effort: reasoningEffort } : {}),
  }
}

function responseFormat(request: ModelRequest, { answerForm }: Features) {
  if (answerForm === 'text') return null
  if (answerForm === 'json-object') return { type: 'json_object' } as const
  const schema = { name: request.schemaName, schema: { ...request.schema } }
  if (answerForm === 'schema') return { type: 'json_schema', json_schema: schema } as const
  return { type: 'json_schema', json_schema: { ...schema, strict: true } } as const
}

interface Weaker {
  readonly features: Features
  readonly parameter: string
  readonly instead: string
}

function without(sent: Features, body: unknown): Weaker | null {
  if (!isRecord(body)) return null
  const words = [body.message, body.code, body.type].filter((word) => typeof word === 'string').join(' ')
  if (!UNSUPPORTED.test(words) || INVALID_SCHEMA.test(words)) return null
  // The refusal's `param` names the refused parameter; its message may name other parameters as advice.
  const named = typeof body.param === 'string' && body.param !== '' ? body.param : words
  if (sent.cacheKey && NAMES.cacheKey.test(named)) {
    return { features: { ...sent, cacheKey: false }, parameter: 'prompt_cache_key', instead: 'it is left out' }
  }
  if (sent.reasoningEffort && NAMES.reasoningEffort.test(named)) {
    const instead = 'it is left out, and answers may be cut off where the model reasons'
    return { features: { ...sent, reasoningEffort: false }, parameter: 'reasoning_effort', instead }
  }
  if (sent.tokenBound === 'max_completion_tokens' && NAMES.tokenBound.test(named)) {
    const features: Features = { ...sent, tokenBound: 'max_tokens' }
    return { features, parameter: 'max_completion_tokens', instead: 'max_tokens takes its place' }
  }
  if (NAMES.strict.test(named) || NAMES.answerForm.test(named)) return withoutForm(sent, named)
  return null
}

function withoutForm(sent: Features, named: string): Weaker | null {
  if (sent.answerForm === 'text') return null
  const onlyStrict = NAMES.strict.test(named)
  if (onlyStrict && sent.answerForm === 'strict-schema') {
    const features: Features = { ...sent, answerForm: 'schema' }
    return { features, parameter: 'response_format.json_schema.strict', instead: 'the schema is sent without it' }
  }
  if (sent.answerForm === 'json-object') {
    const features: Features = { ...sent, answerForm: 'text' }
    return { features, parameter: 'response_format', instead: 'the schema is asked for in words' }
  }
  const features: Features = { ...sent, answerForm: 'json-object' }
  return {
    features,
    parameter: 'response_format json_schema',
    instead: 'json_object and the schema in words take its place',
  }
}

/** Joins what two requests in flight have learned: a parameter that either of them lost stays out. */
function weakest(a: Features, b: Features): Features {
  const later = <T>(order: readonly T[], x: T, y: T): T => (order.indexOf(x) > order.indexOf(y) ? x : y)
  return {
    cacheKey: a.cacheKey && b.cacheKey,
    reasoningEffort: a.reasoningEffort && b.reasoningEffort,
    tokenBound: later(TOKEN_BOUNDS, a.tokenBound, b.tokenBound),
    answerForm: later(ANSWER_FORMS, a.answerForm, b.answerForm),
  }
}
