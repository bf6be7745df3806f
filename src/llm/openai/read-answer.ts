/** Reads the answer out of a chat completion, of which nothing is promised but that it came with status 200. */
import { ServiceError } from '../../errors.ts'
import { isRecord, type JsonObject } from '../../lib/json/json.ts'
import { PaidAnswerError, type PaidUsage } from '../errors.ts'
import { endOf } from './completion-body.ts'
import type { EndpointContext } from './errors.ts'
import { answerFormOf, extractAnswer } from './extract-json.ts'
import { excerptOf } from './redaction.ts'

export interface AskedFor {
  readonly context: EndpointContext
  /** The JSON Schema of the answer. */
  readonly schema: JsonObject
  /** The bill of the completion. */
  readonly pay: () => PaidUsage
  /** Learns of the body of an answer that was cut off; true where the same question may pass by now. */
  readonly cutOff: (body: Readonly<Record<string, unknown>>) => boolean
}

/** Characters of an unusable answer that a message quotes. */
export const MOST_QUOTED = 200

/**
 * Returns the JSON of the answer. Throws `PaidAnswerError` for an answer that was billed but cannot be used, and `ServiceError`
 * model-unavailable for what is no answer of a model.
 */
export function readAnswer(
  completion: unknown,
  asked: AskedFor,
): { readonly answer: unknown; readonly paid: PaidUsage } {
  const { host, model, baseUrl, secrets } = asked.context
  const quote = (text: string) => excerptOf(text, secrets, MOST_QUOTED)
  if (!isRecord(completion)) {
    const text = typeof completion === 'string' ? completion : JSON.stringify(completion ?? '')
    const what = /^\s*</.test(text) ? 'a page of HTML' : 'something else'
    const message = `${baseUrl} answered with ${what} in the place of a chat completion ("${quote(text)}"): check OPENAI_BASE_URL`
    throw new ServiceError('model-unavailable', message)
  }
  const choice: unknown = Array.isArray(completion.choices) ? completion.choices[0] : undefined
  const message: unknown = isRecord(choice) ? choice.message : undefined
  const paid = isRecord(completion.usage) || isRecord(choice) ? asked.pay() : null
  const fail = (code: ConstructorParameters<typeof PaidAnswerError>[0], text: string, mayRepeat = false) =>
    paid === null ? new ServiceError(code, text) : new PaidAnswerError(code, text, paid, mayRepeat)
  if (paid === null || !isRecord(choice) || (!isRecord(message) && !isStopped(choice))) {
    // An answer without a message answers nothing, so that the question is asked again and no guess takes its place.
    const said = quote(JSON.stringify(completion))
    throw fail('model-unavailable', `the model endpoint ${host} answered without a message: ${said}`)
  }
  const end = endOf(choice)
  if (end === 'length') {
    const bound = `its token bound (${paid.usage.output} tokens)`
    const way = 'OPENAI_MAX_ANSWER_TOKENS raises it'
    const cut = `the answer of model "${model}" was cut off at ${bound}, which was too small: ${way}`
    throw fail('model-cut-off', cut, asked.cutOff(completion))
  }
  if (end === 'content_filter') {
    throw fail('model-refused', `the content filter of ${host} withheld the answer of model "${model}"`)
  }
  const found = extractAnswer(isRecord(message) ? message : {}, answerFormOf(asked.schema))
  if (found.kind === 'answer') return { answer: found.answer, paid }
  const refusal = isRecord(message) ? refusalIn(message) : undefined
  if (refusal !== undefined) throw fail('model-refused', `model "${model}" refused: ${quote(refusal)}`)
  if (found.kind === 'empty') {
    throw fail('model-unavailable', `model "${model}" at ${host} answered without any text`)
  }
  const seen = `(${found.text.length} characters): "${quote(found.text)}"`
  const what = found.kind === 'two' ? 'with several answers that differ' : 'with text that holds no answer as JSON'
  throw fail('model-bad-answer', `model "${model}" answered ${what} ${seen}`)
}

/** Whether a choice says why it ended without a message. */
function isStopped(choice: Readonly<Record<string, unknown>>): boolean {
  return endOf(choice) !== 'stop'
}

/** The words of a model that refuses, beside its content or as a part of it; undefined where it does not. */
function refusalIn({ refusal, content }: Readonly<Record<string, unknown>>): string | undefined {
  const parts = Array.isArray(content) ? content.filter(isRecord) : []
  return [refusal, ...parts.map((part) => part.refusal)].find((said) => typeof said === 'string' && said !== '') as
    | string
    | undefined
}
