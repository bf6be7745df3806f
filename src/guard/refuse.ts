/** Sends refusals, counts them, and logs one line for each, without a header or a byte of a body. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { MAX_JSON_BYTES } from '../lib/json/json-shape.ts'
import type { Counts } from './counts.ts'
import type { Refusal } from './refusals.ts'

export interface Refuse {
  refuse(request: FastifyRequest, reply: FastifyReply, refused: Refusal): FastifyReply
  /** Counts and logs a refusal that is sent on a connection whose request could not be read. */
  refuseConnection(refused: Refusal, reason: string): void
}

const MAX_LOGGED_PATH = 200
/** A refused body is read for so long, and then its connection is cut. */
const MAX_DROPPED_BYTES = 2 * MAX_JSON_BYTES

export function createRefuse(port: number, parts: { readonly counts: Counts; readonly log: Logger }): Refuse {
  const { counts, log } = parts
  return {
    refuse(request, reply, { code, status, message, headers }) {
      counts.refused(code)
      // The query is left out, since a careless caller may put a token there.
      const path = request.raw.url?.split('?', 1)[0]?.slice(0, MAX_LOGGED_PATH)
      log.info({ code, port, method: request.method, path }, 'A request was refused')
      // A connection that closed in the middle of a body would fail at the caller, who could not read the answer any more. Where
      // the caller still waits for the permission to send it, nobody knows whether the body or a next request would come.
      if (hasRest(request)) reply.header('connection', request.headers.expect === undefined ? 'keep-alive' : 'close')
      dropBody(request)
      return reply
        .code(status)
        .headers({ ...headers, 'x-content-type-options': 'nosniff' })
        .send({ code, message })
    },
    refuseConnection(refused, reason) {
      counts.refused(refused.code)
      log.info({ code: refused.code, port, reason }, 'A request was refused')
    },
  }
}

/** Whether a part of the request's body may still have to come. */
function hasRest({ raw, headers }: FastifyRequest): boolean {
  return !raw.complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0)
}

/** Throws away what is left of a body as it comes, so that the caller can read the answer; an endless one is cut off. */
function dropBody({ raw }: FastifyRequest): void {
  let dropped = 0
  raw.on('data', (part: Buffer) => {
    dropped += part.length
    if (dropped > MAX_DROPPED_BYTES) raw.destroy()
  })
  raw.on('error', () => undefined)
  // A pipe whose other end has failed leaves the request paused, and its connection would then never be free.
  raw.unpipe()
  raw.resume()
}
