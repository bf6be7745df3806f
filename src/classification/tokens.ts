/** Estimates the tokens of texts, and bounds the tokens of an answer. */
import type { Codebook, Field, FieldKind } from '../codebooks/codebook.ts'

/** The number of tokens that one character of each kind is estimated to take. */
const LETTER_OR_SPACE = 1 / 4.5
const DIGIT = 1 / 2.2
const PUNCTUATION = 1 / 1.9
const NOT_ASCII = 1.2

/**
 * Estimates the tokens of `text`. The estimate is a little high on purpose, because it is reserved against a budget before
 * the provider bills the true number: it was 7 to 30 % above OpenAI's tokenizer o200k_base on the system prompt and on user
 * prompts of three catalogues. Characters are weighted by kind, because prose has 4.4 characters a token and JSON 3.0. Random
 * letters may have twice as many tokens as estimated.
 */
export function estimateTokens(text: string): number {
  let tokens = 0
  for (const character of text) tokens += tokensOf(character.codePointAt(0) ?? 0)
  return Math.ceil(tokens)
}

function tokensOf(code: number): number {
  if (code >= 128) return NOT_ASCII
  if (code >= 48 && code <= 57) return DIGIT
  const lower = code | 32
  return code === 32 || (lower >= 97 && lower <= 122) ? LETTER_OR_SPACE : PUNCTUATION
}

/** The most tokens that the answer for one record may take beside its labels: key, reason of 15 words, and their JSON. */
const ANSWER_TOKENS = 70
/**
 * The most tokens that one label may take with its field, value and confidence, where the model indents its JSON. A long name
 * or value takes more: LABEL_JSON_TOKENS beside the name and the value themselves.
 */
const LABEL_TOKENS = 34
const LABEL_JSON_TOKENS = 24
/** The most tokens of each further value of a multi-label field, and of the JSON around a long one. */
const FURTHER_VALUE_TOKENS = 12
const VALUE_JSON_TOKENS = 5
/** The most tokens that the JSON around the answers may take. */
export const ANSWER_ENVELOPE_TOKENS = 80

/**
 * Returns the `max_completion_tokens` of a request that asks each of its records for the fields in `asked`. The limit is
 * tight, because rate limits charge the whole of it whether it is used or not; records of an answer that is cut off are asked
 * again in smaller chunks.
 */
export function completionTokenLimit(codebook: Codebook, asked: readonly (readonly string[])[]): number {
  return asked.reduce((sum, fields) => sum + ANSWER_TOKENS + labelTokens(codebook, fields), ANSWER_ENVELOPE_TOKENS)
}

function labelTokens({ field }: Codebook, names: readonly string[]): number {
  return names.reduce((sum, name) => {
    const known = field.get(name)
    return sum + (known === undefined ? LABEL_TOKENS : tokensOfField(known))
  }, 0)
}

/** What was counted once is kept, because a field never changes and a code list may hold thousands of codes. */
const COUNTED = new WeakMap<Field, number>()

function tokensOfField(field: Field): number {
  const counted = COUNTED.get(field)
  if (counted !== undefined) return counted
  const { name, multi, type } = field
  const text = type.kind === 'text' ? Math.ceil(type.maxLength / 3) : 0
  const value = valuesOf(type).reduce<number>((most, one) => Math.max(most, estimateTokens(String(one))), 0)
  const first = Math.max(LABEL_TOKENS, LABEL_JSON_TOKENS + estimateTokens(name) + value)
  const further = ((multi ?? 1) - 1) * Math.max(FURTHER_VALUE_TOKENS, VALUE_JSON_TOKENS + value)
  const tokens = first + further + text
  COUNTED.set(field, tokens)
  return tokens
}

function valuesOf(type: FieldKind): readonly (string | number)[] {
  if (type.kind === 'values') return type.values.map(({ value }) => value)
  return type.kind === 'codes' ? type.list.codes.map(({ code }) => code) : []
}
