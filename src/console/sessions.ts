/** The sessions of visitors: who sends a request, what it may do, and what a page knows of its reader. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { FAILURES, isServiceError } from '../errors.ts'
import type { Right } from '../http/tokens.ts'
import { type Access, SESSION_SECONDS, type Visitor } from './access.ts'
import type { Frame } from './page/frame.ts'

export interface Sessions {
  visitorOf(request: FastifyRequest): Visitor | undefined
  /** The visitor, who has the right. Throws `HttpFault` for one who has no session, or not the right. */
  require(request: FastifyRequest, right: Right): Visitor
  open(reply: FastifyReply, visitor: Visitor, name?: string): void
  close(reply: FastifyReply): void
  frameOf(request: FastifyRequest, reply: FastifyReply, options?: { readonly isLive?: boolean }): Frame
  /** Hooks of a route that changes something: a session with the right, and a form of this console. */
  protect(right: Right): { preValidation: ((request: FastifyRequest, reply: FastifyReply, done: () => void) => void)[] }
  /** The path of a page as the browser sees it. */
  at(path: string): string
}

/** Where a person goes on after a fault: a path of the console, and what stands there. */
export interface WayBack {
  readonly path: string
  readonly text: string
}

/** A fault that has a status of HTTP. */
export class HttpFault extends Error {
  readonly statusCode: number
  readonly back: WayBack | undefined

  constructor(statusCode: number, message: string, back?: WayBack) {
    super(message)
    this.statusCode = statusCode
    this.back = back
  }
}

export interface SessionOptions {
  readonly app: FastifyInstance
  readonly access: Access
  readonly base: string
  readonly isSecure: boolean
  readonly cookieName: string
}

export function createSessions({ app, access, base, isSecure, cookieName }: SessionOptions): Sessions {
  const cookie = { path: `${base}/`, httpOnly: true, sameSite: 'strict', secure: isSecure, signed: true } as const
  const visitorOf = (request: FastifyRequest) => {
    const signed = request.cookies[cookieName]
    if (signed === undefined) return undefined
    const { valid, value } = request.unsignCookie(signed)
    return valid && value !== null ? access.resume(value) : undefined
  }
  const requireVisitor = (request: FastifyRequest, right: Right) => {
    const visitor = visitorOf(request)
    if (visitor === undefined) throw new HttpFault(401, 'Sign in first')
    if (!visitor.rights.has(right)) throw new HttpFault(403, `The token of ${visitor.name} lacks the right ${right}`)
    return visitor
  }
  return {
    visitorOf,
    require: requireVisitor,
    open: (reply, visitor, name) => {
      reply.setCookie(cookieName, access.sessionOf(visitor, name), { ...cookie, maxAge: SESSION_SECONDS })
    },
    close: (reply) => void reply.clearCookie(cookieName, { path: cookie.path }),
    frameOf: (request, reply, { isLive = false } = {}) => {
      const visitor = visitorOf(request)
      return {
        base,
        path: request.url,
        visitor:
          visitor === undefined
            ? null
            : { name: visitor.name, rights: [...visitor.rights], mayRename: visitor.mayRename },
        csrf: visitor === undefined ? '' : reply.generateCsrf({ userInfo: visitor.tokenHash }),
        zone: 'UTC',
        away: '',
        isLive,
      }
    },
    protect: (right) => ({
      preValidation: [
        (request, _reply, done) => {
          requireVisitor(request, right)
          done()
        },
        app.csrfProtection,
      ],
    }),
    at: (path) => `${base}${path}`,
  }
}

/** The status of HTTP that tells of an error, and the sentence for the reader. */
export function faultOf(error: unknown): { readonly status: number; readonly message: string } {
  if (isServiceError(error)) return { status: FAILURES[error.code].status, message: error.message }
  if (error instanceof z.ZodError) return { status: 400, message: 'The address or the form is wrong' }
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  if (status >= 400 && status < 500 && error instanceof Error) return { status, message: error.message }
  return { status: 500, message: 'The console failed; its log says why' }
}
