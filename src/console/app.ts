/** Puts the HTTP server of the console together: its defences, its assets and its pages. */
import cookie from '@fastify/cookie'
import csrf from '@fastify/csrf-protection'
import formbody from '@fastify/formbody'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'
import { findForeignCaller } from '../lib/network/caller.ts'
import type { Access } from './access.ts'
import { readAssets } from './assets.ts'
import { serveAssets } from './routes/asset-routes.ts'
import { createFaults } from './routes/faults.ts'
import { serveLive } from './routes/live-routes.ts'
import { servePages } from './routes/pages.ts'
import { serveSignIn } from './routes/sign-in.ts'
import { createSessions } from './sessions.ts'
import { type Services, serveActions, viewsOf } from './site.ts'

export interface AppOptions {
  readonly access: Access
  readonly log: Logger
  /** The names by which the console is called. */
  readonly hosts: ReadonlySet<string>
  /** The address at which people open the console. */
  readonly url: URL
  readonly services: Services
}

/** A form holds a review of a few hundred rows at the most. */
const MAX_BODY_BYTES = 512 * 1024
const HEAD_TIMEOUT_MS = 20_000
const MAX_CONNECTIONS = 1_000
/** Requests a minute of one address: a person who pages as fast as the keyboard repeats stays below. */
const MAX_A_MINUTE = 1_200

/** Builds the server; nothing listens until the caller says so. */
export async function createApp({ access, log, hosts, url, services }: AppOptions): Promise<FastifyInstance> {
  const base = url.pathname.replace(/\/$/, '')
  const isSecure = url.protocol === 'https:'
  const app = Fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    http: { headersTimeout: HEAD_TIMEOUT_MS },
    routerOptions: { maxParamLength: 2_000 },
    // A reverse proxy may leave its path before the console's own, or take it away.
    rewriteUrl: ({ url: asked = '/' }) =>
      base !== '' && isBelow(asked, base) ? asked.slice(base.length) || '/' : asked,
  })
  app.server.maxConnections = MAX_CONNECTIONS
  const assets = readAssets()
  const faults = createFaults({ assets, base, log })
  app.setErrorHandler(faults.answer)
  app.setNotFoundHandler(faults.notFound)
  app.addHook('onRequest', async (request, reply) => {
    const foreign = findForeignCaller(request.headers, hosts)
    if (foreign !== undefined) return reply.code(403).send({ code: foreign.code, message: foreign.message })
    return undefined
  })
  await app.register(rateLimit, { max: MAX_A_MINUTE, timeWindow: 60_000 })
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'"],
        connectSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
        requireTrustedTypesFor: ["'script'"],
      },
    },
    hsts: isSecure,
    xFrameOptions: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
  })
  await app.register(cookie, { secret: access.key.toString('hex') })
  await app.register(csrf, {
    cookieKey: `classify_form_${url.port || '0'}`,
    cookieOpts: { path: `${base}/`, httpOnly: true, sameSite: 'strict', secure: isSecure, signed: true },
    getToken: ({ headers, body }) => tokenIn(headers['x-csrf-token'], body),
    csrfOpts: { hmacKey: access.key.toString('hex'), userInfo: true },
    getUserInfo: (request) => sessions.visitorOf(request)?.tokenHash ?? '',
  })
  await app.register(formbody, { bodyLimit: MAX_BODY_BYTES })
  const sessions = createSessions({ app, access, base, isSecure, cookieName: `classify_console_${url.port || '0'}` })
  app.get('/health', { config: { rateLimit: false } }, async () => ({ service: 'console', status: 'ok' }))
  serveAssets(app, assets)
  serveSignIn(app, { access, sessions, assets })
  const views = viewsOf(services)
  servePages(app, { views, sessions, assets })
  serveLive(app, { views, sessions })
  serveActions(app, services, sessions)
  return app
}

function isBelow(asked: string, base: string): boolean {
  return asked === base || asked.startsWith(`${base}/`) || asked.startsWith(`${base}?`)
}

/** The token of a form stands in its field, that of a script in a header. */
function tokenIn(header: unknown, body: unknown): string {
  if (typeof header === 'string') return header
  const field = typeof body === 'object' && body !== null && '_csrf' in body ? body._csrf : undefined
  return typeof field === 'string' ? field : ''
}
