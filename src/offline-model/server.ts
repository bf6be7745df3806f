/** The offline model: an OpenAI-compatible HTTP server whose answers come from the rules, a gold file, a recording or a hostile script. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Logger } from 'pino'
import { isServiceError, messageOf, ServiceError } from '../errors.ts'
import { allowedHosts, findForeignCaller, isLoopback } from '../lib/network/caller.ts'
import { listenPatiently } from '../lib/network/port-use.ts'
import { type AnswerStrategy, createRulesAnswers } from './answer-strategy.ts'
import { type CompletionRequest, createCompletionWriter, readCompletionRequest, writeContent } from './completion.ts'
import { type Fault, type FaultSource, refusalOf, spoilContent, spoilElements } from './faults.ts'
import { delay, hold, MAX_BODY_BYTES, readBody, send, sendError, sendHalf, sendRateLimited } from './http-messages.ts'
import { createLatency } from './latency.ts'
import { createRateLimits } from './rate-limits.ts'
import { createStats, type OfflineModelStats } from './stats.ts'

/**
 * Milliseconds that an idle connection stays open. This is longer than clients keep one, so that the client closes it first
 * and never writes to a closed connection.
 */
const KEEP_ALIVE_MS = 75_000
/** Milliseconds that requests in flight may still take when the server closes. */
const CLOSE_GRACE_MS = 3_000
/** Milliseconds that the fault "timeout" holds back the response to a client that never gives up. */
const HOLD_MS = 600_000
const SERVER_ERROR = 'The server had an error while processing your request. Sorry about that!'

export interface OfflineModelOptions {
  readonly host: string
  /** The port to listen on; 0 takes any free port. */
  readonly port: number
  /**
   * Names by which it is called, beside those of this machine. Without them it takes any name, unless it listens on loopback
   * alone.
   */
  readonly allowedHosts?: readonly string[] | undefined
  /** The median time that a request takes, in milliseconds. */
  readonly latencyMs: number
  /** The standard deviation of the logarithm of the time that a request takes. */
  readonly sigma: number
  /** The most requests a minute; 0 means no limit. */
  readonly rpm: number
  /** The most tokens a minute; 0 means no limit. */
  readonly tpm: number
  /** With 0, the rate limits hold for every sliding minute; any other value is the length of the slices in which they hold. */
  readonly sliceMs: number
  /** The strategy that answers; by default the rules' guess. */
  readonly answers?: AnswerStrategy | undefined
  /** Draws the fault of each accepted request; by default no request gets one. */
  readonly faults?: FaultSource | undefined
  /** The seed of the random latencies; by default 1. */
  readonly seed?: number | undefined
  readonly log: Logger
}

export interface OfflineModel {
  /** Starts to listen. Rejects with `port-taken`, or with `embedded-failed` where the address cannot be used. */
  listen(): Promise<{ readonly url: string; readonly port: number }>
  /** Stops listening, lets requests in flight end within 3 seconds, and then closes every connection that is still open. */
  close(): Promise<void>
  stats(): OfflineModelStats
}

export function createOfflineModel(options: OfflineModelOptions): OfflineModel {
  const { host, log } = options
  const answers = options.answers ?? createRulesAnswers()
  const names = options.allowedHosts ?? []
  const hosts = isLoopback(host) || names.length > 0 ? allowedHosts([...names, host]) : null
  const latency = createLatency(options.latencyMs, options.sigma, options.seed ?? 1)
  const limits = createRateLimits(options)
  const stats = createStats()
  const completions = createCompletionWriter()
  const closing = new AbortController()
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.destroyed) return
      log.error({ err: error }, 'the offline model failed')
      stats.failed()
      sendError(response, 500, 'server_error', messageOf(error))
    })
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const foreign = hosts === null ? undefined : findForeignCaller(request.headers, hosts)
    if (foreign !== undefined) {
      request.resume()
      return sendError(response, 403, 'invalid_request_error', foreign.message, foreign.code)
    }
    const url = new URL(request.url ?? '/', 'http://offline')
    const path = url.pathname.replace(/^\/v1(?=\/)/, '')
    switch (`${request.method} ${path}`) {
      case 'POST /chat/completions':
        return complete(request, response)
      case 'GET /models':
        return send(response, 200, { object: 'list', data: [modelCard(answers.model)] })
      case 'GET /stats':
        return send(response, 200, stats.read({ withIndicators: url.searchParams.get('indicators') !== '0' }))
      case 'POST /stats/reset':
        stats.reset()
        return send(response, 200, { reset: true })
      case 'GET /health':
        return send(response, 200, healthOf(answers))
      default:
        request.resume()
        return sendError(response, 404, 'invalid_request_error', `the offline model has no ${request.method} ${path}`)
    }
  }

  async function complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const question = body === null ? `the body is larger than ${MAX_BODY_BYTES} bytes` : readQuestion(body)
    if (typeof question === 'string') {
      stats.failed()
      return sendError(response, 400, 'invalid_request_error', question)
    }
    const now = performance.now()
    const admission = limits.admit(now, question.chargedTokens)
    for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value)
    if (admission.exceeded !== null) {
      stats.refused()
      return sendRateLimited(response, answers.model, admission.exceeded, admission.retryAfterMs)
    }
    stats.accepted(now, question.chargedTokens)
    const fault = options.faults?.() ?? null
    if (fault !== null) stats.injected(fault.kind)
    // The event "close" follows every response. Before the response has ended, the event means that the client closed the
    // connection.
    response.once('close', () => {
      stats.left()
      if (!response.writableEnded && fault?.kind !== 'cut') stats.aborted()
    })
    stats.asked(question.items.map(({ id }) => id))
    if (fault?.kind === 'timeout') {
      await hold(response, HOLD_MS, closing.signal)
      response.destroy()
      return
    }
    await delay(latency(), response)
    if (response.destroyed) return
    // A connection that is kept alive would delay the close of the server until CLOSE_GRACE_MS are over.
    if (closing.signal.aborted) response.setHeader('connection', 'close')
    if (fault?.kind === 'http500') {
      stats.failed()
      return sendError(response, 500, 'server_error', SERVER_ERROR)
    }
    const completion = answer(question, fault)
    if (typeof completion === 'string') {
      stats.failed()
      return sendError(response, 400, 'invalid_request_error', completion)
    }
    if (fault?.kind === 'cut') sendHalf(response, completion)
    else send(response, 200, completion)
  }

  /** Builds the body of a completion, with the request's fault in it, or the sentence for the response 400. */
  function answer(question: CompletionRequest, fault: Fault | null): object | string {
    const { isUnlimited } = answers
    const answered = answers.answer(question)
    if (typeof answered === 'string') return answered
    const { model } = answered
    const elements = fault === null ? answered.elements : spoilElements(answered.elements, fault, question)
    const content = writeContent(elements, isUnlimited ? null : question.properties)
    const { body, usage } = completions.write(question, fault === null ? content : spoilContent(content, fault), {
      model,
      isUnlimited,
      refusal: refusalOf(fault),
    })
    stats.billed(usage.input, usage.cached, usage.output)
    return body
  }

  return {
    async listen() {
      const open = () =>
        new Promise<void>((resolve, reject) => {
          server.once('error', reject)
          server.listen(options.port, host, () => {
            server.off('error', reject)
            resolve()
          })
        })
      await listenPatiently(open, { port: options.port, variable: 'OFFLINE_MODEL_PORT' }).catch((error: unknown) => {
        throw listenError(error, host, options.port)
      })
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : options.port
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port }
    },
    async close() {
      closing.abort()
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS)
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      })
      clearTimeout(cut)
    },
    stats: () => stats.read({ withIndicators: true }),
  }
}

/** Reads the request from a body, or returns the sentence for the response 400. */
function readQuestion(text: string): CompletionRequest | string {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return 'the body is not JSON'
  }
  return readCompletionRequest(body)
}

/** The answer of GET /health, with what a recording leaves unanswered, which `eval --replay` tells its user. */
function healthOf({ unanswered }: AnswerStrategy) {
  return { service: 'offline-model', status: 'ok', ...(unanswered === undefined ? {} : { unanswered }) }
}

/** Describes a model as GET /models lists it. */
function modelCard(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'classify-service' }
}

function listenError(error: unknown, host: string, port: number): ServiceError {
  if (isServiceError(error)) return error
  const message = `the offline model cannot listen on ${host}:${port}: ${messageOf(error)}`
  return new ServiceError('embedded-failed', message, { cause: error })
}
