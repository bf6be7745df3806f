/** A `fetch` that gives the SDK every refusal in OpenAI's form.
 *
 * Without it the SDK loses the text of bodies that have another form ({"detail": [...]}, a list, plain text), and with
 * it the name of the parameter that was refused.
 */

import { isRecord, parseJson } from '../../lib/json.ts'
import { redact } from './redaction.ts'

const LONGEST_BODY = 4_000

/** Global fetch (keep-alive, no bound on connections) with error bodies as `{"error": {message, type, code, param}}`. */
export function createErrorBodyFetch(secrets: readonly string[]): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (response.ok) return response
    const body = { error: normalise(await response.text(), secrets) }
    // The body was decoded and rewritten, so the headers for its old length and encoding are dropped.
    const headers = new Headers(response.headers)
    for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) headers.delete(name)
    headers.set('content-type', 'application/json')
    return new Response(JSON.stringify(body), { status: response.status, headers })
  }
}

function normalise(text: string, secrets: readonly string[]): Record<string, string | null> {
  const parsed = parseJson(text)
  const root = Array.isArray(parsed) ? parsed[0] : parsed
  const error = isRecord(root) && isRecord(root.error) ? root.error : root
  const field = (name: string) => {
    const value = isRecord(error) ? error[name] : undefined
    return typeof value === 'string' ? redact(value, secrets) : null
  }
  // An HTML page comes from a proxy and says nothing that helps, so its text is left out.
  const plain = /^\s*</.test(text) ? '' : redact(text, secrets).slice(0, LONGEST_BODY)
  return {
    message: field('message') ?? field('error') ?? plain,
    type: field('type'),
    code: field('code'),
    param: field('param'),
  }
}
