/** Reads the target of a request strictly: what a proxy and Restate could read in two ways is no target at all. */

export interface Target {
  /** The path as the caller wrote it, without the query. */
  readonly path: string
  /** The parts of the path, percent-decoded. A path that ends with a slash has an empty last part. */
  readonly segments: readonly string[]
}

const MAX_TARGET_LENGTH = 8_192
/** The characters of RFC 3986 that may stand in a path, without those that mean something to nobody here. */
const PATH = /^\/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*$/
const QUERY = /^[\x21-\x7e]*$/

/**
 * Reads a target in origin form, `/path?query`. Returns undefined for another form, for dot segments, empty segments and
 * backslashes, and where a percent sign hides a character that needs no hiding, a slash or a control character: Restate
 * compares names of services and handlers as they are written, so such a path could only serve to pass the guard.
 */
export function parseTarget(url: string): Target | undefined {
  if (url.length > MAX_TARGET_LENGTH) return undefined
  const queryAt = url.indexOf('?')
  const path = queryAt < 0 ? url : url.slice(0, queryAt)
  if (!PATH.test(path) || (queryAt >= 0 && !QUERY.test(url.slice(queryAt)))) return undefined
  const parts = path.split('/').slice(1)
  const segments: string[] = []
  for (const [index, part] of parts.entries()) {
    if (part === '' && index < parts.length - 1) return undefined
    const segment = decodeSegment(part)
    if (segment === undefined || segment === '.' || segment === '..') return undefined
    segments.push(segment)
  }
  return { path, segments }
}

/** Characters that no percent sign may hide: those that a path writes plainly, slashes, and control characters. */
const HIDDEN = /%(?:[01][0-9A-F]|7F|2F|5C|2D|2E|5F|7E|3\d|4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])/i

function decodeSegment(part: string): string | undefined {
  if (!part.includes('%')) return part
  if (HIDDEN.test(part)) return undefined
  try {
    return decodeURIComponent(part)
  } catch {
    return undefined
  }
}

/** A call of a handler, whose answer the caller waits for (`call`) or not (`send`). */
export interface HandlerCall {
  readonly kind: 'call' | 'send'
  readonly service: string
  /** Everything after the service: the handler, or the key of an object and the handler. */
  readonly rest: readonly string[]
}

/** What a request to an ingress asks for. */
export type IngressCall =
  | HandlerCall
  /** The health of the node, or an answer that an earlier call has left or will leave. */
  | { readonly kind: 'health' }
  | { readonly kind: 'answer' }
  /** A path that the guard does not know. */
  | { readonly kind: 'unknown' }

export const UNKNOWN_CALL: IngressCall = { kind: 'unknown' }

export function parseIngressCall({ segments }: Target): IngressCall {
  const [service = '', ...rest] = segments
  if (segments.includes('')) return UNKNOWN_CALL
  if (service === 'restate') return parseOwnPath(rest)
  if (rest.length > 1 && rest.length <= 3 && rest.at(-1) === 'send') {
    return handlerCall('send', service, rest.slice(0, -1))
  }
  return handlerCall('call', service, rest)
}

function handlerCall(kind: HandlerCall['kind'], service: string, rest: readonly string[]): IngressCall {
  return rest.length === 1 || rest.length === 2 ? { kind, service, rest } : UNKNOWN_CALL
}

/**
 * The paths of Restate itself: its health, attach and output of an invocation or a workflow, and the longer spelling of calls,
 * /restate/call/SERVICE/HANDLER and /restate/send/SERVICE/HANDLER, in a scope or in none.
 */
function parseOwnPath([kind = '', ...parts]: readonly string[]): IngressCall {
  const [service = '', ...rest] = parts
  if (kind === 'call' || kind === 'send') return handlerCall(kind, service, rest)
  if (kind === 'scope' && ['call', 'send'].includes(rest[0] ?? '')) return parseOwnPath(rest)
  if (kind === 'health' && parts.length === 0) return { kind: 'health' }
  const isOfAnswer = ['attach', 'output'].includes(parts.at(-1) ?? '')
  if (kind === 'invocation' && [2, 4, 5].includes(parts.length) && isOfAnswer) return { kind: 'answer' }
  if (kind === 'workflow' && parts.length === 3 && isOfAnswer) return { kind: 'answer' }
  return UNKNOWN_CALL
}
