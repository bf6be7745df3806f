/** One port for HTTP/1.1 (curl, Prometheus, health checks) and cleartext HTTP/2 (Restate).
 *
 * The package httpolyglot reads the first bytes of a connection and hands the connection to a server of the right kind.
 */
import { Server as HttpServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { Socket, Server as TcpServer } from 'node:net'
import { createServer as createPolyglotServer } from '@httptoolkit/httpolyglot'
import { cutOff } from '../lib/network/cut-off.ts'
import { type ConnectionTimes, createConnections } from './connections.ts'
import { createHeartbeat } from './heartbeat.ts'

/** The bounds on waiting for a client, in milliseconds. */
export interface ServerTimes extends ConnectionTimes {
  /** For the rest of a body once its request is answered. */
  readonly bodyMs: number
}

const TIMES: ServerTimes = { headersMs: 60_000, keepAliveMs: 75_000, bodyMs: 10_000 }

/** The bytes of a request that may come in before they are read. */
const STREAM_WINDOW_BYTES = 1 << 16
/**
 * The bytes that may come in over one HTTP/2 connection before they are read: as much as a thousand attempts that wait for room. By Node's
 * default of 64 KiB all attempts on it would get one batch's worth together for each turn of the event loop.
 */
const CONNECTION_WINDOW_BYTES = 1 << 26

/**
 * A `serverFactory` for Fastify. It is typed as a `node:http` server because Fastify drives that interface.
 * `closeIdleConnections` begins the end of the server: it closes idle connections at once and busy ones as soon as
 * their last response has been sent. `closeAllConnections` cuts off the requests that still run.
 */
export function createPolyglotHttpServer(listener: RequestListener, times: ServerTimes = TIMES): HttpServer {
  const server = createPolyglotServer(
    {
      // Restate keeps a call open for as long as its work takes, so requests have no time limit here.
      http: { requestTimeout: 0, keepAliveTimeout: times.keepAliveMs },
      // Many invocations share one connection; Node's default of 100 streams would bound the work of a replica.
      http2: {
        settings: { maxConcurrentStreams: 4_096, initialWindowSize: STREAM_WINDOW_BYTES },
        maxSessionMemory: 1_000,
        // Restate resets the stream of each attempt that it gives up. After 1,000 and 33 more a second, Node's default, the
        // whole connection would be cut, with every attempt on it.
        streamResetBurst: 100_000,
        streamResetRate: 10_000,
      },
    },
    listener,
  )
  const connections = createConnections(times)
  const heartbeat = createHeartbeat()
  // httpolyglot emits `connection` twice for each socket: when the socket opens, and on the inner server that takes it
  // over.
  server.on('connection', function (this: TcpServer, socket) {
    if (this === server) {
      keepNative(socket)
      connections.opened(socket)
    } else if (!(this instanceof HttpServer)) connections.speaksHttp2(socket)
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.httpVersionMajor === 1) connections.requestBegan(request.socket, response)
    response.once('finish', () => endUnread(request, times.bodyMs))
  })
  server.on('session', (session: ServerHttp2Session) => {
    connections.sessionBegan(session)
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    heartbeat.sessionBegan(session)
  })

  // The methods are added because Fastify calls them and a plain TCP server lacks them.
  return Object.assign(server, {
    setTimeout: () => server,
    closeIdleConnections: () => connections.closeWhenIdle(),
    closeAllConnections: () => connections.closeNow(),
  }) as unknown as HttpServer
}

/**
 * Lets HTTP/2 read and write the connection natively. httpolyglot marks each connection as one of JavaScript's streams, which is
 * for streams inside of streams; each frame would then pass through two more streams.
 */
function keepNative(socket: Socket): void {
  const { _handle: handle } = socket as unknown as { readonly _handle?: object | null }
  if (handle) Object.defineProperty(handle, 'isStreamBase', { get: () => true, set: () => undefined })
}

/** Ends a request whose body still comes in after its answer, because a body that trickles would come for ever. */
function endUnread(request: IncomingMessage, bodyMs: number): void {
  if (request.complete || request.destroyed) return
  const timer = setTimeout(() => cutOff(request), bodyMs).unref()
  request.once('end', () => clearTimeout(timer)).once('close', () => clearTimeout(timer))
}
