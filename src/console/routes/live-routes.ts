/** The stream of events by which an open page learns what has changed. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { createLive } from '../live.ts'
import { faultOf, HttpFault, type Sessions } from '../sessions.ts'
import { findView, type View } from '../view.ts'

/** Each open page takes a connection and some kilobytes. */
const MAX_WATCHERS = 500
const querySchema = z.object({ path: z.string().max(2_000) })

export function serveLive(
  app: FastifyInstance,
  { views, sessions }: { readonly views: readonly View[]; readonly sessions: Sessions },
): void {
  const live = createLive({ maxWatchers: MAX_WATCHERS, describe: (error) => faultOf(error).message })
  app.addHook('preClose', async () => live.close())

  app.get('/live', async (request, reply) => {
    const { path } = querySchema.parse(request.query)
    const found = findView(views, path)
    if (found === undefined || found.view.everyMs === 0) throw new HttpFault(404, 'No page that changes has this path')
    const { view, params, query } = found
    const visitor = sessions.require(request, view.right)
    reply.hijack()
    const { raw } = reply
    for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    const watcher = { response: raw, isAllowed: () => sessions.visitorOf(request)?.rights.has(view.right) === true }
    const load = () => view.load({ params, query, visitor })
    const isWatched = live.watch({ key: path, everyMs: view.everyMs, load }, watcher)
    if (!isWatched) raw.end('event: away\ndata: "too many pages are open"\n\n')
  })
}
