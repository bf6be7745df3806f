/** A load balancer for the benchmark, as a process of its own that ends with its parent.
 *
 * It passes HTTP/2 cleartext calls to the replica with the fewest open streams, as NGINX does in the cluster. The benchmark
 * needs no Docker, and a TCP balancer would send all streams of a connection to one replica. Its parent sends it
 * `{ targets: [{ port, weight }, …] }`; a replica with twice the weight gets twice the open streams.
 */
import http2 from 'node:http2'

const HOST = '127.0.0.1'
/** Milliseconds for which a replica that refused a connection gets no calls. */
const REST_MS = 500
/** Node's default of 64 KiB for all streams of a connection would let one that nobody reads hold back all others. */
const CONNECTION_WINDOW_BYTES = 1 << 26
/** Headers of HTTP/1.1 that HTTP/2 forbids. */
const FORBIDDEN_HEADERS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'host',
])

interface Target {
  readonly port: number
  readonly weight: number
}

interface Replica extends Target {
  session: http2.ClientHttp2Session | undefined
  /** Open streams. */
  streams: number
  /** Wall clock in milliseconds before which the replica gets no calls. */
  restsUntil: number
}

const replicas = new Map<number, Replica>()

function sessionOf(replica: Replica): http2.ClientHttp2Session {
  const known = replica.session
  if (known !== undefined && !known.closed && !known.destroyed) return known
  const session = http2.connect(`http://${HOST}:${replica.port}`, {
    settings: { initialWindowSize: 1 << 20 },
    maxSessionMemory: 1_000,
  })
  session.once('connect', () => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES))
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

function loadOf({ streams, weight }: Replica): number {
  return (streams + 1) / weight
}

function leastBusy(): Replica | undefined {
  const now = Date.now()
  return [...replicas.values()]
    .filter((replica) => replica.restsUntil <= now)
    .reduce<Replica | undefined>(
      (best, replica) => (best === undefined || loadOf(replica) < loadOf(best) ? replica : best),
      undefined,
    )
}

const server = http2.createServer({
  settings: { maxConcurrentStreams: 4_096, initialWindowSize: 1 << 20 },
  maxSessionMemory: 1_000,
  streamResetBurst: 1_000_000,
  streamResetRate: 100_000,
})

server.on('session', (session) => session.setLocalWindowSize(CONNECTION_WINDOW_BYTES))

server.on('stream', (inbound, headers) => {
  const replica = leastBusy()
  if (replica === undefined) {
    inbound.respond({ ':status': 502 })
    inbound.end()
    return
  }
  const passed = Object.fromEntries(Object.entries(headers).filter(([name]) => !FORBIDDEN_HEADERS.has(name)))
  const outbound = sessionOf(replica).request(passed)
  replica.streams += 1
  outbound.once('close', () => {
    replica.streams -= 1
  })
  outbound.on('response', (answer) => {
    if (!inbound.destroyed && !inbound.headersSent) inbound.respond(answer)
  })
  // When a replica dies during an answer, the caller gets a broken stream instead of a short answer.
  outbound.on('error', () => inbound.close(http2.constants.NGHTTP2_INTERNAL_ERROR))
  outbound.on('aborted', () => inbound.close(http2.constants.NGHTTP2_INTERNAL_ERROR))
  inbound.on('error', () => outbound.close(http2.constants.NGHTTP2_CANCEL))
  inbound.on('aborted', () => outbound.close(http2.constants.NGHTTP2_CANCEL))
  inbound.pipe(outbound)
  outbound.pipe(inbound)
})

process.on('message', ({ targets }: { readonly targets: readonly Target[] }) => {
  for (const known of replicas.keys()) if (!targets.some(({ port }) => port === known)) replicas.delete(known)
  for (const target of targets) {
    if (!replicas.has(target.port)) {
      replicas.set(target.port, { ...target, session: undefined, streams: 0, restsUntil: 0 })
    }
  }
})
process.on('disconnect', () => process.exit(0))
// Ctrl+C reaches the whole process group of the terminal, but the parent has to end this process after its own work.
process.on('SIGINT', () => undefined)

server.listen(0, HOST, () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 })
})
