/** The id that an endpoint gives to each request, by which its support finds the request. */
import { APIError } from 'openai'
import type { ServiceError } from '../../errors.ts'
import { redact } from './redaction.ts'

/** The headers that hold such an id, of which the first that is set counts: OpenAI's, Anthropic's, Azure's, and those of networks before them. */
const HEADERS = ['x-request-id', 'request-id', 'apim-request-id', 'x-amzn-requestid', 'x-correlation-id', 'cf-ray']
const LONGEST = 128

/** The id in the headers of a response; undefined where there is none of a usual form. */
export function requestIdOf(headers: Headers, secrets: readonly string[]): string | undefined {
  const id = HEADERS.map((name) => headers.get(name)?.trim()).find((text) => text !== undefined && text !== '')
  return id !== undefined && id.length <= LONGEST && /^[!-~]+$/.test(id) ? redact(id, secrets) : undefined
}

export function requestIdOfError(error: unknown, secrets: readonly string[]): string | undefined {
  return error instanceof APIError && error.headers instanceof Headers ? requestIdOf(error.headers, secrets) : undefined
}

/** `error` with the id in its message, so that whoever reads it can ask the provider about the request. */
export function withRequestId<E extends ServiceError>(error: E, requestId: string | undefined): E {
  if (requestId === undefined || error.requestId !== undefined) return error
  error.requestId = requestId
  error.message = `${error.message} (request id ${requestId})`
  return error
}
