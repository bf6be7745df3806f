/** Reads the chat completion requests that the offline model gets, and writes the completions that it answers. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { parseUserPrompt } from '../classification/user-prompt.ts'
import type { AnswerElement, Question } from './answer-strategy.ts'
import { readAnswerForm } from './label-forms.ts'

/** The offline model counts one token for every four characters of a text. */
const CHARACTERS_PER_TOKEN = 4
/** The shortest prefix of a prompt that OpenAI caches, in tokens. */
const SHORTEST_CACHED_TOKENS = 1_024
/** OpenAI caches a prefix in whole steps of so many tokens. */
const CACHE_STEP_TOKENS = 128
/** How many prefixes of prompts the offline model remembers as cached. */
const MAX_CACHED_PREFIXES = 64

const messageSchema = z.object({ role: z.string(), content: z.string() })
const requestSchema = z.object({
  model: z.string().optional(),
  messages: z.array(messageSchema).min(1),
  max_completion_tokens: z.number().int().min(1).nullish(),
  max_tokens: z.number().int().min(1).nullish(),
  stream: z.literal(false).nullish(),
  response_format: z
    .discriminatedUnion('type', [
      z.object({ type: z.literal('text') }),
      z.object({ type: z.literal('json_object') }),
      z.object({ type: z.literal('json_schema'), json_schema: z.object({ schema: z.unknown() }) }),
    ])
    .nullish(),
})

/** The parts of a chat completion request that the offline model uses. */
export interface CompletionRequest extends Question {
  /**
   * The properties that the answer for each record has, in the order of the schema; null where the request has no schema.
   */
  readonly properties: readonly string[] | null
  readonly maxTokens: number | null
  readonly promptTokens: number
  /** The tokens that rate limits charge when the request starts: the larger of `maxTokens` and `promptTokens`. */
  readonly chargedTokens: number
  /** The part of the request that a provider can cache: system message and schema. */
  readonly prefix: string
}

/**
 * Reads the body of a request. Where the classify service cannot have written the body, returns the sentence for the response
 * 400.
 */
export function readCompletionRequest(body: unknown): CompletionRequest | string {
  const parsed = requestSchema.safeParse(body)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return `the offline model does not accept this request: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`
  }
  const { messages, response_format: format } = parsed.data
  const userText = messages.findLast(({ role }) => role === 'user')?.content ?? ''
  const items = parseUserPrompt(userText)
  if (items.length === 0) {
    return 'the offline model only answers the prompts of the classify service: no records were found in it'
  }
  const schema = format?.type === 'json_schema' ? format.json_schema.schema : null
  const form = schema === null ? null : readAnswerForm(schema)
  if (schema !== null && form === null) {
    return 'the offline model only knows the answer schema of the classify service: {"answers": [{"labels": [{...}]}]}'
  }
  const system = messages.filter(({ role }) => role !== 'user').map(({ content }) => content)
  const prefix = `${system.join('\n')}\n${schema === null ? '' : JSON.stringify(schema)}`
  const promptTokens = estimateTokens(prefix) + estimateTokens(userText)
  const maxTokens = parsed.data.max_completion_tokens ?? parsed.data.max_tokens ?? null
  return {
    model: parsed.data.model ?? '',
    items,
    forms: form?.labels ?? new Map(),
    properties: form?.properties ?? null,
    maxTokens,
    promptTokens,
    chargedTokens: Math.max(maxTokens ?? 0, promptTokens),
    prefix,
  }
}

/**
 * Writes the answers for all records as JSON. Each answer gets exactly the given properties in their order; with null it
 * keeps all that it has.
 */
export function writeContent(elements: readonly AnswerElement[], properties: readonly string[] | null): string {
  if (properties === null) return JSON.stringify({ answers: elements })
  const answers = elements.map((element) => Object.fromEntries(properties.map((name) => [name, element[name]])))
  return JSON.stringify({ answers })
}

/** A chat completion as it is sent, with the tokens that its `usage` bills. */
export interface Completion {
  readonly body: object
  readonly usage: { readonly input: number; readonly cached: number; readonly output: number }
}

/** The properties of a completion besides its content. */
export interface CompletionForm {
  /** The model's name in the completion. */
  readonly model: string
  /** If true, the content is never cut at `maxTokens`, as by an endpoint that does not know the limit. */
  readonly isUnlimited: boolean
  /** How the completion refuses: by words in `message.refusal` or by a content filter; null where it answers. */
  readonly refusal: 'words' | 'filter' | null
}

const REFUSAL = "I'm sorry, but I can't help with that request."

export interface CompletionWriter {
  /** Writes a completion. Where `form` asks for a refusal, the completion holds the refusal instead of `content`. */
  write(request: CompletionRequest, content: string, form: CompletionForm): Completion
}

/** Creates a writer that remembers the last prefixes of prompts, so that `usage` reports cached tokens as a provider does. */
export function createCompletionWriter(): CompletionWriter {
  const seen = new Set<string>()
  let written = 0

  /** Returns how many tokens of a prompt's prefix the cache holds, or how many this request writes to the cache. */
  function cacheOf(prefix: string): { cached: number; cacheWrite: number } {
    const tokens = estimateTokens(prefix)
    if (tokens < SHORTEST_CACHED_TOKENS) return { cached: 0, cacheWrite: 0 }
    const whole = Math.floor(tokens / CACHE_STEP_TOKENS) * CACHE_STEP_TOKENS
    const hash = createHash('sha1').update(prefix).digest('base64')
    const hit = seen.delete(hash)
    seen.add(hash)
    const oldest = seen.values().next().value
    if (seen.size > MAX_CACHED_PREFIXES && oldest !== undefined) seen.delete(oldest)
    return hit ? { cached: whole, cacheWrite: 0 } : { cached: 0, cacheWrite: whole }
  }

  return {
    write(request, content, { model, isUnlimited, refusal }) {
      written += 1
      const { cached, cacheWrite } = cacheOf(request.prefix)
      const output = refusal === null ? content : refusal === 'words' ? REFUSAL : ''
      const wanted = estimateTokens(output)
      const billed = isUnlimited ? wanted : Math.min(wanted, request.maxTokens ?? wanted)
      const isCut = billed < wanted
      const text = isCut ? output.slice(0, billed * CHARACTERS_PER_TOKEN) : output
      const message =
        refusal === 'words'
          ? { content: null, refusal: text }
          : { content: refusal === null ? text : null, refusal: null }
      const finishReason = refusal === 'filter' ? 'content_filter' : isCut ? 'length' : 'stop'
      const body = {
        id: `chatcmpl-offline-${written}`,
        object: 'chat.completion',
        created: Math.floor(Date.now() / 1_000),
        model,
        choices: [
          {
            index: 0,
            message: { role: 'assistant', ...message },
            logprobs: null,
            finish_reason: finishReason,
          },
        ],
        usage: {
          prompt_tokens: request.promptTokens,
          completion_tokens: billed,
          total_tokens: request.promptTokens + billed,
          prompt_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWrite },
          completion_tokens_details: { reasoning_tokens: 0 },
        },
      }
      return { body, usage: { input: request.promptTokens, cached, output: billed } }
    },
  }
}

function estimateTokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN)
}
