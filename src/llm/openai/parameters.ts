/** Builds the parameters of a chat completion in the form that its endpoint takes. */
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions'
import type { JsonObject, JsonValue } from '../../lib/json/json.ts'
import { type ServiceTier, sentTierOf } from '../../lib/service-tiers.ts'
import type { ModelRequest } from '../types.ts'
import type { Features } from './features.ts'

/** The reasoning efforts that may be configured. "xhigh" and "max" are missing, because the bound on an answer is too tight for them. */
export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high'

/** Builds the parameters of one request. The schema stands in the system message where the endpoint accepts no schema. */
export function buildParams(
  request: ModelRequest,
  model: string,
  { reasoningEffort, serviceTier }: { reasoningEffort: ReasoningEffort; serviceTier: ServiceTier | undefined },
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
    ...(features.serviceTier && serviceTier !== undefined ? { service_tier: sentTierOf(serviceTier) } : {}),
  }
}

function responseFormat(request: ModelRequest, { answerForm }: Features) {
  if (answerForm === 'text') return null
  if (answerForm === 'json-object') return { type: 'json_object' } as const
  const name = request.schemaName
  if (answerForm === 'schema') {
    return {
      type: 'json_schema',
      json_schema: { name, schema: loosened(request.schema) as Record<string, unknown> },
    } as const
  }
  return {
    type: 'json_schema',
    json_schema: { name, schema: request.schema as Record<string, unknown>, strict: true },
  } as const
}

const LOOSE = new WeakMap<JsonObject, JsonObject>()

/** The schema without `additionalProperties`, a keyword that only the strict form needs and that some endpoints refuse. */
function loosened(schema: JsonObject): JsonObject {
  const known = LOOSE.get(schema)
  if (known !== undefined) return known
  const loose = JSON.parse(
    JSON.stringify(schema, (name, value: JsonValue) => (name === 'additionalProperties' ? undefined : value)),
  ) as JsonObject
  LOOSE.set(schema, loose)
  return loose
}
