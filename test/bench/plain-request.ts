/** The question about one indicator as a plain script asks it: the service's prompt and schema through the openai package. */
import OpenAI from 'openai'
import { answerSchemaName, buildAnswerSchema } from '../../src/classification/answer-schema.ts'
import { normaliseIndicator } from '../../src/classification/indicator.ts'
import { buildSystemPrompt } from '../../src/classification/prompt.ts'
import { promptItemOf, questionOf } from '../../src/classification/question.ts'
import { completionTokenLimit } from '../../src/classification/tokens.ts'
import { buildUserPrompt } from '../../src/classification/user-prompt.ts'
import { readScheme } from './scheme.ts'

export interface PlainAnswer {
  readonly id: string
  /** The answer as the model wrote it: JSON text. */
  readonly content: string
}

/**
 * Gives a function that takes one line of a catalogue as JSONL and asks for every field of its indicator, as the service does
 * in mode `model`, with the findings of the rules as guesses. It rejects with the errors of the openai package.
 */
export async function createPlainRequest(
  baseURL: string,
  options: { readonly maxRetries?: number } = {},
): Promise<(line: string) => Promise<PlainAnswer>> {
  const openai = new OpenAI({ apiKey: 'none', baseURL, ...options })
  const scheme = await readScheme()
  const { codebook } = scheme
  const system = buildSystemPrompt(codebook)
  const schema = { ...buildAnswerSchema(codebook) }
  return async (line) => {
    const { indicator } = normaliseIndicator(JSON.parse(line))
    const question = questionOf(scheme, indicator, scheme.code?.read(indicator) ?? {}, { mode: 'model' })
    if (question === null) throw new Error('the codebook asks for no field')
    const completion = await openai.chat.completions.create({
      model: 'offline-rules',
      messages: [
        { role: 'system', content: system },
        { role: 'user', content: buildUserPrompt(codebook, [promptItemOf('k1', question, 'model')]) },
      ],
      max_completion_tokens: completionTokenLimit(codebook, [question.fields]),
      response_format: {
        type: 'json_schema',
        json_schema: { name: answerSchemaName(codebook), schema, strict: true },
      },
    })
    return { id: indicator.indicator_id, content: completion.choices[0]?.message.content ?? '' }
  }
}
