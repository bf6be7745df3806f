/** The headers that go through the guard: those that belong to a connection, to a browser or to the guard itself stay behind. */
import type { IncomingHttpHeaders } from 'node:http'
import { CALLER_HEADER } from '../restate/api-handlers.ts'

/** Headers of one connection, which a proxy answers for by itself. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']
/**
 * Headers of requests that stay at the guard. Restate stores the headers of a call in its journal, where no token and no
 * cookie may stand; and with an `Origin` it would allow the page of that origin to read the answer.
 */
const OF_THE_GUARD = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'origin',
  'referer',
  'expect',
  'http2-settings',
  CALLER_HEADER,
]
const STAY: ReadonlySet<string> = new Set([...HOP_BY_HOP, ...OF_THE_GUARD])

/** Headers that may stand once in a request, because two programs could each believe another one of them. */
const ONCE: ReadonlySet<string> = new Set([
  'host',
  'origin',
  'sec-fetch-site',
  'authorization',
  'idempotency-key',
  'content-length',
  'transfer-encoding',
  'content-type',
  'content-encoding',
])

/** The name of a header that stands twice in a request and may not; undefined where there is none. */
export function repeatedHeader(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase()
    if (!ONCE.has(name)) continue
    if (seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}

/**
 * The headers for the node. `host` is the node's own name, since a name that the caller chose means nothing there. `caller` is the
 * name of the token, for a handler that notes who called.
 */
export function headersForNode(headers: IncomingHttpHeaders, host: string, caller?: string): IncomingHttpHeaders {
  const passed = Object.entries(headers).filter(([name]) => !STAY.has(name) && !name.startsWith('sec-'))
  return { ...Object.fromEntries(passed), host, ...(caller === undefined ? {} : { [CALLER_HEADER]: caller }) }
}

/** The headers for the caller, without those that would let pages of other origins read the answer. */
export function headersForCaller(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const passed = Object.entries(headers).filter(([name]) => {
    return !HOP_BY_HOP.includes(name) && !name.startsWith('access-control-')
  })
  return { ...Object.fromEntries(passed), 'x-content-type-options': 'nosniff' }
}
