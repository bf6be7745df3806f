/** Answers the requests of one port: examines the head, reads the body where it has to be known, and passes the call on. */
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { SilenceTimes } from '../lib/silence.ts'
import { type BodyReader, type HeldBody, passBody } from './bodies.ts'
import type { CallBound } from './call-bound.ts'
import type { Counts } from './counts.ts'
import { type Examined, examine, lackingRight, type PortKind } from './examine.ts'
import { headersForCaller, headersForNode } from './headers.ts'
import type { InspectBody } from './inspect-body.ts'
import { type KeyCheck, scopeOf } from './key-check.ts'
import { type Refusal, refusal, tooManyCalls } from './refusals.ts'
import type { Refuse } from './refuse.ts'
import { CLASSIFY_API, rightForBody } from './rights.ts'
import type { HandlerCall, IngressCall } from './target.ts'
import type { Tokens } from './tokens.ts'
import { refusalOfFailure, refusalOfSilence, type Upstream } from './upstream.ts'

/** What all ports of a guard share. */
export interface SharedParts {
  readonly hosts: ReadonlySet<string>
  /** The tokens now; null where callers need none. */
  readonly tokens: () => Tokens | null
  /** Bounds the calls whose callers wait for work. */
  readonly calls: CallBound
  /** Bounds the calls that ask for something short, which are answered also while the others are refused. */
  readonly questions: CallBound
  readonly bodies: BodyReader
  readonly keys: KeyCheck
  readonly inspectBody: InspectBody
  readonly counts: Counts
  /** When a node counts as silent. */
  readonly silence: SilenceTimes
  readonly log: Logger
}

export interface PortParts {
  readonly kind: PortKind
  readonly upstream: Upstream
  readonly refuse: Refuse['refuse']
  readonly shared: SharedParts
}

/** Handlers of classify-api that work on each record of their body. */
const WORK = ['batch', 'estimate']
const WITHOUT_BODY = ['GET', 'HEAD']

export function createAnswer(
  parts: PortParts,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { kind, refuse, shared } = parts
  const { hosts, tokens, keys, counts } = shared

  return async (request, reply) => {
    const { method, headers, raw } = request
    const head = { method, url: raw.url ?? '', headers, rawHeaders: raw.rawHeaders }
    const examined = examine(head, { kind, hosts, tokens: tokens() })
    if ('code' in examined) return refuse(request, reply, examined)
    if (examined.own === 'health') return reply.send({ service: 'guard', status: 'ok' })
    if (examined.own === 'metrics') return reply.type('text/plain; version=0.0.4').send(counts.text())

    const bound = boundOf(method, examined, shared)
    // The bound is looked at before the body is read and taken afterwards, so that slow bodies hold no place.
    if (bound !== null && bound.inFlight >= bound.bound) return refuse(request, reply, refusalOf(bound))
    const gone = signalOfCaller(reply.raw)
    const body = await takeBody(request, examined, shared)
    if (body !== null && 'code' in body) return refuse(request, reply, body)
    // Work whose caller has gone is not begun.
    if (gone.aborted) {
      body?.release()
      return reply.hijack()
    }
    reply.raw.once('close', () => body?.release())
    if (body !== null && examined.key !== undefined && isOfHandler(examined.call)) {
      const reused = await keys.check(scopeOf(examined.call, examined.key), body.original)
      if (reused !== undefined) return refuse(request, reply, reused)
    }
    if (gone.aborted) return reply.hijack()
    if (bound !== null) {
      if (!bound.begin()) return refuse(request, reply, refusalOf(bound))
      endWithAnswer(reply.raw, bound, counts)
    }
    return await passOn(parts, { request, reply, path: examined.target.path, body, gone })
  }
}

/** The bound that a request falls under; null for calls that wait for nothing, and for answers of earlier calls. */
function boundOf(method: string, { call }: Examined, { calls, questions }: SharedParts): CallBound | null {
  if (call === null) return WITHOUT_BODY.includes(method) ? null : questions
  if (call.kind === 'call')
    return call.service === CLASSIFY_API && !WORK.includes(call.rest[0] ?? '') ? questions : calls
  return null
}

function refusalOf(bound: CallBound): Refusal {
  return tooManyCalls('Too many calls wait for an answer', bound.waitSeconds())
}

function isOfHandler(call: IngressCall | null): call is HandlerCall {
  return call?.kind === 'call' || call?.kind === 'send'
}

interface TakenBody extends HeldBody {
  /** The bytes as they came; `bytes` are those that are passed on. */
  readonly original: Buffer
}

/**
 * Reads the body of a call that has a key or is for classify-api, checks what it may do, and cleans it. Resolves with null for
 * other calls, whose bodies are passed on as they come, and with the refusal of a body that may not pass.
 */
async function takeBody(
  { method, headers, raw }: FastifyRequest,
  { call, caller, key, needs }: Examined,
  { bodies, inspectBody }: SharedParts,
): Promise<TakenBody | Refusal | null> {
  if (!isOfHandler(call) || (key === undefined && call.service !== CLASSIFY_API)) return null
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return refusal('encoding-refused', 'Bodies are taken without content-encoding alone')
  const held = WITHOUT_BODY.includes(method) ? NO_BODY : await bodies.read(raw)
  if ('code' in held) return held
  const original = held.bytes
  if (call.service !== CLASSIFY_API) return { ...held, original }
  const [handler = ''] = call.rest
  try {
    const right = needs === 'by-body' ? rightForBody(handler, original) : needs
    const lacking = caller === null ? undefined : lackingRight(caller, right)
    const inspected = lacking ?? inspectBody(handler, original)
    if ('bytes' in inspected) return { bytes: inspected.bytes, original, release: held.release }
    held.release()
    return inspected
  } catch (error) {
    held.release()
    throw error
  }
}

const NO_BODY: HeldBody = { bytes: Buffer.alloc(0), release: () => undefined }

/** A signal that aborts when the caller closes the connection before the answer is complete. */
function signalOfCaller(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  if (response.destroyed) gone.abort()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

function endWithAnswer(response: ServerResponse, bound: CallBound, counts: Counts): void {
  const beganAt = performance.now()
  response.once('close', () => {
    const now = performance.now()
    if (response.writableFinished) return bound.answered(now - beganAt)
    counts.callerLeft()
    bound.left(now)
  })
}

interface PassedCall {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly path: string
  /** The body that was read; null where it is passed on as it comes. */
  readonly body: TakenBody | null
  readonly gone: AbortSignal
}

async function passOn(
  { upstream, refuse }: PortParts,
  { request, reply, path, body, gone }: PassedCall,
): Promise<FastifyReply> {
  const isWithoutBody = WITHOUT_BODY.includes(request.method)
  if (body === null && request.body !== undefined) {
    const passed = passBody(request.raw)
    if ('code' in passed) return refuse(request, reply, passed)
    request.body = passed
  }
  const contentType = request.headers['content-type']
  const whole = { body: body?.bytes, contentType: contentType ?? 'application/octet-stream' }
  const done = new AbortController()
  reply.raw.once('close', () => done.abort())
  const isPassed = await upstream.run({ gone, done: done.signal }, () =>
    reply.from(path, {
      ...(body === null || isWithoutBody ? {} : whole),
      retryDelay: () => null,
      rewriteRequestHeaders: (_request, headers) => {
        const passed = headersForNode(headers, upstream.host)
        if (contentType === undefined) delete passed['content-type']
        if (isWithoutBody) delete passed['content-length']
        return passed
      },
      rewriteHeaders: (headers) => headersForCaller(headers),
      onError: (_reply, { error }) => {
        if (gone.aborted) reply.raw.destroy()
        else refuse(request, reply, refusalOfFailure(error, upstream.name))
      },
    }),
  )
  return isPassed ? reply : refuse(request, reply, refusalOfSilence(upstream.name))
}
