/** Keeps web pages of other origins, and those that have given this machine another name, away from every route of a replica. */
import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { findForeignCaller } from '../lib/network/caller.ts'

export interface OwnCallersOptions {
  /** The names that `Host` may have. */
  readonly hosts: ReadonlySet<string>
}

export const ownCallers = plugin(async (app: FastifyInstance, { hosts }: OwnCallersOptions): Promise<void> => {
  app.addHook('onRequest', async (request, reply) => {
    const foreign = findForeignCaller(request.headers, hosts)
    if (foreign !== undefined) await reply.code(403).send(foreign)
  })
})
