/**
 * What indicators will take before any model is asked. Pure, and the same for the service and the command line: the
 * ways are those of the plan, the requests those of the packing, the tokens those of the prompt.
 */
import { ANSWER_SCHEMA } from './answer-schema.ts'
import { type PackRule, packChunks } from './chunks.ts'
import { needsAnswer } from './merge.ts'
import { buildSystemPrompt, buildUserPrompt, completionTokenLimit, estimateTokens } from './prompt.ts'
import type { Indicator, Mode, RuleReading } from './types.ts'

/** One indicator with what is stored for it, in the order of the request. */
export interface Candidate {
  readonly indicator: Indicator
  readonly reading: RuleReading
  /** Hash of the shape, the same for the same shape. */
  readonly shapeHash: string
  /** `unchanged`: its result still holds. `reuse`, `person`: its shape has an answer. null: nothing is stored. */
  readonly stored: 'unchanged' | 'reuse' | 'person' | null
}

/** An indicator that will be asked. `tokens`: of its line in the prompt, guessed a little high as for reservations. */
export interface PendingQuestion {
  readonly shape: string
  readonly tokens: number
}

/** How the indicators of one batch will get their results, in sum as many as the batch holds. */
export interface BatchDryRun {
  readonly unchanged: number
  readonly rules: number
  /** By a stored answer, or by another one of the batch that is asked. */
  readonly reuse: number
  readonly person: number
  readonly asks: readonly PendingQuestion[]
}

/** The same ways in the same order as the plan step of a batch. */
export function dryRunBatch(
  candidates: readonly Candidate[],
  options: { readonly mode: Mode; readonly reuse: boolean },
): BatchDryRun {
  const counts = { unchanged: 0, rules: 0, reuse: 0, person: 0 }
  const asks: PendingQuestion[] = []
  const asked = new Set<string>()
  for (const { indicator, reading, shapeHash, stored } of candidates) {
    if (stored === 'unchanged') counts.unchanged += 1
    else if (stored !== null) counts[stored] += 1
    else if (!needsAnswer(reading, options.mode)) counts.rules += 1
    else if (options.reuse && asked.has(shapeHash)) counts.reuse += 1
    else {
      asked.add(shapeHash)
      asks.push({ shape: shapeHash, tokens: lineTokens(indicator, reading) })
    }
  }
  return { ...counts, asks }
}

function lineTokens(indicator: Indicator, reading: RuleReading): number {
  return estimateTokens(buildUserPrompt([{ key: 'k1', indicator, reading }])) - wrapperTokens()
}

function wrapperTokens(): number {
  return estimateTokens(buildUserPrompt([]))
}

/** Tokens of what stands before the indicators in every request: system prompt, schema, delimiters. A little high. */
export function prefixTokens(): number {
  return estimateTokens(buildSystemPrompt()) + estimateTokens(JSON.stringify(ANSWER_SCHEMA)) + wrapperTokens()
}

/** What earlier requests to the same model say of the next ones. */
export interface UsageHistory {
  readonly output_per_indicator: number
  /** Part of the input that came from the provider's cache, 0 to 1. */
  readonly cached_share: number
}

export interface TokenCounts {
  readonly input: number
  /** Part of `input`. */
  readonly cached: number
  readonly output: number
}

export interface BatchEstimate {
  readonly requests: number
  readonly tokens: TokenCounts
}

/**
 * `estimateTokens` guesses high on purpose; this is its centre. Measured on 2026-11-22 on system prompt, schema and the
 * prompts of both catalogues: o200k_base has 0.88 to 0.91 of it, the offline model (four characters a token) 0.73 to 1.0,
 * and 0.98 of a whole request.
 */
const CENTRE = 0.88
/** Of one answer: 53 to 65 by o200k_base with a reason of up to 15 words, 57 from the offline model. */
const OUTPUT_PER_INDICATOR = 60
/** Providers cache a prefix of at least so many tokens, in such steps. */
const SHORTEST_CACHED = 1_024
const CACHE_STEP = 128

/**
 * Requests and tokens to expect for one batch, without re-asks and escalations. `cached` takes every request for one
 * that finds the prefix in the cache: who sums up batches takes the first one off with `cacheablePrefixTokens`.
 */
export function estimateBatch(
  asks: readonly PendingQuestion[],
  rule: PackRule,
  prefix: number,
  habits: UsageHistory | null,
): BatchEstimate {
  const requests = chunksOf(asks, rule).length
  const lines = asks.reduce((sum, { tokens }) => sum + tokens, 0)
  const input = (requests * prefix + lines) * CENTRE
  const cached = habits === null ? requests * cacheablePrefixTokens(prefix) : input * habits.cached_share
  return {
    requests,
    tokens: {
      input: Math.round(input),
      cached: Math.round(Math.min(cached, input)),
      output: Math.round(asks.length * (habits?.output_per_indicator ?? OUTPUT_PER_INDICATOR)),
    },
  }
}

/** Tokens of the prefix that a provider can cache, and that the very first request pays in full. */
export function cacheablePrefixTokens(prefix: number): number {
  const tokens = prefix * CENTRE
  return tokens < SHORTEST_CACHED ? 0 : Math.floor(tokens / CACHE_STEP) * CACHE_STEP
}

/** The most that one asking round of a batch may bill: nothing cached, every answer as long as its bound. */
export function maxBatchTokens(
  asks: readonly PendingQuestion[],
  rule: PackRule,
  prefix: number,
): { input: number; output: number } {
  let input = 0
  let output = 0
  for (const chunk of chunksOf(asks, rule)) {
    input += prefix + chunk.reduce((sum, { tokens }) => sum + tokens, 0)
    output += completionTokenLimit(chunk.length)
  }
  return { input, output }
}

/** As the plan packs, which counts the delimiters to each question. */
function chunksOf(asks: readonly PendingQuestion[], rule: PackRule): readonly (readonly PendingQuestion[])[] {
  const wrapper = wrapperTokens()
  return packChunks(asks, rule, ({ tokens }) => tokens + wrapper)
}
