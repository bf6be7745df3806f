/** The `fetch` of the OpenAI package: sends our headers and no others, follows no redirect, bounds what it reads, and shows failures as failures.
 *
 * The package reads variables of its own from the environment and adds what they hold to the headers; it follows redirects with
 * the prompt, reads a body of any size, and takes an error under status 200 for an answer.
 */
import { isNestedDeeper } from '../../lib/json/json-cursor.ts'
import { type Answer, exchange } from '../http/exchange.ts'
import { completionIn, DEEPEST, type ReadBody } from './completion-body.ts'
import type { Endpoint } from './endpoint.ts'
import { normalise } from './error-bodies.ts'
import { failureInside, reasonBehind } from './hidden-failures.ts'
import { redactExact } from './redaction.ts'

export function createEndpointFetch({ headers, secrets, answerSecrets }: Endpoint): typeof fetch {
  return async (input, init) => {
    const url = input instanceof Request ? input.url : String(input)
    const body = init?.body
    const answer = await exchange({
      ...{ url, method: init?.method ?? 'GET', headers },
      body: typeof body === 'string' || body instanceof Uint8Array ? body : null,
      signal: init?.signal ?? null,
    })
    if (isNestedDeeper(answer.text, DEEPEST)) throw new TypeError(`its answer is nested deeper than ${DEEPEST} levels`)
    const isOk = answer.status >= 200 && answer.status < 300
    const read = isOk ? completionIn(answer.text) : { text: answer.text, value: undefined }
    const { text } = read
    const hidden = isOk ? failureInside(read.value) : null
    if (isOk && hidden === null) {
      const shown = redactExact(text, answerSecrets)
      return responseOf(answer, answer.status, shown === text ? read : { text: shown, value: undefined })
    }
    const error = normalise(hidden?.text ?? text, secrets)
    const said = [error.message, redirectOf(answer, url), reasonBehind(hidden?.text ?? text, secrets)]
    const message = said.filter((one) => typeof one === 'string' && one !== '').join(': ')
    const refusal = {
      error: { ...error, message: hidden === null ? message : `${message} (inside an answer with 200)` },
    }
    return responseOf(answer, hidden?.status ?? answer.status, { text: JSON.stringify(refusal), value: refusal })
  }
}

/** The status of a response where the endpoint sends a number that is no status of HTTP. */
const NO_STATUS = 502

/**
 * The response with the body as it was read. The old length and encoding are those of the body as it came. The OpenAI package reads
 * no stream, so none is built of a text that was read already.
 */
function responseOf({ headers }: Answer, status: number, { text, value }: ReadBody): Response {
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name)
  if (isJsonText(text)) headers.set('content-type', 'application/json')
  const response = new Response(null, { status: status >= 200 && status <= 599 ? status : NO_STATUS, headers })
  // A value that was read already is not read again.
  const json = async (): Promise<unknown> => value ?? JSON.parse(text)
  return Object.assign(response, { text: async () => text, json })
}

/** Whether a text is meant as JSON; some servers send it as plain text. */
function isJsonText(text: string): boolean {
  return /^[\s\uFEFF]*[{[]/.test(text.slice(0, 100))
}

/** Where a redirect leads, without its query, which may carry a secret. */
function redirectOf({ status, headers }: Answer, url: string): string | null {
  const location = headers.get('location')
  if (status < 300 || status >= 400 || location === null || !URL.canParse(location, url)) return null
  const { origin, pathname } = new URL(location, url)
  return `to ${origin}${pathname}`
}
