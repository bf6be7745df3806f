/** Decides by the head of a request whether it may pass, what it asks for and who asks: pure, before a byte of the body is read. */
import type { IncomingHttpHeaders } from 'node:http'
import type { Caller, Right, Tokens } from '../http/tokens.ts'
import { findForeignCaller } from '../lib/network/caller.ts'
import { repeatedHeader } from './headers.ts'
import { MAX_KEY_BYTES } from './key-check.ts'
import { type Refusal, refusal, TARGET_INVALID } from './refusals.ts'
import { type NeededRight, rightForAdmin, rightForIngress } from './rights.ts'
import { type IngressCall, parseIngressCall, parseTarget, type Target } from './target.ts'
import { findCaller } from './tokens.ts'

export type PortKind = 'ingress' | 'admin'

export interface RequestHead {
  readonly method: string
  /** The target as it stands in the request line. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
}

export interface Rules {
  readonly kind: PortKind
  readonly hosts: ReadonlySet<string>
  /** The tokens; null where callers need none. */
  readonly tokens: Tokens | null
}

export interface Examined {
  readonly target: Target
  /** The guard's own path that is asked for; null where the request is for the node. */
  readonly own: 'health' | 'metrics' | 'node' | 'openapi' | null
  /** What is asked of an ingress; null at an admin port. */
  readonly call: IngressCall | null
  /** Null where callers need no token. */
  readonly caller: Caller | null
  readonly needs: NeededRight
  readonly key: string | undefined
}

export function examine(head: RequestHead, rules: Rules): Examined | Refusal {
  const { headers } = head
  const target = parseTarget(head.url)
  const isTargetPlain = target !== undefined && (rules.kind === 'admin' || !target.segments.includes('', 1))
  if (!isTargetPlain) return TARGET_INVALID
  const repeated = repeatedHeader(head.rawHeaders)
  if (repeated !== undefined) return refusal('header-repeated', `The header ${repeated} may stand once`)
  const foreign = findForeignCaller(headers, rules.hosts)
  if (foreign !== undefined) return refusal(foreign.code, foreign.message)
  const own = ownPath(head.method, target.path, rules.kind)
  const call = rules.kind === 'ingress' ? parseIngressCall(target) : null
  const needs = call === null ? rightForAdmin(head.method, target.path) : rightForIngress(call)
  const key = keyOf(headers)
  const examined = { target, own, call, needs, key, caller: null }
  if (own !== 'health' && own !== 'openapi' && rules.tokens !== null) {
    const caller = findCaller(headers.authorization, rules.tokens)
    if ('code' in caller) return caller
    const lacking = lackingRight(caller, own === null ? needs : 'read')
    return lacking ?? checkKey({ ...examined, caller })
  }
  return checkKey(examined)
}

/** The name of the token where the node is told it: of a decision and of the budget it is noted who made it. */
export function callerToNote({ needs, caller }: Examined): string | undefined {
  return needs === 'review' || needs === 'by-body' ? caller?.name : undefined
}

/** The refusal of a caller without the right that is needed. With `by-body` it has to have one of the two that it may be. */
export function lackingRight({ name, rights }: Caller, needs: NeededRight): Refusal | undefined {
  const enough: readonly Right[] = needs === 'by-body' ? ['read', 'operate'] : [needs]
  if (enough.some((right) => rights.has(right))) return undefined
  return refusal('right-missing', `The token of ${name} lacks the right ${enough.join(' or ')}`)
}

function checkKey(examined: Examined): Examined | Refusal {
  if ((examined.key?.length ?? 0) <= MAX_KEY_BYTES) return examined
  return refusal('idempotency-key-too-long', `An idempotency key has at most ${MAX_KEY_BYTES} bytes`)
}

/** Node.js gives one character for each byte of a header. */
function keyOf(headers: IncomingHttpHeaders): string | undefined {
  const key = headers['idempotency-key']
  return typeof key === 'string' ? key : undefined
}

/** The paths that the guard answers by itself. What the API looks like is no secret, so that its document needs no token. */
function ownPath(method: string, path: string, kind: PortKind): Examined['own'] {
  if (method !== 'GET') return null
  if (path === '/openapi.json' && kind === 'ingress') return 'openapi'
  if (path === '/guard/health') return 'health'
  if (path === '/guard/node') return 'node'
  return path === '/guard/metrics' ? 'metrics' : null
}
