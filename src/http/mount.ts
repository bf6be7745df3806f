/** The routes on which Restate calls a replica: they hand each request to the handler that the Restate SDK built. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

/** Mounts GET /discover and POST /invoke/*. Fastify leaves the body unread, because the SDK streams it in both directions. */
export async function restateMount(app: FastifyInstance, options: { readonly handler: NodeHandler }): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  const handle = async (request: { raw: IncomingMessage }, reply: { raw: ServerResponse; hijack(): unknown }) => {
    reply.hijack()
    options.handler(request.raw, reply.raw)
  }
  app.get('/discover', handle)
  app.post('/invoke/*', handle)
}
