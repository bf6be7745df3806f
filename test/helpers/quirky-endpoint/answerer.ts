/** What a clean endpoint answers to a request of the service: the rules' guess of each record, else a label that the schema allows. */
import { parseUserPrompt } from '../../../src/classification/user-prompt.ts'
import { isRecord, parseJson } from '../../../src/lib/json/json.ts'
import { candidatesOf, guessLabel } from '../../../src/offline-model/answer-strategy.ts'
import { type LabelForm, readAnswerForm } from '../../../src/offline-model/label-forms.ts'
import type { CleanElement, Seen } from './types.ts'

/** The confidence in percent of every clean answer: high enough that no answer is asked again. */
const CONFIDENCE = 95
const CHARACTERS_PER_TOKEN = 4

/** Reads a request and works out the clean answer to it. Throws where the service cannot have sent the request. */
export function readRequest(request: Pick<Seen, 'index' | 'path' | 'headers'>, text: string): Seen {
  const body: unknown = JSON.parse(text)
  if (!isRecord(body) || !Array.isArray(body.messages)) throw new TypeError('the request is no chat completion')
  const contents = body.messages.map((one: unknown) => (isRecord(one) ? String(one.content) : ''))
  const items = parseUserPrompt(contents.at(-1) ?? '')
  const forms = formsOf(body, contents[0] ?? '')
  const answers = items.map((item): CleanElement => {
    const labels = item.ask.map((field) => ({ ...guessOf(item, field, forms), field, confidence: CONFIDENCE }))
    return { key: item.key, reason: 'Answered by the quirky endpoint.', labels }
  })
  const answer = { answers }
  const clean = JSON.stringify(answer)
  const tokens = { input: tokensOf(JSON.stringify(body)), output: tokensOf(clean) }
  const maxTokens = body.max_completion_tokens ?? body.max_tokens
  return {
    ...request,
    body,
    items,
    maxTokens: typeof maxTokens === 'number' ? maxTokens : null,
    answer,
    text: clean,
    tokens,
    completion: (message, choice = {}, over = {}) => ({
      id: `chatcmpl-quirky-${request.index}`,
      object: 'chat.completion',
      created: 1_790_000_000,
      model: body.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop', ...choice }],
      usage: {
        prompt_tokens: tokens.input,
        completion_tokens: tokens.output,
        total_tokens: tokens.input + tokens.output,
      },
      ...over,
    }),
  }
}

/** A label that is the same in every request that asks for it, so that answers of different runs can be compared. */
function guessOf(item: Seen['items'][number], field: string, forms: ReadonlyMap<string, LabelForm>) {
  const [candidate] = candidatesOf(item, field)
  if (item.guess[field] === undefined && candidate !== undefined) {
    return { value: forms.get(field)?.isMulti === true ? [candidate] : candidate }
  }
  return { value: guessLabel(item, field, forms).value }
}

/** The form of each field's labels by the schema, which stands in words at the end of the system message where no parameter holds it. */
function formsOf(body: Record<string, unknown>, system: string): ReadonlyMap<string, LabelForm> {
  const format = isRecord(body.response_format) ? body.response_format.json_schema : undefined
  const schema = isRecord(format) ? format.schema : parseJson(system.slice(system.lastIndexOf('\n') + 1))
  return readAnswerForm(schema)?.labels ?? new Map()
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN)
}
