/** Answers the requests of one port: examines the head, reads the body where it has to be known, and passes the call on. */
import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Tokens } from '../http/tokens.ts'
import { sha256 } from '../lib/sha256.ts'
import type { SilenceTimes } from '../lib/silence.ts'
import { API_HANDLERS, CLASSIFY_API } from '../restate/api-handlers.ts'
import { type BodyReader, passBody } from './bodies.ts'
import type { CallBound } from './call-bound.ts'
import type { Counts } from './counts.ts'
import { callerToNote, type Examined, examine, lackingRight, type PortKind } from './examine.ts'
import { headersForCaller, headersForNode } from './headers.ts'
import { HeldBody } from './held-body.ts'
import type { InspectBody } from './inspect-body.ts'
import { type KeyCheck, scopeOf } from './key-check.ts'
import type { NodeMarks } from './node-marks.ts'
import { CLOSING, type Refusal, refusal, tooManyCalls } from './refusals.ts'
import type { Refuse } from './refuse.ts'
import { rightForBody } from './rights.ts'
import type { HandlerCall, IngressCall } from './target.ts'
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
  readonly marks: NodeMarks
  readonly counts: Counts
  /** When a node counts as silent. */
  readonly silence: SilenceTimes
  readonly log: Logger
  /** The OpenAPI document of the API, as JSON. */
  readonly openApi: string
}

export interface PortParts {
  readonly kind: PortKind
  readonly upstream: Upstream
  readonly refuse: Refuse['refuse']
  /** Whether the port takes no further call. */
  readonly isClosing: () => boolean
  readonly shared: SharedParts
}

const WITHOUT_BODY = ['GET', 'HEAD']

export function createAnswer(
  parts: PortParts,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  const { kind, upstream, refuse, shared } = parts
  const { hosts, tokens, keys, counts, marks } = shared

  return async (request, reply) => {
    const { method, headers, raw } = request
    if (parts.isClosing()) {
      // The connection stays until the body is there, since its caller could not read the answer before.
      raw.once('end', () => raw.socket.end())
      return refuse(request, reply, CLOSING)
    }
    const head = { method, url: raw.url ?? '', headers, rawHeaders: raw.rawHeaders }
    const examined = examine(head, { kind, hosts, tokens: tokens() })
    if ('code' in examined) return refuse(request, reply, examined)
    if (examined.own === 'health') return reply.send({ service: 'guard', status: 'ok' })
    if (examined.own === 'openapi') return reply.type('application/json').send(shared.openApi)
    if (examined.own === 'metrics') return reply.type('text/plain; version=0.0.4').send(counts.text())
    if (examined.own === 'node') return reply.send(await marks.of(upstream.address))
    const unusable = await marks.refusalFor(upstream.address)
    if (unusable !== undefined) return refuse(request, reply, unusable)

    const bound = boundOf(method, examined, shared)
    // The bound is looked at before the body is read and taken afterwards, so that slow bodies hold no place.
    if (bound !== null && bound.inFlight >= bound.bound) return refuse(request, reply, refusalOf(bound))
    const gone = signalOfCaller(reply.raw)
    const body = await takeBody(request, reply.raw, examined, shared)
    if (body !== null && 'code' in body) return refuse(request, reply, body)
    const held = body?.held ?? null
    reply.raw.once('close', () => held?.release())
    // Work whose caller has gone is not begun.
    if (gone.aborted) {
      held?.release()
      return reply.hijack()
    }
    if (body?.hash !== undefined && examined.key !== undefined && isOfHandler(examined.call)) {
      const reused = await keys.check(scopeOf(examined.call, examined.key), body.hash)
      if (reused !== undefined) return refuse(request, reply, reused)
    }
    if (gone.aborted) return reply.hijack()
    const place = bound === null ? null : takePlace(reply.raw, bound, counts)
    if (bound !== null && place === null) return refuse(request, reply, refusalOf(bound))
    const refuseUnanswered = (refused: Refusal) => {
      place?.fail()
      return refuse(request, reply, refused)
    }
    const whole = { request, reply, examined, held, gone, refuse: refuseUnanswered }
    return await passOn(upstream, whole)
  }
}

/** The bound that a request falls under; null for calls that wait for nothing, and for answers of earlier calls. */
function boundOf(method: string, { call }: Examined, { calls, questions }: SharedParts): CallBound | null {
  if (call === null) return WITHOUT_BODY.includes(method) ? null : questions
  if (call.kind === 'call') return isQuestion(call) ? questions : calls
  return null
}

/** A handler that is not known is taken for one that works. */
function isQuestion({ service, rest }: HandlerCall): boolean {
  return service === CLASSIFY_API && API_HANDLERS.get(rest[0] ?? '')?.isWork === false
}

function refusalOf(bound: CallBound): Refusal {
  return tooManyCalls('Too many calls wait for an answer', bound.waitSeconds())
}

function isOfHandler(call: IngressCall | null): call is HandlerCall {
  return call?.kind === 'call' || call?.kind === 'send'
}

interface TakenBody {
  /** The bytes that are passed on. */
  readonly held: HeldBody
  /** The SHA-256 of the bytes as they came; undefined where no key asks for it. */
  readonly hash: string | undefined
}

/**
 * Reads the body of a call that has a key or is for classify-api, checks what it may do, and cleans it. Resolves with null for
 * other calls, whose bodies are passed on as they come, and with the refusal of a body that may not pass.
 */
async function takeBody(
  { method, headers, raw }: FastifyRequest,
  response: ServerResponse,
  { call, caller, key, needs }: Examined,
  { bodies, inspectBody }: SharedParts,
): Promise<TakenBody | Refusal | null> {
  if (!isOfHandler(call) || (key === undefined && call.service !== CLASSIFY_API)) return null
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') return refusal('encoding-refused', 'Bodies are taken without content-encoding alone')
  const held = WITHOUT_BODY.includes(method) ? noBody() : await bodies.read(raw, response)
  if ('code' in held) return held
  // The hash stands in for the bytes as they came, so that they are not held beside those that are passed on.
  const hash = key === undefined ? undefined : sha256(held.bytes)
  if (call.service !== CLASSIFY_API) return { held, hash }
  const [handler = ''] = call.rest
  try {
    const right = needs === 'by-body' ? rightForBody(handler, held.bytes) : needs
    const lacking = caller === null ? undefined : lackingRight(caller, right)
    const inspected = lacking ?? inspectBody(handler, held.bytes)
    if ('bytes' in inspected) {
      held.replace(inspected.bytes)
      return { held, hash }
    }
    held.release()
    return inspected
  } catch (error) {
    held.release()
    throw error
  }
}

function noBody(): HeldBody {
  return new HeldBody(Buffer.alloc(0), () => undefined)
}

/** A signal that aborts when the caller closes the connection before the answer is complete. */
function signalOfCaller(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  if (response.destroyed) gone.abort()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  return gone.signal
}

/** A place among the calls in flight. */
interface Place {
  /** Says that the guard answers in the place of the node. */
  fail(): void
}

/** Takes a place until the answer ends; null where there is none. */
function takePlace(response: ServerResponse, bound: CallBound, counts: Counts): Place | null {
  if (!bound.begin()) return null
  const beganAt = performance.now()
  let hasFailed = false
  response.once('close', () => {
    const now = performance.now()
    if (response.writableFinished) return hasFailed ? bound.failed() : bound.answered(now - beganAt)
    counts.callerLeft()
    bound.left(now)
  })
  return {
    fail: () => {
      hasFailed = true
    },
  }
}

interface PassedCall {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly examined: Examined
  /** The body that was read; null where it is passed on as it comes. */
  readonly held: HeldBody | null
  readonly gone: AbortSignal
  /** Refuses the call in the place of the node. */
  readonly refuse: (refused: Refusal) => FastifyReply
}

async function passOn(
  upstream: Upstream,
  { request, reply, examined, held, gone, refuse }: PassedCall,
): Promise<FastifyReply> {
  const isWithoutBody = WITHOUT_BODY.includes(request.method)
  const length = held?.bytes.length
  const done = new AbortController()
  reply.raw.once('close', () => done.abort())
  const isPassed = await upstream.run({ gone, done: done.signal }, () => {
    if (held !== null) request.body = length === 0 ? undefined : held.send()
    else if (request.body !== undefined) {
      const passed = passBody(request.raw, reply.raw)
      if ('code' in passed) return void refuse(passed)
      request.body = passed
    }
    reply.from(examined.target.path, {
      retryDelay: () => null,
      rewriteRequestHeaders: (_request, headers) => {
        const passed = headersForNode(headers, upstream.host, callerToNote(examined))
        if (isWithoutBody) delete passed['content-length']
        else if (length !== undefined) passed['content-length'] = String(length)
        return passed
      },
      rewriteHeaders: (headers) => headersForCaller(headers),
      onError: (_reply, { error }) => {
        if (gone.aborted) reply.raw.destroy()
        else refuse(refusalOfFailure(error, upstream.name))
      },
    })
  })
  return isPassed ? reply : refuse(refusalOfSilence(upstream.name))
}
