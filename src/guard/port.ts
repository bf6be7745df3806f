/** One port of the guard: a Fastify server whose requests are examined and then carried by `@fastify/reply-from`. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import replyFrom from '@fastify/reply-from'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { GuardRoute } from '../config/guard-values.ts'
import { createAnswer, type SharedParts } from './answer.ts'
import type { PortKind } from './examine.ts'
import { formatRefusal, refusal, refusalOfConnection, refusalOfError } from './refusals.ts'
import { createRefuse } from './refuse.ts'
import { createUpstream } from './upstream.ts'

/** A header of this many bytes is still read, so that a key that is too long is told apart from a broken request. */
const MAX_HEADER_BYTES = 128 * 1024
/** The milliseconds that the head of a request, and the whole of it, may take to come in. */
const HEAD_TIMEOUT_MS = 20_000
const REQUEST_TIMEOUT_MS = 120_000
/** Connections that one port holds at most, so that idle ones cost some megabytes and no more. */
const MAX_CONNECTIONS = 4_000
/** After this many milliseconds of silence TCP asks whether the caller is still there. */
const KEEP_ALIVE_PROBE_MS = 10_000

/** Builds the server of one port; nothing listens until the caller says so. */
export async function createPort(kind: PortKind, route: GuardRoute, shared: SharedParts): Promise<FastifyInstance> {
  const { log } = shared
  const upstream = createUpstream(kind, route.upstream, shared.silence)
  const { refuse, refuseConnection } = createRefuse(route.port, shared)
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    // The guard itself refuses what comes while it ends, in the form of all its refusals.
    return503OnClosing: false,
    http: {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEAD_TIMEOUT_MS,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_PROBE_MS,
    },
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: MAX_HEADER_BYTES },
    frameworkErrors: (error, request, reply) => refuse(request, reply, refusalOfError(error)),
    clientErrorHandler: (error, socket) => {
      if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy()
      const refused = refusalOfConnection(error.code)
      refuseConnection(refused, error.code)
      socket.end(formatRefusal(refused))
    },
  })
  app.server.maxConnections = MAX_CONNECTIONS
  // A caller who asks before it sends its body gets the permission when the body is read, and may get a refusal in its place.
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    app.server.emit('request', request, response)
  })
  app.removeAllContentTypeParsers()
  // Bodies are left unread here: the handler decides whether they are read whole or passed on as they come.
  app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
  await app.register(replyFrom, {
    base: upstream.url,
    undici: upstream.client,
    disableCache: true,
    disableRequestLogging: true,
  })
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onClose', () => upstream.close())
  app.setNotFoundHandler((request, reply) => refuse(request, reply, refusal('method-unknown', 'No such method here')))
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const refused = refusalOfError(error)
    if (refused.status >= 500) log.error({ reason: error.message, stack: error.stack }, 'The guard failed')
    return refuse(request, reply, refused)
  })
  // The proxy library logs each failure with its stack; a refusal has its own line.
  app.all('/*', { logLevel: 'silent' }, createAnswer({ kind, upstream, refuse, isClosing: () => isClosing, shared }))
  return app
}
