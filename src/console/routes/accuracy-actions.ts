/** Draws rows for blind labels, takes the labels, and gives the certificate as a page. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import type { Certificates } from '../certificates.ts'
import { HttpFault, type Sessions } from '../sessions.ts'
import { checked } from './forms.ts'

const MAX_ROWS = 20
const run = z.string().min(1).max(200)
const drawSchema = z.object({
  run,
  target: z
    .string()
    .regex(/^0?\.\d{1,4}$/)
    .optional(),
  count: z.int().min(1).max(MAX_ROWS).default(10),
})
const labelSchema = z.object({
  run,
  records: z
    .array(
      z.object({
        id: z.string().max(1_000),
        labels: z.record(z.string().max(100), z.string().max(1_000)),
        note: z.string().max(1_000).default(''),
      }),
    )
    .min(1)
    .max(MAX_ROWS),
})

export function serveAccuracyActions(
  app: FastifyInstance,
  { certificates, sessions }: { readonly certificates: Certificates; readonly sessions: Sessions },
): void {
  app.post('/accuracy/draw', sessions.protect('review'), async (request) => {
    const { run: id, target, count } = checked(drawSchema, request.body)
    const by = sessions.require(request, 'review').name
    return await certificates.draw(id, { by, count, ...(target === undefined ? {} : { target }) })
  })

  app.post('/accuracy/labels', sessions.protect('review'), async (request, reply) => {
    const { run: id, records } = checked(labelSchema, request.body)
    const by = sessions.require(request, 'review').name
    try {
      const { state, result } = await certificates.label(id, by, records)
      return { state, labelled: result.labelled }
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'input-invalid') throw error
      return reply.code(422).send({ message: error.message })
    }
  })

  app.get('/accuracy/certificate', async (request, reply) => {
    sessions.require(request, 'read')
    const { run: id } = z.object({ run }).parse(request.query)
    const page = await certificates.page(id)
    if (page === undefined) throw new HttpFault(404, 'There is no certificate yet: label a row first')
    return reply
      .type('text/plain; charset=utf-8')
      .header('content-disposition', `attachment; filename="certificate-${id.replace(/[^\w-]/g, '_')}.txt"`)
      .send(page)
  })
}
