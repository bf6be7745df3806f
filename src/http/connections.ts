/** The open connections of a server: which of them are idle, and how each of them is closed when the server ends. */
import type { ServerResponse } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'

/** The reports of a server about its connections, and the two ways to close them all. */
export interface Connections {
  opened(socket: Socket): void
  /** Records that `socket` speaks HTTP/2, so that its HTTP/2 session decides when the connection is idle. */
  speaksHttp2(socket: Socket): void
  /** Records that a request of HTTP/1.1 is being answered on `socket`, so that the connection counts as busy. */
  requestBegan(socket: Socket, response: ServerResponse): void
  sessionBegan(session: ServerHttp2Session): void
  /** Closes every idle connection now and each busy one after its last response. */
  closeWhenIdle(): void
  /** Closes every connection now and cuts off the answers that are under way. */
  closeNow(): void
  /** The number of open connections. */
  count(): number
}

/** The bounds on waiting for a client, in milliseconds. */
export interface ConnectionTimes {
  /** For the headers of a request. Those of node:http have no effect behind httpolyglot. */
  readonly headersMs: number
  /** For the next request on a connection, which may be idle for so long. */
  readonly keepAliveMs: number
}

interface Connection {
  /** Ends the connection when the headers of its next request do not come. */
  deadline: NodeJS.Timeout | undefined
  /** The HTTP/1.1 responses on the connection that have not ended; it is idle while there are none. */
  readonly running: Set<ServerResponse>
  isHttp2: boolean
}

export function createConnections({ headersMs, keepAliveMs }: ConnectionTimes): Connections {
  const connections = new Map<Socket, Connection>()
  const sessions = new Set<ServerHttp2Session>()
  let isClosing = false

  function expectHeaders(socket: Socket, connection: Connection, afterMs: number): void {
    clearTimeout(connection.deadline)
    connection.deadline = setTimeout(() => socket.destroy(), afterMs).unref()
  }

  return {
    opened: (socket) => {
      const connection: Connection = { running: new Set(), isHttp2: false, deadline: undefined }
      connections.set(socket, connection)
      expectHeaders(socket, connection, headersMs)
      socket.once('close', () => {
        clearTimeout(connection.deadline)
        connections.delete(socket)
      })
    },
    speaksHttp2: (socket) => {
      const connection = connections.get(socket)
      if (connection === undefined) return
      connection.isHttp2 = true
      // Restate keeps its connection open for as long as it likes.
      clearTimeout(connection.deadline)
    },
    requestBegan: (socket, response) => {
      const connection = connections.get(socket)
      if (connection === undefined) return
      clearTimeout(connection.deadline)
      connection.running.add(response)
      response.once('close', () => {
        connection.running.delete(response)
        // `destroySoon` sends what is buffered before it closes; `destroy` could lose the end of the response.
        if (connection.running.size > 0) return
        if (isClosing) socket.destroySoon()
        else if (!socket.destroyed) expectHeaders(socket, connection, keepAliveMs + headersMs)
      })
    },
    sessionBegan: (session) => {
      sessions.add(session)
      session.once('close', () => sessions.delete(session))
      if (isClosing) session.close()
    },
    closeWhenIdle: () => {
      isClosing = true
      // `close` of an HTTP/2 session sends GOAWAY: open streams end normally, and the client sends new ones elsewhere.
      for (const session of sessions) session.close()
      for (const [socket, { running, isHttp2 }] of connections) {
        if (isHttp2) continue
        for (const response of running) announceClose(response)
        if (running.size === 0) socket.destroy()
      }
    },
    closeNow: () => {
      isClosing = true
      for (const socket of connections.keys()) socket.destroy()
    },
    count: () => connections.size,
  }
}

/** Tells the client to send no further request on this connection, where the headers have not been sent yet. */
function announceClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('connection', 'close')
}
