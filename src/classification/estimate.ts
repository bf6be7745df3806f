/** Estimates requests and tokens of a batch before any model is asked, for the handler `estimate` and for dry runs of the command line. */
import type { Codebook } from '../codebooks/codebook.ts'
import { buildAnswerSchema } from './answer-schema.ts'
import { type PackRule, packChunks } from './chunks.ts'
import { buildSystemPrompt } from './prompt.ts'
import { ANSWER_ENVELOPE_TOKENS, completionTokenLimit, estimateTokens, MEASURED_SHARE } from './tokens.ts'
import { buildUserPrompt, type PromptItem } from './user-prompt.ts'

/** One indicator of a batch, with what the database holds about it. */
export interface Candidate {
  /** What the model would be asked; null where the rules decide every field. */
  readonly item: PromptItem | null
  /** The hash of the indicator's shape. Indicators of the same shape share one answer. */
  readonly shapeHash: string
  /**
   * `unchanged` where the stored result of the indicator still holds; `reuse` or `person` where an answer of a model or a
   * person is stored for the indicator's shape; else null.
   */
  readonly stored: 'unchanged' | 'reuse' | 'person' | null
}

/** An indicator that a model will be asked about. */
export interface PendingQuestion {
  /** The hash of the indicator's shape. */
  readonly shape: string
  /** The tokens of the indicator's line in the prompt, as `estimateTokens` estimates them. */
  readonly tokens: number
  /** The number of fields asked. */
  readonly fields: number
  /** The most tokens that the answer may take. */
  readonly answer_tokens: number
}

/**
 * How the indicators of one batch would get their results. The counts and the length of `asks` add up to the size of the
 * batch.
 */
export interface BatchDryRun {
  readonly unchanged: number
  readonly rules: number
  /** The number of indicators that share a stored answer, or the answer to another indicator of the batch. */
  readonly reuse: number
  readonly person: number
  readonly asks: readonly PendingQuestion[]
  /** The indicators among them that a person had decided before they changed; absent where nothing is stored. */
  readonly changed_decisions?: number | undefined
}

/** Decides for each indicator where its result would come from, in the same order as the plan of a batch does. */
export function dryRunBatch(
  codebook: Codebook,
  candidates: readonly Candidate[],
  options: { readonly reuse: boolean },
): BatchDryRun {
  const counts = { unchanged: 0, rules: 0, reuse: 0, person: 0 }
  const asks: PendingQuestion[] = []
  const asked = new Set<string>()
  for (const { item, shapeHash, stored } of candidates) {
    if (stored !== null) counts[stored] += 1
    else if (item === null) counts.rules += 1
    else if (options.reuse && asked.has(shapeHash)) counts.reuse += 1
    else {
      asked.add(shapeHash)
      const tokens = lineTokens(codebook, item)
      const answer_tokens = completionTokenLimit(codebook, [item.fields]) - ANSWER_ENVELOPE_TOKENS
      asks.push({ shape: shapeHash, tokens, fields: item.fields.length, answer_tokens })
    }
  }
  return { ...counts, asks }
}

/** Estimates the tokens of an indicator's line in the user message. */
function lineTokens(codebook: Codebook, item: PromptItem): number {
  return estimateTokens(buildUserPrompt(codebook, [item])) - wrapperTokens(codebook)
}

/** Estimates the tokens of the user message without the lines of its indicators. */
function wrapperTokens(codebook: Codebook): number {
  return estimateTokens(buildUserPrompt(codebook, []))
}

/** Estimates the tokens of the part that all requests share: system prompt, answer schema and delimiters. */
export function prefixTokens(codebook: Codebook): number {
  const schema = estimateTokens(JSON.stringify(buildAnswerSchema(codebook)))
  return estimateTokens(buildSystemPrompt(codebook)) + schema + wrapperTokens(codebook)
}

/** The average usage of earlier requests to the same model. The HTTP answer of `estimate` fixes the property names. */
export interface UsageHistory {
  readonly output_per_indicator: number
  /** The part of the input tokens that came from the provider's cache, 0 to 1. */
  readonly cached_share: number
  /** All requests, and all input and output, for each request that asked first about its indicators: at least 1. */
  readonly repeats?: { readonly requests: number; readonly input: number; readonly output: number } | undefined
}

export interface TokenCounts {
  readonly input: number
  /** The part of the `input` tokens that the provider reads from its cache. */
  readonly cached: number
  readonly output: number
}

export interface BatchEstimate {
  readonly requests: number
  readonly tokens: TokenCounts
}

/**
 * The output tokens of one indicator's answer without its labels, and of each label, used where no earlier request tells
 * them. A reason takes up to 15 words; a label has its field, a value and a confidence.
 */
const OUTPUT_PER_INDICATOR = 28
const OUTPUT_PER_LABEL = 17
const NO_REPEATS = { requests: 1, input: 1, output: 1 }
/** The shortest common prefix of requests that providers cache, in tokens. */
const SHORTEST_CACHED_TOKENS = 1_024
/** Providers cache a prefix in whole steps of so many tokens. */
const CACHE_STEP_TOKENS = 128

/**
 * Estimates the requests and tokens of one batch, without escalations. Requests are repeated, after a failure or an unusable answer, as
 * often as `habits` tells of earlier ones, and not at all where there were none. `cached` assumes that
 * the prefix of every request is in the provider's cache; a sum over batches has to subtract `cacheablePrefixTokens` once,
 * for the very first request.
 */
export function estimateBatch(
  asks: readonly PendingQuestion[],
  rule: PackRule,
  prefix: number,
  habits: UsageHistory | null,
): BatchEstimate {
  const firstRequests = chunksOf(asks, rule).length
  const { repeats = NO_REPEATS } = habits ?? {}
  const requests = firstRequests * repeats.requests
  const lines = asks.reduce((sum, { tokens }) => sum + tokens, 0)
  const output = asks.reduce(
    (sum, { fields }) => sum + (habits?.output_per_indicator ?? OUTPUT_PER_INDICATOR + fields * OUTPUT_PER_LABEL),
    0,
  )
  const input = (firstRequests * prefix + lines) * MEASURED_SHARE * repeats.input
  const cached = habits === null ? requests * cacheablePrefixTokens(prefix) : input * habits.cached_share
  return {
    requests,
    tokens: {
      input: Math.round(input),
      cached: Math.round(Math.min(cached, input)),
      output: Math.round(output * repeats.output),
    },
  }
}

/** Estimates the tokens of the common prefix that a provider caches. The very first request pays for them in full. */
export function cacheablePrefixTokens(prefix: number): number {
  const tokens = prefix * MEASURED_SHARE
  return tokens < SHORTEST_CACHED_TOKENS ? 0 : Math.floor(tokens / CACHE_STEP_TOKENS) * CACHE_STEP_TOKENS
}

/**
 * The tokens of the delimiters around one line, which the plan of a batch counts for each indicator when it packs chunks.
 */
const WRAPPER_TOKENS = 16

/** Packs the questions into chunks as the plan of a batch does. */
function chunksOf(asks: readonly PendingQuestion[], rule: PackRule): readonly (readonly PendingQuestion[])[] {
  return packChunks(asks, rule, ({ tokens }) => tokens + WRAPPER_TOKENS)
}
