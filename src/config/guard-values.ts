/** Parsers for the variables of the guard: which port leads to which Restate node, and by which names it is called. */
import { z } from 'zod'
import { hideUrlSecrets, parseHttpUrl } from '../lib/network/http-url.ts'
import { text } from './values.ts'

/** A port that the guard listens on, and the Restate node behind it. */
export interface GuardRoute {
  readonly port: number
  readonly upstream: GuardUpstream
}

export type GuardUpstream = { readonly url: string } | { readonly socketPath: string }

/** The longest path of a unix socket, in bytes, that every system takes. */
const MAX_SOCKET_PATH = 107
const ROUTES_ALLOWED =
  'must be a list such as 8080=http://restate-1:8080,28080=unix:/run/restate/ingress.sock of ports from 1 to 65535, each named once'

/** Routes such as "8080=http://restate-1:8080,28080=unix:/run/restate/ingress.sock". */
export const guardRoutes = text.transform((list, context): readonly GuardRoute[] => {
  const routes: GuardRoute[] = []
  for (const part of list.split(',')) {
    const [, port = '', address = ''] = /^\s*(\d{1,5})\s*=\s*(\S+)\s*$/.exec(part) ?? []
    const upstream = parseUpstream(address)
    const isKnown = routes.some((route) => route.port === Number(port))
    if (upstream === undefined || Number(port) < 1 || Number(port) > 65_535 || isKnown) {
      // A URL with a user and a password is refused here, and its password is not shown.
      const shown = hideUrlSecrets(part.trim()).slice(0, 80)
      context.addIssue({ code: 'custom', message: `${ROUTES_ALLOWED}; "${shown}" is none` })
      return z.NEVER
    }
    routes.push({ port: Number(port), upstream })
  }
  return routes
})

function parseUpstream(address: string): GuardUpstream | undefined {
  const socketPath = /^unix:(\/.+)$/.exec(address)?.[1]
  if (socketPath !== undefined) return Buffer.byteLength(socketPath) <= MAX_SOCKET_PATH ? { socketPath } : undefined
  const url = parseHttpUrl(address)
  return url?.startsWith('http://') && new URL(url).pathname === '/' ? { url } : undefined
}

const HOST_NAME = /^(?:\[[0-9a-f:.]+\]|[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?)$/

/** Names of hosts separated by commas, without ports, such as "classify.example.org,10.0.0.7,[fd00::7]". */
export const hostNames = text
  .transform((list) => list.split(',').map((name) => name.trim().toLowerCase()))
  .refine(
    (names) => names.every((name) => HOST_NAME.test(name)),
    'must be names of hosts or IP addresses without ports, separated by commas; IPv6 addresses stand in brackets',
  )
