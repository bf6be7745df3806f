/** The parts of a request that are the same for every question of a codebook: instructions, answer schema, and their tokens. */
import { answerSchemaName, buildAnswerSchema } from '../../classification/answer-schema.ts'
import { buildSystemPrompt } from '../../classification/prompt.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { estimateTokens } from '../../classification/tokens.ts'
import type { JsonObject } from '../../lib/json/json.ts'

export interface PromptParts {
  readonly system: string
  readonly schema: JsonObject
  readonly schemaName: string
  readonly tokens: number
}

/** Builds the parts of each scheme once, because the count of tokens takes long. */
export function createPromptParts(): (scheme: PreparedScheme) => PromptParts {
  const built = new WeakMap<PreparedScheme, PromptParts>()
  return (scheme) => {
    const known = built.get(scheme)
    if (known !== undefined) return known
    const system = buildSystemPrompt(scheme.codebook)
    const schema = buildAnswerSchema(scheme.codebook)
    const tokens = estimateTokens(system) + estimateTokens(JSON.stringify(schema))
    const parts = { system, schema, schemaName: answerSchemaName(scheme.codebook), tokens }
    built.set(scheme, parts)
    return parts
  }
}
