/**
 * A process of its own: spreads HTTP/2 cleartext calls over replicas, the least busy one first, as NGINX does in the
 * cluster. The benchmark needs no Docker, and a plain TCP balancer would give one replica all streams of a connection.
 * Its parent sends `{ targets: [port, …] }`; it ends with its parent.
 */
import http2 from 'node:http2'

const HOST = '127.0.0.1'
/** A replica that refused a connection is left out for this long. */
const REST_MS = 500
const FORBIDDEN = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade', 'host'])

interface Replica {
  readonly port: number
  session: http2.ClientHttp2Session | undefined
  streams: number
  restsUntil: number
}

const replicas = new Map<number, Replica>()

function sessionOf(replica: Replica): http2.ClientHttp2Session {
  const known = replica.session
  if (known !== undefined && !known.closed && !known.destroyed) return known
  const session = http2.connect(`http://${HOST}:${replica.port}`, { settings: { initialWindowSize: 1 << 20 } })
  session.on('error', () => {
    replica.restsUntil = Date.now() + REST_MS
  })
  session.on('goaway', () => session.close())
  session.once('close', () => {
    if (replica.session === session) replica.session = undefined
  })
  replica.session = session
  return session
}

function leastBusy(): Replica | undefined {
  const now = Date.now()
  return [...replicas.values()]
    .filter((replica) => replica.restsUntil <= now)
    .reduce<Replica | undefined>(
      (best, one) => (best === undefined || one.streams < best.streams ? one : best),
      undefined,
    )
}

const server = http2.createServer({
  settings: { maxConcurrentStreams: 4_096, initialWindowSize: 1 << 20 },
  maxSessionMemory: 1_000,
})

server.on('stream', (inbound, headers) => {
  const replica = leastBusy()
  if (replica === undefined) {
    inbound.respond({ ':status': 502 })
    inbound.end()
    return
  }
  const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !FORBIDDEN.has(name)))
  const outbound = sessionOf(replica).request(passed)
  replica.streams += 1
  outbound.once('close', () => {
    replica.streams -= 1
  })
  outbound.on('response', (answer) => {
    if (!inbound.destroyed && !inbound.headersSent) inbound.respond(answer)
  })
  // A replica that dies in the middle: the caller must see a broken stream, not a short answer.
  outbound.on('error', () => inbound.close(http2.constants.NGHTTP2_INTERNAL_ERROR))
  outbound.on('aborted', () => inbound.close(http2.constants.NGHTTP2_INTERNAL_ERROR))
  inbound.on('error', () => outbound.close(http2.constants.NGHTTP2_CANCEL))
  inbound.on('aborted', () => outbound.close(http2.constants.NGHTTP2_CANCEL))
  inbound.pipe(outbound)
  outbound.pipe(inbound)
})

process.on('message', (message: { readonly targets: readonly number[] }) => {
  for (const port of replicas.keys()) if (!message.targets.includes(port)) replicas.delete(port)
  for (const port of message.targets) {
    if (!replicas.has(port)) replicas.set(port, { port, session: undefined, streams: 0, restsUntil: 0 })
  }
})
process.on('disconnect', () => process.exit(0))
// Ctrl+C goes to the whole group of the terminal: the parent stops us when it is done.
process.on('SIGINT', () => undefined)

server.listen(0, HOST, () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
})
