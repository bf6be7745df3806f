/** Answers what went wrong: as a page to a person, as JSON to a script. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { messageOf } from '../../errors.ts'
import type { Assets } from '../assets.ts'
import { renderDocument } from '../document.ts'
import * as errorPage from '../page/error-page.ts'
import type { Frame } from '../page/frame.ts'
import { faultOf, HttpFault } from '../sessions.ts'

export interface Faults {
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void
  notFound(request: FastifyRequest, reply: FastifyReply): void
}

type Back = NonNullable<errorPage.ErrorData['back']>

const TITLES: Readonly<Record<number, string>> = {
  400: 'That cannot be done',
  403: 'Not allowed',
  404: 'Not found',
  413: 'Too large',
  429: 'Too many requests',
  503: 'Away for the moment',
}

export function createFaults({
  assets,
  base,
  log,
}: {
  readonly assets: Assets
  readonly base: string
  readonly log: Logger
}): Faults {
  const send = (request: FastifyRequest, reply: FastifyReply, status: number, message: string, back?: Back) => {
    if (status === 401 && wantsPage(request) && request.method === 'GET') {
      return void reply.redirect(`${base}/sign-in?next=${encodeURIComponent(request.url)}`, 303)
    }
    reply.code(status).header('cache-control', 'no-store')
    if (!wantsPage(request)) return void reply.send({ message })
    const frame: Frame = {
      ...{ base, path: request.url, visitor: null, csrf: '', zone: 'UTC', away: '' },
      isLive: false,
    }
    const data = { title: TITLES[status] ?? 'Something went wrong', message, back: back ?? backOf(request) }
    reply.type('text/html; charset=utf-8').send(renderDocument({ view: 'error', page: errorPage, data, frame, assets }))
  }
  return {
    answer: (error, request, reply) => {
      const { status, message } = faultOf(error)
      if (status >= 500) log.error({ reason: messageOf(error), path: request.url.split('?')[0] }, 'A page failed')
      const back = error instanceof HttpFault ? error.back : undefined
      send(request, reply, status, message, back && { href: base + back.path, text: back.text })
    },
    notFound: (request, reply) => send(request, reply, 404, 'There is no such page'),
  }
}

/** The page whose form was sent, which still holds what was typed there; null where none was, or the browser does not say. */
function backOf({ method, headers }: FastifyRequest): Back | null {
  const from = headers.referer
  if (method === 'GET' || from === undefined || !URL.canParse(from)) return null
  const { host, pathname, search } = new URL(from)
  return host === headers.host ? { href: pathname + search, text: 'Back to the form' } : null
}

function wantsPage({ headers }: FastifyRequest): boolean {
  return headers.accept?.includes('text/html') === true
}
