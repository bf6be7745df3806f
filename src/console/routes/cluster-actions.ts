/** Sets the rate budget of the cluster. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { budgetResponseSchema } from '../../restate/contract/budget.ts'
import type { Ingress } from '../ingress.ts'
import type { Sessions } from '../sessions.ts'
import { checked } from './forms.ts'

const formSchema = z.object({
  rpm: z
    .string()
    .trim()
    .regex(/^\d{1,10}$/, { error: 'must be a whole number of requests a minute' })
    .transform(Number),
  /** The field shows the bound of now, so that who empties it wants none. */
  tpm: z
    .string()
    .trim()
    .regex(/^\d{0,10}$/, { error: 'must be a whole number of tokens a minute' })
    .transform((text) => (text === '' ? null : Number(text)))
    .optional(),
})

export function serveClusterActions(
  app: FastifyInstance,
  { ingress, sessions }: { readonly ingress: Ingress; readonly sessions: Sessions },
): void {
  app.post('/cluster/budget', sessions.protect('operate'), async (request, reply) => {
    const { rpm, tpm } = checked(formSchema, request.body)
    const by = sessions.require(request, 'operate').name
    await ingress.ask('budget', { rpm, ...(tpm === undefined ? {} : { tpm }), by }, budgetResponseSchema)
    return reply.redirect(sessions.at('/cluster'), 303)
  })
}
