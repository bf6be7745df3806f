/** Serves the pages: each is rendered on the server, and carries its data for the browser to go on with. */
import type { FastifyInstance } from 'fastify'
import type { Assets } from '../assets.ts'
import { renderDocument } from '../document.ts'
import type { Sessions } from '../sessions.ts'
import { findView, type View } from '../view.ts'

export interface PagesOptions {
  readonly views: readonly View[]
  readonly sessions: Sessions
  readonly assets: Assets
}

export function servePages(app: FastifyInstance, { views, sessions, assets }: PagesOptions): void {
  app.get('/', async (_request, reply) => reply.redirect(sessions.at('/runs'), 303))
  for (const { path, right } of views) {
    app.get(path, async (request, reply) => {
      const visitor = sessions.require(request, right)
      const found = findView(views, request.url)
      if (found === undefined) return reply.callNotFound()
      const { view, params, query } = found
      const data = await view.load({ params, query, visitor })
      const frame = sessions.frameOf(request, reply, { isLive: view.everyMs > 0 })
      reply.header('cache-control', 'no-store')
      // A script that pages through results takes the data alone.
      if (request.headers.accept === 'application/json') return reply.send(data)
      return reply
        .type('text/html; charset=utf-8')
        .send(renderDocument({ view: view.name, page: view.page, data, frame, assets }))
    })
  }
}
