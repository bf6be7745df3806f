/** The routes on which Restate calls a replica: they hand each request to the handler that the Restate SDK built. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { NodeClocks } from '../lib/node-clocks.ts'

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

/** The header in which a node signs its calls. */
const SIGNATURE = 'x-restate-jwt-v1'

export interface RestateMountOptions {
  readonly handler: NodeHandler
  readonly nodeClocks: Pick<NodeClocks, 'note'>
}

/** Mounts GET /discover and POST /invoke/*. Fastify leaves the body unread, because the SDK streams it in both directions. */
export async function restateMount(app: FastifyInstance, { handler, nodeClocks }: RestateMountOptions): Promise<void> {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', (_request, _payload, done) => done(null))
  const handle = async (request: { raw: IncomingMessage }, reply: { raw: ServerResponse; hijack(): unknown }) => {
    reply.hijack()
    nodeClocks.note(request.raw.headers[SIGNATURE])
    handler(request.raw, reply.raw)
  }
  app.get('/discover', handle)
  app.post('/invoke/*', handle)
}
