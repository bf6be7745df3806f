/** Sets the rate budget of the cluster. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import { budgetSchema } from '../budget.ts'
import type { Ingress } from '../ingress.ts'
import type { Sessions } from '../sessions.ts'
import { checked } from './run-actions.ts'

const whole = (error: string) =>
  z
    .string()
    .trim()
    .regex(/^\d{1,10}$/, { error })
    .transform(Number)
const formSchema = z.object({
  rpm: whole('must be a whole number of requests a minute'),
  tpm: z
    .union([z.literal('').transform(() => undefined), whole('must be a whole number of tokens a minute')])
    .optional(),
})

export function serveClusterActions(
  app: FastifyInstance,
  { ingress, sessions }: { readonly ingress: Ingress; readonly sessions: Sessions },
): void {
  app.post('/cluster/budget', sessions.protect('operate'), async (request, reply) => {
    const { rpm, tpm } = checked(formSchema, request.body)
    const by = sessions.require(request, 'operate').name
    await ingress.ask('budget', { rpm, ...(tpm === undefined ? {} : { tpm }), by }, budgetSchema)
    return reply.redirect(sessions.at('/cluster'), 303)
  })
}
