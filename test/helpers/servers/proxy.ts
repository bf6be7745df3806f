/** An HTTP proxy on loopback that sends every request to one address, whatever host it names. */
import { createServer, request as forward } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

export interface TestProxy {
  readonly url: string
  /** The requests and tunnels so far, as "POST http://host/path" or "CONNECT host:port". */
  readonly seen: readonly string[]
  close(): Promise<void>
}

/** Starts a proxy on a free port that leads to `target`, an address such as "http://127.0.0.1:8080". */
export async function startProxy(target: string): Promise<TestProxy> {
  const { hostname, port } = new URL(target)
  const seen: string[] = []
  const server = createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`)
    const { pathname, search } = new URL(incoming.url ?? '', target)
    const { method, headers } = incoming
    const outgoing = forward({ hostname, port, path: `${pathname}${search}`, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    outgoing.on('error', () => response.destroy())
    incoming.pipe(outgoing)
  })
  server.on('connect', (incoming, socket, head) => {
    seen.push(`CONNECT ${incoming.url}`)
    const tunnel = connect(Number(port), hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      tunnel.write(head)
      tunnel.pipe(socket).pipe(tunnel)
    })
    for (const end of [socket, tunnel]) end.on('error', () => undefined)
    socket.once('close', () => tunnel.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port: own } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${own}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
