/** The paths that are no handlers: health of node, guard and replica, and this document. */
import { z } from 'zod'
import { healthResponseSchema } from '../restate/contract/health.ts'
import { json, type Paths, reference } from './api-paths.ts'
import { failures } from './responses.ts'

const liveSchema = z.object({ service: z.string(), status: z.literal('alive'), uptime_s: z.int().min(0) })

/** The schemas of answers that no handler gives. */
export const REPLICA_SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  HealthResponse: healthResponseSchema,
  Live: liveSchema,
}

/** Replicas answer for themselves on a port of their own. */
const REPLICA = [{ url: 'http://127.0.0.1:9080', description: 'A replica, or the NGINX before the replicas' }]
const PUBLIC = { security: [{}] }

export function ownPaths(): Paths {
  const health = (operationId: string) => ({
    ...{ tags: ['Operation'], operationId, ...PUBLIC, servers: REPLICA },
    summary: 'Health of a replica, for readiness probes',
    responses: {
      200: { description: 'All is well.', content: json(reference('HealthResponse')) },
      503: {
        description: 'The database does not answer, or the process is under pressure.',
        headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } },
        content: json(reference('HealthResponse')),
      },
    },
  })
  const live = (operationId: string) => ({
    ...{ tags: ['Operation'], operationId, ...PUBLIC, servers: REPLICA },
    summary: 'Whether a replica lives, for liveness probes',
    responses: { 200: { description: 'The process answers.', content: json(reference('Live')) } },
  })
  return {
    '/health': { get: health('replicaHealth') },
    '/live': { get: live('replicaLive') },
    '/classify-api/health': { get: health('replicaHealthByPrefix') },
    '/classify-api/live': { get: live('replicaLiveByPrefix') },
    '/restate/health': {
      get: {
        ...{ tags: ['Operation'], operationId: 'nodeHealth', summary: 'Health of the Restate node' },
        description: 'Where tokens are set it needs the right `read`.',
        responses: { 200: { description: 'The node answers.' }, ...failures(401, 403, 502, 503) },
      },
    },
    '/guard/health': {
      get: {
        ...{ tags: ['Operation'], operationId: 'guardHealth', ...PUBLIC, summary: 'Health of the guard' },
        responses: {
          200: {
            description: 'The guard answers.',
            content: json({
              type: 'object',
              required: ['service', 'status'],
              properties: { service: { type: 'string' }, status: { type: 'string' } },
            }),
          },
          ...failures(403, 503),
        },
      },
    },
    '/openapi.json': {
      get: {
        ...{ tags: ['Operation'], operationId: 'openApi', ...PUBLIC, summary: 'This document' },
        responses: {
          200: { description: 'The document.', content: json({ type: 'object' }) },
          ...failures(403, 503),
        },
      },
    },
  }
}
