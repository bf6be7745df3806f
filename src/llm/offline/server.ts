/** The offline model: an OpenAI-compatible HTTP server whose answers come from the rules. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../../errors.ts'
import { OFFLINE_MODEL_NAME } from '../pricing.ts'
import { type AnswerStrategy, createRulesAnswers } from './answers.ts'
import { type CompletionRequest, createCompletionWriter, readCompletionRequest, writeContent } from './completion.ts'
import { createLatency } from './latency.ts'
import { createRateGate } from './rate-gate.ts'
import { createStats, type OfflineModelStats } from './stats.ts'

const LARGEST_BODY_BYTES = 8 * 1_024 * 1_024
/** Longer than any client keeps an idle connection, so that the client closes first and never writes into a closed one. */
const KEEP_ALIVE_MS = 75_000
const CLOSE_GRACE_MS = 3_000

const MODEL = { id: OFFLINE_MODEL_NAME, object: 'model', created: 0, owned_by: 'classify-service' }

export interface OfflineModelOptions {
  readonly host: string
  /** 0 takes any free port. */
  readonly port: number
  /** Median of the latency. */
  readonly latencyMs: number
  /** Spread of the latency's logarithm. */
  readonly sigma: number
  /** 0 is no limit, for both. */
  readonly rpm: number
  readonly tpm: number
  /** 0: limits hold for sliding minutes; else in slices. */
  readonly sliceMs: number
  /** Default: the rules' best guess. */
  readonly answers?: AnswerStrategy | undefined
  /** Of the latency's random numbers. Default: 1. */
  readonly seed?: number | undefined
  readonly log: Logger
}

export interface OfflineModel {
  /** Rejects with port-taken, or embedded-failed where the address can't be used. */
  listen(): Promise<{ readonly url: string; readonly port: number }>
  /** Stops listening, lets requests in flight end for at most 3 s, then cuts them off. */
  close(): Promise<void>
  stats(): OfflineModelStats
}

export function createOfflineModel(options: OfflineModelOptions): OfflineModel {
  const { host, log } = options
  const answers = options.answers ?? createRulesAnswers()
  const latency = createLatency(options.latencyMs, options.sigma, options.seed ?? 1)
  const gate = createRateGate(options)
  const stats = createStats()
  const completions = createCompletionWriter()
  let closing = false
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    route(request, response).catch((error: unknown) => {
      if (response.destroyed) return
      log.error({ err: error }, 'the offline model failed')
      stats.failed()
      sendError(response, 500, 'server_error', messageOf(error))
    })
  })

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://offline')
    const path = url.pathname.replace(/^\/v1(?=\/)/, '')
    switch (`${request.method} ${path}`) {
      case 'POST /chat/completions':
        return complete(request, response)
      case 'GET /models':
        return send(response, 200, { object: 'list', data: [MODEL] })
      case 'GET /stats':
        return send(response, 200, stats.read({ withIndicators: url.searchParams.get('indicators') !== '0' }))
      case 'POST /stats/reset':
        stats.reset()
        return send(response, 200, { reset: true })
      case 'GET /health':
        return send(response, 200, { service: 'offline-model', status: 'ok' })
      default:
        request.resume()
        return sendError(response, 404, 'invalid_request_error', `the offline model has no ${request.method} ${path}`)
    }
  }

  async function complete(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const question = body === null ? `the body is larger than ${LARGEST_BODY_BYTES} bytes` : readQuestion(body)
    if (typeof question === 'string') {
      stats.failed()
      return sendError(response, 400, 'invalid_request_error', question)
    }
    const now = performance.now()
    const admission = gate.admit(now, question.chargedTokens)
    for (const [name, value] of Object.entries(admission.headers)) response.setHeader(name, value)
    if (admission.exceeded !== null) {
      stats.refused()
      return sendRateLimited(response, admission.exceeded, admission.retryAfterMs)
    }
    stats.accepted(now, question.chargedTokens)
    // Once an answer is sent "close" comes too; only before it is it the client that went away.
    response.once('close', () => {
      stats.left()
      if (!response.writableEnded) stats.aborted()
    })
    stats.asked(question.items.map(({ indicator }) => indicator.indicator_id))
    await delay(latency(), response)
    if (response.destroyed) return
    const content = writeContent(answers.answer(question), question.properties)
    const { body: completion, usage } = completions.write(question, content)
    stats.billed(usage.input, usage.cached, usage.output)
    // Kept alive, this connection would hold up the close until its grace is over.
    if (closing) response.setHeader('connection', 'close')
    send(response, 200, completion)
  }

  return {
    async listen() {
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, options.port)))
        server.listen(options.port, host, resolve)
      })
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : options.port
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port }
    },
    async close() {
      closing = true
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

function readQuestion(text: string): CompletionRequest | string {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    return 'the body is not JSON'
  }
  return readCompletionRequest(body)
}

/** The body as text; null where it is too large, and the rest is then read and thrown away. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= LARGEST_BODY_BYTES) chunks.push(chunk)
  }
  return bytes > LARGEST_BODY_BYTES ? null : Buffer.concat(chunks).toString('utf8')
}

/** Waits, but not for a client that has gone away. */
async function delay(ms: number, response: ServerResponse): Promise<void> {
  if (ms <= 0) return
  const gone = new AbortController()
  const leave = () => gone.abort()
  response.once('close', leave)
  await sleep(ms, undefined, { signal: gone.signal }).catch(() => undefined)
  response.off('close', leave)
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

function sendError(response: ServerResponse, status: number, type: string, message: string, code?: string): void {
  send(response, status, { error: { message, type, param: null, code: code ?? null } })
}

function sendRateLimited(response: ServerResponse, kind: 'requests' | 'tokens', retryAfterMs: number): void {
  response.setHeader('retry-after-ms', retryAfterMs)
  response.setHeader('retry-after', Math.ceil(retryAfterMs / 1_000))
  const per = kind === 'requests' ? 'requests per min (RPM)' : 'tokens per min (TPM)'
  const message = `Rate limit reached for ${OFFLINE_MODEL_NAME} on ${per}. Please try again in ${retryAfterMs}ms.`
  sendError(response, 429, kind, message, 'rate_limit_exceeded')
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ServiceError {
  if (error.code === 'EADDRINUSE') {
    const message = `port ${port} is taken: set OFFLINE_MODEL_PORT to a free one`
    return new ServiceError('port-taken', message, { cause: error })
  }
  const message = `the offline model can't listen on ${host}:${port}: ${error.message}`
  return new ServiceError('embedded-failed', message, { cause: error })
}
