/** The attacker's server: it serves his page, redirects, and takes every other request as a service without any defence does. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Attacker {
  readonly port: number
  /** The paths of requests that were neither for the page nor for a redirect. A preflight counts as none. */
  readonly taken: readonly string[]
  close(): Promise<void>
}

/** The start of a path that redirects to the address that follows. */
export const REDIRECT = '/redirect/'

export const SCRIPT = new URL('attack-page.js', import.meta.url)

export async function startAttacker(): Promise<Attacker> {
  const script = await readFile(SCRIPT, 'utf8')
  const taken: string[] = []
  const server = createServer((request, response) => {
    answer(request).catch(() => response.destroy())

    async function answer({ method = '', url = '', headers }: IncomingMessage): Promise<void> {
      const { pathname } = new URL(url, 'http://attacker.example')
      if (pathname === '/page') return void response.setHeader('content-type', 'text/html').end(PAGE)
      if (pathname === '/attack-page.js') return void response.setHeader('content-type', 'text/javascript').end(script)
      await text(request)
      if (pathname === '/favicon.ico') return void response.writeHead(404).end()
      // A form with GET replaces the query, so that the address stands in the path.
      if (pathname.startsWith(REDIRECT)) {
        return void response.writeHead(307, { location: decodeURIComponent(pathname.slice(REDIRECT.length)) }).end()
      }
      if (method !== 'OPTIONS') taken.push(decodeURIComponent(pathname))
      // The page may read whatever it asks for.
      response.setHeader('access-control-allow-origin', headers.origin ?? '*')
      response.setHeader('access-control-allow-credentials', 'true')
      response.setHeader('access-control-allow-headers', 'content-type')
      response.setHeader('access-control-allow-methods', 'GET, POST, PATCH, DELETE')
      response.end('an answer')
    }
  })
  server.on('upgrade', (request, socket) => {
    taken.push(decodeURIComponent(request.url ?? ''))
    socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    taken,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const PAGE = '<!doctype html><title>Prizes</title><body><script src="/attack-page.js"></script></body>'
