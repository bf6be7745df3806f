/** Serves the assets, compressed as the browser asks, under addresses that change with them. */
import type { FastifyInstance } from 'fastify'
import type { Assets } from '../assets.ts'

const FOR_EVER = 'public, max-age=31536000, immutable'

export function serveAssets(app: FastifyInstance, assets: Assets): void {
  app.get<{ Params: { version: string; '*': string } }>(
    '/assets/:version/*',
    { config: { rateLimit: false } },
    async ({ params, headers }, reply) => {
      const asset = params.version === assets.version ? assets.find(params['*']) : undefined
      if (asset === undefined) return reply.callNotFound()
      const accepted = (headers['accept-encoding'] ?? '').split(',').map((part) => part.trim().split(';')[0])
      const encoding = accepted.includes('br') ? 'br' : accepted.includes('gzip') ? 'gzip' : undefined
      reply.header('cache-control', FOR_EVER).header('vary', 'accept-encoding').type(asset.type)
      if (encoding === undefined) return asset.plain
      reply.header('content-encoding', encoding)
      return encoding === 'br' ? asset.brotli : asset.gzip
    },
  )
  app.get('/favicon.ico', async (_request, reply) => reply.code(204).send())
}
