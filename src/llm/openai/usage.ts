/** Reads the tokens that an answer says it was billed, and estimates them where it says nothing that the request allows. */
import type { ChatCompletion } from 'openai/resources/chat/completions'
import type { ServiceError } from '../../errors.ts'
import { isRecord } from '../../lib/json/json.ts'
import { estimateTokens } from '../../lib/token-estimate.ts'
import { type PaidCode, PaidRequestError, type PaidUsage } from '../errors.ts'
import { costOf, type ModelPrice } from '../pricing.ts'
import type { ModelRequest, Usage } from '../types.ts'
import { endOf } from './completion-body.ts'

/** Tokens with the knowledge of where they come from. */
export interface CountedUsage {
  readonly usage: Usage
  /** Whether any of the tokens is an estimate, because the endpoint named none that the request allows. */
  readonly isEstimated: boolean
}

/** The request as far as it bounds its own bill. */
export type BilledRequest = Pick<ModelRequest, 'system' | 'user' | 'schema' | 'maxCompletionTokens'>

/**
 * The part of `estimateTokens` that an unknown bill is estimated at. It lies a little above the measured share of 0.88 to 0.91,
 * because a cost limit must not be passed unseen.
 */
const BILLED_SHARE = 0.94
/** Bytes that an endpoint's template and tools may add to a prompt. No token is shorter than a byte. */
const TEMPLATE_BYTES = 4_096
/** Tokens by which an endpoint may count an answer above its bound, as some do for the tokens that end it. */
const END_TOKENS = 16
/** Characters of an answer that are counted; a longer one is taken to have as many tokens a character as these. */
const COUNTED_CHARACTERS = 200_000
/** Nested parts of a message that are looked through for text. */
const DEEPEST = 6

/**
 * The tokens that `completion` was billed. Each number of the endpoint is taken where it is whole and lies within what the request
 * allows; a prompt of no tokens is none. Else it is counted by estimate: the prompt by its text, and the answer by the text that came.
 */
export function readUsage(
  completion: Pick<ChatCompletion, 'choices'> & { usage?: unknown },
  request: BilledRequest,
): CountedUsage {
  const said = isRecord(completion.usage) ? completion.usage : {}
  const { maxCompletionTokens: mostOutput } = request
  const text = textOf(completion.choices)
  const input = wholeWithin(said.prompt_tokens, 1, mostInput(said.prompt_tokens, request))
  const output = wholeWithin(said.completion_tokens, text.length === 0 ? 0 : 1, mostOutput + END_TOKENS)
  const details = isRecord(said.prompt_tokens_details) ? said.prompt_tokens_details : {}
  // Parts of an estimated input are not known. Input that is not read from the cache costs more, so that nothing is missed.
  const cachedInput = input === undefined ? 0 : (wholeWithin(details.cached_tokens, 0, input) ?? 0)
  const cacheWriteInput =
    input === undefined ? 0 : (wholeWithin(details.cache_write_tokens, 0, input - cachedInput) ?? 0)
  const usage = {
    input: input ?? estimatePrompt(request),
    cachedInput,
    cacheWriteInput,
    output: output ?? (isCutOff(completion.choices) ? mostOutput : billed(text)),
  }
  return { usage, isEstimated: input === undefined || output === undefined }
}

/**
 * The most tokens that a request without a readable answer may have been billed: an endpoint that timed out may have generated all of
 * its answer.
 */
export function usageWithoutAnswer(request: BilledRequest): Usage {
  return { input: estimatePrompt(request), cachedInput: 0, cacheWriteInput: 0, output: request.maxCompletionTokens }
}

/** HTTP statuses of a gateway that waited for the model in vain, which may have done its work all the same. */
const GATEWAY_TIMEOUTS: ReadonlySet<number> = new Set([504, 524])

/** How a request failed, as far as it decides whether the request is paid. */
export interface SentRequest {
  /** The HTTP status of the response; undefined where none came. */
  readonly status: number | undefined
  /** Whether the request reached no server, as where the port is closed. */
  readonly isUnreachable: boolean
}

/**
 * Whether a request that failed may be billed although it brought no answer: it timed out, was aborted or broke off after it was sent,
 * or its response began with 200. A refusal is not billed.
 */
export function mayBeBilled({ code }: Pick<ServiceError, 'code'>, { status, isUnreachable }: SentRequest): boolean {
  if (code === 'model-timeout' || code === 'interrupted') return true
  if (status !== undefined && status >= 300) return GATEWAY_TIMEOUTS.has(status)
  return code === 'model-unavailable' && !isUnreachable
}

/** The failure with the bill of its request, in which the tokens are an estimate; `failure` itself where its code can have no bill. */
export function withEstimatedBill(failure: ServiceError, paid: Omit<PaidUsage, 'isEstimated'>): ServiceError {
  const { code, message, cause } = failure
  if (failure instanceof PaidRequestError || !isPaidCode(code)) return failure
  return new PaidRequestError(code, message, { ...paid, isEstimated: true }, { cause })
}

/** The cost of `usage` in USD; 0 where no price is known. */
export function billOf(usage: Usage, price: ModelPrice | null): number {
  return price === null ? 0 : costOf(usage, price)
}

function isPaidCode(code: string): code is PaidCode {
  return code === 'model-timeout' || code === 'model-unavailable' || code === 'interrupted'
}

/** The schema of a request as text with its tokens, which are counted once, because a schema may hold thousands of codes. */
const SCHEMAS = new WeakMap<object, { readonly bytes: number; readonly tokens: number }>()

function schemaSize({ schema }: BilledRequest): { readonly bytes: number; readonly tokens: number } {
  const known = SCHEMAS.get(schema)
  if (known !== undefined) return known
  const text = JSON.stringify(schema)
  const size = { bytes: Buffer.byteLength(text), tokens: billed(text) }
  SCHEMAS.set(schema, size)
  return size
}

function estimatePrompt(request: BilledRequest): number {
  return billed(request.system) + billed(request.user) + schemaSize(request).tokens
}

/** The most tokens that the prompt can have. Its bytes are counted only where its characters, of which each has one at least, do not tell. */
function mostInput(named: unknown, request: BilledRequest): number {
  const characters = request.system.length + request.user.length
  const isPlain = typeof named === 'number' && named <= characters
  return (isPlain ? characters : promptBytes(request)) + TEMPLATE_BYTES
}

function promptBytes(request: BilledRequest): number {
  return Buffer.byteLength(request.system) + Buffer.byteLength(request.user) + schemaSize(request).bytes
}

/** The tokens of `text` by estimate, as a bill would count them. */
function billed(text: string): number {
  const counted = text.slice(0, COUNTED_CHARACTERS)
  const longer = counted.length === 0 ? 1 : text.length / counted.length
  return Math.ceil(estimateTokens(counted) * longer * BILLED_SHARE)
}

function wholeWithin(value: unknown, least: number, most: number): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most ? value : undefined
}

function isCutOff(choices: unknown): boolean {
  return Array.isArray(choices) && choices.some((choice) => isRecord(choice) && endOf(choice) === 'length')
}

/** All text of the messages, wherever an endpoint puts it: content, reasoning, arguments of a tool. */
function textOf(choices: unknown): string {
  if (!Array.isArray(choices)) return ''
  return choices.flatMap((choice: unknown) => (isRecord(choice) ? texts(choice.message, 0) : [])).join('')
}

/** The keys of a message whose texts the model did not write. */
const NOT_WRITTEN: ReadonlySet<string> = new Set(['role', 'type', 'id'])

function texts(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return [value]
  if (depth > DEEPEST) return []
  if (Array.isArray(value)) return value.flatMap((part: unknown) => texts(part, depth + 1))
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, part]) => (NOT_WRITTEN.has(key) ? [] : texts(part, depth + 1)))
}
