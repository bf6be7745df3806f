/** Opens and closes sessions: by the printed link, by a token in a form, and for another name. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Access } from '../access.ts'
import type { Assets } from '../assets.ts'
import { renderDocument } from '../document.ts'
import * as signInPage from '../page/sign-in-page.ts'
import type { Sessions } from '../sessions.ts'

export interface SignInOptions {
  readonly access: Access
  readonly sessions: Sessions
  readonly assets: Assets
}

/** Tries of one address in a minute: a token has 256 bits, so that even millions would find none. */
const TRIES = { rateLimit: { max: 30, timeWindow: 60_000 } }
const FIRST_PAGE = '/runs'

const querySchema = z.object({ token: z.string().max(1_000).optional(), next: z.string().max(2_000).optional() })
const formSchema = z.object({ token: z.string().max(1_000).default(''), next: z.string().max(2_000).default('') })
const nameSchema = z.object({ name: z.string().max(1_000).default(''), next: z.string().max(2_000).default('') })

export function serveSignIn(app: FastifyInstance, { access, sessions, assets }: SignInOptions): void {
  const show = (request: FastifyRequest, reply: FastifyReply, next: string, fault = '') => {
    const data = { byFile: access.ownToken === undefined, fault, next }
    const frame = { ...sessions.frameOf(request, reply), visitor: null }
    return reply
      .code(fault === '' ? 200 : 401)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(renderDocument({ view: 'sign-in', page: signInPage, data, frame, assets }))
  }

  app.get('/sign-in', { config: TRIES }, async (request, reply) => {
    const { token, next = '' } = querySchema.parse(request.query)
    if (token === undefined) return show(request, reply, pathIn(next))
    const visitor = access.admit(token)
    if (visitor === undefined) return show(request, reply, pathIn(next), 'That token is not known here.')
    sessions.open(reply, visitor)
    // The token leaves the address at once, so that neither the history nor a copied address holds it.
    return reply.header('cache-control', 'no-store').redirect(sessions.at(pathIn(next)), 303)
  })

  app.post('/sign-in', { config: TRIES }, async (request, reply) => {
    const { token, next } = formSchema.parse(request.body ?? {})
    const visitor = access.admit(token.trim())
    if (visitor === undefined) return show(request, reply, pathIn(next), 'That token is not known here.')
    sessions.open(reply, visitor)
    return reply.redirect(sessions.at(pathIn(next)), 303)
  })

  app.post('/name', sessions.protect('review'), async (request, reply) => {
    const { name, next } = nameSchema.parse(request.body ?? {})
    const visitor = sessions.require(request, 'review')
    if (visitor.mayRename) sessions.open(reply, visitor, name)
    return reply.redirect(sessions.at(pathIn(next)), 303)
  })

  app.post('/sign-out', sessions.protect('read'), async (_request, reply) => {
    sessions.close(reply)
    return reply.redirect(sessions.at('/sign-in'), 303)
  })
}

/** A path of the console itself: an address of another site in its place would lead people away. */
function pathIn(next: string): string {
  return /^\/[a-z][\w/%.?&=+~@:-]*$/i.test(next) && !next.startsWith('/sign-') ? next : FIRST_PAGE
}
