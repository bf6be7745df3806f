/**
 * One port for HTTP/1.1 (curl, Prometheus, health checks) and HTTP/2 cleartext (Restate): httpolyglot looks at the
 * first bytes of a connection and hands it to a server of the right kind.
 */
import type { Server as HttpServer, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { createServer as createPolyglotServer } from '@httptoolkit/httpolyglot'

/** A Fastify `serverFactory`. Shaped as a `node:http` server because that is the interface Fastify drives. */
export function createPolyglotHttpServer(listener: RequestListener): HttpServer {
  const server = createPolyglotServer(
    {
      // Restate keeps a call open for as long as the work takes, so no request may time out on its own.
      http: { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 75_000 },
      // Many invocations share one connection: the default of 100 streams would be what bounds a replica.
      http2: { settings: { maxConcurrentStreams: 4_096, initialWindowSize: 1 << 20 }, maxSessionMemory: 1_000 },
    },
    listener,
  )
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  // HTTP/1.1 connections, with the number of requests that each is busy with.
  const busy = new Map<Socket, number>()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (request.httpVersionMajor !== 1) return
    const { socket } = request
    if (!busy.has(socket)) socket.once('close', () => busy.delete(socket))
    busy.set(socket, (busy.get(socket) ?? 0) + 1)
    response.once('close', () => busy.set(socket, (busy.get(socket) ?? 1) - 1))
  })
  const sessions = new Set<ServerHttp2Session>()
  server.on('session', (session: ServerHttp2Session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
  })

  // What Fastify calls on a server beyond what a plain TCP server has.
  return Object.assign(server, {
    setTimeout: () => server,
    closeIdleConnections: () => {
      // GOAWAY: open streams end in peace, new ones go elsewhere.
      for (const session of sessions) session.close()
      for (const [socket, requests] of busy) if (requests === 0) socket.destroy()
    },
    closeAllConnections: () => {
      for (const socket of sockets) socket.destroy()
    },
  }) as unknown as HttpServer
}
