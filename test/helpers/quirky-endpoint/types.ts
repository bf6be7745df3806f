/** The form of a quirk: how an endpoint answers one request, given what a clean endpoint would have answered. */
import type { ServerResponse } from 'node:http'
import type { ParsedPromptItem } from '../../../src/classification/user-prompt.ts'

/** One request to the endpoint, with the answer of a clean endpoint to it. */
export interface Seen {
  /** The number of the request since the start or the last `behave`, from 0. */
  readonly index: number
  /** Path and query, such as "/v1/chat/completions". */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The parameters of the chat completion. */
  readonly body: Readonly<Record<string, unknown>>
  readonly items: readonly ParsedPromptItem[]
  /** The bound on the tokens of the answer; null where the request names none. */
  readonly maxTokens: number | null
  /** The clean answer as a value, `{answers: [...]}`. */
  readonly answer: { readonly answers: readonly CleanElement[] }
  /** The clean answer as JSON text, as it stands in the content of a clean completion. */
  readonly text: string
  /** Tokens of the prompt and of the clean answer, by the count of the endpoint: four characters a token. */
  readonly tokens: { readonly input: number; readonly output: number }
  /**
   * A chat completion around `message`, with finish reason "stop" and the usage of the clean answer. `choice` and `over`
   * replace properties of the choice and of the completion; undefined leaves one out.
   */
  completion(message: object, choice?: object, over?: object): object
}

export interface CleanElement {
  readonly key: string
  readonly reason: string
  readonly labels: readonly { readonly field: string; readonly value: unknown; readonly confidence: number }[]
}

export interface Reply {
  /** The HTTP status. Default: 200. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON, a text or bytes as they are. Default: an empty body. */
  readonly body?: unknown
  /** Writes the whole response in the place of `status`, `headers` and `body`, for faults of the connection. */
  readonly raw?: (response: ServerResponse) => void
  /** Whether the model has worked for this request, so that a provider bills it. Default: whether the status is 200. */
  readonly isBilled?: boolean
}

/** How an endpoint answers one request. */
export type Quirk = (seen: Seen) => Reply | Promise<Reply>

/** The reply of a clean endpoint whose message has the properties of `message` in the place of the clean content. */
export function message(seen: Seen, content: object, choice: object = {}, over: object = {}): Reply {
  return { body: seen.completion({ role: 'assistant', ...content }, choice, over) }
}

/** A refusal in the form of OpenAI's API. */
export function refusal(status: number, text: string, more: object = {}, headers: Reply['headers'] = {}): Reply {
  const error = { message: text, type: 'invalid_request_error', param: null, code: null, ...more }
  return { status, headers, body: { error } }
}
