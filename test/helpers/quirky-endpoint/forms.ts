/** Quirks of endpoints that do not take the form of our requests, or answer only in their own way. */
import { message, type Quirk, type Reply, refusal, type Seen } from './types.ts'

const formOf = ({ body }: Seen) => {
  const format = body.response_format as { type?: string; json_schema?: { strict?: boolean } } | undefined
  if (format === undefined) return 'text'
  return format.type === 'json_schema' && format.json_schema?.strict === true ? 'strict' : String(format.type)
}
const clean = (seen: Seen): Reply => message(seen, { content: seen.text })
const has = (seen: Seen, text: string) => JSON.stringify(seen.body.response_format ?? null).includes(text)

/** Refuses while `isRefused`, and answers cleanly otherwise. */
const unless =
  (isRefused: (seen: Seen) => boolean, reply: Reply): Quirk =>
  (seen) =>
    isRefused(seen) ? reply : clean(seen)

/** What pydantic makes of a value that is not one of those it knows. */
const literalError = {
  status: 422,
  body: {
    detail: [
      {
        type: 'literal_error',
        loc: ['body', 'response_format', 'type'],
        msg: "Input should be 'text' or 'json_object'",
        input: 'json_schema',
      },
    ],
  },
}

const geminiError = (text: string) => ({
  status: 400,
  body: [{ error: { code: 400, message: text, status: 'INVALID_ARGUMENT' } }],
})

export const FORMS = {
  'literal-error': unless((seen) => has(seen, 'json_schema'), literalError),
  'additional-properties': unless(
    (seen) => has(seen, 'additionalProperties'),
    geminiError(
      'Invalid JSON payload received. Unknown name "additionalProperties" at \'response_schema\': Cannot find field.',
    ),
  ),
  'grammar-features': unless(
    (seen) => formOf(seen) === 'strict' || has(seen, 'json_schema'),
    refusal(400, 'The provided JSON schema contains features not supported by xgrammar.'),
  ),
  'thinking-budget': unless(
    (seen) => seen.body.reasoning_effort === 'none',
    geminiError('Budget 0 is invalid. This model only works in thinking mode.'),
  ),
  'nameless-refusal': unless((seen) => formOf(seen) !== 'json_object', { status: 400, body: 'Bad Request' }),
  'plain-only': unless(
    (seen) => formOf(seen) !== 'text' || 'prompt_cache_key' in seen.body || 'max_completion_tokens' in seen.body,
    { status: 422, body: { error: { message: 'Unprocessable' } } },
  ),
  'invalid-schema': unless(
    (seen) => formOf(seen) === 'strict',
    refusal(400, "Invalid schema for response_format 'labels': 'anyOf' is not permitted.", {
      param: 'response_format',
    }),
  ),
  'context-of-five': (seen) =>
    seen.items.length <= 5
      ? clean(seen)
      : refusal(
          400,
          "This model's maximum context length is 4096 tokens. However, your messages resulted in 5120 tokens.",
          { code: 'context_length_exceeded' },
        ),
  'reasoning-eats-bound': (seen) => {
    const bound = seen.maxTokens ?? 0
    const needed = seen.tokens.output + 3_000
    const usage = {
      prompt_tokens: seen.tokens.input,
      completion_tokens: Math.min(bound, needed),
      completion_tokens_details: { reasoning_tokens: Math.min(bound, 3_000) },
    }
    if (bound >= needed) return message(seen, { content: seen.text }, {}, { usage })
    return message(seen, { content: '' }, { finish_reason: 'length' }, { usage })
  },
  'reasoning-shown': (seen) =>
    (seen.maxTokens ?? 0) >= seen.tokens.output + 3_000
      ? message(seen, { content: seen.text, reasoning_content: 'Hm.' })
      : message(seen, { content: null, reasoning_content: 'Hm, hm, hm' }, { finish_reason: 'length' }),
  'cut-off': (seen) => message(seen, { content: seen.text.slice(0, 40) }, { finish_reason: 'length' }),
} as const satisfies Readonly<Record<string, Quirk>>
