/** Bounds the tokens of an answer. */
import type { Codebook, Field, FieldKind } from '../codebooks/codebook.ts'
import { estimateTokens } from '../lib/token-estimate.ts'

export { estimateTokens, MEASURED_SHARE } from '../lib/token-estimate.ts'

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
